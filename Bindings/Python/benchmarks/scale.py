"""What going beyond one process costs: placements a second of a ShardedEngine, runs a second of a sweep.

    python benchmarks/scale.py
    python benchmarks/scale.py --nodes 5000 --pods 2000 --backend ray --json

Shards decide as one engine does, and both decide here, so every node and score is compared. One engine is faster
wherever it has room: shards are for clusters that have none. Times are wall time of this machine, whose processes share
its CPUs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import berth
import numpy as np
from machine import describe
from numpy_baseline import RESOURCES, cluster, demands

PROFILES = ("binpack", "least_allocated", "spread")


def idle(number: int, seed: int) -> dict:
    """An experiment that does nothing, so that all its time is the sweep's own."""
    return {"figure": number + seed % 2}


def _decide(engine, ids: np.ndarray, order: np.ndarray) -> tuple[dict, list]:
    """Pods a second for batches of one class after the other, and mixed; single decisions; and what was decided."""
    place_of = {node: place for place, node in enumerate(ids.tolist())}
    seen, seconds = [], []
    for batch in (np.sort(order), order):
        start = time.perf_counter()
        placed = engine.place(batch)
        seconds.append((time.perf_counter() - start) / len(batch))
        seen.append(([place_of.get(node) for node in placed.nodes.tolist()], placed.score.tolist()))
    start = time.perf_counter()
    singles = order[:200].tolist()
    for pod_class in singles:
        engine.place(pod_class)
    single = (time.perf_counter() - start) / len(singles)
    rates = {"runs_pods_per_second": round(1 / seconds[0]), "mixed_pods_per_second": round(1 / seconds[1])}
    return rates | {"single_us": round(single * 1e6, 1)}, seen


def measure_shards(nodes: int, pods: int, shards: int, backend: str, profile: str) -> dict:
    """One engine and shards of it on the same cluster and pods."""
    allocatable, requested = cluster(nodes, 1)
    asked = demands(20, 1)
    order = np.random.default_rng(3).integers(20, size=pods)
    zones = [f"zone-{zone}" for zone in np.sort(np.random.default_rng(4).integers(0, 4 * shards, nodes)).tolist()]
    found = {}
    for name in ("engine", "shards"):
        options = {"levels": ["zone"], "resources": RESOURCES, "profile": profile}
        more = {"shards": shards, "backend": backend} if name == "shards" else {}
        with (berth.ShardedEngine if more else berth.Engine)(**options, **more) as engine:
            ids = engine.add_nodes(allocatable, requested=requested, domains=zones)
            specs = [berth.PodSpec(dict(zip(RESOURCES, row, strict=True))) for row in asked.tolist()]
            classes = np.array([int(engine.pod_class(spec)) for spec in specs], np.uint32)
            found[name] = _decide(engine, ids, classes[order])
    unequal = sum(
        mine != theirs
        for own, other in zip(found["engine"][1], found["shards"][1], strict=True)
        for mine, theirs in zip(zip(*own, strict=True), zip(*other, strict=True), strict=True)
    )
    told = {"profile": profile, "nodes": nodes, "pods": 2 * pods, "shards": shards, "backend": backend}
    return told | {"unequal": unequal, "engine": found["engine"][0], "sharded": found["shards"][0]}


def measure_sweep(runs: int, workers: int, backend: str) -> dict:
    """Runs a second of an experiment that does nothing, with the start of the workers."""
    start = time.perf_counter()
    table = berth.sweep(idle, {"number": range(runs)}, workers=workers, backend=backend, progress=False)
    seconds = time.perf_counter() - start
    assert table["figure"].to_pylist() == [row["number"] + row["seed"] % 2 for row in table.to_pylist()]
    return {"backend": backend, "workers": workers, "runs": runs, "runs_per_second": round(runs / seconds)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Measure sharded engines beside one engine, and the overhead of sweeps.",
        epilog="The exit status is 1 if a decision of the shards differs from the engine's.",
    )
    parser.add_argument("--nodes", type=int, default=20_000, help="nodes (default: %(default)s)")
    parser.add_argument("--pods", type=int, default=10_000, help="pods of a batch (default: %(default)s)")
    parser.add_argument("--shards", type=int, default=2, help="shards (default: %(default)s)")
    parser.add_argument(
        "--backend", choices=("processes", "ray", "inline"), default="processes", help="where they live"
    )
    parser.add_argument("--runs", type=int, default=20_000, help="runs of the sweep (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args(arguments)
    for name in ("nodes", "pods", "shards", "runs"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: {getattr(options, name)} is below 1")
    sizes = (options.nodes, options.pods, options.shards, options.backend)
    results = [measure_shards(*sizes, profile) for profile in PROFILES]
    inline = options.backend == "inline"
    sweep = measure_sweep(options.runs, 0 if inline else options.shards, "processes" if inline else options.backend)
    if options.json:
        print(json.dumps({"machine": describe(), "shards": results, "sweep": sweep}))
    else:
        print("profile                        runs, pods/s   mixed, pods/s   single, us   unequal")
        for own in results:
            for name in ("engine", "sharded"):
                who = "one engine" if name == "engine" else f"{own['shards']} shards, {own['backend']}"
                rates = own[name]
                unequal = f"{own['unequal']:>10,}" if name == "sharded" else ""
                print(
                    f"{own['profile']:<17}{who:<20}{rates['runs_pods_per_second']:>6,}"
                    f"{rates['mixed_pods_per_second']:>16,}{rates['single_us']:>13,.1f}{unequal}"
                )
        print(f"sweep of {sweep['runs']:,} runs that do nothing: {sweep['runs_per_second']:,} runs/s")
    return 1 if any(own["unequal"] for own in results) else 0


if __name__ == "__main__":
    sys.exit(main())
