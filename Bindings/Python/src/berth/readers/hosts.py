"""Lists of real hosts, for workloads that bring none.

nodes = hosts.lingjun("topo.csv", quantities={"nvidia.com/gpu": 8}, resources={"nvidia.com/gpu": "count"})
nodes = hosts.spot("node_info_df.csv")"""

import os
from collections.abc import Mapping

from .tables import Table
from .workload import Workload, node_table, pod_table

GPU = "nvidia.com/gpu"
MODEL_LABEL = "nvidia.com/gpu.product"


def lingjun(
    path: str | os.PathLike[str],
    *,
    quantities: Mapping[str, int] | None = None,
    resources: Mapping[str, str] | None = None,
) -> Workload:
    """Alibaba's Lingjun cluster of 2023, a Clos network in three tiers (Cao et al., "Crux", SIGCOMM 2024): columns ip,
    DSW, PSW and ASW. Levels are "core" (DSW), "pod" (PSW) and "rack" (ASW); names of racks repeat in other pods, so a
    rack is known by both. What a host has is not in the file: `quantities` says it, 8 GPUs if nothing is said."""
    table = Table(path, ["ip", "DSW", "PSW", "ASW"])
    names = table.names("ip")
    paths = list(zip(*[table.names(key, unique=False) for key in ("DSW", "PSW", "ASW")], strict=True))
    units = dict(resources or {GPU: "count"})
    amounts = dict(quantities or {GPU: 8})
    for name in amounts:
        if name not in units:
            raise ValueError(f"quantities: {name!r} is none of the resources {', '.join(units)}")
    return Workload(
        name="lingjun",
        resources=units,
        nodes=node_table(names, {name: amounts.get(name, 0) for name in units}),
        pods=pod_table([], {name: [] for name in units}, spec=[]),
        levels=("core", "pod", "rack"),
        domains=tuple(paths),
    )


def spot(path: str | os.PathLike[str]) -> Workload:
    """Alibaba's GPU hosts of 2026: columns node_name, gpu_model, gpu_capacity_num and cpu_num. Resources are cpu in
    milli and nvidia.com/gpu; the model is the label nvidia.com/gpu.product. Memory is not in the file."""
    table = Table(path, ["node_name", "gpu_model", "gpu_capacity_num", "cpu_num"])
    models = table.names("gpu_model", unique=False)
    resources = {"cpu": "milli", GPU: "count"}
    amounts = {"cpu": table.whole("cpu_num", 0, 1 << 20) * 1000, GPU: table.whole("gpu_capacity_num", 0, 1024)}
    return Workload(
        name="spot-gpu",
        resources=resources,
        nodes=node_table([f"node-{name}" for name in table.names("node_name")], amounts),
        pods=pod_table([], {name: [] for name in resources}, spec=[]),
        attributes=tuple({"labels": {MODEL_LABEL: model}} for model in models),
    )
