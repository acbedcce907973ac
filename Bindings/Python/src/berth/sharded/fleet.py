"""All workers: messages to them, and new ones for those that die."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import abi
from ..errors import BerthError, EngineClosed, of_status
from . import log as logs
from . import workers
from .errors import ShardFailed
from .log import ShardLog

MOST_RESTARTS = 3  # of a shard, for one and the same message


class Fleet:
    """Workers by number. What is decided is in a shard's log before the shard hears of it, so a shard that dies at
    whatever moment is made again from its log, and the message that it did not answer is sent anew."""

    def __init__(self, count: int, backend: str, options: dict[str, Any], ray_options: dict[str, Any]):
        self._make = partial(workers.make, backend, options, ray_options)
        self.logs = [ShardLog() for _ in range(count)]
        self.restarts = [0] * count
        self._keep = [0] * count  # how much of what a shard tried stays: goes with the next message to it
        self._unanswered: set[int] = set()  # an exception came between a message and its answer
        self._closed = False
        self.workers = [self._make() for _ in range(count)]

    def __len__(self) -> int:
        return len(self.workers)

    def keep(self, shard: int, count: int) -> None:
        """So much of what the shard tries now stays; it is in its log already."""
        self._keep[shard] = count

    def ask(self, calls: dict[int, tuple[str, tuple[Any, ...]]]) -> dict[int, Any]:
        """Sends each shard its call, all at once, and gives the answers. What a shard refuses is raised after all have
        answered, that of the smallest number first."""
        if self._closed:
            raise _closed()
        for shard in sorted(self._unanswered):
            self._revive(shard)
        self._unanswered = set(calls)
        for shard, (method, arguments) in calls.items():
            self.workers[shard].send((self._keep[shard], method, arguments))
            self._keep[shard] = 0
        answers: dict[int, Any] = {}
        refused: list[Exception] = []
        for shard in sorted(calls):
            try:
                answers[shard] = self._receive(shard, *calls[shard])
            except BerthError as error:
                refused.append(of_status(error.status, error.name, f"shard {shard}: {error.sentence}"))
            except Exception as error:
                refused.append(error)
            self._unanswered.discard(shard)
        if refused:
            raise refused[0]
        return answers

    def ask_all(self, method: str, *arguments: Any) -> list[Any]:
        answers = self.ask({shard: (method, arguments) for shard in range(len(self.workers))})
        return [answers[shard] for shard in range(len(self.workers))]

    def tell_all(self, method: str, *arguments: Any) -> Any:
        """A call that makes the same of all shards, and has one answer."""
        answers = self.ask_all(method, *arguments)
        if any(answer != answers[0] for answer in answers):
            raise ShardFailed(f"{method}: shards answer {answers}, which should be equal")
        for log in self.logs:
            log.call(method, *arguments)
        return answers[0]

    def all_or_nothing(self, calls: dict[int, tuple[str, tuple[Any, ...]]]) -> dict[int, Any]:
        """A change of several shards: each tries, and all keep it if none refuses."""
        answers = self.ask({shard: ("attempt", call) for shard, call in calls.items()})
        for shard, (method, arguments) in calls.items():
            self.logs[shard].call("perform", method, arguments)
            self._keep[shard] = 1
        return answers

    def save_long_logs(self) -> None:
        """Replaces logs that have grown long by the state that they lead to."""
        long = [shard for shard, log in enumerate(self.logs) if log.size > logs.SAVE_AFTER]
        for shard, state in self.ask({shard: ("save", ()) for shard in long}).items():
            self.logs[shard].save(state)

    def stop(self) -> None:
        self._closed = True
        for worker in self.workers:
            worker.stop()
        self.workers = []

    def _receive(self, shard: int, method: str, arguments: tuple[Any, ...]) -> Any:
        for _ in range(MOST_RESTARTS):
            try:
                return self.workers[shard].receive()
            except workers.WorkerDied:
                self._revive(shard)
                self.workers[shard].send((0, method, arguments))
        try:
            return self.workers[shard].receive()
        except workers.WorkerDied as error:
            raise ShardFailed(f"shard {shard} died {MOST_RESTARTS + 1} times in a row while it did {method}") from error

    def _revive(self, shard: int) -> None:
        """A new worker in the state of the log. Nothing is being tried there."""
        self.workers[shard].stop()
        self.restarts[shard] += 1
        self._keep[shard] = 0
        worker = self.workers[shard] = self._make()
        log = self.logs[shard]
        worker.send((0, "replay", (log.saved, log.all_calls())))
        try:
            wrong = worker.receive()
        except workers.WorkerDied:
            return  # its next message says so
        if wrong is not None:
            raise ShardFailed(f"shard {shard} decided otherwise when it was made again: {wrong}")


def _closed() -> EngineClosed:
    return EngineClosed(abi.lib.BERTH_BAD_ENGINE, "BERTH_BAD_ENGINE", "the sharded engine was closed")
