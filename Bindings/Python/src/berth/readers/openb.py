"""Alibaba's openb trace (cluster-trace-gpu-v2023), which the experiments of FGD run on: Weng et al., "Beware of
Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023.

    workload = openb.read("openb_node_list_gpu_node.csv", "openb_pod_list_default.csv")

Columns are found by name; the times may lack (all pods arrive at 0 then and stay)."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..claims import Demand
from ..classes import PodSpec
from ..selectors import NodeAffinity, Requirement
from .errors import ReadError
from .files import read_text
from .tables import Table
from .workload import Workload, node_table, pod_table

MAX_GPUS = 16
"""BERTH_MAX_GPUS_PER_NODE; as a resource that is only counted, a node may list up to 1,024."""
MODEL_LABEL = "nvidia.com/gpu.product"
_COUNTED_GPUS = 1024


def read(nodes: str | os.PathLike[str], pods: str | os.PathLike[str], *, gpus: str = "devices") -> Workload:
    """A list of nodes (sn, cpu_milli, memory_mib, gpu, model) and one of pods (name, cpu_milli, memory_mib, num_gpu,
    gpu_milli; gpu_spec, creation_time and deletion_time where there are such columns).

    Resources are cpu in milli and memory in MiB. GPUs are `devices`, of which shares and whole ones are placed one by
    one, as in the paper; or a `resource` "gpu" in milli, summed over a node, with the model as the label
    nvidia.com/gpu.product: that is coarser. ReadError says what is wrong where."""
    if gpus not in ("devices", "resource"):
        raise ValueError(f"gpus: {gpus!r}, use 'devices' or 'resource'")
    as_devices = gpus == "devices"
    most = MAX_GPUS if as_devices else _COUNTED_GPUS
    node_list = Table(nodes, ["sn", "cpu_milli", "memory_mib", "gpu", "model"])
    pod_list = Table(pods, ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"])
    node_gpus = node_list.whole("gpu", 0, most)
    models = _node_models(node_list, node_gpus)
    count, milli = _pod_gpus(pod_list, most)
    allowed = _pod_models(pod_list)
    node_columns = {"cpu": node_list.whole("cpu_milli"), "memory": node_list.whole("memory_mib")}
    pod_columns = {"cpu": pod_list.whole("cpu_milli"), "memory": pod_list.whole("memory_mib")}
    resources = {"cpu": "milli", "memory": "MiB"}
    attributes: tuple[dict[str, Any], ...] = ()
    if not as_devices:
        resources["gpu"] = "milli"
        node_columns["gpu"], pod_columns["gpu"] = node_gpus * 1000, count * milli
        attributes = tuple({"labels": {MODEL_LABEL: model}} if model else {} for model in models)
    specs, spec = _specs(pod_columns, count, milli, allowed, as_devices)
    arrival, duration = _times(pod_list)
    return Workload(
        name=os.path.basename(os.fspath(pods)).removesuffix(".gz").removesuffix(".csv"),
        resources=resources,
        nodes=node_table(
            node_list.names("sn"),
            node_columns,
            gpus=node_gpus if as_devices else 0,
            models=models if as_devices else None,
        ),
        pods=pod_table(
            pod_list.names("name"),
            pod_columns,
            spec=spec,
            arrival_s=arrival,
            duration_s=duration,
            gpus=count if as_devices else 0,
            gpu_milli=milli if as_devices else 0,
            gpu_models=pod_list.text("gpu_spec") if as_devices else None,
        ),
        specs=specs,
        kinds={} if as_devices else {"gpu": "gpu"},
        attributes=attributes,
    )


def _node_models(table: Table, gpus: np.ndarray) -> list[str]:
    models = table.text("model")
    for row, model in enumerate(models):
        if gpus[row] > 0 and not 0 < len(model.encode()) <= 1024:
            raise table.error(row, "model", f"expected a text of 1 to 1024 bytes, found {len(model.encode())}")
    return models


def _pod_gpus(table: Table, most: int) -> tuple[np.ndarray, np.ndarray]:
    """How many, and thousandths of each: only a single GPU can be shared."""
    count, milli = table.whole("num_gpu", 0, most), table.whole("gpu_milli", 0, 1000)
    for row in np.flatnonzero((count > 1) & (milli != 1000)):
        raise table.error(row, "gpu_milli", f"expected 1000 for a pod with {count[row]} GPUs, found '{milli[row]}'")
    for row in np.flatnonzero((count == 1) & (milli == 0)):
        raise table.error(row, "gpu_milli", "expected 1 to 1000 for a pod with a GPU, found '0'")
    return count, np.where(count > 0, milli, 0)


def _pod_models(table: Table) -> list[tuple[str, ...]]:
    """`A|B`: one of these."""
    allowed = []
    for row, text in enumerate(table.text("gpu_spec")):
        names = text.split("|") if text else []
        if not all(0 < len(name.encode()) <= 1024 for name in names):
            raise table.error(row, "gpu_spec", f"expected model names with a | between them, found {text!r}")
        allowed.append(tuple(sorted(set(names))))
    return allowed


def _specs(
    columns: Mapping[str, np.ndarray],
    count: np.ndarray,
    milli: np.ndarray,
    allowed: list[tuple[str, ...]],
    as_devices: bool,
) -> tuple[tuple[PodSpec, ...], np.ndarray]:
    """Kinds of pods in the order in which they come first, and each pod's."""
    index_of: dict[tuple[Any, ...], int] = {}
    specs: list[PodSpec] = []
    rows = list(
        zip(*[values.tolist() for values in columns.values()], count.tolist(), milli.tolist(), allowed, strict=True)
    )
    for row in rows:
        if row in index_of:
            continue
        index_of[row] = len(specs)
        *amounts, gpus, share, models = row
        requests = {name: value for name, value in zip(columns, amounts, strict=True) if value > 0}
        if as_devices:
            devices = Demand(gpus, share_milli=share, models=models) if gpus else None
            specs.append(PodSpec(requests, devices=devices))
        else:
            allowed_models = NodeAffinity([Requirement(MODEL_LABEL, "In", models)])
            specs.append(PodSpec(requests, affinity=(allowed_models,) if models else ()))
    return tuple(specs), np.array([index_of[row] for row in rows], np.int32)


