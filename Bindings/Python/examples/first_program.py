"""A first program: two zones, four nodes, three pod classes; place, explain, release.

pip install ./Bindings/Python && python3 Bindings/Python/examples/first_program.py
"""

import berth
import numpy as np

REASONS = {
    berth.abi.lib.BERTH_REASON_UNSCHEDULABLE: "unschedulable",
    berth.abi.lib.BERTH_REASON_TAINT: "untolerated taint",
    berth.abi.lib.BERTH_REASON_AFFINITY: "node selector or affinity",
}
ZONE = "topology.kubernetes.io/zone"


def explain(engine, name, pod_class, names):
    found = engine.explain(pod_class)
    print(f"{name} fits on {found.feasible} of {found.nodes} nodes")
    for reason in found.reasons:
        print(f"  {reason.nodes} x {REASONS.get(reason.kind) or f'too little {reason.resource}'}")
    if found.nearest:
        node = names[found.nearest.node]
        print(f"  nearest miss: {node} lacks {found.nearest.amount} of {found.nearest.resource}")


def main():
    # What there is: cpu in millicores, memory in MiB, GPUs; two zones, a taint on the GPU machine.
    resources = {"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"}
    engine = berth.Engine(levels=[ZONE], resources=resources, profile="binpack")
    texts = ["north-1", "north-2", "south-1", "south-gpu"]
    nodes = engine.add_nodes(
        np.array([[8000, 32768, 0], [8000, 32768, 0], [16000, 65536, 0], [32000, 131072, 4]]),
        names=texts,
        domains=["north", "north", "south", "south"],
        taints=[None, None, None, ["nvidia.com/gpu=present:NoSchedule"]],
    )
    names = dict(zip(nodes.tolist(), texts, strict=True))

    # What is asked: the profile packs; three classes of pods.
    web = engine.pod_class({"cpu": 2000, "memory": "4Gi"})
    south_only = engine.pod_class({"cpu": 4000, "memory": "8Gi"}, node_selector={ZONE: "south"})
    training = engine.pod_class(
        {"cpu": 8000, "memory": "32Gi", "nvidia.com/gpu": 2}, tolerations=[berth.Toleration("nvidia.com/gpu")]
    )
    class_names = {web: "web", south_only: "south-only", training: "training"}

    placed = engine.place([web, web, south_only, training, training, training])
    for placement in placed:
        name = class_names[placement.pod_class]
        print(f"{name} -> {names[placement.node]}, score {placement.score}" if placement else f"{name} -> nowhere")
    explain(engine, "web", web, names)
    explain(engine, "training", training, names)

    # One training pod ends, and the next one finds its place.
    engine.release(placed.pods[placed.classes == training][:1])
    placement = engine.place_one(training)
    print(f"after a release: training -> {names[placement.node]}, score {placement.score}")

    info = engine.metrics.info()
    print(f"{info['pods']} pods on {info['nodes']} nodes")
    print(f"allocator {info['allocator']}, CPU level {info['cpu_level']}")


main()
