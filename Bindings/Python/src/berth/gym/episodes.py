"""Which pods an episode brings, in which order and when."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from ..claims import Demand
from ..classes import PodSpec
from ..quantities import quantity
from ..readers.workload import NO_INDEX, Workload, fleet, pod_table

RESOURCES = {"cpu": "milli", "memory": "MiB"}
_NODE = {"cpu": 32_000, "memory": 131_072}
_POD_CPU = (500, 1_000, 2_000, 4_000, 8_000)
_POD_MEMORY_MIB = (1_024, 4_096, 16_384)


class Episode(NamedTuple):
    """Pods in the order in which they arrive."""

    spec: np.ndarray
    """int [pods]: indices into the workload's specs."""
    arrival_s: np.ndarray
    """float64 [pods], not falling."""
    duration_s: np.ndarray
    """float64 [pods]; infinite: it stays until the episode ends."""


class Source(Protocol):
    """Draws episodes."""

    def __call__(self, random: np.random.Generator) -> Episode:
        """The pods of an episode; everything that is random about it comes from `random`."""
        ...


class Windows:
    """Stretches of a workload: `pods` of them in a row, in their order of arrival, from a place that is drawn."""

    def __init__(self, workload: Workload, pods: int | None):
        order = np.argsort(workload.pods["arrival_s"], kind="stable")
        order = order[workload.pods["node"][order] == NO_INDEX]
        count = len(order) if pods is None else pods
        if not 1 <= count <= len(order):
            raise ValueError(f"pods: {pods}, the workload has {len(order)} to be placed, and an episode at least 1")
        self._table, self._count = workload.pods[order], count

    def __call__(self, random: np.random.Generator) -> Episode:
        start = int(random.integers(len(self._table) - self._count + 1))
        pods = self._table[start : start + self._count]
        return Episode(pods["spec"], pods["arrival_s"] - pods["arrival_s"][0], pods["duration_s"])


class Poisson:
    """Pods of all specs alike, whose gaps and durations are drawn from exponential distributions: a mean of 1 s between
    two, and durations whose mean asks for `load` times the scarcest resource of the cluster."""

    def __init__(self, workload: Workload, pods: int, load: float = 1.1):
        if pods < 1 or not 0 < load < np.inf:
            raise ValueError(f"pods: {pods}, load: {load}; at least one pod and a load above 0 are needed")
        asked, total = requests_of(workload).mean(axis=0), allocatable_of(workload).sum(axis=0)
        share = (asked / np.maximum(total, 1)).max()
        self._kinds, self._count, self._mean_s = len(workload.specs), pods, load / max(share, 1e-12)

    def __call__(self, random: np.random.Generator) -> Episode:
        spec = random.integers(self._kinds, size=self._count)
        arrival = np.cumsum(random.exponential(1.0, self._count))
        return Episode(spec, arrival - arrival[0], random.exponential(self._mean_s, self._count))


def synthetic(nodes: int) -> Workload:
    """`nodes` equal nodes of 32 cores and 128 GiB, and fifteen kinds of pods, from half a core and 1 GiB to 8 cores and
    16 GiB."""
    specs = tuple(PodSpec({"cpu": cpu, "memory": memory}) for cpu in _POD_CPU for memory in _POD_MEMORY_MIB)
    return workload_of(fleet(nodes, _NODE, RESOURCES), specs)


def workload_of(nodes: Workload, specs: Sequence[PodSpec]) -> Workload:
    """Nodes with kinds of pods, for a source of one's own."""
    none: dict[str, list[int]] = {name: [] for name in nodes.resources}
    return replace(nodes, specs=tuple(specs), pods=pod_table([], none, spec=[]))


def allocatable_of(workload: Workload) -> np.ndarray:
    """int64 [nodes, R]: what is counted, and in the last column GPUs in milli, where these are devices."""
    if not workload.uses_devices:
        return workload.allocatable
    return np.column_stack([workload.allocatable, workload.nodes["gpus"].astype(np.int64) * 1000])


def requests_of(workload: Workload) -> np.ndarray:
    """int64 [specs, R], likewise; memory and MIG instances of a GPU are not seen in it."""
    rows = []
    for spec in workload.specs:
        row = [quantity(spec.requests.get(name, 0), unit) for name, unit in workload.resources.items()]
        if workload.uses_devices:
            row.append(_gpu_milli(spec.devices))
        rows.append(row)
    return np.array(rows, np.int64)


def _gpu_milli(demand: Demand | None) -> int:
    if demand is None or demand.mig_profile or demand.time_slice:
        return 0
    return demand.gpus * (1000 if demand.share_milli is None else demand.share_milli)
