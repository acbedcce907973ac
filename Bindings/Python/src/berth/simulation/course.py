"""What came of a replay: figures over time, and each pod's fate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..frames import Tabular

WAITING, PLACED, REFUSED, ENDED = 0, 1, 2, 3
"""Of a pod at the end: not placed so far, running, refused, placed and gone again."""


@dataclass(frozen=True)
class Course(Tabular):
    """A replay. Its columns have a row for each arrival and for each moment at which pods left; `to_pandas()` and
    `to_arrow()` give them, `pods` is about single pods."""

    resources: tuple[str, ...]
    capacity: np.ndarray
    """int64 [resources]: of all nodes."""
    time_s: np.ndarray
    """float64 [rows], not falling."""
    arrived: np.ndarray
    """int64 [rows]: pods so far; likewise below."""
    placed: np.ndarray
    failed: np.ndarray
    """Refused for good; those that wait are `waiting`."""
    waiting: np.ndarray
    running: np.ndarray
    """Placed and not gone, with what ran before the replay."""
    used: np.ndarray
    """int64 [rows, resources]: requests of what runs."""
    asked: np.ndarray
    """int64 [rows, resources]: requests of all that arrived."""
    fragmentation: np.ndarray
    """float64 [rows]: in shares of the cluster; NaN where it was not measured."""
    node: np.ndarray
    """int64 [pods]: where a pod went, as an index into workload.nodes; -1: nowhere."""
    start_s: np.ndarray
    """float64 [pods]: when; NaN where it was not placed."""
    outcome: np.ndarray
    """uint8 [pods]: WAITING, PLACED, REFUSED, ENDED."""
    pods: np.ndarray
    """uint64 [pods]: ids of those that run at the end; NO_POD for others."""
    wall_s: float
    """How long the replay took."""

    @property
    def allocated_share(self) -> np.ndarray:
        """float64 [rows, resources]: used / capacity; 0 where there is none of a resource."""
        return self._share(self.used)

    @property
    def arrived_share(self) -> np.ndarray:
        """float64 [rows, resources]: asked / capacity."""
        return self._share(self.asked)

    def _share(self, amounts: np.ndarray) -> np.ndarray:
        capacity = np.broadcast_to(self.capacity, amounts.shape)
        share: np.ndarray = np.divide(amounts, capacity, out=np.zeros(amounts.shape), where=capacity > 0)
        return share

    def columns(self) -> Mapping[str, np.ndarray]:
        names = ("time_s", "arrived", "placed", "failed", "waiting", "running", "fragmentation")
        columns = {name: getattr(self, name) for name in names}
        for what in ("allocated", "arrived"):
            shares = getattr(self, f"{what}_share")
            columns |= {f"{name} {what}": shares[:, index] for index, name in enumerate(self.resources)}
        return columns

    def __len__(self) -> int:
        return len(self.time_s)

    def __repr__(self) -> str:
        count = int((self.node >= 0).sum())
        return f"<Course: {count} of {len(self.node)} pods placed, {len(self)} rows, {self.wall_s:.3g} s>"


class Recorder:
    """Gathers rows in blocks: what changed; sums are made in the end."""

    def __init__(self, resources: tuple[str, ...], used: np.ndarray, running: int):
        self.resources = resources
        width = len(resources)
        first = np.array([[0, 0, 0, 0, running]], np.int64)  # arrived, placed, failed, waiting, running
        start = (np.zeros(1), first, used.astype(np.int64)[None], np.zeros((1, width), np.int64), np.zeros(1))
        self._blocks: list[tuple[np.ndarray, ...]] = [start]

    def add(
        self,
        time_s: np.ndarray,
        changes: np.ndarray,
        used: np.ndarray,
        asked: np.ndarray,
        fragmentation: float = np.nan,
    ) -> None:
        """Rows [m] with the changes [m, 5] of the counts, and [m, resources] of what is used and asked; a measured
        fragmentation is that of the last row."""
        measured = np.full(len(time_s), np.nan)
        measured[-1] = fragmentation
        self._blocks.append((time_s, changes, used, asked, measured))

    def rows(self) -> tuple[np.ndarray, ...]:
        """time_s, counts, used, asked, fragmentation."""
        time_s, *changes, measured = (np.concatenate(parts) for parts in zip(*self._blocks, strict=True))
        return (time_s[1:], *(np.cumsum(part, axis=0)[1:] for part in changes), measured[1:])
