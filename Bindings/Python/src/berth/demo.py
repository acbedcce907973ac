"""A tour of the engine on a small cluster.

    python -m berth.demo [--nodes 100000] [--pods 100000]

Prints what it does; the last lines are how long a decision took here."""

import argparse
import time
from collections.abc import Sequence

import numpy as np

from . import Demand, Engine, Gang, Placements, Role, __version__


def cluster(nodes: int) -> Engine:
    """Nodes in ten racks of two zones: 8 cores and 32 GiB each, every tenth with eight GPUs."""
    engine = Engine(["zone", "rack"], {"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"}, "binpack")
    index = np.arange(nodes)
    has_gpus = index % 10 == 9
    allocatable = np.column_stack([np.full(nodes, 8000), np.full(nodes, 32768), np.where(has_gpus, 8, 0)])
    racks = [(f"zone-{rack // 5}", f"rack-{rack}") for rack in range(10)]
    domains = [racks[rack] for rack in (index * 10 // nodes).tolist()]
    ids = engine.add_nodes(allocatable, domains=domains, names=[f"node-{number}" for number in range(nodes)])
    engine.devices.set_machines(ids[has_gpus], engine.devices.standard_machine("dgx-h100"))
    return engine


def tour(engine: Engine, pods: int) -> None:
    """Places, asks why, tries, and measures."""
    web = engine.pod_class({"cpu": "500m", "memory": "1Gi"})
    training = engine.pod_class({"cpu": 4000, "nvidia.com/gpu": 8}, devices=Demand(gpus=8, prefer_links=True))
    print(f"{len(engine.nodes)} nodes; 3 web pods:")
    for name, placement in zip(names(engine, placed := engine.place(web, 3)), placed, strict=True):
        print(f"  on {name}, score {placement.score}")

    gang = Gang([Role(training, 1), Role(web, 4)], preferred="rack")
    print(f"a gang of a trainer and 4 workers: {engine.gangs.place(gang).sentence}")

    huge = engine.pod_class({"cpu": 9000, "memory": "1Gi"})
    print(f"a pod of 9 cores: {engine.explain(huge)}")

    before = engine.digest
    with engine.what_if():
        more = engine.place(web, count=1000)
        print(f"what if there were 1000 more: {int(more.placed.sum())} would be placed")
    print(f"afterwards the cluster is {'the same' if engine.digest == before else 'another'}")

    began = time.perf_counter()
    placed = engine.place(web, count=pods)
    seconds = time.perf_counter() - began
    done = int(placed.placed.sum())
    print(f"{pods} pods in one call: {done} placed, {seconds / pods * 1e9:.0f} ns each")
    place_next, count = engine.placer(web), min(1000, pods)
    engine.release(placed[-count:])
    began = time.perf_counter()
    for _ in range(count):
        place_next()
    print(f"{count} pods one by one: {(time.perf_counter() - began) / count * 1e6:.1f} microseconds each")


def names(engine: Engine, placed: Placements) -> list[str]:
    """Names of the nodes that pods were placed on."""
    return [str(name) for name in engine.nodes.names(placed.nodes)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m berth.demo", description="A tour of the engine.")
    parser.add_argument("--nodes", type=int, default=100_000, help="nodes of the cluster, at least 10 (%(default)s)")
    parser.add_argument("--pods", type=int, default=100_000, help="pods of the measured call, at least 1 (%(default)s)")
    told = parser.parse_args(arguments)
    if told.nodes < 10 or told.pods < 1:
        parser.error("--nodes must be at least 10, --pods at least 1")
    print(f"berth {__version__}")
    with cluster(told.nodes) as engine:
        tour(engine, told.pods)


if __name__ == "__main__":
    main()
