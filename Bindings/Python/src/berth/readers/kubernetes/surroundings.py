"""Services and controllers, over whose pods kube-scheduler's default constraints spread those that have none of their
own (pkg/scheduler/framework/plugins/helper/spread.go: DefaultSelector)."""

from ...selectors import Requirement, Spread
from .demands import selector
from .fields import Fields

CONTROLLERS = ("ReplicaSet", "StatefulSet", "ReplicationController")


class Surroundings:
    """What speaks of pods, by namespace."""

    def __init__(self) -> None:
        self._services: dict[str, list[dict[str, str]]] = {}
        self._controllers: dict[tuple[str, str, str], tuple[Requirement, ...]] = {}

    def add_service(self, fields: Fields, metadata: Fields) -> None:
        spec = fields.child("spec")
        if spec is not None and spec.has("selector"):
            namespace = metadata.text("namespace", "default")
            self._services.setdefault(namespace, []).append(spec.labels("selector"))

    def add_controller(self, fields: Fields, metadata: Fields) -> None:
        spec = fields.child("spec")
        if spec is None or not spec.has("selector"):
            return
        kind = fields.required("kind")
        if kind == "ReplicationController":
            own = [Requirement(key, "In", (value,)) for key, value in spec.labels("selector").items()]
        else:
            own = list(selector(spec, "selector") or ())
        key = (metadata.text("namespace", "default"), kind, metadata.required("name"))
        self._controllers[key] = tuple(own)

    def default_spread(self, metadata: Fields, labels: dict[str, str]) -> tuple[Spread, ...]:
        """kube-scheduler's own constraints (defaultingType System); none where nobody speaks of the pod."""
        namespace = metadata.text("namespace", "default")
        equal: dict[str, str] = {}
        for wanted in self._services.get(namespace, []):
            if all(labels.get(key) == value for key, value in wanted.items()):
                equal.update(wanted)
        found = tuple(Requirement(key, "In", (value,)) for key, value in sorted(equal.items()))
        for kind, name in metadata.list("ownerReferences", _controller):
            found += self._controllers.get((namespace, kind, name), ())
        if not found:
            return ()
        return (
            Spread("kubernetes.io/hostname", found, 3, "ScheduleAnyway"),
            Spread("topology.kubernetes.io/zone", found, 5, "ScheduleAnyway"),
        )


def _controller(owner: Fields) -> tuple[str, str]:
    return (owner.text("kind"), owner.text("name")) if owner.flag("controller") else ("", "")
