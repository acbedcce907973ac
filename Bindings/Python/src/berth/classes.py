"""Pod classes: what pods ask for, interned once, so that a pod is one number afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import abi
from .claims import Demand
from .quantities import quantity
from .selectors import (
    HostPort,
    NodeAffinity,
    PodAffinity,
    Spread,
    Toleration,
    affinity_rows,
    port_rows,
    spread_rows,
    term_rows,
    texts,
    toleration_rows,
)
from .vocabulary import text

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True)
class PodSpec:
    """What a pod asks for, in Kubernetes' words. Equal specs (in whatever order) are one class.

    requests: quantities by resource, integers in the resource's unit or Kubernetes' texts ("500m", "2Gi").
    affinity: NodeAffinity, PodAffinity and PodAntiAffinity terms, required and preferred. labels and namespace are what
    other pods' selectors see of it. scored: of COUNTED resources, what counts in the pod's own scores instead of its
    request. images: one for each container. default_spread: the spread constraints are the cluster's defaults, not the
    pod's own. profile: a name or an id; None: the engine's default. devices: see `berth.Demand`."""

    requests: Mapping[str, int | str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Toleration | str] = ()
    affinity: Sequence[NodeAffinity | PodAffinity] = ()
    spread: Sequence[Spread] = ()
    profile: str | int | None = None
    priority: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    node_name: str | None = None
    host_ports: Sequence[HostPort | int] = ()
    images: Sequence[str] = ()
    scored: Mapping[str, int | str] = field(default_factory=dict)
    devices: Demand | None = None
    default_spread: bool = False


class PodClass(int):
    """The engine's number for a pod spec: an int with the spec that it stands for, for reading."""

    spec: PodSpec

    def __new__(cls, id: int, spec: PodSpec) -> PodClass:
        made = super().__new__(cls, id)
        made.spec = spec
        return made

    def __repr__(self) -> str:
        asked = ", ".join(f"{name} {value}" for name, value in self.spec.requests.items())
        return f"<PodClass {int(self)}: {asked or 'nothing'}>"

    def __reduce__(self) -> tuple[type[int], tuple[int]]:  # a number elsewhere: ids mean nothing without their engine
        return int, (int(self),)


def intern(engine: Engine, specs: Sequence[PodSpec]) -> list[PodClass]:
    """Interns specs, all or nothing; the sentence of a refusal names the entry."""
    alive: list[Any] = []
    rows = abi.ffi.new("berth_pod_spec[]", len(specs))
    for index, spec in enumerate(specs):
        fill(engine, rows + index, spec, alive)
    ids = np.zeros(len(specs), np.uint32)
    out = abi.column("berth_class_id *", ids)
    if len(specs) == 1:
        engine._call(abi.lib.berth_class_intern, rows, out)
    else:
        engine._call(abi.lib.berth_classes_intern, rows, len(specs), out)
    return [PodClass(id, spec) for id, spec in zip(ids.tolist(), specs, strict=True)]


def fill(engine: Engine, row: Any, spec: PodSpec, alive: list[Any]) -> None:
    """Writes a berth_pod_spec; what it points to is put into `alive`."""
    abi.lib.berth_pod_spec_init(row)
    row.priority = spec.priority
    row.profile = engine._profile(spec.profile)
    row.flags = abi.lib.BERTH_POD_DEFAULT_SPREAD if spec.default_spread else 0
    row.namespace_name, row.node_name = text(spec.namespace, alive), text(spec.node_name, alive)
    affinity = list(spec.affinity)
    unknown = [term for term in affinity if not isinstance(term, (NodeAffinity, PodAffinity))]
    if unknown:
        raise TypeError(f"affinity: {unknown[0]!r} is neither NodeAffinity, PodAffinity nor PodAntiAffinity")
    nodes = [term for term in affinity if isinstance(term, NodeAffinity)]
    lists = {
        "request": ("requests", quantities(engine, spec.requests)),
        "scored": ("scored", quantities(engine, spec.scored)),
        "node_selector": ("node_selector", labels(spec.node_selector, alive)),
        "label": ("labels", labels(spec.labels, alive)),
        "required_term": ("required_terms", term_rows([term for term in nodes if term.weight is None], alive)),
        "preferred_term": ("preferred_terms", term_rows([term for term in nodes if term.weight is not None], alive)),
        "toleration": ("tolerations", toleration_rows(spec.tolerations, alive)),
        "host_port": ("host_ports", port_rows(spec.host_ports, alive)),
        "spread_constraint": ("spread_constraints", spread_rows(engine, spec.spread, alive)),
        "affinity_term": (
            "affinity_terms",
            affinity_rows(engine, [term for term in affinity if isinstance(term, PodAffinity)], alive),
        ),
    }
    for count, (name, rows) in lists.items():
        setattr(row, name, rows)
        setattr(row, f"{count}_count", len(rows))
        alive.append(rows)
    row.images, row.image_count = texts(spec.images, alive), len(spec.images)
    if spec.devices is not None:
        row.devices = spec.devices.record(alive)


def quantities(engine: Engine, given: Mapping[str, int | str]) -> Any:
    """berth_quantity[] of quantities by resource."""
    rows = []
    for name, value in given.items():
        resource = engine.vocabulary.resource(name)
        rows.append((resource.id, 0, quantity(value, resource.unit)))
    return abi.ffi.new("berth_quantity[]", rows)


def labels(given: Mapping[str, str], alive: list[Any]) -> Any:
    """berth_label[]."""
    return abi.ffi.new("berth_label[]", [(text(key, alive), text(value, alive)) for key, value in given.items()])
