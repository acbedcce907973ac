"""Microsoft's Philly trace of GPU jobs, one row per job: Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU
Clusters for DNN Training Workloads", USENIX ATC 2019.

    workload = philly.read("philly.csv.gz", nodes=fleet(300, {"nvidia.com/gpu": 8}, philly.RESOURCES))

The trace says nothing of nodes: give some, or add them with `with_nodes`."""

import os
from datetime import datetime

import numpy as np

from ..classes import PodSpec
from .errors import ReadError
from .tables import Table
from .workload import NO_INDEX, Workload, node_table, pod_table

GPU = "nvidia.com/gpu"
RESOURCES = {GPU: "count"}
_MOST_GPUS = 1 << 20
"""Of a job: BERTH_MAX_GANG_MEMBERS."""


def read(path: str | os.PathLike[str], *, nodes: Workload | None = None, gpus_per_pod: int = 8) -> Workload:
    """Columns timestamp (2017-10-09 07:01:55), duration (seconds), num_gpus (of the whole job) and cluster (the virtual
    cluster, which becomes the pods' namespace). Jobs come in the order of their timestamps, those of one second in that
    of the file; arrival_s counts from the first.

    A job of more GPUs than `gpus_per_pod` is a gang of pods with so many each, and one with the rest. ReadError says
    what is wrong where."""
    if gpus_per_pod < 1:
        raise ValueError(f"gpus_per_pod: {gpus_per_pod}, at least 1 is needed")
    table = Table(path, ["timestamp", "duration", "num_gpus", "cluster"])
    seconds = _timestamps(table)
    duration = table.number("duration")
    gpus = table.whole("num_gpus", 1, _MOST_GPUS)
    tenants = table.names("cluster", unique=False)
    order = np.argsort(seconds, kind="stable")
    # every job's pods: whole ones first, then the rest
    full, rest = np.divmod(gpus[order], gpus_per_pod)
    pods_of = full + (rest > 0)
    job = np.repeat(np.arange(len(order)), pods_of)
    place = np.arange(len(job)) - np.repeat(np.cumsum(pods_of) - pods_of, pods_of)
    size = np.where(place < full[job], gpus_per_pod, rest[job])
    tenant = [tenants[index] for index in order]
    index_of: dict[tuple[str, int], int] = {}
    kinds = [(tenant[j], int(n)) for j, n in zip(job.tolist(), size.tolist(), strict=True)]
    for kind in kinds:
        index_of.setdefault(kind, len(index_of))
    width = len(str(max(len(order) - 1, 0)))
    workload = Workload(
        name="philly",
        resources=dict(RESOURCES),
        nodes=node_table([], {GPU: []}),
        pods=pod_table(
            [f"job-{j:0{width}}-{p}" for j, p in zip(job.tolist(), place.tolist(), strict=True)],
            {GPU: size},
            spec=[index_of[kind] for kind in kinds],
            arrival_s=(seconds[order] - seconds.min())[job],
            duration_s=duration[order][job],
            gang=np.where(pods_of[job] > 1, job, NO_INDEX),
        ),
        specs=tuple(PodSpec({GPU: n}, namespace=name) for name, n in index_of),
    )
    return workload.with_nodes(nodes) if nodes is not None else workload


def _timestamps(table: Table) -> np.ndarray:
    """Seconds of an arbitrary beginning; the trace has local times, which are taken as they stand."""
    seconds = np.empty(len(table))
    for row, text in enumerate(table.text("timestamp")):
        try:
            moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
        except ValueError:
            error: ReadError = table.error(
                row, "timestamp", f"expected 2017-10-09 07:01:55 or the like, found {text!r}"
            )
            raise error from None
        seconds[row] = (moment - datetime(2017, 1, 1)).total_seconds()
    return seconds
