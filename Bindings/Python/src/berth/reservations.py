"""Capacity that is held for someone on a node: its owner's pods use it first, nobody else sees it, until it lapses.

    held = engine.reservations.add(Reservation("gang", 7, node=node, quantities={"cpu": 6000}, expiry_ms=60_000))
    engine.place(small, count=3, pods=berth.identities(3, gangs=7))      # uses it

berth.h, "Reservations", has the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi, classes
from .columns import column, ids, pointer
from .nodes import list_all

if TYPE_CHECKING:
    from .engine import Engine

OWNERS = {"pod": 1, "gang": 2, "class": 3, "queue": 4}
"""BERTH_OWNER_*, in the order in which a pod takes."""
STATE = abi.dtype("berth_reservation_state")
USE = abi.dtype("berth_reservation_use")
NEVER: int = abi.constants["BERTH_NEVER"]


@dataclass(frozen=True)
class Reservation:
    """What is to be held, for whom and where: `quantities` on `node`, or the requests of `pod_class` on the node where
    a pod of it would be placed within `domain` (0: anywhere).

    owner: of OWNERS. id: the owner's number, the caller's own and not 0; or a class. expiry_ms: later than the engine's
    time; None: never."""

    owner: str
    id: int
    node: int | None = None
    quantities: Mapping[str, int | str] = field(default_factory=dict)
    pod_class: int | None = None
    domain: int = 0
    expiry_ms: int | None = None


class ReservationStates(NamedTuple):
    """Reservations [n] and what they hold of resources [r]."""

    states: np.ndarray  # [n] records of reservation, owner (id, kind), node, expiry_ms, pods
    held: np.ndarray  # int64 [n, r]
    left: np.ndarray  # int64 [n, r]: held less what pods of the owner have taken
    resources: tuple[str, ...]


class Reservations:
    """The reservations of one engine."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def __len__(self) -> int:
        return int(self._engine.metrics.info()["reservations"])

    def add(self, *wanted: Reservation) -> np.ndarray:
        """Makes reservations, one after the other, and gives their ids, uint64. All or nothing: NoRoom if one finds no
        room in what is free for everyone."""
        alive: list[Any] = []
        rows: list[dict[str, Any]] = []
        for one in wanted:
            if (one.node is None) == (one.pod_class is None):
                raise ValueError("a reservation is of quantities on a node, or of a pod_class in a domain: name one")
            cells = classes.quantities(self._engine, one.quantities)
            alive.append(cells)
            rows.append(
                {
                    "owner": _owner(one.owner, one.id),
                    "expiry_ms": NEVER if one.expiry_ms is None else one.expiry_ms,
                    "scope": abi.lib.BERTH_SCOPE_DOMAIN if one.node is None else abi.lib.BERTH_SCOPE_NODE,
                    "quantity_count": len(cells),
                    "quantities": cells,
                    "node": 0 if one.node is None else int(one.node),
                    "domain": one.domain,
                    "pod_class": 0 if one.pod_class is None else int(one.pod_class),
                }
            )
        made = np.zeros(len(rows), np.uint64)
        specs = abi.ffi.new("berth_reservation_spec[]", rows)
        self._engine._call(abi.lib.berth_reservations_add, specs, len(rows), pointer(made, "berth_reservation_id *"))
        return made

    def remove(self, reservations: Any) -> None:
        """Ends reservations, used or not. All or nothing."""
        given = ids(reservations, "reservations")
        self._engine._call(abi.lib.berth_reservations_remove, pointer(given, "berth_reservation_id *"), len(given))

    def resize(self, reservation: int, quantities: Mapping[str, int | str]) -> None:
        """Sets what it holds; what is not listed, it holds no more. Growth must be free (NoRoom)."""
        cells = classes.quantities(self._engine, quantities)
        self._engine._call(abi.lib.berth_reservation_resize, int(reservation), cells, len(cells))

    def hand_over(self, reservation: int, owner: str, id: int) -> None:
        """Gives it to another owner. Pods of the old one keep what they took."""
        record = abi.ffi.new("berth_reservation_owner *", _owner(owner, id))
        self._engine._call(abi.lib.berth_reservation_hand_over, int(reservation), record)

    def set_expiry(self, reservation: int, expiry_ms: int | None) -> None:
        """Sets when it lapses: later than the engine's time; None: never."""
        at = NEVER if expiry_ms is None else expiry_ms
        self._engine._call(abi.lib.berth_reservation_set_expiry, int(reservation), at)

    def ids(self) -> np.ndarray:
        """All live ones, uint64."""
        return list_all(self._engine, abi.lib.berth_reservations_list, len(self))

    def read(self, reservations: Any = None) -> ReservationStates:
        """Reservations by id; None: all."""
        asked = self.ids() if reservations is None else ids(reservations, "reservations")
        resources = self._engine.vocabulary.resources
        wanted = np.array([resource.id for resource in resources.values()], np.uint32)
        states = np.zeros(len(asked), STATE)
        held, left = (np.zeros((len(asked), len(wanted)), np.int64) for _ in range(2))
        self._engine._call(
            abi.lib.berth_reservations_read,
            pointer(asked, "berth_reservation_id *"),
            len(asked),
            pointer(wanted, "berth_resource_id *"),
            len(wanted),
            pointer(states, "berth_reservation_state *"),
            pointer(held, "int64_t *"),
            pointer(left, "int64_t *"),
        )
        return ReservationStates(states, held, left, tuple(resources))

    def of_pod(self, pod: int) -> np.ndarray:
        """What a pod has taken of live reservations, in the order of taking: records of reservation, quantity,
        resource."""
        count, room = abi.ffi.new("size_t *"), 16
        while True:
            uses = np.zeros(room, USE)
            out = pointer(uses, "berth_reservation_use *")
            self._engine._call(abi.lib.berth_pod_reservations_read, int(pod), room, out, count)
            if count[0] <= room:
                return uses[: count[0]]
            room = count[0]


def _owner(owner: str, id: int) -> dict[str, int]:
    if owner not in OWNERS:
        raise ValueError(f"owner {owner!r} is unknown: use {', '.join(OWNERS)}")
    column(id, np.uint64, "id", ())
    return {"id": int(id), "kind": OWNERS[owner]}
