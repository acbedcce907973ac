"""`berth.sweep`: plans, has runs made, keeps what came of them, and makes the table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from .errors import SweepError
from .outcome import Outcome, dump_experiment, perform
from .plan import Run, code_of, name_of, plan, takes_seed
from .record import Record
from .table import arrow, table

if TYPE_CHECKING:
    import pyarrow


def sweep(
    experiment: Callable[..., dict[str, Any]],
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]],
    *,
    repeats: int | Sequence[int] = 1,
    seed: int = 0,
    workers: int | None = None,
    backend: Literal["processes", "ray"] = "processes",
    directory: str | os.PathLike[str] | None = None,
    on_error: Literal["raise", "record"] = "raise",
    retry_errors: bool = False,
    version: str = "",
    progress: bool = True,
    ray_options: Mapping[str, Any] | None = None,
) -> pyarrow.Table:
    """Calls an experiment for every point of a grid, and gives all results as one table.

    experiment: called with a point's parameters as keywords, and with `seed` if it takes it; returns a dict of numbers,
    texts, truth values or None. grid: a dict of lists (all combinations, the last one varying fastest) or a list of
    dicts. repeats: how many runs of each point, with seeds derived from `seed`, or the seeds themselves; repeat r has
    the same seed at every point.

    workers: processes, by default one for each CPU that this process may use; 0 makes all runs in this process. They
    are spawned: a script needs `if __name__ == "__main__":` around what it does. A run that takes its process with it,
    alone and twice, is a failed run. backend "ray": tasks on a Ray cluster (`pip install 'berth[ray]'`), the one that
    ray.init() has joined or would start; workers then is how many tasks are under way at once, and ray_options are
    those of ray.remote (num_cpus, resources).

    directory: keeps each finished run (`sweep.json`, `results.jsonl`). A later call does only what is missing: after a
    crash, after Ctrl-C, or after the grid or the repeats have changed, since a run is found by its parameters, repeat
    and seed. A run that is no longer in the grid stays in the file and is not in the table. SweepChanged is raised
    where the directory belongs to an experiment of another name, of other source text, or of another `version`: raise
    `version` when something changes that the experiment calls. on_error: "raise" stops at the first failed run, which
    is not kept; "record" keeps its traceback in the column `error`, and retry_errors makes such runs again.

    Returns a pyarrow.Table with the columns run, repeat, seed, the parameters, the figures, wall_seconds and error: by
    run number, and but for wall_seconds the same for any number of workers and either backend.
    """
    arrow()
    _choose("backend", backend, ("processes", "ray"))
    _choose("on_error", on_error, ("raise", "record"))
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 0):
        raise ValueError(f"workers: a number from 0 on is needed, not {workers!r}")
    runs = plan(grid, repeats, seed)
    wants_seed = takes_seed(experiment, runs[0].parameters)
    identity = {"experiment": name_of(experiment), "code": code_of(experiment), "version": version}
    with ExitStack() as stack:
        record = stack.enter_context(Record(directory, identity)) if directory is not None else None
        outcomes = _found(record, runs, retry_errors)
        missing = [run for run in runs if run.key not in outcomes]
        bar = stack.enter_context(_bar(len(runs), len(runs) - len(missing), progress))

        def finish(batch: list[tuple[Run, Outcome]]) -> None:
            failed = None
            if on_error == "raise":
                failed = next((pair for pair in batch if pair[1].error is not None), None)
                batch = [pair for pair in batch if pair[1].error is None]
            if record:
                record.add(batch)
            outcomes.update((run.key, outcome) for run, outcome in batch)
            bar.update(len(batch))
            if failed:
                run, outcome = failed
                raise SweepError(run.number, run.parameters, run.seed, str(outcome.error))

        try:
            _make(experiment, wants_seed, missing, finish, workers, backend, ray_options)
        except KeyboardInterrupt:
            where = f"; the same call goes on from {record.path}" if record else ""
            raise KeyboardInterrupt(f"{len(outcomes)} of {len(runs)} runs are done{where}") from None
    return table(runs, [outcomes[run.key] for run in runs])


def _make(
    experiment: Callable[..., Any],
    wants_seed: bool,
    missing: list[Run],
    finish: Callable[..., Any],
    workers: int | None,
    backend: str,
    ray_options: Mapping[str, Any] | None,
) -> None:
    if not missing:
        return
    if backend == "ray":
        from .rays import make_on_ray

        make_on_ray(dump_experiment(experiment), wants_seed, missing, finish, workers, dict(ray_options or {}))
    elif workers == 0:
        for run in missing:
            finish([(run, perform(experiment, run, wants_seed))])
    else:
        from .processes import make_in_processes

        count = min(workers or _cpus(), len(missing))
        make_in_processes(dump_experiment(experiment), wants_seed, missing, finish, count)


def _found(record: Record | None, runs: list[Run], retry_errors: bool) -> dict[str, Outcome]:
    """What the directory has of these runs."""
    if record is None:
        return {}
    known = {run.key: record.finished[run.key] for run in runs if run.key in record.finished}
    return {key: outcome for key, outcome in known.items() if outcome.error is None or not retry_errors}


def _choose(what: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what}: one of {', '.join(map(repr, allowed))} is needed, not {value!r}")


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        pass


def _bar(total: int, done: int, progress: bool) -> Any:
    """A bar of tqdm on terminals and in notebooks; nothing without tqdm."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _NoBar()
    return tqdm(total=total, initial=done, unit=" runs", desc="sweep", disable=None if progress else True)
