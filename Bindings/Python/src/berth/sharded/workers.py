"""Where shards live: in this process, in processes of this machine, or in actors of Ray."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
from multiprocessing.connection import Connection
from typing import Any, Protocol

from .shard import Shard

Message = tuple[int, str, tuple[Any, ...]]


class WorkerDied(Exception):
    """The worker is gone, whatever it was doing."""


class Worker(Protocol):
    """Answers messages in order. `receive` raises what the message raised, WorkerDied if nobody answers any more."""

    def send(self, message: Message) -> None: ...
    def receive(self) -> Any: ...
    def stop(self) -> None: ...


class InlineWorker:
    """A shard in this process: for debugging, and where processes are not to be had."""

    def __init__(self, options: dict[str, Any]):
        self._shard = Shard(options)
        self._message: Message | None = None

    def send(self, message: Message) -> None:
        self._message = message

    def receive(self) -> Any:
        assert self._message is not None
        return self._shard.handle(*self._message)

    def stop(self) -> None:
        self._shard.engine.close()


class ProcessWorker:
    """A shard in a process of its own."""

    def __init__(self, options: dict[str, Any]):
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, options), daemon=True)
        self.process.start()
        other.close()
        # a script without its guard ends here, and not in a loop of new processes
        self._greeted = False

    def send(self, message: Message) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # receive says so
            self._pipe.send(message)

    def receive(self) -> Any:
        if not self._greeted:
            self._greeted = self._answer() is None
        return self._answer()

    def _answer(self) -> Any:
        try:
            is_fine, answer = self._pipe.recv()
        except (EOFError, ConnectionResetError, pickle.UnpicklingError) as error:
            if not self._greeted:
                raise RuntimeError(
                    "a shard's process ended before it began: a script that makes a ShardedEngine needs "
                    '`if __name__ == "__main__":` around what it does; backend="inline" needs no processes'
                ) from error
            raise WorkerDied from error
        if not is_fine:
            raise answer
        return answer

    def stop(self) -> None:
        self._pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(pipe: Connection, options: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the coordinator, which closes the pipe
    try:
        shard = Shard(options)
        pipe.send((True, None))
        while True:
            message = pipe.recv()
            try:
                answer = (True, shard.handle(*message))
            except Exception as error:
                answer = (False, error)
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class RayWorker:
    """A shard in an actor of Ray. The actor is not restarted by Ray: the coordinator makes another one and brings it to
    where the lost one was."""

    def __init__(self, options: dict[str, Any], ray_options: dict[str, Any]):
        from ..sweeps.rays import ray

        self._ray = ray()
        if not self._ray.is_initialized():
            self._ray.init(include_dashboard=False, log_to_driver=False)
        self.actor = self._ray.remote(**{"num_cpus": 1, "max_restarts": 0, **ray_options})(Shard).remote(options)
        self._answer: Any = None

    def send(self, message: Message) -> None:
        self._answer = self.actor.handle.remote(*message)

    def receive(self) -> Any:
        try:
            return self._ray.get(self._answer)
        except self._ray.exceptions.RayActorError as error:
            raise WorkerDied from error
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause or error) from None

    def stop(self) -> None:
        self._ray.kill(self.actor)


def make(backend: str, options: dict[str, Any], ray_options: dict[str, Any]) -> Worker:
    if backend == "ray":
        return RayWorker(options, ray_options)
    return InlineWorker(options) if backend == "inline" else ProcessWorker(options)
