"""What can be decided shard by shard.

A decision is exact if a node's fit and score depend on that node and its zone alone: then the best of the shards' best
nodes is the best of all. Terms that a whole cluster decides are constants where nothing that they look at is there, and
such pods are served under any profile; else they are refused, by the first call from which they could matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..classes import PodSpec
from ..profiles import Term
from ..selectors import NodeAffinity, PodAffinity, PodAntiAffinity
from .errors import NotShardable

HOSTNAME = "kubernetes.io/hostname"
# A node's score is made of this node's figures.
NODE_TERMS = frozenset(
    "least_allocated most_allocated requested_to_capacity_ratio balanced_allocation binpack spread price "
    "dot_product best_fit".split()
)
# Normalised or counted over the cluster, but the same for all nodes as long as nobody asks for what they look at.
CLUSTER_TERMS = frozenset(
    "node_affinity taint_toleration image_locality pod_topology_spread inter_pod_affinity".split()
)


class Support:
    """Remembers what has been asked for so far: two harmless halves may make one whole that is not."""

    def __init__(self, levels: Sequence[str]):
        self._levels = tuple(levels)
        self._terms: dict[Any, frozenset[str]] = {}  # of profiles, by name and by id
        self._taint_profile: Any = None  # of the first class whose profile scores PreferNoSchedule taints
        self._prefers = False  # some node has such a taint

    def add_profile(self, name: str, id: int, terms: Sequence[Term]) -> None:
        self._terms[name] = self._terms[id] = frozenset(term.kind for term in terms)

    def check_profile(self, name: str, terms: Sequence[Term]) -> None:
        for term in terms:
            kind = term.kind.replace("-", "_")
            if kind not in NODE_TERMS | CLUSTER_TERMS:
                raise NotShardable(f"profile {name!r}: {term.kind} weighs devices, which sharded engines do not have")

    def check_class(self, spec: PodSpec) -> None:
        """NotShardable for what other shards would have to be asked about."""
        terms = self._terms.get("default" if spec.profile is None else spec.profile, frozenset())
        if spec.devices is not None:
            raise NotShardable("devices: sharded engines have none")
        if spec.spread:
            raise NotShardable("spread: topology spread counts pods in all domains of the cluster")
        for term in spec.affinity:
            if isinstance(term, NodeAffinity) and term.weight is not None and "node_affinity" in terms:
                raise NotShardable("affinity: preferred node affinity is normalised over the nodes of all shards")
            if isinstance(term, PodAffinity):
                self._check_pod_affinity(term)
        if spec.images and "image_locality" in terms:
            raise NotShardable("images: image locality asks how many nodes of the cluster have an image")
        if "taint_toleration" in terms and self._prefers:
            raise NotShardable(_TAINTS)

    def note_class(self, spec: PodSpec) -> None:
        name = "default" if spec.profile is None else spec.profile
        if self._taint_profile is None and "taint_toleration" in self._terms.get(name, ()):
            self._taint_profile = name

    def _check_pod_affinity(self, term: PodAffinity) -> None:
        if not isinstance(term, PodAntiAffinity):
            raise NotShardable("affinity: pod affinity asks where in the cluster pods are")
        if term.weight is not None:
            raise NotShardable("affinity: preferred pod anti-affinity is normalised over the nodes of all shards")
        allowed = (HOSTNAME, self._levels[0])
        if term.topology_key not in allowed:
            raise NotShardable(
                f"affinity: domains of {term.topology_key!r} may lie in several shards; required anti-affinity can be "
                f"over {allowed[0]!r} and {allowed[1]!r}"
            )

    def check_nodes(self, labels: Sequence[Mapping[str, str] | None], taints: Sequence[Any]) -> bool:
        """NotShardable for labels and taints that would be compared with those of other shards. Gives whether a taint
        is PreferNoSchedule, for `note_nodes`."""
        for own in labels:
            if own and HOSTNAME in own:
                raise NotShardable(
                    f"labels: {HOSTNAME} may be the same in two shards; leave it out, names stand for it"
                )
        prefers = any(_prefers(taint) for own in taints for taint in ([own] if isinstance(own, str | tuple) else own))
        if prefers and self._taint_profile is not None:
            raise NotShardable(_TAINTS)
        return prefers

    def note_nodes(self, prefers: bool) -> None:
        self._prefers = self._prefers or prefers


_TAINTS = (
    "PreferNoSchedule taints are normalised over the nodes of all shards; take a profile without taint_toleration, or "
    "nodes without such taints"
)


def _prefers(taint: Any) -> bool:
    effect = taint.get("effect") if isinstance(taint, Mapping) else str(taint if isinstance(taint, str) else taint[-1])
    return str(effect).endswith("PreferNoSchedule")
