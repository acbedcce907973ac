"""Figures, counters and histograms of an engine. Reading them changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import abi
from .columns import read_text
from .frames import Tabular

if TYPE_CHECKING:
    from .engine import Engine

DECISIONS = {"tree": 0, "scan": 1, "rows": 2, "reserved": 3, "reranked": 4, "slots": 5}
"""BERTH_DECISION_*: how a decision was made."""
ALLOCATORS = {1: "jemalloc", 2: "mmap"}
CPU_LEVELS = {1: "scalar", 2: "baseline", 3: "v3", 4: "v4"}


@dataclass(frozen=True)
class Histogram(Tabular):
    """How long decisions of a kind took, in log-linear buckets."""

    count: int
    sum_ns: int
    upper_ns: np.ndarray  # uint64 [98]: the largest time of each bucket; 2**64 - 1 for the last
    counts: np.ndarray  # uint64 [98]

    def columns(self) -> Mapping[str, np.ndarray]:
        return {"upper_ns": self.upper_ns, "count": self.counts}

    def quantile(self, share: float) -> int:
        """The upper bound in ns of the bucket in which `share` (0..1) of the decisions end; 0 without decisions."""
        if not 0 <= share <= 1:
            raise ValueError(f"share: {share} is outside 0..1")
        if not self.count:
            return 0
        return int(self.upper_ns[np.searchsorted(np.cumsum(self.counts), max(1, np.ceil(share * self.count)))])


class Metrics:
    """Of one engine."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def info(self) -> dict[str, Any]:
        """The fields of berth_engine_info: nodes, pods, classes, bytes, counters of searching; allocator and cpu_level
        as words."""
        told = self._read("berth_engine_info", abi.lib.berth_engine_read_info)
        told["allocator"] = ALLOCATORS.get(told["allocator"], told["allocator"])
        told["cpu_level"] = CPU_LEVELS.get(told["cpu_level"], told["cpu_level"])
        return told

    def counters(self) -> dict[str, Any]:
        """The fields of berth_metrics since the engine was made: decisions by kind and refusals by status as mappings,
        of what happened at all."""
        told = self._read("berth_metrics", abi.lib.berth_metrics_read)
        decisions, refusals = list(told["decisions"]), list(told["refusals"])
        told["decisions"] = {name: decisions[kind] for name, kind in DECISIONS.items()}
        told["refusals"] = {abi.status_name(status): count for status, count in enumerate(refusals) if count}
        return told

    def histogram(self, decision: str) -> Histogram:
        """How long decisions of a kind of DECISIONS took, from the batch's begin, or the end of the decision before."""
        if decision not in DECISIONS:
            raise ValueError(f"decision {decision!r} is unknown: use {', '.join(DECISIONS)}")
        told = abi.record("berth_histogram")
        self._engine._call(abi.lib.berth_histogram_read, DECISIONS[decision], told)
        upper, counts = (np.array(list(column), np.uint64) for column in (told.upper_ns, told.counts))
        return Histogram(told.count, told.sum_ns, upper, counts)

    def prometheus(self) -> str:
        """All of it in the Prometheus text format, version 0.0.4."""
        return read_text(lambda *room: self._engine._call(abi.lib.berth_metrics_text, *room))

    def _read(self, ctype: str, function: Any) -> dict[str, Any]:
        told = abi.record(ctype)
        self._engine._call(function, told)
        names = [name for name, _ in abi.ffi.typeof(ctype).fields if name not in ("struct_size", "reserved")]
        return {name: getattr(told, name) for name in names}
