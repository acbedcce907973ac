"""What came of placing pods, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from . import abi
from .frames import Tabular

PLACED: int = abi.lib.BERTH_PLACED
NO_FIT: int = abi.lib.BERTH_NO_FIT
REFUSED: int = abi.lib.BERTH_REFUSED
OUTCOMES = {PLACED: "placed", NO_FIT: "no fit", REFUSED: "refused"}
"""BERTH_PLACED, BERTH_NO_FIT (no node fits), BERTH_REFUSED (re-ranking refused all candidates)."""

NO_NODE: int = abi.constants["BERTH_NO_NODE"]
NO_POD: int = abi.constants["BERTH_NO_POD"]


class Placement(NamedTuple):
    """One decision. It is true if the pod was placed."""

    pod: int  # NO_POD when nothing fits, or in a dry run
    node: int  # NO_NODE when nothing fits
    score: int
    pod_class: int
    outcome: int  # PLACED, NO_FIT, REFUSED

    def __bool__(self) -> bool:
        return self.outcome == PLACED


class Placements(Tabular):
    """Decisions [n] in the order of the pods. `array` is the structured array that the library wrote; the other columns
    are views of it. A slice, a mask or an array of indices gives Placements again, an index one Placement."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray):
        self.array = array

    @property
    def pods(self) -> np.ndarray:
        """uint64 [n]; NO_POD where nothing was placed, and in a dry run."""
        return self.array["pod"]

    @property
    def nodes(self) -> np.ndarray:
        """uint64 [n]; NO_NODE where nothing was placed."""
        return self.array["node"]

    @property
    def score(self) -> np.ndarray:
        """int64 [n]: total score; 0 where nothing was placed."""
        return self.array["score"]

    @property
    def classes(self) -> np.ndarray:
        """uint32 [n]: pod classes."""
        return self.array["pod_class"]

    @property
    def outcome(self) -> np.ndarray:
        """uint32 [n]: PLACED, NO_FIT or REFUSED."""
        return self.array["outcome"]

    @property
    def placed(self) -> np.ndarray:
        """bool [n]."""
        return np.asarray(self.array["outcome"] == PLACED)

    def columns(self) -> Mapping[str, np.ndarray]:
        return {name: self.array[name] for name in ("pod", "node", "score", "pod_class", "outcome")}

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Placement]:
        return map(Placement._make, self.array.tolist())

    @overload
    def __getitem__(self, index: int) -> Placement: ...
    @overload
    def __getitem__(self, index: slice | np.ndarray | Sequence[int]) -> Placements: ...
    def __getitem__(self, index: Any) -> Placement | Placements:
        found = self.array[index]
        return Placements(found) if isinstance(found, np.ndarray) else Placement._make(found.item())

    def __repr__(self) -> str:
        return f"<Placements: {int(self.placed.sum())} of {len(self)} placed>"
