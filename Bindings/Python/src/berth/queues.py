"""Queues of gangs: which of those that wait start now, and where.

    waiting = [Waiting(Gang([Role(worker, 8)], required="rack"), submit=now - 5000, run=3_600_000)]
    for found in engine.queues.schedule(waiting, ending={pod: end}):
        if found.started:
            print(found.gang.sentence)         # found.placements["pod"] are to be confirmed, or forgotten
        elif found.start is not None:
            print("by", found.start)           # if what runs keeps its limits

Times are milliseconds of the engine's time. Nothing is kept between two calls: docs/gang-queues.md has the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import abi
from .columns import pointer
from .gangs import Gang, Gangs, Result

BACKFILL = {"none": 1, "easy": 2, "any": 3}
"""BERTH_BACKFILL_*."""
QUEUE_OUTCOMES = {1: "started", 2: "backfilled", 3: "waiting", 4: "timed out", 5: "impossible"}
"""BERTH_QUEUE_*."""


@dataclass(frozen=True)
class Waiting:
    gang: Gang
    submit: int
    run: int | None = None  # once started; None: not known
    timeout: int = 0  # given up when it has waited so long; 0: never
    priority: int = 0


class QueueResult(NamedTuple):
    outcome: str  # of QUEUE_OUTCOMES
    order: int  # its place in the queue
    start: int | None  # now, if it was started; its reserved start, if it is protected
    gang: Result | None  # of the placement, or why there was none; None: it was not looked at

    @property
    def started(self) -> bool:
        return self.outcome in ("started", "backfilled")

    @property
    def placements(self) -> np.ndarray | None:
        return self.gang.placements if self.gang else None


class Queues(Gangs):
    """The gangs of one engine, those that wait too."""

    def schedule(
        self,
        waiting: Sequence[Waiting],
        ending: Mapping[int, int] | None = None,
        backfill: str = "easy",
        aging: int = 0,
        reservations: int = 1,
        most_tried: int = 0,
    ) -> list[QueueResult]:
        """Decides a pass, and starts the gangs. `ending`: when pods that run are expected to end."""
        ffi, never = abi.ffi, abi.constants["BERTH_NEVER"]
        alive: list[Any] = []
        if backfill not in BACKFILL:
            raise ValueError(f"backfill {backfill!r} is unknown: use {', '.join(BACKFILL)}")
        options = ffi.new("berth_queue_options *")
        abi.lib.berth_queue_options_init(options)
        options.backfill, options.aging_ms = BACKFILL[backfill], aging
        options.most_tried, options.reservations = most_tried, reservations
        gangs = [ffi.new("berth_gang *", self._gang(entry.gang, alive)) for entry in waiting]
        records = [
            (gang, entry.submit, never if entry.run is None else entry.run, entry.timeout, entry.priority, 0)
            for gang, entry in zip(gangs, waiting, strict=True)
        ]
        running = ffi.new("berth_running_pod[]", [(int(pod), int(end)) for pod, end in (ending or {}).items()])
        out, roles, _ = self._room([entry.gang for entry in waiting])
        results = ffi.new("berth_queue_result[]", len(records))
        self._engine._call(
            abi.lib.berth_gangs_schedule,
            options,
            ffi.new("berth_waiting_gang[]", records),
            len(records),
            running,
            len(running),
            len(out),
            pointer(out, "berth_placement *"),
            pointer(roles, "uint32_t *"),
            results,
        )
        return [self._queued(result, out, roles) for result in results]

    def _queued(self, result: Any, placements: np.ndarray, roles: np.ndarray) -> QueueResult:
        part = slice(result.first, result.first + result.members)
        gang = abi.ffi.addressof(result, "gang")
        never = abi.constants["BERTH_NEVER"]
        return QueueResult(
            QUEUE_OUTCOMES[result.outcome],
            result.order,
            None if result.start_ms == never else result.start_ms,
            self._result(gang, placements[part].copy(), roles[part].copy()) if gang.outcome else None,
        )
