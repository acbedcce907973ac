"""A workload in the order of time: pods arrive, are placed or not, and leave."""

import heapq
import time
import warnings
from collections import deque
from typing import Any

import numpy as np

from ..engine import Engine
from ..gangs import Gang, Role
from ..placements import NO_POD
from ..readers.loading import GPU, Loaded
from ..readers.workload import NO_INDEX
from . import course
from .course import Course, Recorder
from .figures import Fragmentation, GPUFragmentation, Running, Stranded

_ARRIVED, _PLACED, _FAILED, _WAITING, _RUNNING = range(5)
_BLOCK = 4096
"""Pods of one call, between two drawings of the bar."""


def replay(
    engine: Engine,
    loaded: Loaded,
    *,
    on_refusal: str = "drop",
    shuffle_seed: int | None = None,
    until_s: float = np.inf,
    gang_level: str | int | None = None,
    fragmentation: "str | Fragmentation | None" = None,
    fragmentation_every: int = 1,
    progress: bool | None = None,
) -> Course:
    """Lets the pods of a workload arrive at an engine that it was loaded into, in the order of arrival_s (equal ones in
    that of the table), and leave duration_s after they started. Who leaves at a moment does so before who arrives then.
    Pods that run already stay. Nothing is random: the same engine and workload give the same course.

    on_refusal: "drop", a pod that fits nowhere has failed; "wait", it is tried again whenever others have left, in the
    order of arrival, one after the other (of a kind that was refused since they left, nobody is tried).
    shuffle_seed: draws another order of the same pods for the same times, numpy's default_rng.
    until_s: nothing happens from then on.
    gang: pods of equal `gang` that arrive together are placed all or none. gang_level: and within one domain of this
    level (a name, "node", or a number).
    fragmentation: "gpu", FGD's measure of the engine's typical pods; "stranded", over the workload's kinds of pods as
    often as they occur (berth.simulation.stranded); or a function of node ids that gives each one's share of the
    cluster's. It is measured each `fragmentation_every` arrivals, at the nodes that changed.
    progress: a bar of tqdm; None: on terminals and in notebooks, where tqdm is installed."""
    if on_refusal not in ("drop", "wait"):
        raise ValueError(f"on_refusal: {on_refusal!r}, use 'drop' or 'wait'")
    if fragmentation_every < 1:
        raise ValueError(f"fragmentation_every: {fragmentation_every}, at least 1 is needed")
    measure = _measure(engine, loaded, fragmentation)
    run = _Replay(engine, loaded, on_refusal == "wait", gang_level, measure, fragmentation_every)
    return run.run(shuffle_seed, until_s, progress)


