"""What a pod asks of nodes and of other pods, as records of berth.selectors."""

from collections.abc import Sequence
from functools import partial

from ...selectors import (
    HostPort,
    NodeAffinity,
    PodAffinity,
    PodAntiAffinity,
    Requirement,
    Spread,
    Toleration,
)
from .fields import Fields

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_MOST = 2**31 - 1


def tolerations(spec: Fields) -> tuple[Toleration, ...]:
    """spec.tolerations, and those that admission adds to pods that say nothing of them."""
    own = spec.list("tolerations", _toleration)
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(one.key in ("", key) and one.effect in ("", "NoExecute") for one in own):
            own.append(Toleration(key, "Exists", "", "NoExecute"))
    return tuple(own)


def _toleration(fields: Fields) -> Toleration:
    key, value = fields.text("key"), fields.text("value")
    operator = fields.choice("operator", ("Equal", "Exists", "Gt", "Lt"), "Equal")
    if not key and operator != "Exists":
        raise fields.error("operator", f"expected Exists where the key is empty, found {operator!r}")
    if operator == "Exists" and value:
        raise fields.error("value", f"expected none for Exists, found {value!r}")
    effect = fields.choice("effect", EFFECTS) if fields.text("effect") else ""
    return Toleration(key, operator, value, effect)


def affinity(spec: Fields) -> tuple[NodeAffinity | PodAffinity, ...]:
    fields = spec.child("affinity")
    if fields is None:
        return ()
    terms: list[NodeAffinity | PodAffinity] = _node_affinity(fields)
    for key, kind in (("podAffinity", PodAffinity), ("podAntiAffinity", PodAntiAffinity)):
        group = fields.child(key)
        if group is not None:
            terms += group.list(_REQUIRED, partial(_pod_term, kind=kind, weight=None))
            terms += group.list(_PREFERRED, partial(_weighted_pod_term, kind=kind))
    return tuple(terms)


def _node_affinity(affinity: Fields) -> list[NodeAffinity | PodAffinity]:
    fields = affinity.child("nodeAffinity")
    if fields is None:
        return []
    terms: list[NodeAffinity | PodAffinity] = []
    required = fields.child(_REQUIRED)
    if required is not None:
        terms += required.list("nodeSelectorTerms", lambda term: NodeAffinity(_node_term(term)))
        if not terms:
            raise required.error("nodeSelectorTerms", "expected at least one term")
    return terms + fields.list(_PREFERRED, _preferred_node_term)


def _preferred_node_term(fields: Fields) -> NodeAffinity:
    preference = fields.child("preference")
    if preference is None:
        raise fields.error("preference", "expected a term, it is missing")
    return NodeAffinity(_node_term(preference), fields.whole("weight", 1, 100))


def _node_term(fields: Fields) -> tuple[Requirement, ...]:
    operators = (*_OPERATORS, "Gt", "Lt")
    expressions = fields.list("matchExpressions", lambda one: _requirement(one, operators))
    names = fields.list("matchFields", lambda one: _requirement(one, ("In", "NotIn"), is_field=True))
    return (*expressions, *names)


def _requirement(fields: Fields, operators: Sequence[str], is_field: bool = False) -> Requirement:
    key, operator, values = fields.required("key"), fields.choice("operator", operators), fields.texts("values")
    if is_field and key != "metadata.name":
        raise fields.error("key", f"expected metadata.name, found {key!r}")
    if operator in ("In", "NotIn"):
        if not values or (is_field and len(values) != 1):
            raise fields.error(
                "values", f"expected {'one name' if is_field else 'values'} for {operator}, found {values}"
            )
    elif operator in ("Gt", "Lt"):
        if len(values) != 1 or not values[0].removeprefix("-").isdigit():
            raise fields.error("values", f"expected one whole number for {operator}, found {values}")
    elif values:
        raise fields.error("values", f"expected none for {operator}, found {values}")
    return Requirement(key, operator, values, is_field)


def selector(fields: Fields, key: str) -> tuple[Requirement, ...] | None:
    """A label selector; None where it is missing, which selects nothing."""
    child = fields.child(key)
    if child is None:
        return None
    equal = [Requirement(name, "In", (value,)) for name, value in child.labels("matchLabels").items()]
    return (*equal, *child.list("matchExpressions", lambda one: _requirement(one, _OPERATORS)))


def _weighted_pod_term(fields: Fields, kind: type[PodAffinity]) -> PodAffinity:
    term = fields.child("podAffinityTerm")
    if term is None:
        raise fields.error("podAffinityTerm", "expected a term, it is missing")
    return _pod_term(term, kind, fields.whole("weight", 1, 100))


def _pod_term(fields: Fields, kind: type[PodAffinity], weight: int | None) -> PodAffinity:
    return kind(
        fields.required("topologyKey"),
        selector(fields, "labelSelector"),
        weight,
        fields.texts("namespaces"),
        selector(fields, "namespaceSelector"),
        fields.texts("matchLabelKeys"),
        fields.texts("mismatchLabelKeys"),
    )


def spread(fields: Fields) -> Spread:
    """topologySpreadConstraints[]."""
    when = fields.choice("whenUnsatisfiable", ("DoNotSchedule", "ScheduleAnyway"))
    if fields.has("minDomains") and when == "ScheduleAnyway":
        raise fields.error("minDomains", "expected whenUnsatisfiable DoNotSchedule with it")
    return Spread(
        fields.required("topologyKey"),
        selector(fields, "labelSelector"),
        fields.whole("maxSkew", 1, _MOST),
        when,
        fields.whole("minDomains", 1, _MOST) if fields.has("minDomains") else 0,
        _policy(fields, "nodeAffinityPolicy"),
        _policy(fields, "nodeTaintsPolicy"),
        fields.texts("matchLabelKeys"),
    )


def _policy(fields: Fields, key: str) -> str | None:
    return fields.choice(key, ("Honor", "Ignore")) if fields.text(key) else None


def host_ports(spec: Fields) -> tuple[HostPort, ...]:
    """Ports of the node that containers and sidecars take; on the node's network all of their ports are the node's."""
    on_host = spec.flag("hostNetwork")
    ports: list[HostPort] = []
    for key in ("initContainers", "containers"):
        for own in spec.list(key, partial(_ports, on_host=on_host, is_init=key == "initContainers")):
            ports += own
    return tuple(ports)


def _ports(container: Fields, on_host: bool, is_init: bool) -> list[HostPort]:
    if is_init and container.text("restartPolicy") != "Always":
        return []
    found = container.list("ports", lambda port: _port(port, on_host))
    return [port for port in found if port is not None]


def _port(fields: Fields, on_host: bool) -> HostPort | None:
    number = fields.whole("hostPort", 0, 65535, 0) or (on_host and fields.whole("containerPort", 0, 65535, 0))
    protocol = fields.choice("protocol", ("TCP", "UDP", "SCTP"), "TCP")
    return HostPort(number, protocol, fields.text("hostIP")) if number else None
