"""Runs in processes of this machine.

concurrent.futures would do, but for one thing: when a process dies, it gives up all runs that were under way and does
not say which of them it was. Here every other run goes on, and the guilty one is found and recorded.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from .outcome import ENDED_TWICE, Outcome, load_experiment, perform
from .plan import Run

# A worker is sent runs for so long a time; short runs go in batches, since a message costs some 0.1 ms.
BATCH_SECONDS = 0.1
MOST_IN_BATCH = 512
# Finished runs are handed back when so much time has passed, so that a crash costs little.
REPORT_SECONDS = 0.02


def make_in_processes(
    payload: bytes, wants_seed: bool, runs: Sequence[Run], finish: Callable[..., Any], count: int
) -> None:
    """Makes the runs in `count` processes; `finish` is called with what has come in. RuntimeError if processes cannot
    begin; whatever finish raises."""
    pool = _Pool(payload, wants_seed, runs, finish)
    try:
        for _ in range(count):
            pool.start()
        while pool.is_busy:
            pool.step()
    finally:
        pool.stop()


class _Worker:
    def __init__(self, payload: bytes, wants_seed: bool):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other, payload, wants_seed), daemon=True)
        self.process.start()
        other.close()
        self.is_ready = False
        self.under_way: deque[Run] = deque()  # sent, in this order, and not reported yet

    def send(self, batch: list[Run]) -> bool:
        """Only to a worker that waits for it, so that neither side can block the other. False if it is gone."""
        try:
            self.pipe.send(batch)
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.under_way.extend(batch)
        return True


class _Pool:
    def __init__(self, payload: bytes, wants_seed: bool, runs: Sequence[Run], finish: Callable[..., Any]):
        self._begin = (payload, wants_seed)
        self._waiting = deque(runs)
        self._suspects: deque[Run] = deque()  # were with a worker that died: made again one by one
        self._struck: set[int] = set()  # were alone with a worker that died, which may have been an accident
        self._finish = finish
        self._workers: list[_Worker] = []
        self._mean_seconds = BATCH_SECONDS

    def start(self) -> None:
        self._workers.append(_Worker(*self._begin))

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting or self._suspects or any(worker.under_way for worker in self._workers))

    def step(self) -> None:
        """Waits until something comes in, and sends what comes next."""
        ready = wait([worker.pipe for worker in self._workers])
        for worker in [worker for worker in self._workers if worker.pipe in ready]:
            try:
                outcomes = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if not worker.is_ready:
                self._greet(worker, outcomes)
            else:
                self._take(worker, outcomes)
            if not worker.under_way:
                self._feed(worker)

    def _greet(self, worker: _Worker, error: str | None) -> None:
        if error is not None:
            raise RuntimeError(f"a worker could not load the experiment:\n{error}")
        worker.is_ready = True

    def _take(self, worker: _Worker, outcomes: list[Outcome]) -> None:
        batch = [(worker.under_way.popleft(), outcome) for outcome in outcomes]
        if batch:
            mean = sum(outcome.wall_seconds for outcome in outcomes) / len(outcomes)
            self._mean_seconds = 0.7 * self._mean_seconds + 0.3 * mean
            self._finish(batch)

    def _feed(self, worker: _Worker) -> None:
        """The next batch; suspects go alone."""
        source, size = self._suspects, 1
        if not source:
            source = self._waiting
            fair = len(source) // (2 * len(self._workers)) + 1
            size = min(len(source), MOST_IN_BATCH, fair, 1 + int(BATCH_SECONDS / (self._mean_seconds + 1e-6)))
        batch = [source.popleft() for _ in range(size)]
        if batch and not worker.send(batch):
            source.extendleft(reversed(batch))

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        if not worker.is_ready:
            raise RuntimeError(
                f"a worker ended before it began ({_end(worker.process.exitcode)}): a script that calls berth.sweep "
                'needs `if __name__ == "__main__":` around the call; workers=0 makes all runs in this process'
            )
        alone = worker.under_way[0].number if len(worker.under_way) == 1 else None
        if alone in self._struck:
            text = f"{ENDED_TWICE}: {_end(worker.process.exitcode)}"
            self._finish([(worker.under_way[0], Outcome(None, text, 0.0))])
        else:
            self._suspects.extend(worker.under_way)
            if alone is not None:
                self._struck.add(alone)
        if self.is_busy:
            self.start()

    def stop(self) -> None:
        """Takes what has come in by now, and ends the processes."""
        try:
            for worker in self._workers:
                while worker.is_ready and worker.pipe.poll():
                    try:
                        outcomes = worker.pipe.recv()
                    except (EOFError, OSError):
                        break
                    self._take(worker, outcomes)
        finally:
            for worker in self._workers:
                worker.pipe.close()
                worker.process.terminate()
            for worker in self._workers:
                worker.process.join(5)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()


def _end(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit status {exit_code}"


def _work(pipe: Connection, payload: bytes, wants_seed: bool) -> None:
    """What a worker does: says that it is there, then makes batches of runs and reports as it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the sweep, which ends its workers
    try:
        experiment = load_experiment(payload)
    except Exception:
        pipe.send(traceback.format_exc())
        return
    pipe.send(None)
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        outcomes: list[Outcome] = []
        reported = time.monotonic()
        for position, run in enumerate(batch, start=1):
            outcomes.append(perform(experiment, run, wants_seed))
            if position < len(batch) and time.monotonic() - reported >= REPORT_SECONDS:
                pipe.send(outcomes)
                outcomes, reported = [], time.monotonic()
        pipe.send(outcomes)
