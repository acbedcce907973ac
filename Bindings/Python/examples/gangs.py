"""Gangs: place whole or not at all, shrink, grow, prove, start together, on seven nodes in three racks.

BERTH_LIBRARY_DIR=.build/release python3 Bindings/Python/examples/gangs.py
"""

import sys
from itertools import groupby
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from berth_abi import BerthError, load
from berth_gangs import Gang, Gangs, Ring, Role, Slice

berth = load()
ffi, lib = berth.ffi, berth.lib

LEVELS = ["zone", "rack"]
NODES = {"a1-1": "a1", "a1-2": "a1", "a2-1": "a2", "a2-2": "a2", "b1-1": "b1", "b1-2": "b1", "b1-3": "b1"}


class Scene:
    """Two racks of two nodes in zone-a, one of three in zone-b; a node takes four pods."""

    def __init__(self):
        self.engine = berth.create(LEVELS)
        self.gangs = Gangs(berth, self.engine, LEVELS)
        self.cpu = self.id(lib.berth_resource_add, b"cpu", lib.BERTH_RESOURCE_CPU)
        term = ffi.new("berth_term[]", [{"kind": lib.BERTH_TERM_BINPACK, "weight": 1.0}])
        self.packing = self.id(lib.berth_profile_add, b"packing", term, 1)
        zones = {name: self.id(lib.berth_domain_add, 0, b"zone-" + name.encode()) for name in ("a", "b")}
        racks = {name: self.id(lib.berth_domain_add, zones[name[0]], name.encode()) for name in ("a1", "a2", "b1")}
        self.nodes = self.add_nodes([racks[rack] for rack in NODES.values()])
        self.names = dict(zip(self.nodes.tolist(), NODES, strict=True))
        self.worker, self.master = self.add_class(0), self.add_class(1)

    def call(self, function, *arguments):
        berth.check(self.engine, function(self.engine, *arguments))

    def id(self, function, *arguments) -> int:
        out = ffi.new("uint32_t *")
        self.call(function, *arguments, out)
        return out[0]

    def add_nodes(self, racks: list[int]) -> np.ndarray:
        rows = np.zeros(len(racks), berth.dtype("berth_node"))
        rows["domain"] = racks
        millicores, ids = np.full(len(rows), 4000, np.int64), np.zeros(len(rows), np.uint64)
        texts = [ffi.new("char[]", name.encode()) for name in NODES]
        names, resources = ffi.new("char *[]", texts), ffi.new("berth_resource_id[]", [self.cpu])
        batch = ffi.new("berth_node_batch *")
        lib.berth_node_batch_init(batch)
        batch.count, batch.resource_count, batch.resources, batch.names = len(rows), 1, resources, names
        batch.nodes, batch.allocatable = berth.column("berth_node *", rows), berth.column("int64_t *", millicores)
        self.call(lib.berth_nodes_add, batch, berth.column("berth_node_id *", ids))
        return ids

    def add_class(self, priority: int) -> int:
        spec, request = ffi.new("berth_pod_spec *"), ffi.new("berth_quantity[]", [(self.cpu, 0, 1000)])
        lib.berth_pod_spec_init(spec)
        spec.profile, spec.priority, spec.requests, spec.request_count = self.packing, priority, request, 1
        return self.id(lib.berth_class_intern, spec)

    def on(self, nodes) -> str:
        """Members by node, "a1-1 x4, a1-2 x4"."""
        return ", ".join(f"{self.names[node]} x{len(list(same))}" for node, same in groupby(nodes.tolist()))

    def place(self, what: str, gang: Gang):
        found = self.gangs.place(gang)
        print(f"{what}: {found.sentence}")
        if found:
            opened, bounds = (" ".join(map(str, counts[1:])) for counts in (found.domains, found.domains_bound))
            proven = "not all of it proven" if found.limits else "proven"
            print(f"  opened {opened}, no placement opens less than {bounds}, {proven}")
            print(f"  on: {self.on(found.placements['node'])}")
        return found


def separate(scene):
    """A master and eight workers, in one zone, but not in one rack."""
    roles = [Role(scene.master, 1), Role(scene.worker, 4, 8)]
    found = scene.gangs.place(Gang(roles, required="zone", separate="rack"), dry_run=True)
    print("a master and its workers:", found.sentence)


def train(scene):
    """Eight workers in a rack, then four of them, then as many as the rack takes."""
    found = scene.place("training", Gang([Role(scene.worker, 8)], required="rack"))
    released = scene.gangs.shrink(found.placements["pod"], keep=4)
    left = found.placements[~np.isin(found.placements["pod"], released)]
    print("shrunk to 4:", scene.on(left["node"]))
    scene.place("grown", Gang([Role(scene.worker, 1, 16, running=left["pod"])], required="rack"))


def ask_too_much(scene):
    """More than a rack holds: required, that is proven not to be; preferred, it is placed as close as can be."""
    scene.place("13 in a rack", Gang([Role(scene.worker, 13)], required="rack"))
    found = scene.gangs.place(Gang([Role(scene.worker, 13)], preferred="rack"), dry_run=True)
    print("13, better in a rack:", found.sentence)
    print("  in one" if found.preferred_met else "  in more than one")


def ring(scene):
    """Two neighbours of a ring of five nodes, the first of which is taken."""
    gang = Gang([Role(scene.worker, 2)], fabrics=[Ring(scene.nodes[[0, 2, 3, 4, 6]])])
    print("two neighbours of a ring:", scene.on(scene.gangs.place(gang, dry_run=True).placements["node"]))


def start_together(scene, members: int):
    """Four workers in pairs on nodes, and more in a rack, which start together: all of them, or none."""
    pairs = Gang([Role(scene.worker, 4, slices=[Slice("node", 2)])])
    others = Gang([Role(scene.worker, members)], required="rack")
    print(f"4 and {members} together")
    for found in scene.gangs.place_all([pairs, others]):
        print("  one:", found.sentence)
        if found:
            print("    on:", scene.on(found.placements["node"]))


def main():
    scene = Scene()
    try:
        scene.gangs.place(Gang([Role(scene.worker, 2, 1)]))
    except BerthError as refused:
        print("at least 2, at most 1:", refused.name)
    separate(scene)
    train(scene)
    ask_too_much(scene)
    ring(scene)
    start_together(scene, 13)
    start_together(scene, 12)


main()
