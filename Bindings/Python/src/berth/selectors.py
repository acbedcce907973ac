"""What pods ask of nodes and of other pods, in Kubernetes' words: requirements, tolerations, affinity, spread, ports.

Each is a plain record; `engine.pod_class(...)` takes them. The engine checks them, so that a wrong one is refused with
its sentence; words that it has no number for are a ValueError here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import abi
from .vocabulary import EFFECTS, text

if TYPE_CHECKING:
    from .engine import Engine

OPERATORS = {"In": 1, "NotIn": 2, "Exists": 3, "DoesNotExist": 4, "Gt": 5, "Lt": 6}
"""BERTH_OP_*."""
TOLERATION_OPERATORS = {"Equal": 0, "Exists": 1, "Gt": 2, "Lt": 3}
"""BERTH_TOLERATION_*."""
PROTOCOLS = {"TCP": 0, "UDP": 1, "SCTP": 2}
"""BERTH_PROTOCOL_*."""
WHEN_UNSATISFIABLE = {"DoNotSchedule": 1, "ScheduleAnyway": 2}
POLICIES = {None: 0, "Honor": 1, "Ignore": 2}
"""BERTH_POLICY_*: nodeAffinityPolicy, nodeTaintsPolicy; None is Kubernetes' default."""


@dataclass(frozen=True)
class Requirement:
    """key <operator> values: a NodeSelectorRequirement, or one of a LabelSelector. With `is_field` the key is
    "metadata.name"."""

    key: str
    operator: str = "In"
    values: Sequence[str] = ()
    is_field: bool = False


Selector = Mapping[str, str] | Sequence[Requirement] | int | None
"""A label selector: matchLabels as a mapping, requirements, the id of an interned one; None selects nothing."""


@dataclass(frozen=True)
class Toleration:
    """spec.tolerations[]. An empty key with Exists is every key, an empty effect every effect."""

    key: str = ""
    operator: str = "Exists"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True)
class NodeAffinity:
    """A nodeSelectorTerm: all its requirements together; a mapping is In with one value each. Without a weight it is
    required, and one of the required terms must match; with a weight (1..100) it is preferred."""

    requirements: Mapping[str, str] | Sequence[Requirement]
    weight: int | None = None


@dataclass(frozen=True)
class PodAffinity:
    """A term of podAffinity: near pods that `selector` selects, in the same domain of `topology_key`. Without a weight
    it is required; with one (1..100) preferred. Without namespaces and namespace_selector it is about the pod's own
    namespace; an empty namespace_selector is every namespace."""

    topology_key: str
    selector: Selector
    weight: int | None = None
    namespaces: Sequence[str] = ()
    namespace_selector: Selector = None
    match_label_keys: Sequence[str] = ()
    mismatch_label_keys: Sequence[str] = ()


@dataclass(frozen=True)
class PodAntiAffinity(PodAffinity):
    """A term of podAntiAffinity: not near them."""


@dataclass(frozen=True)
class Spread:
    """topologySpreadConstraints[]: pods of the own namespace that `selector` selects."""

    topology_key: str
    selector: Selector
    max_skew: int = 1
    when_unsatisfiable: str = "DoNotSchedule"
    min_domains: int = 0
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: Sequence[str] = ()


@dataclass(frozen=True)
class HostPort:
    """A port of the node that the pod takes."""

    port: int
    protocol: str = "TCP"
    host_ip: str = ""


def word(words: Mapping[Any, int], value: Any, what: str) -> int:
    """The number of a word. ValueError with all words for another one."""
    if value not in words:
        raise ValueError(f"{what} {value!r} is unknown: use {', '.join(str(known) for known in words)}")
    return words[value]


def as_requirements(given: Mapping[str, str] | Sequence[Requirement]) -> list[Requirement]:
    if isinstance(given, Mapping):
        return [Requirement(key, "In", (value,)) for key, value in given.items()]
    return [given] if isinstance(given, Requirement) else list(given)


