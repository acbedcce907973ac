"""Fragmentation: how much of what is free nobody can use."""

from typing import Any, Protocol

import numpy as np

from ..engine import Engine


def stranded(free: np.ndarray, allocatable: np.ndarray, requests: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How much of each node is free and of no use to typical pods, 0..1: the mean share that is free over the resources
    that the node has, times the share of pods that do not fit in it.

    free, allocatable: int64 [n, r]. requests: int64 [kinds, r]; weights [kinds], how frequent each kind is. After the
    fragmentation measure F of Weng et al., USENIX ATC 2023, section 3.1, for resources that are counted: there a kind
    that does not fit counts all that is free of the node as fragmented, too. float64 [n]."""
    total = float(np.sum(weights))
    if total <= 0:
        raise ValueError("weights: they must have a sum above 0")
    has = allocatable > 0
    share = np.divide(np.maximum(free, 0), allocatable, out=np.zeros(has.shape), where=has)
    mean = share.sum(axis=1) / np.maximum(has.sum(axis=1), 1)
    kept_out = np.zeros(len(free))
    for request, weight in zip(requests, weights, strict=True):
        asked = request > 0
        kept_out += weight * (free[:, asked] < request[asked]).any(axis=1)
    unusable: np.ndarray = mean * kept_out / total
    return unusable


class Fragmentation(Protocol):
    """Measures the fragmented part of nodes."""

    def __call__(self, nodes: np.ndarray) -> np.ndarray:
        """float64 [n] of nodes (ids), in shares of the whole cluster."""
        ...


class Stranded:
    """`stranded` of an engine's nodes, over the resources and kinds of pods given; 1 would be all of all nodes."""

    def __init__(self, engine: Engine, nodes: int, resources: Any, requests: np.ndarray, weights: np.ndarray):
        self._engine, self._count, self._resources = engine, nodes, list(resources)
        self._requests, self._weights = requests, weights

    def __call__(self, nodes: np.ndarray) -> np.ndarray:
        allocatable = self._engine.nodes.allocatable(nodes, self._resources)
        free = allocatable - self._engine.nodes.requested(nodes, self._resources)
        return stranded(free, allocatable, self._requests, self._weights) / self._count


class GPUFragmentation:
    """FGD's F, as the engine has it of its typical pods, in shares of all GPUs."""

    def __init__(self, engine: Engine, gpu_milli: int):
        self._engine, self._total = engine, max(gpu_milli, 1)

    def __call__(self, nodes: np.ndarray) -> np.ndarray:
        return self._engine.devices.read_fragmentation(nodes) / self._total


class Running:
    """The sum over the cluster, kept current by the nodes that changed."""

    def __init__(self, measure: Fragmentation, nodes: np.ndarray):
        self._measure, self._nodes = measure, nodes
        self._values = measure(nodes)
        self._sum = float(self._values.sum())

    def after(self, changed: list[int]) -> float:
        """The sum, when nodes at these places changed."""
        if changed:
            places = np.unique(np.array(changed, np.int64))
            values = self._measure(self._nodes[places])
            self._sum += float((values - self._values[places]).sum())
            self._values[places] = values
        return self._sum
