"""What else an engine does, each in an object of its own that keeps the engine alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .claims import Claims
from .devices import Devices
from .events import Events
from .gangs import Gangs
from .load import Load
from .metrics import Metrics
from .queues import Queues
from .ranks import Ranks
from .records import Records
from .rerank import Reranking
from .reservations import Reservations

if TYPE_CHECKING:
    from .engine import Engine


class Parts(Records, Reranking):
    """Objects are made when they are asked for: an engine that had them would never lose its last reference."""

    @property
    def devices(self) -> Devices:
        """Machines, their GPUs and NICs, health, fragmentation."""
        return Devices(self._self)

    @property
    def claims(self) -> Claims:
        """Which devices pods hold; moves and plans of moves."""
        return Claims(self._self)

    @property
    def gangs(self) -> Gangs:
        """Pods that start together, or not at all."""
        return Gangs(self._self)

    @property
    def queues(self) -> Queues:
        """Gangs that wait: which start now."""
        return Queues(self._self)

    @property
    def ranks(self) -> Ranks:
        """Which rank of a job goes to which place."""
        return Ranks()

    @property
    def reservations(self) -> Reservations:
        """Capacity that is held for someone."""
        return Reservations(self._self)

    @property
    def load(self) -> Load:
        """What nodes and pods really use."""
        return Load(self._self)

    @property
    def events(self) -> Events:
        """What happened, in order."""
        return Events(self._self)

    @property
    def metrics(self) -> Metrics:
        """Figures, counters and histograms."""
        return Metrics(self._self)

    @property
    def _self(self) -> Engine:
        return cast("Engine", self)
