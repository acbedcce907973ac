"""Runs as tasks of a Ray cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .outcome import ENDED_TWICE, Outcome, load_experiment, perform
from .plan import Run

# A task of Ray costs about a millisecond: short runs go in batches.
BATCH_SECONDS = 0.5
MOST_IN_BATCH = 512


def ray() -> Any:
    """Ray, or what to do without it."""
    try:
        import ray
    except ImportError as error:
        raise ImportError("this needs Ray, which is not here: pip install 'berth[ray]'") from error
    return ray


def make_on_ray(
    payload: bytes,
    wants_seed: bool,
    runs: Sequence[Run],
    finish: Callable[..., Any],
    most: int | None,
    options: dict[str, Any],
) -> None:
    """Makes the runs as tasks, at most `most` at once (twice the cluster's CPUs); joins or starts a cluster if this
    process has none. berth must be installed on every machine of it."""
    lib = ray()
    if not lib.is_initialized():
        lib.init(include_dashboard=False, log_to_driver=False)
    most = most or max(2, 2 * int(lib.cluster_resources().get("CPU", 1)))
    task = lib.remote(**{"max_retries": 0, **options})(_batch)
    shared = lib.put(payload)
    waiting = deque(runs)
    suspects: deque[Run] = deque()  # were in a task that died: made again one by one
    struck: set[int] = set()  # were alone in one, which may have been an accident
    under_way: dict[Any, list[Run]] = {}
    mean_seconds = BATCH_SECONDS
    try:
        while waiting or suspects or under_way:
            while len(under_way) < most and (suspects or waiting):
                if suspects:
                    batch = [suspects.popleft()]
                else:
                    fair = len(waiting) // (2 * most) + 1
                    size = min(MOST_IN_BATCH, fair, 1 + int(BATCH_SECONDS / (mean_seconds + 1e-6)))
                    batch = [waiting.popleft() for _ in range(size)]
                under_way[task.remote(shared, batch, wants_seed)] = batch
            for reference in lib.wait(list(under_way), num_returns=1)[0]:
                batch = under_way.pop(reference)
                try:
                    outcomes = lib.get(reference)
                except lib.exceptions.RayTaskError as error:
                    raise RuntimeError(f"a task could not load the experiment:\n{error}") from error
                except lib.exceptions.RayError as error:
                    if len(batch) > 1 or batch[0].number not in struck:
                        suspects.extend(batch)
                        struck.update(run.number for run in batch if len(batch) == 1)
                        continue
                    outcomes = [Outcome(None, f"{ENDED_TWICE}: {str(error).strip().splitlines()[0]}", 0.0)]
                mean = sum(outcome.wall_seconds for outcome in outcomes) / len(outcomes)
                mean_seconds = 0.7 * mean_seconds + 0.3 * mean
                finish(list(zip(batch, outcomes, strict=True)))
    finally:
        for reference in under_way:
            lib.cancel(reference, force=True)


def _batch(payload: bytes, batch: list[Run], wants_seed: bool) -> list[Outcome]:
    experiment = load_experiment(payload)
    return [perform(experiment, run, wants_seed) for run in batch]
