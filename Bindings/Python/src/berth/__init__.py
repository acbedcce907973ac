"""Berth: an embedded scheduling engine, for Python and NumPy.

    import berth, numpy as np

    engine = berth.Engine(levels=["zone"], resources={"cpu": "milli", "memory": "bytes"}, profile="binpack")
    engine.add_nodes(np.array([[8000, 32 << 30]] * 4), domains=["a", "a", "b", "b"])
    placed = engine.place(engine.pod_class({"cpu": "500m", "memory": "1Gi"}), count=100)
    print(placed)                       # <Placements: 64 of 100 placed>

`python -m berth.demo` shows more. Optional parts are imported when they are first asked for: berth.gym, berth.plots,
berth.readers, berth.scoring, berth.simulation, berth.sweep, berth.sharded."""

import importlib
from typing import Any

from .abi import version as __version__
from .claims import CLAIM, Claims, Demand, Plan, device_indices, visible_devices
from .classes import PodClass, PodSpec
from .devices import Devices, Machine, NodeDevices, links
from .engine import Engine
from .errors import (
    BadCallback,
    BadEngine,
    BadFile,
    BadQuantity,
    BadText,
    BerthError,
    Busy,
    Corrupt,
    Duplicate,
    EngineClosed,
    FileError,
    InvalidArgument,
    LimitReached,
    NoRoom,
    NotFound,
    OutOfMemory,
    Sealed,
    Stale,
    WrongState,
)
from .events import EVENT, event_kinds
from .explain import Explanation, Reason, Verdicts
from .frames import to_arrow, to_pandas
from .gangs import Gang, Gangs, Proof, Result, Ring, Role, Slice, Torus
from .nodes import NODE, NODE_STATE, NodeTable
from .placements import NO_FIT, NO_NODE, NO_POD, PLACED, REFUSED, Placement, Placements
from .placing import CANDIDATE, IDENTITY, PLACEMENT, POD_STATE, TermScores, identities
from .profiles import KUBERNETES, Term, term_kinds
from .quantities import quantity
from .queues import QueueResult, Queues, Waiting
from .ranks import Assignment, Ranks
from .records import Journal, Recovery
from .rerank import Feature, RerankBatch
from .reservations import NEVER, Reservation
from .selectors import HostPort, NodeAffinity, PodAffinity, PodAntiAffinity, Requirement, Spread, Toleration
from .statements import Checkpoint, Trial
from .vocabulary import Resource, Taint

__all__ = [
    "CANDIDATE",
    "CLAIM",
    "EVENT",
    "IDENTITY",
    "KUBERNETES",
    "NEVER",
    "NODE",
    "NODE_STATE",
    "NO_FIT",
    "NO_NODE",
    "NO_POD",
    "PLACED",
    "PLACEMENT",
    "POD_STATE",
    "REFUSED",
    "Assignment",
    "BadCallback",
    "BadEngine",
    "BadFile",
    "BadQuantity",
    "BadText",
    "BerthError",
    "Busy",
    "Checkpoint",
    "Claims",
    "Corrupt",
    "Demand",
    "Devices",
    "Duplicate",
    "Engine",
    "EngineClosed",
    "Explanation",
    "Feature",
    "FileError",
    "Gang",
    "Gangs",
    "HostPort",
    "InvalidArgument",
    "Journal",
    "LimitReached",
    "Machine",
    "NoRoom",
    "NodeAffinity",
    "NodeDevices",
    "NodeTable",
    "NotFound",
    "OutOfMemory",
    "Placement",
    "Placements",
    "Plan",
    "PodAffinity",
    "PodAntiAffinity",
    "PodClass",
    "PodSpec",
    "Proof",
    "QueueResult",
    "Queues",
    "Ranks",
    "Reason",
    "Recovery",
    "Requirement",
    "RerankBatch",
    "Reservation",
    "Resource",
    "Result",
    "Ring",
    "Role",
    "Sealed",
    "ShardedEngine",
    "Slice",
    "Spread",
    "Stale",
    "Taint",
    "Term",
    "TermScores",
    "Toleration",
    "Torus",
    "Trial",
    "Verdicts",
    "Waiting",
    "WrongState",
    "__version__",
    "device_indices",
    "event_kinds",
    "identities",
    "links",
    "quantity",
    "sweep",
    "term_kinds",
    "to_arrow",
    "to_pandas",
    "visible_devices",
]

_LAZY_MODULES = ("gym", "plots", "readers", "scoring", "simulation", "sharded")
_LAZY_NAMES = {"sweep": "sweeps", "ShardedEngine": "sharded"}


def __getattr__(name: str) -> Any:
    """Optional parts, when they are first asked for."""
    if name in _LAZY_NAMES:
        found = getattr(importlib.import_module(f".{_LAZY_NAMES[name]}", __name__), name)
        globals()[name] = found
        return found
    if name in _LAZY_MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
