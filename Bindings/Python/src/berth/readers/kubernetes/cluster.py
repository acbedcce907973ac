"""Nodes, pods and namespaces of files as a workload."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ...classes import PodSpec
from ..errors import ReadError
from ..workload import NO_INDEX, Workload, node_table, pod_table
from . import demands, requests
from .fields import Fields
from .items import read_items
from .surroundings import CONTROLLERS, Surroundings

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"
_MOST_RESOURCES = 16 - len(requests.COUNTED)
"""BERTH_MAX_RESOURCES_PER_NODE, of which the counted ones take their part."""
_UNHONOURED = {
    "resourceClaims": "resource claims",
    "schedulingGates": "scheduling gates, taken as open",
    "schedulingGroup": "scheduling groups: each pod is placed for itself",
}
"""Parts of a pod's spec that placing passes over."""


class _Node(NamedTuple):
    name: str
    allocatable: dict[str, int]
    labels: dict[str, str]
    taints: tuple[tuple[str, str, str], ...]
    images: dict[str, int]
    unschedulable: bool
    fields: Fields


class _Pod(NamedTuple):
    path: str
    spec: PodSpec
    node_name: str
    created_s: float
    terminating: bool
    fields: Fields


def read(*paths: str | os.PathLike[str]) -> Workload:
    """A cluster from one or more files of JSON, packed or not. `pods["node"]` says where a pod runs already; arrival_s
    is its creationTimestamp, from the earliest on. ReadError names file, line of the object, field and what was
    expected."""
    if not paths:
        raise ValueError("paths: at least one file is needed")
    nodes: dict[str, _Node] = {}
    pods: dict[str, _Pod] = {}
    pod_fields: list[Fields] = []
    around = Surroundings()
    namespaces: dict[str, dict[str, str]] = {}
    others: Counter[str] = Counter()
    unhonoured: Counter[str] = Counter()
    for path in paths:
        for line, value in read_items(path):
            kind = value.get("kind")
            fields = Fields(value, os.fspath(path), line, f"{kind}")
            if kind == "Node":
                node = _node(fields)
                _once(nodes, node.name, fields)
                nodes[node.name] = node
            elif kind == "Pod":
                if fields.has("status") and _status(fields).text("phase") in ("Succeeded", "Failed"):
                    continue
                pod_fields.append(fields)
            elif kind == "Namespace":
                metadata = _metadata(fields)
                namespaces[metadata.required("name")] = metadata.labels("labels")
            elif kind == "Service":
                around.add_service(fields, _metadata(fields))
            elif kind in CONTROLLERS:
                around.add_controller(fields, _metadata(fields))
            elif isinstance(kind, str):
                others[kind] += 1
            else:
                raise fields.error("kind", f"expected a text, found {kind!r}")
    for fields in pod_fields:
        pod = _pod(fields, around, unhonoured)
        _once(pods, pod.path, fields)
        pods[pod.path] = pod
    if not nodes:
        raise ReadError(os.fspath(paths[0]), 0, "", "expected at least one Node")
    notes = [f"not honoured: {count} pods with {what}" for what, count in sorted(unhonoured.items())]
    notes += [f"passed over: {count} x {kind}" for kind, count in sorted(others.items())]
    return _workload(
        os.path.basename(os.fspath(paths[0])), list(nodes.values()), list(pods.values()), namespaces, notes
    )


def _workload(
    name: str, nodes: list[_Node], pods: list[_Pod], namespaces: Mapping[str, Mapping[str, str]], notes: list[str]
) -> Workload:
    held = {resource for pod in pods for resource in pod.spec.requests} - set(requests.COUNTED.values())
    listed = {resource for node in nodes for resource in node.allocatable}
    names = sorted(held | listed | {"cpu", "memory", "pods"})
    units = {resource: _unit(resource) for resource in names}
    units |= {alias: _unit(resource) for resource, alias in requests.COUNTED.items()}
    columns = {resource: [node.allocatable.get(resource, 0) for node in nodes] for resource in names}
    columns |= {alias: columns[resource] for resource, alias in requests.COUNTED.items()}
    index_of = {node.name: index for index, node in enumerate(nodes)}
    for pod in pods:
        if pod.node_name and pod.node_name not in index_of:
            raise pod.fields.error("spec.nodeName", f"expected a node of the file, found {pod.node_name!r}")
    levels = _levels(nodes)
    kinds: list[PodSpec] = []
    spec_of = []
    known: dict[str, int] = {}
    for pod in pods:
        # specs hold mappings, which are not hashable: their text stands for them
        text = repr(pod.spec)
        if text not in known:
            known[text] = len(kinds)
            kinds.append(pod.spec)
        spec_of.append(known[text])
    first = min((pod.created_s for pod in pods), default=0.0)
    return Workload(
        name=name,
        resources=units,
        nodes=node_table(list(index_of), columns),
        pods=pod_table(
            [pod.path for pod in pods],
            {resource: [pod.spec.requests.get(resource, 0) for pod in pods] for resource in units},
            spec=spec_of,
            arrival_s=[pod.created_s - first for pod in pods],
            node=[index_of.get(pod.node_name, NO_INDEX) for pod in pods],
            terminating=[pod.terminating for pod in pods],
        ),
        specs=tuple(kinds),
        kinds={alias: "counted" for alias in requests.COUNTED.values()},
        levels=levels,
        domains=tuple(tuple(node.labels.get(key, "") for key in levels) for node in nodes) if levels else (),
        attributes=tuple(_attributes(node, levels) for node in nodes),
        namespaces=dict(namespaces),
        notes=tuple(notes),
    )


