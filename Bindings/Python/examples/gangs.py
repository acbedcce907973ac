"""Gangs: place whole or not at all, shrink, grow, prove, start together, on seven nodes in three racks.

pip install ./Bindings/Python && python3 Bindings/Python/examples/gangs.py
"""

from itertools import groupby

import berth
import numpy as np
from berth import Gang, Ring, Role, Slice

NODES = {"a1-1": "a1", "a1-2": "a1", "a2-1": "a2", "a2-2": "a2", "b1-1": "b1", "b1-2": "b1", "b1-3": "b1"}


class Scene:
    """Two racks of two nodes in zone-a, one of three in zone-b; a node takes four pods."""

    def __init__(self):
        self.engine = berth.Engine(levels=["zone", "rack"], resources={"cpu": "milli"}, profile="binpack")
        self.gangs = self.engine.gangs
        racks = [(f"zone-{rack[0]}", rack) for rack in NODES.values()]
        self.nodes = self.engine.add_nodes(np.full((7, 1), 4000), names=list(NODES), domains=racks)
        self.names = dict(zip(self.nodes.tolist(), NODES, strict=True))
        self.worker, self.master = (self.engine.pod_class({"cpu": 1000}, priority=priority) for priority in (0, 1))

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
    except berth.InvalidArgument as refused:
        print("at least 2, at most 1:", refused.name)
    separate(scene)
    train(scene)
    ask_too_much(scene)
    ring(scene)
    start_together(scene, 13)
    start_together(scene, 12)


main()
