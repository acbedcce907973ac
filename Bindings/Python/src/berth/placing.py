"""Pods come and go."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import column, ids, pointer, records
from .placements import NO_POD, Placement, Placements

if TYPE_CHECKING:
    from .engine import Engine

IDENTITY = abi.dtype("berth_pod_identity")
PLACEMENT = abi.dtype("berth_placement")
POD_STATE = abi.dtype("berth_pod_state")
CANDIDATE = abi.dtype("berth_candidate")
_ONE = abi.ffi.typeof("berth_placement *")
_CLASS = abi.ffi.typeof("berth_class_id[1]")
_fields = struct.Struct("=QQqII").unpack_from  # of a berth_placement, whose layout the tests compare with this
_UNWRITTEN = np.iinfo(np.int64).min


class TermScores(NamedTuple):
    """Candidates with what each term of the profile gave them."""

    candidates: np.ndarray  # [n] records of node, score
    terms: np.ndarray  # int64 [n, terms of the profile], each weight x term


def place(
    engine: Engine, classes: Any, count: int | None, pods: Any, dry_run: bool, out: np.ndarray | None
) -> Placements:
    """Places pods one after the other, each seeing those before it, on the feasible node with the highest total score.

    classes: a class, or an array of them [n] (uint32 is taken without a copy); count: so many pods of one class. pods:
    who they are to reservations, records [n] of pod, gang, queue (`identities()` makes them). dry_run: decide as if,
    then take everything back. out: an array of PLACEMENT [n] to be written to, for callers that place again and again.

    Placed pods are assumed until they are confirmed or forgotten. NotFound for an unknown class refuses the whole
    batch before anything is placed."""
    wanted = class_column(classes, count)
    n = len(wanted)
    if out is None:
        out = np.empty(n, PLACEMENT)
    elif out.dtype != PLACEMENT or out.shape != (n,) or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out: a contiguous, writeable array of berth.PLACEMENT of shape ({n},) is needed")
    flags = abi.lib.BERTH_PLACE_DRY_RUN if dry_run else 0
    first, last = pointer(wanted, "berth_class_id *"), pointer(out, "berth_placement *")
    if pods is None:
        engine._call(abi.lib.berth_pods_place, first, n, flags, last)
    else:
        who = records(pods, IDENTITY, "pods", n)
        engine._call(abi.lib.berth_pods_place_as, first, pointer(who, "berth_pod_identity *"), n, flags, last)
    return Placements(out)


def placer(engine: Engine, pod_class: int) -> Callable[[], Placement]:
    """Places one pod of the class with each call, as fast as Python can: what does not change is made ready here. It is
    the engine's: EngineClosed once that is closed."""
    new, buffer, call = abi.ffi.new, abi.ffi.buffer, abi.lib.berth_pods_place
    wanted, tuple_new = new(_CLASS, [pod_class]), tuple.__new__

    def place_next() -> Placement:
        out = new(_ONE)
        status = call(engine._pointer, wanted, 1, 0, out)
        if status:
            engine._refuse(status)
        return tuple_new(Placement, _fields(buffer(out)))

    return place_next


def place_one(engine: Engine, pod_class: int) -> Placement:
    """Places one pod, with as little around the call as can be."""
    out = abi.ffi.new(_ONE)
    status = abi.lib.berth_pods_place(engine._pointer, (pod_class,), 1, 0, out)
    if status:
        engine._refuse(status)
    return tuple.__new__(Placement, _fields(abi.ffi.buffer(out)))


def class_column(classes: Any, count: int | None) -> np.ndarray:
    """Classes [n]: of one class, or of many."""
    if count is not None and count < 0:
        raise ValueError(f"count: {count} is negative")
    if isinstance(classes, int) and 0 <= classes < 2**32:
        return np.full(1 if count is None else count, classes, np.uint32)
    if count is not None:
        return column(classes, np.uint32, "classes", (count,))
    return column(np.atleast_1d(classes) if np.ndim(classes) == 0 else classes, np.uint32, "classes")


def identities(count: int, *, pods: Any = 0, gangs: Any = 0, queues: Any = 0) -> np.ndarray:
    """Who pods are to reservations: numbers of the caller, one for all or [count]; 0 is none."""
    made = np.zeros(count, IDENTITY)
    for name, values in (("pod", pods), ("gang", gangs), ("queue", queues)):
        made[name] = column(values, np.uint64, f"{name}s", (count,))
    return made


def bind(engine: Engine, classes: Any, nodes: Any, pods: Any) -> np.ndarray:
    """Records pods that run already, of classes [n] (or one for all) on nodes [n]; a node may be over-committed by it.
    Gives the pods, uint64 [n]. All or nothing. pods: who they are, as in `place`."""
    where = ids(nodes, "nodes")
    wanted = column(classes, np.uint32, "classes", where.shape)
    made = np.empty(len(where), np.uint64)
    head = pointer(wanted, "berth_class_id *")
    tail = (pointer(where, "berth_node_id *"), len(where), pointer(made, "berth_pod_id *"))
    if pods is None:
        engine._call(abi.lib.berth_pods_bind, head, *tail)
    else:
        who = records(pods, IDENTITY, "pods", len(where))
        engine._call(abi.lib.berth_pods_bind_as, head, pointer(who, "berth_pod_identity *"), *tail)
    return made


def pod_ids(pods: Any) -> np.ndarray:
    """Ids of pods, without those that were not placed."""
    given = ids(pods.pods if isinstance(pods, Placements) else pods, "pods")
    missing = given == NO_POD
    return given[~missing] if missing.any() else given


def each(engine: Engine, function: Any, pods: Any) -> None:
    """A call for pods, all or nothing."""
    given = pod_ids(pods)
    engine._call(function, pointer(given, "berth_pod_id *"), len(given))


def read(engine: Engine, pods: Any) -> np.ndarray:
    """Pods by id, records [n]."""
    given = ids(pods.pods if isinstance(pods, Placements) else pods, "pods")
    states = np.zeros(len(given), POD_STATE)
    engine._call(
        abi.lib.berth_pods_read, pointer(given, "berth_pod_id *"), len(given), pointer(states, "berth_pod_state *")
    )
    return states


def candidates(engine: Engine, pod_class: int, k: int, terms: bool) -> np.ndarray | TermScores:
    """The k best feasible nodes, best first, ties in the tie rule's order: records [at most k] of node, score; k is at
    most 65,536. With terms, TermScores: also what each term of the profile gave. Changes nothing."""
    if k < 0:
        raise ValueError(f"k: {k} is negative")
    room = min(k, abi.constants["BERTH_MAX_CANDIDATES"])  # the engine refuses a larger one before it writes
    found = np.zeros(room, CANDIDATE)
    scores = np.full(room * abi.constants["BERTH_MAX_TERMS"], _UNWRITTEN) if terms else None
    count = abi.ffi.new("size_t *")
    engine._call(
        abi.lib.berth_candidates_read,
        pod_class,
        k,
        pointer(found, "berth_candidate *"),
        pointer(scores, "int64_t *"),
        count,
    )
    if scores is None:
        return found[: count[0]]
    written = int((scores != _UNWRITTEN).sum())  # [candidates][terms of the profile], which only the engine knows
    return TermScores(found[: count[0]], scores[:written].reshape(count[0], -1 if count[0] else 0))
