"""A workload in an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..engine import Engine
from ..placements import NO_POD
from ..profiles import KUBERNETES, Term
from ..vocabulary import kind_of
from .workload import NO_INDEX, Workload

GPU = "gpu"
"""The resource that policies scale GPUs by, where these are devices: nodes do not list it."""


@dataclass(frozen=True)
class Loaded:
    """What became of a workload in an engine."""

    workload: Workload
    nodes: np.ndarray
    """uint64 [nodes]: ids, in the order of workload.nodes."""
    classes: np.ndarray
    """uint32 [pods]: the class of each pod."""
    running: np.ndarray
    """uint64 [pods]: the ids of pods that run already; NO_POD for the others."""

    def index(self, nodes: Any) -> np.ndarray:
        """int64: for ids of nodes their places in workload.nodes; -1 for others, NO_NODE among them."""
        asked = np.asarray(nodes, np.uint64)
        ascending, order = self._sorted
        place = order[np.minimum(np.searchsorted(ascending, asked), len(order) - 1)]
        return np.where(self.nodes[place] == asked, place, NO_INDEX)

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.nodes)
        return self.nodes[order], order


def make_engine(workload: Workload, profile: Any, options: Mapping[str, Any]) -> tuple[Engine, Loaded]:
    """A new engine with the workload's resources, levels and nodes."""
    resources: dict[str, Any] = {}
    for name, unit in workload.resources.items():
        resources[name] = (unit, workload.kinds.get(name) or kind_of(name))
    if workload.uses_devices and GPU not in resources:
        resources[GPU] = ("milli", "gpu")
    engine = Engine(workload.levels, resources, _profile(workload, profile), **options)
    try:
        return engine, load(workload, engine, None)
    except BaseException:
        engine.close()
        raise


def load(workload: Workload, engine: Engine, profile: Any) -> Loaded:
    """Adds nodes, binds what runs, interns the classes. ValueError where the engine does not go with the workload."""
    _check(workload, engine)
    nodes = _add_nodes(workload, engine)
    for name, labels in workload.namespaces.items():
        engine.vocabulary.set_namespace(name, labels)
    if workload.uses_devices:
        _set_machines(workload, engine, nodes)
    specs = [spec if profile is None else replace(spec, profile=profile) for spec in workload.specs]
    interned = np.array(engine.pod_classes(specs) if specs else [], np.uint32)
    classes = interned[workload.pods["spec"]] if len(workload.pods) else np.zeros(0, np.uint32)
    running = np.full(len(classes), NO_POD, np.uint64)
    bound = workload.pods["node"] != NO_INDEX
    if bound.any():
        running[bound] = engine.bind(classes[bound], nodes[workload.pods["node"][bound]])
        leaving = bound & workload.pods["terminating"]
        if leaving.any():
            engine.terminate(running[leaving])
    return Loaded(workload, nodes, classes, running)


def _check(workload: Workload, engine: Engine) -> None:
    if not len(workload.nodes):
        raise ValueError(f"workload {workload.name!r} has no nodes: add some with with_nodes()")
    known = engine.vocabulary.resources
    for name, unit in workload.resources.items():
        if name not in known:
            raise ValueError(f"resource {name!r} of workload {workload.name!r} is unknown to the engine: {list(known)}")
        if known[name].unit != unit:
            raise ValueError(f"resource {name!r} is in {unit} in the workload, in {known[name].unit} in the engine")
    if tuple(engine.vocabulary.levels) != tuple(workload.levels):
        raise ValueError(f"levels: {tuple(workload.levels)} of the workload, {engine.vocabulary.levels} of the engine")
    spec = workload.pods["spec"]
    if len(spec) and not (spec.min() >= 0 and spec.max() < len(workload.specs)):
        raise ValueError(f"pods['spec']: {spec.min()}..{spec.max()}, there are {len(workload.specs)} specs")
    arrival, duration = workload.pods["arrival_s"], workload.pods["duration_s"]
    if not np.isfinite(arrival).all():
        raise ValueError("pods['arrival_s']: finite seconds are needed")
    if np.isnan(duration).any() or (duration < 0).any():
        raise ValueError("pods['duration_s']: seconds that are not negative are needed; infinite is a pod that stays")
    node = workload.pods["node"]
    if len(node) and not (node.min() >= NO_INDEX and node.max() < len(workload.nodes)):
        raise ValueError(f"pods['node']: {node.min()}..{node.max()}, there are {len(workload.nodes)} nodes")


def _add_nodes(workload: Workload, engine: Engine) -> np.ndarray:
    columns: dict[str, Any] = {}
    if workload.levels:
        columns["domains"] = list(workload.domains)
    if workload.attributes:
        rows = workload.attributes
        for name in ("labels", "taints", "images"):
            columns[name] = [row.get(name) for row in rows]
        columns["cordoned"] = np.array([bool(row.get("unschedulable")) for row in rows])
        columns["no_hostname"] = np.array([not row.get("hostname", True) for row in rows])
    names = workload.nodes["name"].tolist()
    return engine.add_nodes(workload.allocatable, resources=list(workload.resources), names=names, **columns)


def _set_machines(workload: Workload, engine: Engine, nodes: np.ndarray) -> None:
    """GPUs that nothing connects but the interconnect: how they are linked, traces do not say."""
    machines: dict[tuple[str, int], int] = {}
    kinds = list(zip(workload.nodes["model"].tolist(), workload.nodes["gpus"].tolist(), strict=True))
    for model, count in kinds:
        if count and (model, count) not in machines:
            links = (1 - np.eye(count, dtype=np.uint8)).astype(np.uint8)
            machines[model, count] = engine.devices.machine(links, model or "GPU", 1)
    with_gpus = workload.nodes["gpus"] > 0
    if with_gpus.any():
        engine.devices.set_machines(
            nodes[with_gpus], np.array([machines[kind] for kind in kinds if kind[1]], np.uint32)
        )
    # pods may ask for models that no node has
    demands = [spec.devices for spec in workload.specs if spec.devices is not None]
    asked = [demand.models.split("|") if isinstance(demand.models, str) else demand.models for demand in demands]
    for model in sorted({model for models in asked for model in models if model}):
        engine.devices.set_model_worth(model, 0)


def _profile(workload: Workload, profile: Any) -> Any:
    """kube-scheduler's NodeResourcesFit counts a container without requests as something, its balance does not."""
    counted = [name for name, kind in workload.kinds.items() if kind == "counted"]
    if profile != "kubernetes" or not counted:
        return profile
    terms: Sequence[Term] = KUBERNETES
    return [replace(term, resources=tuple(counted)) if term.kind == "least_allocated" else term for term in terms]