def _times(table: Table) -> tuple[Any, Any]:
    """Seconds from the first creation; a pod that was never deleted stays."""
    if not table.has("creation_time"):
        return 0.0, np.inf
    created = table.number("creation_time")
    if not table.has("deletion_time"):
        return created - created.min(), np.inf
    deleted = table.number("deletion_time", empty=np.inf)
    for row in np.flatnonzero(deleted < created):
        raise table.error(row, "deletion_time", f"expected no less than creation_time, which is {created[row]:.0f}")
    return created - created.min(), deleted - created


class Experiment(NamedTuple):
    """A workload of the FGD experiments, in the order of arrival and with nodes in the order in which they win ties."""

    workload: Workload
    typical: list[dict[str, Any]]
    """The target workload: cpu, gpus, share_milli, models, weight of each kind."""
    total: int
    """Pods of the original list, typical or not."""


def experiment(folder: str | os.PathLike[str], reference: str | os.PathLike[str], name: str, seed: int) -> Experiment:
    """The experiment of the paper's authors: the GPU hosts and pod list `name` ("default") of the trace's folder, with
    the exact order of arrival and of hosts for a seed from the reference folder's arrivals/ and node_order/.

    All pods arrive a second apart and stay: the experiments know no times."""
    nodes_path = os.path.join(folder, "openb_node_list_gpu_node.csv")
    trace = read(nodes_path, os.path.join(folder, f"openb_pod_list_{name}.csv"))
    key = f"openb_pod_list_{name}"
    arrivals = _order(os.path.join(reference, "arrivals", f"{key}.csv.gz"), key, seed, trace.pods["name"], "pod")
    order = _order(os.path.join(reference, "node_order", f"{key}.csv.gz"), key, seed, trace.nodes["name"], "node")
    if not np.array_equal(np.sort(order), np.arange(len(trace.nodes))):
        raise ValueError(f"node_order of {key}, seed {seed}: expected each of {len(trace.nodes)} nodes once")
    pods = trace.pods[arrivals]
    pods["arrival_s"], pods["duration_s"] = np.arange(len(pods)), np.inf
    workload = Workload(
        name=f"{key}-{seed}", resources=trace.resources, nodes=trace.nodes[order], pods=pods, specs=trace.specs
    )
    return Experiment(workload, typical_pods(trace), len(trace.pods))


def seeds(reference: str | os.PathLike[str], name: str) -> list[int]:
    """The seeds that the reference folder has orders for, ascending."""
    path = os.path.join(reference, "arrivals", f"openb_pod_list_{name}.csv.gz")
    return sorted(int(line.split(",")[1]) for line in read_text(path).splitlines())


def typical_pods(workload: Workload, coverage: float = 0.95) -> list[dict[str, Any]]:
    """The authors' target workload: kinds of pods by how often they occur, as many as make up 95 % of all
    (GetTypicalPods in pkg/utils/frag.go of hkust-adsl/kubernetes-scheduler-simulator); ties go to more cpu, share,
    GPUs, and the later model name."""
    pods = workload.pods
    kinds: dict[tuple[Any, ...], int] = {}
    for row in zip(*[pods[name].tolist() for name in ("cpu", "gpu_milli", "gpus", "gpu_models")], strict=True):
        kinds[row] = kinds.get(row, 0) + 1
    typical: list[dict[str, Any]] = []
    covered = 0
    for (cpu, milli, gpus, models), count in sorted(kinds.items(), key=lambda item: (item[1], item[0]), reverse=True):
        if covered >= coverage * len(pods):
            break
        covered += count
        typical.append({"cpu": cpu, "gpus": gpus, "share_milli": milli, "models": models, "weight": count})
    return typical


def _order(path: str, key: str, seed: int, names: np.ndarray, what: str) -> np.ndarray:
    """Lines `list,seed,numbers with spaces between`: positions of the names that end in these numbers."""
    position = {name.rsplit("-", 1)[-1]: index for index, name in enumerate(names.tolist())}
    known = []
    for line, text in enumerate(read_text(path).splitlines(), 1):
        fields = text.split(",")
        if len(fields) != 3 or fields[0] != key or not fields[1].isdigit():
            raise ReadError(path, line, "", f"expected {key},seed,numbers of {what}s")
        known.append(int(fields[1]))
        if known[-1] != seed:
            continue
        numbers = fields[2].split()
        for number in numbers:
            if number not in position:
                raise ReadError(path, line, what, f"expected numbers of {what}s in the trace, found {number!r}")
        return np.array([position[number] for number in numbers], np.int64)
    raise ReadError(path, 0, "seed", f"expected one of {sorted(known)}, found {seed}")
