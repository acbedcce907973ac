"""Berth against what a researcher would write instead: exact decisions by NumPy.

    python benchmarks/numpy_baseline.py                  # a million nodes
    python benchmarks/numpy_baseline.py --nodes 10000 --compared 1000 --json

The baseline keeps one float64 column for each resource, and for each pod masks the nodes where it fits, scores all of
them, takes the masked argmax (the first of equal ones), and writes the node's columns: a few passes over all nodes in
buffers that are allocated once. In float64 every intermediate figure is exact, since capacities are below 2^20 and
scores are of 2^20. The engine gets all pods in one call. Both begin from the same cluster, and node and score of every
decision that NumPy made are compared.

Time is per decision, without building the cluster; the engine's is the mean over all of its pods, first ones included.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import berth
import numpy as np
from machine import describe

RESOURCES = {"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"}
# Hosts of five kinds: cpu in milli, memory in MiB, GPUs.
SHAPES = np.array(
    [(64000, 262144, 0), (96000, 393216, 8), (128000, 786432, 8), (104000, 524288, 4), (32000, 131072, 2)], np.int64
)
TARGET = 1000


def cluster(nodes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What nodes have, and what of it is in use, anything between nothing and 5/6. int64 [n, resources]."""
    random = np.random.default_rng(seed)
    allocatable = SHAPES[random.integers(len(SHAPES), size=nodes)]
    filled = random.integers(0, 1000, nodes)
    requested = allocatable * filled[:, None] // 1200
    requested[:, 2] = random.integers(0, allocatable[:, 2] + 1)
    return allocatable, requested


def demands(classes: int, seed: int) -> np.ndarray:
    """What classes of pods request, int64 [classes, resources]; a third of them wants GPUs."""
    random = np.random.default_rng(seed + 1)
    gpus = np.where(random.integers(3, size=classes) == 0, 1 << random.integers(0, 4, classes), 0)
    cpu, memory = 1000 * random.integers(1, 17, classes), 4096 * random.integers(1, 17, classes)
    return np.column_stack([cpu, memory, gpus])


class Baseline:
    """Masked argmax over columns."""

    def __init__(self, allocatable: np.ndarray, requested: np.ndarray, profile: str):
        self.capacity = [column.astype(np.float64) for column in allocatable.T]
        self.used = [column.astype(np.float64) for column in requested.T]
        # a node that lacks a resource scores 0 for it
        self.divisor = [np.maximum(column, 1) for column in self.capacity]
        self.sign = 1 if profile == "binpack" else -1
        self.free = [capacity - used for capacity, used in zip(self.capacity, self.used, strict=True)]
        count = len(allocatable)
        self.fits, self.also = np.empty(count, bool), np.empty(count, bool)
        self.score, self.part = np.empty(count), np.empty(count)

    def place(self, demand: list[float]) -> tuple[int, int]:
        """Node and score, or -1 and 0."""
        np.greater_equal(self.free[0], demand[0], out=self.fits)
        for free, asked in zip(self.free[1:], demand[1:], strict=True):
            if asked:
                np.greater_equal(free, asked, out=self.also)
                self.fits &= self.also
        for position, asked in enumerate(demand):
            part = self.part if position else self.score
            np.add(self.used[position], asked, out=part)
            part *= float(1 << 20)
            part /= self.divisor[position]
            np.floor(part, out=part)
            if position:
                self.score += part
        if self.sign < 0:
            np.negative(self.score, out=self.score)
        # what does not fit falls behind everything that does
        np.copyto(self.score, -np.inf, where=np.logical_not(self.fits, out=self.also))
        node = int(self.score.argmax())
        if not self.fits[node]:
            return -1, 0
        for position, asked in enumerate(demand):
            self.used[position][node] += asked
            self.free[position][node] -= asked
        return node, int(self.score[node])


