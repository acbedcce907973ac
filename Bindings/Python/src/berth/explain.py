"""Why: what fits where, and what refuses a pod elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import ids, pointer, read_text
from .frames import Tabular

if TYPE_CHECKING:
    from .engine import Engine

VERDICT = abi.dtype("berth_verdict")
REASON = abi.dtype("berth_reason")
NO_NODE = abi.constants["BERTH_NO_NODE"]
ANY_RESOURCE = abi.constants["BERTH_ANY_RESOURCE"]


def reasons() -> dict[int, str]:
    """BERTH_REASON_* with kube-scheduler's words, "node(s) had untolerated taint(s)"."""
    values = [getattr(abi.lib, name) for name in dir(abi.lib) if name.startswith("BERTH_REASON_")]
    return {value: abi.ffi.string(abi.lib.berth_reason_text(value)).decode() for value in sorted(values)}


class Reason(NamedTuple):
    """Nodes that refuse a pod for the same thing; a node counts under the first that applies."""

    kind: int  # BERTH_REASON_*
    text: str  # kube-scheduler's words, with the resource's name
    resource: str | None  # what lacks, where it is a resource
    nodes: int


class Shortfall(NamedTuple):
    """The nearest miss: what lacks on the node that lacks least."""

    node: int
    resource: str
    amount: int


@dataclass(frozen=True)
class Explanation(Tabular):
    """Where pods of a class fit and why not elsewhere; as a text, kube-scheduler's sentence."""

    message: str
    nodes: int  # all of them
    feasible: int  # those that fit now
    reasons: tuple[Reason, ...]  # most nodes first
    nearest: Shortfall | None  # of the nodes refused for resources only; None: there is none

    def columns(self) -> Mapping[str, np.ndarray]:
        return {
            "reason": np.array([reason.text for reason in self.reasons], object),
            "nodes": np.array([reason.nodes for reason in self.reasons], np.uint64),
        }

    def __str__(self) -> str:
        return self.message


class Verdicts(Tabular):
    """What is to be said of nodes [n], one by one."""

    def __init__(self, nodes: np.ndarray, array: np.ndarray, lacking: np.ndarray):
        self.nodes = nodes
        self.array = array  # [n] records of reason, flags, lacking_count
        self.lacking = lacking  # uint32 [n, 16]: ids of resources that lack, the first lacking_count of a row

    @property
    def fits(self) -> np.ndarray:
        """bool [n]."""
        return np.asarray(self.array["reason"] == 0)

    @property
    def unresolvable(self) -> np.ndarray:
        """bool [n]: evicting pods cannot help, UnschedulableAndUnresolvable."""
        return np.asarray((self.array["flags"] & abi.lib.BERTH_VERDICT_UNRESOLVABLE) != 0)

    def columns(self) -> Mapping[str, np.ndarray]:
        words = reasons()
        text = np.array([words.get(kind, "") for kind in self.array["reason"].tolist()], object)
        return {"node": self.nodes, "fits": self.fits, "reason": text, "unresolvable": self.unresolvable}

    def __len__(self) -> int:
        return len(self.array)


def check(engine: Engine, pod_class: int, nodes: Any) -> Verdicts:
    """Checks nodes [n] one by one, in proportion to their number."""
    asked = ids(nodes, "nodes")
    verdicts = np.zeros(len(asked), VERDICT)
    lacking = np.zeros((len(asked), abi.constants["BERTH_MAX_RESOURCES_PER_POD"]), np.uint32)
    engine._call(
        abi.lib.berth_class_check,
        pod_class,
        pointer(asked, "berth_node_id *"),
        len(asked),
        pointer(verdicts, "berth_verdict *"),
        pointer(lacking, "berth_resource_id *"),
    )
    return Verdicts(asked, verdicts, lacking)


def explain(engine: Engine, pod_class: int) -> Explanation:
    """Where a pod of the class fits and why not elsewhere."""
    told = abi.record("berth_explanation")
    engine._call(abi.lib.berth_class_explain, pod_class, told, abi.NULL, 0)
    rows = np.zeros(told.reason_count, REASON)
    engine._call(abi.lib.berth_class_explain, pod_class, told, pointer(rows, "berth_reason *"), len(rows))
    nearest = None
    if told.nearest_node != NO_NODE:
        name = _resource(engine, told.nearest_resource)
        nearest = Shortfall(told.nearest_node, str(name), told.nearest_shortfall)
    found = []
    for kind, resource, nodes in rows.tolist():
        name = _resource(engine, resource)
        text = abi.ffi.string(abi.lib.berth_reason_text(kind)).decode()
        found.append(Reason(kind, f"{text} {name}" if name else text, name, nodes))
    return Explanation(message(engine, pod_class), told.nodes, told.feasible, tuple(found), nearest)


def message(engine: Engine, pod_class: int) -> str:
    """kube-scheduler's sentence."""
    return read_text(lambda *room: engine._call(abi.lib.berth_class_message, pod_class, *room))


def _resource(engine: Engine, id: int) -> str | None:
    """A resource's name; its number where this process was not told."""
    if id == ANY_RESOURCE:
        return None
    for found in engine._words.resources.values():
        if found.id == id:
            return found.name
    return str(id)
