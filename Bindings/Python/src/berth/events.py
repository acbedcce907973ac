"""What happened in an engine, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from . import abi
from .columns import pointer

if TYPE_CHECKING:
    from .engine import Engine

EVENT = abi.dtype("berth_event")


def event_kinds() -> dict[int, str]:
    """BERTH_EVENT_* by number: {2: "pod_assumed", ...}."""
    prefix = "BERTH_EVENT_"
    return {getattr(abi.lib, name): name[len(prefix) :].lower() for name in dir(abi.lib) if name.startswith(prefix)}


class Events:
    """The events of one engine. They are off until `enable`. Any number of readers follow them, each with a cursor of
    its own; what a reader was too slow for comes as a record of the kind "gap", whose `other` is how many are lost.

        engine.events.enable(1 << 16)
        cursor = 0
        ...
        events, cursor = engine.events.read(cursor)"""

    def __init__(self, engine: Engine):
        self._engine = engine

    def enable(self, capacity: int) -> None:
        """Keeps the last `capacity` events, a power of two up to 16,777,216; 0 switches them off. WrongState inside of
        an open trial."""
        if capacity < 0:
            raise ValueError(f"capacity: {capacity} is negative")
        self._engine._call(abi.lib.berth_events_enable, capacity)

    def read(self, cursor: int = 0, most: int = 65536) -> tuple[np.ndarray, int]:
        """Up to `most` events from a cursor on, oldest first, and the cursor to go on from. Cursor 0 is the oldest that
        is kept. Records of sequence, time_ms, pod, node, other, kind, pod_class. WrongState while events are off,
        InvalidArgument for a cursor beyond the next event."""
        if most < 0:
            raise ValueError(f"most: {most} is negative")
        found = np.zeros(most, EVENT)
        count, following = abi.ffi.new("size_t *"), abi.ffi.new("uint64_t *")
        self._engine._call(abi.lib.berth_events_read, cursor, most, pointer(found, "berth_event *"), count, following)
        return found[: count[0]].copy(), int(following[0])

    def follow(self, cursor: int = 0, most: int = 65536) -> Iterator[np.ndarray]:
        """Reads on until nothing is new: arrays of events."""
        while True:
            events, cursor = self.read(cursor, most)
            if not len(events):
                return
            yield events
