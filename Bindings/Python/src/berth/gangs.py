"""Gangs, which are placed whole or not at all.

    engine = berth.Engine(levels=["zone", "rack"])
    found = engine.gangs.place(Gang([Role(worker, 8, 16)], required="rack"))
    if found:
        print(found.sentence)                  # "8 members placed in zone-a/a1: 2 nodes"
        pods = found.placements["pod"]         # role by role, neighbours in the list are neighbours in the network
    else:
        print(found.proof.needed, found.proof.available)

A level is a name of the engine's levels, "node", or a number: 0 the cluster, 1 the engine's first level, one more than
there are levels the node. Ids are integers, pods and nodes columns of uint64. That a gang finds no place is a result; a
refused call is a BerthError with the engine's sentence: InvalidArgument for levels that contradict each other, counts
that do not divide, more asked than there are members; LimitReached, NotFound, Stale, Duplicate. What the header's types
cannot hold, or a level without such a name, is a ValueError. What is placed is least by which aims, and when that is
proven, say include/berth.h and `Result.limits`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import column, ids, pointer, read_text

if TYPE_CHECKING:
    from .engine import Engine

PLACEMENT = abi.dtype("berth_placement")
OUTCOMES = {1: "placed", 2: "no fit", 3: "bounded", 4: "withdrawn"}
LIMITS = {1: "steps", 2: "roles", 4: "states", 8: "constraints", 16: "scores", 32: "order"}
"""BERTH_GANG_* and BERTH_GANG_LIMIT_* by their names."""


@dataclass(frozen=True)
class Slice:
    """The new members of a role in each domain of a level are a multiple of `members`."""

    level: int | str
    members: int


@dataclass(frozen=True)
class Role:
    """Pods of one class within a gang."""

    pod_class: int
    min_members: int  # without so many there is no gang; new ones, beside those that run
    max_members: int | None = None  # None: no more than that; else the role is elastic
    required: int | str = 0  # all of them, running ones too, in one domain of this level
    preferred: int | str = 0  # likewise, and given up where that cannot be
    spread: tuple[int | str, int] | None = None  # (level, so many at most in each of its domains)
    slices: Sequence[Slice] = ()  # at most 3, the widest level first
    running: Sequence[int] = ()  # pods that are there already


@dataclass(frozen=True)
class Ring:
    """Nodes in a ring, each next to the one before and the one after; BERTH_NO_NODE where none is."""

    nodes: Sequence[int]


@dataclass(frozen=True)
class Torus:
    """Nodes [z, y, x] of a torus, BERTH_NO_NODE where none is. boxes are (x, y, z) that may be placed, as they stand;
    None: every box of so many nodes."""

    nodes: Any
    boxes: Sequence[tuple[int, int, int]] | None = None


@dataclass(frozen=True)
class Gang:
    """Pods that start together. With a level anywhere they are packed, else they go to the best nodes one by one."""

    roles: Sequence[Role]  # 1..16
    domain: int = 0  # only nodes in it
    required: int | str = 0  # all members in one domain of this level
    preferred: int | str = 0  # likewise, where that can be
    separate: int | str = 0  # no two roles in the same domain of this level
    min_members: int = 0  # minMember, running ones included; 0: the roles' minima say all
    fabrics: Sequence[Ring | Torus] = ()  # for one role: within one of these, a node each, next to each other


class Proof(NamedTuple):
    """Why there is no place: `needed` members of a role are to be in one domain of a level, which offer `available` at
    the best."""

    role: int  # its index
    level: int
    needed: int
    available: int
    best_domain: int | None  # None: it is a node
    enough_domains: int  # of that level together would do; 0: not even all
    resource: int | None  # what lacks most; None: it is no resource that lacks


class Result(NamedTuple):
    """What came of a gang; it is true if the gang was placed."""

    outcome: str  # "placed"; "no fit", proven; "bounded", none was found; "withdrawn", another gang was not placed
    sentence: str  # the same in words
    limits: tuple[str, ...]  # why it is no proof, of LIMITS; () if it is one
    placements: np.ndarray  # records of berth_placement; pods are BERTH_NO_POD after a dry run
    roles: np.ndarray  # uint32, of each placement the index of its role
    common_level: int  # of the lowest domain with all members, running ones too
    common_domain: int | None  # None: it is a node
    preferred_met: bool
    domains: np.ndarray  # uint32 by level, nodes last: how many were opened
    domains_bound: np.ndarray  # in the order of levels, no placement has less
    left_over: np.ndarray  # int64 by level: what the opened domains offer still
    score: int
    score_bound: int  # no placement as good otherwise scores more
    proof: Proof | None  # where nothing was placed

    def __bool__(self) -> bool:
        return self.outcome == "placed"


class Gangs:
    """The gangs of one engine."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._levels = {key: number for number, key in enumerate(["cluster", *engine.vocabulary.levels, "node"])}

    def place(self, gang: Gang, dry_run: bool = False) -> Result:
        """Places a gang, or grows it where members run: elastic roles get as many members as fit. A dry run decides
        likewise and takes everything back."""
        ffi = abi.ffi
        alive: list[Any] = []
        record = ffi.new("berth_gang *", self._gang(gang, alive))
        out, roles, results = self._room([gang])
        self._engine._call(
            abi.lib.berth_gang_place,
            record,
            self._flags(dry_run),
            len(out),
            pointer(out, "berth_placement *"),
            pointer(roles, "uint32_t *"),
            results,
        )
        return self._told(results, out, roles)[0]

    def place_all(self, gangs: Sequence[Gang], dry_run: bool = False) -> list[Result]:
        """Places gangs that start together, each in its turn, all of them or none."""
        alive: list[Any] = []
        records = abi.ffi.new("berth_gang[]", [self._gang(gang, alive) for gang in gangs])
        out, roles, results = self._room(gangs)
        self._engine._call(
            abi.lib.berth_gangs_place,
            records,
            len(records),
            self._flags(dry_run),
            len(out),
            pointer(out, "berth_placement *"),
            pointer(roles, "uint32_t *"),
            results,
        )
        return self._told(results, out, roles)

    def shrink(self, pods: Any, keep: int) -> np.ndarray:
        """Releases all but `keep` of a gang's pods, those without which the others are packed best. Gives the released
        ones, uint64; BERTH_BAD_ARGUMENT where it has fewer."""
        members = ids(pods, "pods")
        gone = np.zeros(max(len(members) - keep, 0), np.uint64)
        self._engine._call(
            abi.lib.berth_gang_shrink,
            pointer(members, "berth_pod_id *"),
            len(members),
            keep,
            pointer(gone, "berth_pod_id *"),
        )
        return gone

    def _flags(self, dry_run: bool) -> int:
        return abi.lib.BERTH_PLACE_DRY_RUN if dry_run else 0

    def _level(self, level: int | str) -> int:
        if isinstance(level, str):
            if level not in self._levels:
                raise ValueError(f"level {level!r} is unknown: use {', '.join(self._levels)}, or a number")
            return self._levels[level]
        return int(level)

    def _role(self, role: Role) -> dict[str, Any]:
        level, members = role.spread or (0, 0)
        slices = [(self._level(part.level), part.members) for part in role.slices]
        most = abi.constants["BERTH_MAX_GANG_SLICES"]
        if len(slices) > most:
            raise ValueError(f"slices: {len(slices)}, at most {most}")
        return {
            "pod_class": int(role.pod_class),
            "min_members": role.min_members,
            "max_members": _most(role),
            "required_level": self._level(role.required),
            "preferred_level": self._level(role.preferred),
            "spread_level": self._level(level),
            "spread_members": members,
            "slice_count": len(slices),
            "slices": slices,
        }

    def _fabric(self, fabric: Ring | Torus, alive: list[Any]) -> dict[str, Any]:
        lib, ffi = abi.lib, abi.ffi
        is_ring = isinstance(fabric, Ring)
        nodes = column(fabric.nodes, np.uint64, "nodes", (-1,) if is_ring else (-1, -1, -1))
        boxes = fabric.boxes if isinstance(fabric, Torus) else None
        cells = ffi.NULL if boxes is None else ffi.new("berth_fabric_box[]", [(*box, 0) for box in boxes])
        alive += [nodes, cells]
        sizes = (len(nodes), 1, 1) if is_ring else nodes.shape[::-1]
        return {
            "kind": lib.BERTH_FABRIC_RING if is_ring else lib.BERTH_FABRIC_TORUS,
            **dict(zip(("x_size", "y_size", "z_size"), sizes, strict=True)),
            "nodes": pointer(nodes, "berth_node_id *"),
            "boxes": cells,
            "box_count": 0 if boxes is None else len(cells),
        }

    def _gang(self, gang: Gang, alive: list[Any]) -> dict[str, Any]:
        """The record of a gang; what it points to is put into `alive`."""
        ffi = abi.ffi
        roles = ffi.new("berth_gang_role[]", [self._role(role) for role in gang.roles])
        running = ffi.new(
            "berth_gang_member[]",
            [(pod, index, 0) for index, role in enumerate(gang.roles) for pod in _pods(role.running)],
        )
        fabrics = ffi.new("berth_fabric[]", [self._fabric(fabric, alive) for fabric in gang.fabrics])
        alive += [roles, running, fabrics]
        empty = ffi.new("berth_gang *")
        abi.lib.berth_gang_init(empty)
        return {
            "struct_size": empty.struct_size,
            "domain": int(gang.domain),
            "required_level": self._level(gang.required),
            "preferred_level": self._level(gang.preferred),
            "separate_level": self._level(gang.separate),
            "min_members": gang.min_members,
            "role_count": len(roles),
            "roles": roles,
            "running": running,
            "running_count": len(running),
            "fabrics": fabrics,
            "fabric_count": len(fabrics),
        }

    def _room(self, gangs: Sequence[Gang]) -> tuple[np.ndarray, np.ndarray, Any]:
        """For all members that there may be; of more than a gang may have the engine says so before it writes."""
        most = abi.constants["BERTH_MAX_GANG_MEMBERS"]
        count = sum(min(sum(_most(role) for role in gang.roles), most) for gang in gangs)
        results = abi.ffi.new("berth_gang_result[]", len(gangs))
        for result in results:
            result.struct_size = abi.ffi.sizeof("berth_gang_result")
        return np.zeros(count, PLACEMENT), np.zeros(count, np.uint32), results

    def _told(self, results: Any, placements: np.ndarray, roles: np.ndarray) -> list[Result]:
        told, start = [], 0
        for index, result in enumerate(results):
            end = start + result.members
            told.append(self._result(results + index, placements[start:end].copy(), roles[start:end].copy()))
            start = end
        return told

    def _result(self, result: Any, placements: np.ndarray, roles: np.ndarray) -> Result:
        outcome, levels = OUTCOMES[result.outcome], result.level_count
        failed = outcome in ("no fit", "bounded")
        proof = Proof(
            result.role,
            result.level,
            result.needed,
            result.available,
            self._named(result.best_domain, "BERTH_NO_DOMAIN"),
            result.enough_domains,
            self._named(result.resource, "BERTH_ANY_RESOURCE"),
        )
        return Result(
            outcome,
            self._sentence(result),
            tuple(name for bit, name in LIMITS.items() if result.limits & bit),
            placements,
            roles,
            result.common_level,
            self._named(result.common_domain, "BERTH_NO_DOMAIN"),
            result.preferred_met == 1,
            np.array(list(result.domains)[:levels], np.uint32),
            np.array(list(result.domains_bound)[:levels], np.uint32),
            np.array(list(result.left_over)[:levels], np.int64),
            result.score,
            result.score_bound,
            proof if failed else None,
        )

    def _named(self, id: int, none: str) -> int | None:
        return None if id == abi.constants[none] else id

    def _sentence(self, result: Any) -> str:
        return read_text(lambda *room: self._engine._call(abi.lib.berth_gang_message, result, *room))


def _most(role: Role) -> int:
    return role.min_members if role.max_members is None else role.max_members


def _pods(pods: Any) -> list[int]:
    return list(column(pods, np.uint64, "running").tolist())