class _Replay:
    def __init__(
        self,
        engine: Engine,
        loaded: Loaded,
        waits: bool,
        gang_level: str | int | None,
        measure: Fragmentation | None,
        every: int,
    ):
        workload = loaded.workload
        self.engine, self.loaded, self.waits, self.gang_level = engine, loaded, waits, gang_level
        table = workload.pods
        self.requests, self.capacity, names = _amounts(loaded)
        self.duration = table["duration_s"]
        self.gang = table["gang"]
        bound = table["node"] != NO_INDEX
        self.pods = loaded.running.copy()
        self.node = np.where(bound, table["node"], NO_INDEX).astype(np.int64)
        self.start = np.where(bound, 0.0, np.nan)
        self.outcome = np.where(bound, course.PLACED, course.WAITING).astype(np.uint8)
        self.recorder = Recorder(names, self.requests[bound].sum(axis=0), int(bound.sum()))
        self.ends: list[tuple[float, int]] = []
        self.queue: deque[list[int]] = deque()
        self.running = None if measure is None else Running(measure, loaded.nodes)
        self.every, self.unmeasured = every, 0
        self.changed: list[int] = []
        self.borders = np.zeros(0, np.int64)
        """Where pods of another gang, or of another moment, begin in the order of arrival."""

    def run(self, shuffle_seed: int | None, until_s: float, progress: bool | None) -> Course:
        began = time.perf_counter()
        table = self.loaded.workload.pods
        todo = np.flatnonzero(table["node"] == NO_INDEX)
        order = todo[np.argsort(table["arrival_s"][todo], kind="stable")]
        arrival = table["arrival_s"][order]
        if shuffle_seed is not None:
            if (self.gang[order] != NO_INDEX).any():
                raise ValueError("shuffle_seed: the members of gangs would not arrive together any more")
            order = order[np.random.default_rng(shuffle_seed).permutation(len(order))]
        last = int(np.searchsorted(arrival, until_s, side="left"))
        order, arrival = order[:last], arrival[:last]
        gang = self.gang[order]
        others = (gang[1:] != gang[:-1]) | (arrival[1:] != arrival[:-1])
        self.borders = np.append(np.flatnonzero(others) + 1, len(order))
        with _bar(len(order), progress) as bar:
            at = 0
            while at < len(order):
                self.leave(arrival[at])
                size = self.block(order, arrival, at)
                self.arrive(order[at : at + size], arrival[at : at + size])
                at += size
                bar.update(size)
            self.leave(until_s)
        return self.course(time.perf_counter() - began)

    def block(self, order: np.ndarray, arrival: np.ndarray, at: int) -> int:
        """How many pods arrive before anybody leaves: these can be placed in one call."""
        if self.gang[order[at]] != NO_INDEX:
            after = int(np.searchsorted(self.borders, at, side="right"))
            return int(self.borders[after]) - at
        stop = min(len(order), at + (_BLOCK if self.running is None else min(_BLOCK, self.every - self.unmeasured)))
        soonest = self.ends[0][0] if self.ends else np.inf
        # first the cheap limit, by who runs already; then who comes with the block and leaves within it
        stop = min(stop, max(at + 1, int(np.searchsorted(arrival, soonest, side="left"))))
        if stop == at + 1:
            return 1
        window = order[at:stop]
        leaving = np.minimum.accumulate(arrival[at:stop] + self.duration[window])
        ends = np.flatnonzero((arrival[at + 1 : stop] >= leaving[:-1]) | (self.gang[window[1:]] != NO_INDEX))
        return int(ends[0]) + 1 if len(ends) else len(window)

    def arrive(self, pods: np.ndarray, times: np.ndarray) -> None:
        """Pods that arrive, alone one after the other or a gang at once."""
        if self.gang[pods[0]] != NO_INDEX:
            units = [pods.tolist()]
            placed = np.full(len(pods), self.place_gang(units[0]))
        else:
            units = [[pod] for pod in pods.tolist()]
            placed = self.place(pods)
        self.started(pods[placed], times[placed])
        refused = ~placed
        changes = np.zeros((len(pods), 5), np.int64)
        changes[:, _ARRIVED] = 1
        changes[:, _PLACED] = changes[:, _RUNNING] = placed
        changes[:, _WAITING if self.waits else _FAILED] = refused
        if self.waits:
            self.queue += [unit for unit, ok in zip(units, placed.tolist(), strict=False) if not ok]
        else:
            self.outcome[pods[refused]] = course.REFUSED
        self.unmeasured += len(pods)
        asked = self.requests[pods]
        self.recorder.add(times, changes, np.where(placed[:, None], asked, 0), asked, self.measured())

    def leave(self, now: float) -> None:
        """All that end by a moment, and those that find a place then."""
        while self.ends and self.ends[0][0] <= now:
            moment, pods = self.ends[0][0], []
            while self.ends and self.ends[0][0] == moment:
                pods.append(heapq.heappop(self.ends)[1])
            self.engine.release(self.pods[pods])
            self.changed += self.node[pods].tolist()
            self.pods[pods], self.outcome[pods] = NO_POD, course.ENDED
            changes = np.zeros((1, 5), np.int64)
            changes[0, _RUNNING] = -len(pods)
            used = -self.requests[pods].sum(axis=0, keepdims=True)
            if self.queue:
                self.retry(moment, changes, used)
            self.recorder.add(np.array([moment]), changes, used, np.zeros_like(used), self.measured(force=True))

    def retry(self, moment: float, changes: np.ndarray, used: np.ndarray) -> None:
        refused: set[Any] = set()
        kept: deque[list[int]] = deque()
        for unit in self.queue:
            kind = tuple(sorted(self.loaded.classes[unit].tolist()))
            if kind in refused:
                kept.append(unit)
            elif self.place_gang(unit) if len(unit) > 1 else bool(self.place(np.array(unit))[0]):
                self.started(np.array(unit), np.full(len(unit), moment))
                changes[0, [_PLACED, _RUNNING, _WAITING]] += np.array([1, 1, -1]) * len(unit)
                used += self.requests[unit].sum(axis=0)
            else:
                refused.add(kind)
                kept.append(unit)
        self.queue = kept

    def place(self, pods: np.ndarray) -> np.ndarray:
        """Places pods one after the other, in one call; which of them, bool [n]."""
        made = self.engine.place(self.loaded.classes[pods])
        placed = made.placed
        self.pods[pods[placed]] = made.pods[placed]
        self.node[pods[placed]] = self.loaded.index(made.nodes[placed])
        return placed

    def place_gang(self, pods: list[int]) -> bool:
        """Places pods all or none."""
        if self.gang_level is not None:
            return self.place_near(pods)
        with self.engine.what_if() as trial:
            placed = self.engine.place(self.loaded.classes[pods])
            if not placed.placed.all():
                return False
            trial.commit()
        self.pods[pods], self.node[pods] = placed.pods, self.loaded.index(placed.nodes)
        return True

    def place_near(self, pods: list[int]) -> bool:
        kinds, role_of = np.unique(self.loaded.classes[pods], return_inverse=True)
        roles = [Role(int(kind), int((role_of == index).sum())) for index, kind in enumerate(kinds)]
        found = self.engine.gangs.place(Gang(roles, required=self.gang_level or 0))
        if not found:
            return False
        for index in range(len(kinds)):
            own = np.array(pods)[role_of == index]
            part = found.placements[found.roles == index]
            self.pods[own], self.node[own] = part["pod"], self.loaded.index(part["node"])
        return True

    def started(self, pods: np.ndarray, times: np.ndarray) -> None:
        self.start[pods], self.outcome[pods] = times, course.PLACED
        self.changed += self.node[pods].tolist()
        for end, pod in zip((times + self.duration[pods]).tolist(), pods.tolist(), strict=True):
            if end != np.inf:
                heapq.heappush(self.ends, (end, pod))

    def measured(self, force: bool = False) -> float:
        if self.running is None:
            self.changed.clear()
            return np.nan
        if self.unmeasured < self.every and not force:
            return np.nan
        value = self.running.after(self.changed)
        self.changed.clear()
        self.unmeasured = 0
        return value

    def course(self, wall_s: float) -> Course:
        time_s, counts, used, asked, fragmentation = self.recorder.rows()
        return Course(
            resources=self.recorder.resources,
            capacity=self.capacity,
            time_s=time_s,
            **dict(zip(("arrived", "placed", "failed", "waiting", "running"), counts.T, strict=True)),
            used=used,
            asked=asked,
            fragmentation=fragmentation,
            node=self.node,
            start_s=self.start,
            outcome=self.outcome,
            pods=self.pods,
            wall_s=wall_s,
        )


