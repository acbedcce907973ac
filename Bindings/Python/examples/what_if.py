"""What if: try, compare, hold, choose, follow and recover, on four nodes with prices.

pip install ./Bindings/Python && python3 Bindings/Python/examples/what_if.py
"""

import tempfile
from pathlib import Path

import berth
import numpy as np

NAMES = ["north-1", "north-2", "south-1", "south-2"]
PRICES = [400, 300, 200, 100]  # an hour, in thousandths
KINDS = {
    "pod_assumed": "assumed on",
    "pod_bound": "bound on",
    "pod_released": "released from",
    "node_cordoned": "cordoned",
    "reservation_made": "room held on",
    "reservation_ended": "room held no more on",
}
CONFIRMED = {"pod_bound": " after it was assumed"}
COUNTERS = ("berth_placements_total", "berth_statements_total", "berth_rollbacks_total", "berth_forks_total",
            'berth_refusals_total{status="BERTH_NO_ROOM"}', "berth_events_total")  # fmt: skip


class Scene:
    """One cluster, a class of pods that pack and one that spread; names beside ids."""

    def __init__(self):
        self.engine = berth.Engine(resources={"cpu": "milli", "memory": "MiB"}, profile=None)
        self.nodes = self.engine.add_nodes(np.tile([8000, 32768], (4, 1)), names=NAMES, prices=np.array(PRICES) * 1000)
        self.names = {**dict(zip(self.nodes.tolist(), NAMES, strict=True)), berth.NO_NODE: "nowhere"}
        self.packing = self.add_class("packing", "binpack")
        self.spreading = self.add_class("spreading", "spread")

    def add_class(self, name, term):
        self.engine.add_profile(name, term)
        return self.engine.pod_class({"cpu": 3000, "memory": "8Gi"}, profile=name)

    def where(self, placed):
        return ", ".join(self.names[node] for node in placed.nodes.tolist())

    def pods(self):
        return self.engine.metrics.info()["pods"]


def try_gangs(scene):
    """A trial: look at what came of it, take some back, take all back."""
    with scene.engine.what_if() as trial:
        print("a gang of five:", scene.where(scene.engine.place(scene.packing, 5)))
        checkpoint = trial.checkpoint()
        print("four more:", scene.where(scene.engine.place(scene.packing, 4)))
        trial.rollback(checkpoint)
        print(f"not all of them fit: back to {scene.pods()} pods")
    print(f"only a look: back to {scene.pods()} pods")


def compare_policies(scene):
    """Each policy in a fork of its own; the cluster itself sees nothing of it."""
    prices = dict(zip(scene.nodes.tolist(), PRICES, strict=True))
    for name, pod_class in [("packing", scene.packing), ("spreading", scene.spreading)]:
        with scene.engine.fork() as fork:
            nodes = set(fork.place(pod_class, 4).nodes.tolist())
        print(f"{name}: 4 pods on {len(nodes)} nodes, {sum(prices[node] for node in nodes)} an hour")
    print(f"the cluster has {scene.pods()} pods")


def hold_capacity(scene):
    """Room for gang 7 on the cheapest node until the clock says a minute."""
    held = {"node": scene.nodes[3], "expiry_ms": 60_000}
    try:
        scene.engine.reservations.add(berth.Reservation("gang", 7, quantities={"cpu": 9000, "memory": "16Gi"}, **held))
    except berth.NoRoom as refused:
        print("nine cores of eight:", refused.name)
    scene.engine.reservations.add(berth.Reservation("gang", 7, quantities={"cpu": 6000, "memory": "16Gi"}, **held))
    print("three pods of anybody:", scene.where(scene.engine.place(scene.spreading, 3)))
    member = scene.engine.place(scene.packing, pods=berth.identities(1, gangs=7))
    print("one of gang 7:", scene.where(member))
    print_requested(scene, "held there")
    scene.engine.time_ms = 60_000
    print_requested(scene, "a minute later")
    return member


def print_requested(scene, when):
    cpu, memory = scene.engine.nodes.requested(scene.nodes[3:])[0]
    print(f"{when}: {cpu} millicores, {memory} MiB")


def cheapest_first(batch):
    """Sorts each pod's candidates by their price; equal prices stay in their order."""
    return np.argsort(np.where(batch.valid, batch.feature("price"), berth.NEVER), axis=1, kind="stable")


def choose_cheapest(scene):
    """The host's rule among the three best."""
    best = scene.engine.place(scene.packing)
    print("the best node:", scene.where(best))
    scene.engine.release(best)
    scene.engine.set_rerank(cheapest_first, k=3, features=["price"])
    chosen = scene.engine.place(scene.packing)
    print("the cheapest of the best three:", scene.where(chosen))
    scene.engine.clear_rerank()
    return chosen


def print_events(scene):
    """All that happened; what was taken back did not."""
    kinds = berth.event_kinds()
    events, _cursor = scene.engine.events.read()
    for event in events:
        kind, node = kinds[event["kind"]], scene.names[int(event["node"])]
        how = CONFIRMED.get(kind, "") if event["other"] else ""
        print(f"event {event['sequence']} at {event['time_ms']} ms: {KINDS[kind]} {node}{how}")


def recover(scene, folder):
    """A snapshot, some calls that a journal records, and the engine again from the two files."""
    snapshot, journal = folder / "snapshot", folder / "journal"
    scene.engine.journal(journal)
    scene.engine.snapshot(snapshot)
    scene.engine.confirm(scene.engine.place(scene.spreading, 2))
    again = berth.Engine.recover(snapshot, journal)
    same = "the same" if again.digest == scene.engine.digest else "another"
    pods = again.metrics.info()["pods"]
    print(f"recovered with {again.recovery.replayed} calls of the journal: {same} digest, {pods} pods")
    print("next there:", scene.where(again.place(scene.packing)))
    print("next here:", scene.where(scene.engine.place(scene.packing)))


def main():
    scene = Scene()
    scene.engine.events.enable(64)
    try_gangs(scene)
    compare_policies(scene)
    member = hold_capacity(scene)
    chosen = choose_cheapest(scene)
    scene.engine.confirm(member)
    scene.engine.release(chosen)
    scene.engine.nodes.cordon(scene.nodes[:1])
    print_events(scene)
    with tempfile.TemporaryDirectory() as folder:
        recover(scene, Path(folder))
    for line in scene.engine.metrics.prometheus().splitlines():
        if line.startswith(COUNTERS):
            print(line)


main()
