"""Profiles: how nodes are scored. A profile is a list of terms, its score the sum of weight x term.

    engine.add_profile("mine", [Term("least_allocated"), Term("price", weight=2)])
    engine.add_profile("kube", "kubernetes")             # a preset, below

Each term is described with BERTH_TERM_* in berth.h, whose names these are in small letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import abi
from .columns import c_text

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True)
class Term:
    """A term of a score.

    kind: of `term_kinds()`. weight: whole, 1..1,000,000. resources: weights by name; none: cpu and memory (binpack,
    spread: cpu, memory and every GPU). scales: for dot_product, best_fit and the policies that need them, what counts
    as 1, by name. points: of requested_to_capacity_ratio, (utilization in percent, score 0..10).
    hard_pod_affinity_weight (0..100) and ignore_existing_preferences: of inter_pod_affinity, as kube-scheduler's
    InterPodAffinityArgs."""

    kind: str
    weight: int = 1
    resources: Mapping[str, int] | Sequence[str] = ()
    scales: Mapping[str, int] = field(default_factory=dict)
    points: Sequence[tuple[int, int]] = ()
    hard_pod_affinity_weight: int = 0
    ignore_existing_preferences: bool = False


KUBERNETES = (
    Term("taint_toleration", 3),
    Term("node_affinity", 2),
    Term("least_allocated", 1),
    Term("pod_topology_spread", 2),
    Term("inter_pod_affinity", 2, hard_pod_affinity_weight=1),
    Term("balanced_allocation", 1),
    Term("image_locality", 1),
)
"""kube-scheduler's default plugins and weights (v1.36, pkg/scheduler/apis/config/v1/default_plugins.go)."""


def term_kinds() -> dict[str, int]:
    """BERTH_TERM_* by their names in small letters."""
    prefix = "BERTH_TERM_"
    others = ("BERTH_TERM_IGNORE_EXISTING_PREFERENCES",)
    names = [name for name in dir(abi.lib) if name.startswith(prefix) and name not in others]
    return {name.removeprefix(prefix).lower(): getattr(abi.lib, name) for name in names}


def terms_of(profile: str | Term | Sequence[Term]) -> Sequence[Term]:
    """The terms of a preset ("kubernetes"), of a single term by its name ("binpack", "least-allocated"), or as
    given."""
    if isinstance(profile, Term):
        return [profile]
    if not isinstance(profile, str):
        return list(profile)
    if profile == "kubernetes":
        return KUBERNETES
    kind = profile.replace("-", "_")
    if kind not in term_kinds():
        raise ValueError(f"profile {profile!r} is unknown: use 'kubernetes', {', '.join(term_kinds())}, or terms")
    return [Term(kind)]


def add_profile(engine: Engine, name: str, profile: str | Term | Sequence[Term]) -> int:
    """Adds a profile and gives its id. Duplicate if there is one of that name; InvalidArgument names the term."""
    alive: list[Any] = []
    rows = [_cells(engine, term, alive) for term in terms_of(profile)]
    terms = abi.ffi.new("berth_term[]", rows)
    id = engine._id("uint32_t", abi.lib.berth_profile_add, c_text(name), terms, len(rows))
    engine._words.put(engine._words.profiles, name, id)
    return id


def _cells(engine: Engine, term: Term, alive: list[Any]) -> dict[str, Any]:
    kinds = term_kinds()
    if term.kind not in kinds:
        raise ValueError(f"term {term.kind!r} is unknown: use {', '.join(kinds)}")
    weights = term.resources if isinstance(term.resources, Mapping) else dict.fromkeys(term.resources, 1)
    weights = {**dict.fromkeys(term.scales, 1), **weights}
    resources = abi.ffi.new(
        "berth_term_resource[]",
        [(engine.vocabulary.resource(name).id, weight, term.scales.get(name, 0)) for name, weight in weights.items()],
    )
    points = abi.ffi.new("berth_shape_point[]", [tuple(point) for point in term.points])
    alive += [resources, points]
    ignore = abi.lib.BERTH_TERM_IGNORE_EXISTING_PREFERENCES if term.ignore_existing_preferences else 0
    return {
        "kind": kinds[term.kind],
        "resource_count": len(resources),
        "point_count": len(points),
        "hard_pod_affinity_weight": term.hard_pod_affinity_weight,
        "flags": ignore,
        "weight": float(term.weight),
        "resources": resources,
        "points": points,
    }