def requirement_rows(requirements: Sequence[Requirement], alive: list[Any]) -> Any:
    """berth_requirement[]."""
    rows = []
    for requirement in requirements:
        wanted = [requirement.values] if isinstance(requirement.values, str) else requirement.values
        values = texts(wanted, alive)
        op = word(OPERATORS, requirement.operator, "operator")
        rows.append((text(requirement.key, alive), op, len(wanted), values, int(requirement.is_field), 0))
    made = abi.ffi.new("berth_requirement[]", rows)
    alive.append(made)
    return made


def texts(values: Sequence[str], alive: list[Any]) -> Any:
    """char *[]; NULL for none."""
    if not len(values):
        return abi.NULL
    made = abi.ffi.new("char *[]", [text(value, alive) for value in values])
    alive.append(made)
    return made


def selector_id(engine: Engine, selector: Selector) -> int:
    """The id of a label selector over pods' or namespaces' labels."""
    if selector is None:
        return abi.constants["BERTH_NO_SELECTOR"]
    if isinstance(selector, int):
        return selector
    requirements = as_requirements(selector)
    alive: list[Any] = []
    rows = requirement_rows(requirements, alive)
    return engine._id("uint32_t", abi.lib.berth_selector_intern, rows, len(rows))


def term_rows(terms: Sequence[NodeAffinity], alive: list[Any]) -> Any:
    """berth_selector_term[]."""
    rows = []
    for term in terms:
        requirements = requirement_rows(as_requirements(term.requirements), alive)
        rows.append((requirements, len(requirements), term.weight or 0))
    return abi.ffi.new("berth_selector_term[]", rows)


def toleration_rows(tolerations: Sequence[Toleration | str], alive: list[Any]) -> Any:
    """berth_toleration[]; a text is a key that must exist, with every effect."""
    rows = []
    for given in tolerations:
        one = Toleration(given) if isinstance(given, str) else given
        op = word(TOLERATION_OPERATORS, one.operator, "operator")
        effect = word(EFFECTS, one.effect, "effect")
        rows.append((text(one.key, alive), text(one.value, alive), op, effect))
    return abi.ffi.new("berth_toleration[]", rows)


def spread_rows(engine: Engine, constraints: Sequence[Spread], alive: list[Any]) -> Any:
    """berth_spread_constraint[]."""
    rows = [
        {
            "topology_key": text(one.topology_key, alive),
            "selector": selector_id(engine, one.selector),
            "max_skew": one.max_skew,
            "min_domains": one.min_domains,
            "when_unsatisfiable": word(WHEN_UNSATISFIABLE, one.when_unsatisfiable, "when_unsatisfiable"),
            "node_affinity_policy": word(POLICIES, one.node_affinity_policy, "node_affinity_policy"),
            "node_taints_policy": word(POLICIES, one.node_taints_policy, "node_taints_policy"),
            "match_label_key_count": len(one.match_label_keys),
            "match_label_keys": texts(one.match_label_keys, alive),
        }
        for one in constraints
    ]
    return abi.ffi.new("berth_spread_constraint[]", rows)


def affinity_rows(engine: Engine, terms: Sequence[PodAffinity], alive: list[Any]) -> Any:
    """berth_pod_affinity_term[]."""
    rows = [
        {
            "topology_key": text(one.topology_key, alive),
            "selector": selector_id(engine, one.selector),
            "namespace_selector": selector_id(engine, one.namespace_selector),
            "kind": (3 if isinstance(one, PodAntiAffinity) else 1) + (one.weight is not None),
            "weight": one.weight or 0,
            "namespace_count": len(one.namespaces),
            "match_label_key_count": len(one.match_label_keys),
            "mismatch_label_key_count": len(one.mismatch_label_keys),
            "namespaces": texts(one.namespaces, alive),
            "match_label_keys": texts(one.match_label_keys, alive),
            "mismatch_label_keys": texts(one.mismatch_label_keys, alive),
        }
        for one in terms
    ]
    return abi.ffi.new("berth_pod_affinity_term[]", rows)


def port_rows(ports: Sequence[HostPort | int], alive: list[Any]) -> Any:
    """berth_host_port[]; a number is a TCP port on all addresses."""
    rows = []
    for given in ports:
        one = HostPort(given) if isinstance(given, int) else given
        rows.append((text(one.host_ip, alive), one.port, word(PROTOCOLS, one.protocol, "protocol")))
    return abi.ffi.new("berth_host_port[]", rows)
