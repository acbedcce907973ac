"""A first program in Python: two zones, four nodes, three pod classes; place, explain, release.

BERTH_LIBRARY_DIR=.build/release python3 Bindings/Python/examples/first_program.py
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from berth_abi import load

berth = load()
ffi, lib = berth.ffi, berth.lib

NODE, PLACEMENT = np.dtype(berth.dtype("berth_node")), np.dtype(berth.dtype("berth_placement"))
REASON = {
    lib.BERTH_REASON_UNSCHEDULABLE: "unschedulable",
    lib.BERTH_REASON_TAINT: "untolerated taint",
    lib.BERTH_REASON_AFFINITY: "node selector or affinity",
}


class Cluster:
    """The few calls this program needs, with Python's types around them."""

    def __init__(self):
        self.engine = berth.create(levels=["topology.kubernetes.io/zone"])

    def call(self, function, *arguments):
        berth.check(self.engine, function(self.engine, *arguments))

    def id_of(self, function, *arguments):
        out = ffi.new("uint32_t *")
        self.call(function, *arguments, out)
        return out[0]

    def pod_class(self, profile, requests, selector=(), tolerations=()):
        spec = ffi.new("berth_pod_spec *")
        lib.berth_pod_spec_init(spec)
        quantities = ffi.new("berth_quantity[]", [(resource, 0, value) for resource, value in requests])
        texts = [(ffi.new("char[]", key), ffi.new("char[]", value)) for key, value in selector]
        labels = ffi.new("berth_label[]", texts)
        keys = [ffi.new("char[]", key) for key in tolerations]
        tolerated = ffi.new(
            "berth_toleration[]",
            [(key, ffi.NULL, lib.BERTH_TOLERATION_EXISTS, lib.BERTH_EFFECT_ANY) for key in keys],
        )
        spec.profile = profile
        spec.requests, spec.request_count = quantities, len(requests)
        spec.node_selector, spec.node_selector_count = labels, len(texts)
        spec.tolerations, spec.toleration_count = tolerated, len(keys)
        return self.id_of(lib.berth_class_intern, spec)

    def place(self, classes):
        classes = np.asarray(classes, dtype=np.uint32)
        placements = np.zeros(len(classes), dtype=PLACEMENT)
        self.call(
            lib.berth_pods_place,
            berth.column("berth_class_id *", classes),
            len(classes),
            0,
            berth.column("berth_placement *", placements),
        )
        return placements


def explain(cluster, name, pod_class, nodes):
    explanation = ffi.new("berth_explanation *")
    explanation.struct_size = ffi.sizeof("berth_explanation")
    reasons = ffi.new("berth_reason[8]")
    cluster.call(lib.berth_class_explain, pod_class, explanation, reasons, 8)
    print(f"{name} fits on {explanation.feasible} of {explanation.nodes} nodes")
    for reason in reasons[0 : explanation.reason_count]:
        why = REASON.get(reason.kind) or f"too little {nodes['resources'][reason.resource]}"
        print(f"  {reason.nodes} x {why}")
    if explanation.nearest_node != berth.constants["BERTH_NO_NODE"]:
        node = nodes["names"][explanation.nearest_node]
        resource = nodes["resources"][explanation.nearest_resource]
        print(f"  nearest miss: {node} lacks {explanation.nearest_shortfall} of {resource}")