def _attributes(node: _Node, levels: tuple[str, ...]) -> dict[str, Any]:
    """A node's labels but those that the engine has already: of levels, and its own name."""
    own_name = node.labels.get(HOSTNAME) == node.name
    skipped = {*levels, HOSTNAME} if own_name else set(levels)
    return {
        "labels": {key: value for key, value in node.labels.items() if key not in skipped},
        "taints": node.taints,
        "images": node.images,
        "unschedulable": node.unschedulable,
        "hostname": HOSTNAME in node.labels,
    }


def _levels(nodes: list[_Node]) -> tuple[str, ...]:
    """Region above zone, as long as no zone lies in two regions. A label that is there and empty could not be told from
    one that is missing, so such a key stays among the labels."""
    keys = tuple(key for key in (REGION, ZONE) if not any(node.labels.get(key) == "" for node in nodes))
    if len(keys) == 2:
        region_of: dict[str, str] = {}
        for node in nodes:
            if ZONE in node.labels:
                region = node.labels.get(REGION, "")
                if region_of.setdefault(node.labels[ZONE], region) != region:
                    return (ZONE,)
    return keys


def _unit(resource: str) -> str:
    if resource == "cpu":
        return "milli"
    is_bytes = resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-")
    return "bytes" if is_bytes else "count"


def _once(known: Mapping[str, Any], name: str, fields: Fields) -> None:
    if name in known:
        raise fields.error(
            "metadata.name", f"expected each name once, found {name!r} of line {known[name].fields.line} again"
        )


def _metadata(fields: Fields) -> Fields:
    metadata = fields.child("metadata")
    if metadata is None:
        raise fields.error("metadata", "expected an object, it is missing")
    return metadata


def _status(fields: Fields) -> Fields:
    return fields.child("status") or Fields({}, fields.file, fields.line, f"{fields.path}.status")


def _node(fields: Fields) -> _Node:
    metadata = _metadata(fields)
    name = metadata.required("name")
    fields = Fields(fields.value, fields.file, fields.line, f"Node {name}")
    spec = fields.child("spec") or Fields({}, fields.file, fields.line, f"Node {name}.spec")
    status = _status(fields)
    amounts = status.quantities("allocatable")
    allocatable = {
        resource: status.whole_amount("allocatable", resource, amounts[resource])
        for resource in sorted(amounts)
        if requests.is_counted(resource)
    }
    used = sum(amount > 0 for amount in allocatable.values())
    if used > _MOST_RESOURCES:
        raise status.error("allocatable", f"expected at most {_MOST_RESOURCES} resources of a node, found {used}")
    images: dict[str, int] = {}
    for names, size in status.list("images", lambda one: (one.texts("names"), one.whole("sizeBytes", 0, 2**50, 0))):
        for image in names:
            images.setdefault(image, size)
    taints = tuple(
        spec.list("taints", lambda t: (t.required("key"), t.text("value"), t.choice("effect", demands.EFFECTS)))
    )
    if len({(key, effect) for key, _, effect in taints}) < len(taints):
        raise spec.error("taints", "expected each key and effect once")
    return _Node(name, allocatable, metadata.labels("labels"), taints, images, spec.flag("unschedulable"), fields)


def _pod(fields: Fields, around: Surroundings, unhonoured: "Counter[str]") -> _Pod:
    metadata = _metadata(fields)
    namespace = metadata.text("namespace", "default") or "default"
    path = f"{namespace}/{metadata.required('name')}"
    fields = Fields(fields.value, fields.file, fields.line, f"Pod {path}")
    spec = fields.child("spec")
    if spec is None:
        raise fields.error("spec", "expected an object, it is missing")
    containers = spec.list("containers", requests.container)
    init_containers = spec.list("initContainers", requests.container)
    if not containers:
        raise spec.error("containers", "expected at least one container")
    asked = requests.read(spec, containers, init_containers)
    for key, what in _UNHONOURED.items():
        if spec.value.get(key):
            unhonoured[what] += 1
    if spec.list("volumes", lambda one: one.has("persistentVolumeClaim") or one.has("ephemeral")).count(True):
        unhonoured["volume claims"] += 1
    labels = metadata.labels("labels")
    spread = tuple(spec.list("topologySpreadConstraints", demands.spread))
    default_spread = () if spread else around.default_spread(metadata, labels)
    pod_spec = PodSpec(
        asked.held,
        node_selector=spec.labels("nodeSelector"),
        tolerations=demands.tolerations(spec),
        affinity=demands.affinity(spec),
        spread=spread or default_spread,
        default_spread=bool(default_spread),
        priority=spec.whole("priority", -(2**31), 2**31 - 1, 0),
        labels=labels,
        namespace=namespace,
        host_ports=demands.host_ports(spec),
        images=tuple(one.image for one in [*init_containers, *containers] if one.image),
        scored=asked.scored,
    )
    created = _seconds(metadata, "creationTimestamp")
    return _Pod(path, pod_spec, spec.text("nodeName"), created, metadata.has("deletionTimestamp"), fields)


def _seconds(metadata: Fields, key: str) -> float:
    text = metadata.text(key)
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise metadata.error(key, f"expected a time such as 2026-01-31T12:00:00Z, found {text!r}") from None