class Stopwatch:
    """Wall time, and CPU time, which other programs on the machine disturb less."""

    def __init__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def microseconds(self, decisions: int) -> tuple[float, float]:
        """Since it was made, for each decision: wall, CPU."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return wall / decisions * 1e6, cpu / decisions * 1e6


def measure(
    nodes: int, compared: int, pods: int, classes: int, profile: str, seed: int, report=lambda text: None
) -> dict:
    """The figures, and whether all decisions are equal."""
    allocatable, requested = cluster(nodes, seed)
    asked = demands(classes, seed)
    order = np.random.default_rng(seed + 2).integers(classes, size=pods)

    report(f"building the engine's cluster of {nodes:,} nodes")
    start = time.perf_counter()
    engine = berth.Engine(resources=RESOURCES, profile=profile)
    ids = engine.add_nodes(allocatable, requested=requested)
    added = time.perf_counter() - start
    specs = [berth.PodSpec(dict(zip(RESOURCES, row, strict=True))) for row in asked.tolist()]
    wanted = np.array([int(made) for made in engine.pod_classes(specs)], np.uint32)[order]
    report(f"placing {pods:,} pods with the engine, in one call")
    watch = Stopwatch()
    placed = engine.place(wanted)
    engine_wall, engine_cpu = watch.microseconds(pods)

    baseline = Baseline(allocatable, requested, profile)
    rows = asked.astype(np.float64).tolist()
    report(f"placing the first {compared:,} of them with NumPy")
    watch = Stopwatch()
    decisions = [baseline.place(rows[kind]) for kind in order[:compared].tolist()]
    numpy_wall, numpy_cpu = watch.microseconds(compared)

    place_of = {node: place for place, node in enumerate(ids.tolist())}
    first = placed[:compared]
    own = [
        (place_of[node] if fits else -1, score)
        for node, score, fits in zip(first.nodes.tolist(), first.score.tolist(), first.placed.tolist(), strict=True)
    ]
    unequal = sum(mine != theirs for mine, theirs in zip(own, decisions, strict=True))
    return {
        "nodes": nodes,
        "profile": profile,
        "classes": classes,
        "compared": compared,
        "unequal": unequal,
        "placed_of_compared": int(first.placed.sum()),
        "engine_pods": pods,
        "engine_add_seconds": round(added, 3),
        "numpy_us_per_decision": round(numpy_wall, 1),
        "engine_us_per_decision": round(engine_wall, 3),
        "times_faster": round(numpy_wall / engine_wall),
        "numpy_cpu_us_per_decision": round(numpy_cpu, 1),
        "engine_cpu_us_per_decision": round(engine_cpu, 3),
        "times_faster_by_cpu_time": round(numpy_cpu / engine_cpu),
        "target_times_faster": TARGET,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Decide the same with Berth and with NumPy, compare every decision, and tell the time of each.",
        epilog="The exit status is 1 if a decision differs.",
    )
    parser.add_argument("--nodes", type=int, default=1_000_000, help="nodes (default: %(default)s)")
    parser.add_argument("--compared", type=int, default=300, help="pods that both place (default: %(default)s)")
    parser.add_argument("--pods", type=int, default=200_000, help="pods that the engine places (default: %(default)s)")
    parser.add_argument("--classes", type=int, default=100, help="different pod classes (default: %(default)s)")
    parser.add_argument("--profile", choices=("binpack", "spread"), help="one of them (default: both)")
    parser.add_argument("--seed", type=int, default=1, help="of cluster and pods (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args(arguments)
    for name in ("nodes", "compared", "pods", "classes"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: {getattr(options, name)} is below 1")
    if options.pods < options.compared:
        parser.error(f"--pods: {options.pods} is below --compared, {options.compared}")

    def report(text: str) -> None:
        if sys.stderr.isatty():
            print(text, file=sys.stderr)

    sizes = (options.nodes, options.compared, options.pods, options.classes)
    profiles = [options.profile] if options.profile else ["binpack", "spread"]
    results = [measure(*sizes, profile, options.seed, report) for profile in profiles]
    if options.json:
        print(json.dumps({"machine": describe(), "results": results}))
    else:
        print("profile          nodes  time     NumPy, us   Berth, us     times  compared  unequal")
        for own in results:
            for kind, cpu, by in (("wall", "", ""), ("CPU", "cpu_", "_by_cpu_time")):
                print(
                    f"{own['profile']:<10}{own['nodes']:>12,}  {kind:<4}{own[f'numpy_{cpu}us_per_decision']:>14,.1f}"
                    f"{own[f'engine_{cpu}us_per_decision']:>12,.3f}{own[f'times_faster{by}']:>10,}"
                    f"{own['compared']:>10,}{own['unequal']:>9,}"
                )
    return 1 if any(own["unequal"] for own in results) else 0


if __name__ == "__main__":
    sys.exit(main())
