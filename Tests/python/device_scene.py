"""A small engine for tests of devices: nodes with a machine each, classes by what they ask for, and its digest."""

import numpy as np
from berth_abi import load
from berth_claims import Claims
from berth_devices import Devices

abi = load()
ffi, lib = abi.ffi, abi.lib

PAIRS = """\
\tGPU0\tGPU1\tGPU2\tGPU3\tCPU Affinity\tNUMA Affinity
GPU0\t X \tNV4\tSYS\tSYS\t0-15\t0
GPU1\tNV4\t X \tSYS\tSYS\t0-15\t0
GPU2\tSYS\tSYS\t X \tNV4\t16-31\t1
GPU3\tSYS\tSYS\tNV4\t X \t16-31\t1

Legend:

  X    = Self
"""


class Scene:
    def __init__(self, nodes: int = 2, machine: str | None = "flat-4", model: str | None = "A100-SXM4-80GB"):
        self.engine = abi.create()
        self.devices, self.claims = Devices(abi, self.engine), Claims(abi, self.engine)
        self.cpu = self.id(lib.berth_resource_add, b"cpu", lib.BERTH_RESOURCE_CPU)
        batch, self.nodes = ffi.new("berth_node_batch *"), np.zeros(nodes, np.uint64)
        lib.berth_node_batch_init(batch)
        rows, cells = ffi.new("berth_node[]", nodes), ffi.new("int64_t[]", [64000] * nodes)
        resources = ffi.new("berth_resource_id[]", [self.cpu])
        batch.count, batch.resource_count, batch.resources = nodes, 1, resources
        batch.nodes, batch.allocatable = rows, cells
        self.call(lib.berth_nodes_add, batch, abi.column("berth_node_id *", self.nodes))
        term = ffi.new("berth_term[]", [{"kind": lib.BERTH_TERM_BINPACK, "weight": 1.0}])
        self.profile = self.id(lib.berth_profile_add, b"packing", term, 1)
        if machine:
            self.machine = self.devices.standard_machine(machine, model)
            self.devices.set_machines(self.nodes, self.machine)

    def call(self, function, *arguments):
        abi.check(self.engine, function(self.engine, *arguments))

    def id(self, function, *arguments) -> int:
        out = ffi.new("uint32_t *")
        self.call(function, *arguments, out)
        return out[0]

    def pod_class(self, **demand) -> int:
        spec, wanted = ffi.new("berth_pod_spec *"), self.claims.demand(**demand)
        lib.berth_pod_spec_init(spec)
        request = ffi.new("berth_quantity[]", [(self.cpu, 0, 1000)])
        spec.profile, spec.requests, spec.request_count, spec.devices = self.profile, request, 1, wanted
        return self.id(lib.berth_class_intern, spec)

    def place(self, pod_class: int, count: int = 1) -> np.ndarray:
        """The placed pods."""
        placements = ffi.new("berth_placement[]", count)
        self.call(lib.berth_pods_place, ffi.new("uint32_t[]", [pod_class] * count), count, 0, placements)
        return np.array([place.pod for place in placements if place.outcome == lib.BERTH_PLACED], np.uint64)

    def release(self, pod: int) -> None:
        self.call(lib.berth_pods_release, ffi.new("uint64_t[]", [int(pod)]), 1)

    def node_of(self, pod: int) -> int:
        state = ffi.new("berth_pod_state *")
        self.call(lib.berth_pods_read, ffi.new("uint64_t[]", [int(pod)]), 1, state)
        return state.node

    def digest(self) -> int:
        out = ffi.new("uint64_t *")
        self.call(lib.berth_engine_digest, out)
        return out[0]

    def validate(self) -> None:
        self.call(lib.berth_engine_validate)
