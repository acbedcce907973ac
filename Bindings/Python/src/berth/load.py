"""Measured usage beside requests: what nodes and pods really use, and resources that are derived from it.

    engine = berth.Engine(resources={"cpu": "milli", "memory": "MiB"}, profile=None)
    engine.load.add("cpu in use", "usage", "cpu")
    engine.add_profile("load-aware", Term("least_allocated", resources=["cpu in use"]))
    engine.load.add("cpu limit", "limit", "cpu in use", threshold_percent=65)
    engine.load.add("batch cpu", "spare", "cpu", prediction="peak")
    ...
    engine.load.update(nodes, [[1200], [300]], measured_at_ms=engine.time_ms)

berth.h, "Load", has the rules, which are Koordinator's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import c_text, column, ids, pointer
from .vocabulary import Resource

if TYPE_CHECKING:
    from .engine import Engine

LOAD_KINDS = {"usage": 1, "limit": 2, "spare": 3}
"""BERTH_LOAD_*."""
PREDICTIONS = {"usage": 1, "max": 2, "request": 3, "peak": 4}
"""BERTH_PREDICTION_*."""
STATE = abi.dtype("berth_load_state")
REPORT = abi.dtype("berth_load_report")


class NodeLoad(NamedTuple):
    """The load of nodes [n], of resources [r]."""

    states: np.ndarray  # [n] records of node, measured_at_ms (-1: no report), age_ms, flags
    values: np.ndarray  # int64 [n, r]; -1 where there is no report, or no fresh one
    resources: tuple[str, ...]


class Load:
    """The load of one engine's nodes."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def add(self, name: str, kind: str, resource: str, *, prediction: str | None = None, **fields: int) -> Resource:
        """Declares a load resource, before the first node and class (Sealed).

        kind: "usage" or "spare" of a measured resource, "limit" of a usage resource. prediction: of a spare one, of
        PREDICTIONS. fields: of berth_load_spec, whose defaults are Koordinator's for cpu in millicores:
        estimate_percent, default_estimate, threshold_percent, refuse_expired, margin_percent, most_percent,
        half_life_ms, settle_ms, expiry_ms."""
        if kind not in LOAD_KINDS:
            raise ValueError(f"kind {kind!r} is unknown: use {', '.join(LOAD_KINDS)}")
        if prediction is not None and prediction not in PREDICTIONS:
            raise ValueError(f"prediction {prediction!r} is unknown: use {', '.join(PREDICTIONS)}")
        spec, of = abi.ffi.new("berth_load_spec *"), self._engine.vocabulary.resource(resource)
        abi.lib.berth_load_spec_init(spec)
        spec.kind, spec.resource = LOAD_KINDS[kind], of.id
        if prediction is not None:
            spec.prediction = PREDICTIONS[prediction]
        for field, value in fields.items():
            if field in ("struct_size", "reserved") or not hasattr(spec, field):
                raise TypeError(f"a load resource has no {field!r}: see berth_load_spec in berth.h")
            setattr(spec, field, int(value))
        id = self._engine._id("uint32_t", abi.lib.berth_load_resource_add, c_text(name), spec)
        if kind != "limit":
            self._engine._words.measured[of.name] = None
        return self._engine.vocabulary._remember(id, name, of.unit, f"load {kind}")

    @property
    def measured(self) -> tuple[str, ...]:
        """The resources that every report gives, in the order in which they were declared."""
        return tuple(self._engine._words.measured)

    def update(
        self,
        nodes: Any,
        usage: Any,
        measured_at_ms: Any,
        *,
        resources: Sequence[str] | None = None,
        pods: Any = None,
        pod_usage: Any = None,
        pod_counts: Any = None,
    ) -> None:
        """Takes reports of nodes [n] in: usage int64 [n, measured], measured_at_ms [n] or one for all, in the engine's
        time. resources: the measured ones in the order of the columns; None: `measured`. With pods [m], their pod_usage
        [m, measured] and pod_counts [n] (how many of them belong to each report, in order), the reports list their
        pods. All or nothing: InvalidArgument for a report from the future or a pod of another node."""
        given = ids(nodes, "nodes")
        wanted = self._resource_ids(self.measured if resources is None else resources)
        amounts = column(usage, np.int64, "usage", (len(given), len(wanted)))
        rows = np.zeros(len(given), REPORT)
        rows["node"] = given
        rows["measured_at_ms"] = column(measured_at_ms, np.int64, "measured_at_ms", (len(given),))
        batch = abi.ffi.new("berth_load_batch *")
        abi.lib.berth_load_batch_init(batch)
        if pods is not None:
            listed = ids(pods, "pods")
            rows["flags"] = abi.lib.BERTH_LOAD_LISTS_PODS
            rows["pod_count"] = column(pod_counts, np.uint32, "pod_counts", (len(given),))
            used = column(pod_usage, np.int64, "pod_usage", (len(listed), len(wanted)))
            if int(rows["pod_count"].sum(dtype=np.uint64)) != len(listed):
                raise ValueError(
                    f"pod_counts: they are {rows['pod_count'].sum()} together, there are {len(listed)} pods"
                )
            batch.pod_count, batch.pods = len(listed), pointer(listed, "berth_pod_id *")
            batch.pod_usage = pointer(used, "int64_t *")
        batch.count, batch.resource_count = len(given), len(wanted)
        batch.reports, batch.resources = pointer(rows, "berth_load_report *"), pointer(wanted, "berth_resource_id *")
        batch.usage = pointer(amounts, "int64_t *")
        self._engine._call(abi.lib.berth_load_update, batch)

    def remove(self, nodes: Any) -> None:
        """Forgets the reports of nodes, peaks included. All or nothing."""
        given = ids(nodes, "nodes")
        self._engine._call(abi.lib.berth_load_remove, pointer(given, "berth_node_id *"), len(given))

    def set_assigned(self, pods: Any, assigned_at_ms: Any) -> None:
        """Says when pods [n] were assigned, if not when they were bound here: 0..the engine's time. All or nothing."""
        given = ids(pods, "pods")
        times = column(assigned_at_ms, np.int64, "assigned_at_ms", given.shape)
        self._engine._call(
            abi.lib.berth_load_pods_update, pointer(given, "berth_pod_id *"), pointer(times, "int64_t *"), len(given)
        )

    def read(self, nodes: Any = None, resources: Sequence[str] | None = None) -> NodeLoad:
        """The load of nodes (None: all), of resources (None: the measured ones): of a measured one what the last report
        says, of usage and limit what is in use with what pending pods are estimated to add, of spare what best-effort
        pods may use on the whole."""
        given = self._engine.nodes.ids() if nodes is None else ids(nodes, "nodes")
        names = self.measured if resources is None else tuple(resources)
        wanted = self._resource_ids(names)
        states, values = np.zeros(len(given), STATE), np.zeros((len(given), len(wanted)), np.int64)
        self._engine._call(
            abi.lib.berth_load_read,
            pointer(given, "berth_node_id *"),
            len(given),
            pointer(wanted, "berth_resource_id *"),
            len(wanted),
            pointer(states, "berth_load_state *"),
            pointer(values, "int64_t *"),
        )
        return NodeLoad(states, values, names)

    def _resource_ids(self, names: Sequence[str]) -> np.ndarray:
        return np.array([self._engine.vocabulary.resource(name).id for name in names], np.uint32)