def _amounts(loaded: Loaded) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Requests [pods, resources], capacity [resources] and names; GPUs that are devices count in milli."""
    workload = loaded.workload
    requests, capacity = workload.requests, workload.allocatable.sum(axis=0)
    names = tuple(workload.resources)
    if not workload.uses_devices:
        return requests, capacity, names
    milli = workload.pods["gpus"].astype(np.int64) * workload.pods["gpu_milli"]
    total = int(workload.nodes["gpus"].sum(dtype=np.int64)) * 1000
    return np.column_stack([requests, milli]), np.append(capacity, total), (*names, GPU)


def _measure(engine: Engine, loaded: Loaded, given: "str | Fragmentation | None") -> Fragmentation | None:
    if given is None or callable(given):
        return given
    workload = loaded.workload
    if given == "gpu":
        return GPUFragmentation(engine, int(workload.nodes["gpus"].sum(dtype=np.int64)) * 1000)
    if given != "stranded":
        raise ValueError(f"fragmentation: {given!r}, use 'gpu', 'stranded' or a function")
    kinds, counts = np.unique(workload.pods["spec"], return_counts=True)
    first = [int(np.argmax(workload.pods["spec"] == kind)) for kind in kinds]
    return Stranded(engine, len(loaded.nodes), workload.resources, workload.requests[first], counts)


def _bar(total: int, progress: bool | None) -> Any:
    """A bar of tqdm; without tqdm none, which is an error only for who asked for it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without widgets gets a bar of text, which is fine
            from tqdm.auto import tqdm
    except ImportError as error:
        if progress:
            raise ImportError("progress=True needs tqdm: pip install 'berth[progress]'") from error
        return _NoBar()
    return tqdm(total=total, unit=" pods", desc="replay", disable=None if progress is None else not progress)


class _NoBar:
    def __enter__(self) -> "_NoBar":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        pass
