"""What a pod requests: containers, init containers, sidecars, pod-level resources and overhead, as kube-scheduler v1.36
adds them up (k8s.io/component-helpers/resource/helpers.go: PodRequests)."""

from fractions import Fraction
from typing import NamedTuple

from .fields import Fields
from .quantity import add, raise_to

SCORING_DEFAULTS = {"cpu": Fraction(1, 10), "memory": Fraction(200 << 20)}
"""What a container counts as in scores if it does not say: 100 millicores, 200 MiB
(pkg/scheduler/util/pod_resources.go)."""
COUNTED = {"cpu": "cpu counted", "memory": "memory counted"}
"""The resources that the scores see instead of requests: what counts by default is in them. No resource of Kubernetes
has a blank in its name."""

_OWN = ("cpu", "memory", "pods", "ephemeral-storage")


def is_counted(name: str) -> bool:
    """Whether kube-scheduler counts a resource at all: without a domain, only those that it knows."""
    return name in _OWN or "/" in name or name.startswith(("hugepages-", "attachable-volumes-"))


class Container(NamedTuple):
    requests: dict[str, Fraction]
    is_sidecar: bool
    image: str


class Requests(NamedTuple):
    held: dict[str, int]
    """By name, in the engine's units; with "pods", of which every pod takes one."""
    scored: dict[str, int]
    """Of COUNTED, where the pod's own scores see another amount than those of later pods."""


def container(fields: Fields) -> Container:
    fields.required("name")
    requests: dict[str, Fraction] = {}
    resources = fields.child("resources")
    if resources is not None:
        requests, limits = resources.quantities("requests"), resources.quantities("limits")
        for name, limit in limits.items():
            if requests.setdefault(name, limit) > limit:
                raise resources.error(f"requests[{name}]", "expected no more than the limit")
    return Container(requests, fields.text("restartPolicy") == "Always", fields.text("image"))


def read(spec: Fields, containers: list[Container], init_containers: list[Container]) -> Requests:
    """The requests of a pod's spec."""
    pod_level = _pod_level(spec, containers, init_containers)
    overhead = spec.quantities("overhead")

    def total(defaults: dict[str, Fraction], with_pod_level: bool = True) -> dict[str, Fraction]:
        amounts = _of_containers(containers, init_containers, defaults)
        amounts.update(pod_level if with_pod_level else {})
        add(amounts, overhead)
        return amounts

    real = total({})
    missing = {name: amount for name, amount in SCORING_DEFAULTS.items() if not pod_level or not real.get(name)}
    counted, scored = total(missing), total(SCORING_DEFAULTS, with_pod_level=False)
    held = {name: spec.whole_amount("containers", name, real[name]) for name in sorted(real) if is_counted(name)}
    held["pods"] = 1
    later = {alias: spec.whole_amount("", name, counted.get(name, Fraction(0))) for name, alias in COUNTED.items()}
    own = {alias: spec.whole_amount("", name, scored.get(name, Fraction(0))) for name, alias in COUNTED.items()}
    return Requests(
        {name: amount for name, amount in held.items() if amount > 0} | later,
        {name: amount for name, amount in own.items() if amount != later[name]},
    )


def _of_containers(
    containers: list[Container], init_containers: list[Container], defaults: dict[str, Fraction]
) -> dict[str, Fraction]:
    """Containers run side by side; init containers one after the other, beside the sidecars that started before
    them."""
    total: dict[str, Fraction] = {}
    for one in containers:
        add(total, {**defaults, **one.requests})
    sidecars: dict[str, Fraction] = {}
    peak: dict[str, Fraction] = {}
    for one in init_containers:
        running = {**defaults, **one.requests}
        if one.is_sidecar:
            add(total, running)
        add(running, sidecars)
        if one.is_sidecar:
            sidecars = running
        raise_to(peak, running)
    raise_to(total, peak)
    return total


def _pod_level(spec: Fields, containers: list[Container], init_containers: list[Container]) -> dict[str, Fraction]:
    """spec.resources, with what the API server fills in: where the pod as a whole says something, it says everything
    that its containers say, and a limit that stands alone is a request."""
    resources = spec.child("resources")
    if resources is None:
        return {}
    requests, limits = resources.quantities("requests"), resources.quantities("limits")
    for name in [*requests, *limits]:
        if not _is_pod_level(name):
            raise resources.error(f"requests[{name}]", "expected cpu, memory or hugepages for a pod as a whole")
    if not requests and not limits:
        return {}
    own = {n: a for n, a in _of_containers(containers, init_containers, {}).items() if not n.startswith("hugepages-")}
    return {name: amount for name, amount in {**limits, **own, **requests}.items() if _is_pod_level(name)}


def _is_pod_level(name: str) -> bool:
    return name in ("cpu", "memory") or name.startswith("hugepages-")