def main():
    cluster = Cluster()

    # What there is: three resources, two zones, a taint on the GPU machine.
    cpu = cluster.id_of(lib.berth_resource_add, b"cpu", lib.BERTH_RESOURCE_CPU)
    memory = cluster.id_of(lib.berth_resource_add, b"memory", lib.BERTH_RESOURCE_MEMORY)
    gpu = cluster.id_of(lib.berth_resource_add, b"nvidia.com/gpu", lib.BERTH_RESOURCE_GPU)
    north = cluster.id_of(lib.berth_domain_add, 0, b"north")
    south = cluster.id_of(lib.berth_domain_add, 0, b"south")
    key, value = ffi.new("char[]", b"nvidia.com/gpu"), ffi.new("char[]", b"present")
    taint = ffi.new("berth_taint[]", [(key, value, lib.BERTH_EFFECT_NO_SCHEDULE, 0)])
    gpu_only = cluster.id_of(lib.berth_taint_set_intern, taint, 1)

    # Four nodes as columns of numpy arrays: cpu in millicores, memory in MiB, GPUs.
    names = ["north-1", "north-2", "south-1", "south-gpu"]
    rows = np.zeros(4, dtype=NODE)
    rows["domain"] = [north, north, south, south]
    rows["taints"] = [0, 0, 0, gpu_only]
    resources = np.array([cpu, memory, gpu], dtype=np.uint32)
    allocatable = np.array([[8000, 32768, 0], [8000, 32768, 0], [16000, 65536, 0], [32000, 131072, 4]], dtype=np.int64)
    texts = [ffi.new("char[]", name.encode()) for name in names]
    text_pointers = ffi.new("char *[]", texts)
    batch = ffi.new("berth_node_batch *")
    lib.berth_node_batch_init(batch)
    batch.count, batch.resource_count = len(rows), len(resources)
    batch.nodes = berth.column("berth_node *", rows)
    batch.resources = berth.column("berth_resource_id *", resources)
    batch.allocatable = berth.column("int64_t *", allocatable)
    batch.names = text_pointers
    ids = np.zeros(4, dtype=np.uint64)
    cluster.call(lib.berth_nodes_add, batch, berth.column("berth_node_id *", ids))
    nodes = {
        "names": dict(zip(ids.tolist(), names, strict=True)),
        "resources": {cpu: "cpu", memory: "memory", gpu: "nvidia.com/gpu"},
    }

    # What is asked: the profile packs; three classes of pods.
    term = ffi.new("berth_term[]", [{"kind": lib.BERTH_TERM_BINPACK, "weight": 1.0}])
    packing = cluster.id_of(lib.berth_profile_add, b"packing", term, 1)
    web = cluster.pod_class(packing, [(cpu, 2000), (memory, 4096)])
    south_only = cluster.pod_class(
        packing, [(cpu, 4000), (memory, 8192)], selector=[(b"topology.kubernetes.io/zone", b"south")]
    )
    training = cluster.pod_class(packing, [(cpu, 8000), (memory, 32768), (gpu, 2)], tolerations=[b"nvidia.com/gpu"])
    class_names = {web: "web", south_only: "south-only", training: "training"}

    placements = cluster.place([web, web, south_only, training, training, training])
    for placement in placements:
        name = class_names[int(placement["pod_class"])]
        if placement["outcome"] == lib.BERTH_PLACED:
            print(f"{name} -> {nodes['names'][int(placement['node'])]}, score {placement['score']}")
        else:
            print(f"{name} -> nowhere")
    explain(cluster, "web", web, nodes)
    explain(cluster, "training", training, nodes)

    # One training pod ends, and the next one finds its place.
    running = placements[placements["outcome"] == lib.BERTH_PLACED]
    done = np.ascontiguousarray(running["pod"][running["pod_class"] == training][:1])
    cluster.call(lib.berth_pods_release, berth.column("berth_pod_id *", done), 1)
    placement = cluster.place([training])[0]
    print(f"after a release: training -> {nodes['names'][int(placement['node'])]}, score {placement['score']}")

    info = ffi.new("berth_engine_info *")
    info.struct_size = ffi.sizeof("berth_engine_info")
    cluster.call(lib.berth_engine_read_info, info)
    allocator = {lib.BERTH_ALLOCATOR_JEMALLOC: "jemalloc", lib.BERTH_ALLOCATOR_MMAP: "mmap"}[info.allocator]
    level = {lib.BERTH_CPU_SCALAR: "scalar", lib.BERTH_CPU_BASELINE: "baseline", lib.BERTH_CPU_V3: "v3"}
    print(f"{info.pods} pods on {info.nodes} nodes")
    print(f"allocator {allocator}, CPU level {level.get(info.cpu_level, 'v4')}")


main()
