"""A small engine for tests of devices: nodes with a machine each, classes by what they ask for, and its digest."""

import berth
import numpy as np
from berth import abi

lib = abi.lib

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
        self.engine = berth.Engine(resources={"cpu": "milli"})
        self.devices, self.claims = self.engine.devices, self.engine.claims
        self.nodes = self.engine.add_nodes(np.full((nodes, 1), 64000))
        if machine:
            self.machine = self.devices.standard_machine(machine, model)
            self.devices.set_machines(self.nodes, self.machine)

    def pod_class(self, **demand) -> int:
        return self.engine.pod_class({"cpu": 1000}, devices=berth.Demand(**demand))

    def place(self, pod_class: int, count: int = 1) -> np.ndarray:
        """The placed pods."""
        placements = self.engine.place(pod_class, count)
        return placements.pods[placements.placed].copy()

    def release(self, pod: int) -> None:
        self.engine.release(pod)

    def node_of(self, pod: int) -> int:
        return int(self.engine.read_pods(pod)["node"][0])

    def digest(self) -> int:
        return self.engine.digest

    def validate(self) -> None:
        self.engine.validate()
