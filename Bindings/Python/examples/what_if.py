"""What if: try, compare, hold, choose, follow and recover, on four nodes with prices.

BERTH_LIBRARY_DIR=.build/release python3 Bindings/Python/examples/what_if.py
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from berth_abi import BerthError, load

berth = load()
ffi, lib = berth.ffi, berth.lib

CANDIDATE, EVENT, PLACEMENT = (
    np.dtype(berth.dtype(record)) for record in ("berth_candidate", "berth_event", "berth_placement")
)
NAMES = ["north-1", "north-2", "south-1", "south-2"]
PRICES = [400, 300, 200, 100]  # an hour, in thousandths
KINDS = {
    lib.BERTH_EVENT_POD_ASSUMED: "assumed on",
    lib.BERTH_EVENT_POD_BOUND: "bound on",
    lib.BERTH_EVENT_POD_RELEASED: "released from",
    lib.BERTH_EVENT_NODE_CORDONED: "cordoned",
}
CONFIRMED = {lib.BERTH_EVENT_POD_BOUND: " after it was assumed"}
COUNTERS = ("berth_placements_total", "berth_statements_total", "berth_rollbacks_total", "berth_forks_total",
            'berth_refusals_total{status="BERTH_NO_ROOM"}', "berth_events_total")  # fmt: skip


def call(engine, function, *arguments):
    berth.check(engine, function(engine, *arguments))


def result(engine, ctype, function, *arguments):
    """The one result of a call, which comes last."""
    out = ffi.new(f"{ctype} *")
    call(engine, function, *arguments, out)
    return out[0]


def pod_count(engine):
    info = ffi.new("berth_engine_info *", {"struct_size": ffi.sizeof("berth_engine_info")})
    call(engine, lib.berth_engine_read_info, info)
    return info.pods


def digest(engine):
    return result(engine, "uint64_t", lib.berth_engine_digest)


class Scene:
    """One cluster, a class of pods that pack and one that spread; ids beside their names."""

    def __init__(self):
        self.engine = berth.create()
        self.resources = np.array(
            [
                result(self.engine, "berth_resource_id", lib.berth_resource_add, name, kind)
                for name, kind in [(b"cpu", lib.BERTH_RESOURCE_CPU), (b"memory", lib.BERTH_RESOURCE_MEMORY)]
            ],
            dtype=np.uint32,
        )
        self.nodes = self.add_nodes()
        self.names = {**dict(zip(self.nodes.tolist(), NAMES, strict=True)), berth.constants["BERTH_NO_NODE"]: "nowhere"}
        self.packing = self.add_class(b"packing", lib.BERTH_TERM_BINPACK)
        self.spreading = self.add_class(b"spreading", lib.BERTH_TERM_SPREAD)

    def add_nodes(self):
        """Millicores and MiB: four nodes alike but for their prices."""
        rows = np.zeros(len(NAMES), dtype=berth.dtype("berth_node"))
        rows["price"] = np.array(PRICES) * 1000
        allocatable = np.tile(np.array([8000, 32768], dtype=np.int64), (len(NAMES), 1))
        texts = [ffi.new("char[]", name.encode()) for name in NAMES]
        text_pointers = ffi.new("char *[]", texts)
        batch = ffi.new("berth_node_batch *")
        lib.berth_node_batch_init(batch)
        batch.count, batch.resource_count = len(rows), len(self.resources)
        batch.nodes = berth.column("berth_node *", rows)
        batch.resources = berth.column("berth_resource_id *", self.resources)
        batch.allocatable = berth.column("int64_t *", allocatable)
        batch.names = text_pointers
        ids = np.zeros(len(rows), dtype=np.uint64)
        call(self.engine, lib.berth_nodes_add, batch, berth.column("berth_node_id *", ids))
        return ids

    def quantities(self, cpu, memory):
        cells = [(int(resource), 0, value) for resource, value in zip(self.resources, (cpu, memory), strict=True)]
        return ffi.new("berth_quantity[]", cells)

    def add_class(self, profile, kind):
        term = ffi.new("berth_term[]", [{"kind": kind, "weight": 1.0}])
        requests = self.quantities(3000, 8192)
        spec = ffi.new("berth_pod_spec *")
        lib.berth_pod_spec_init(spec)
        spec.profile = result(self.engine, "berth_profile_id", lib.berth_profile_add, profile, term, 1)
        spec.requests, spec.request_count = requests, len(requests)
        return result(self.engine, "berth_class_id", lib.berth_class_intern, spec)

    def place(self, pod_class, count, engine=None, gang=0):
        classes = np.full(count, pod_class, dtype=np.uint32)
        identities = ffi.new("berth_pod_identity[]", [{"gang": gang}] * count)
        placements = np.zeros(count, dtype=PLACEMENT)
        call(
            engine or self.engine,
            lib.berth_pods_place_as,
            berth.column("berth_class_id *", classes),
            identities,
            count,
            0,
            berth.column("berth_placement *", placements),
        )
        return placements

    def where(self, placements):
        return ", ".join(self.names[node] for node in placements["node"].tolist())


def try_gangs(scene):
    """A statement: look at what came of it, take some back, take all back."""
    statement = result(scene.engine, "berth_statement_id", lib.berth_statement_begin)
    print("a gang of five:", scene.where(scene.place(scene.packing, 5)))
    checkpoint = result(scene.engine, "berth_checkpoint_id", lib.berth_statement_checkpoint)
    print("four more:", scene.where(scene.place(scene.packing, 4)))
    call(scene.engine, lib.berth_statement_rollback, checkpoint)
    print(f"not all of them fit: back to {pod_count(scene.engine)} pods")
    call(scene.engine, lib.berth_statement_discard, statement)
    print(f"only a look: back to {pod_count(scene.engine)} pods")


def compare_policies(scene):
    """Each policy in a fork of its own; the cluster itself sees nothing of it."""
    prices = dict(zip(scene.nodes.tolist(), PRICES, strict=True))
    for name, pod_class in [("packing", scene.packing), ("spreading", scene.spreading)]:
        fork = berth.owned(scene.engine, lib.berth_engine_fork, scene.engine)
        nodes = set(scene.place(pod_class, 4, engine=fork)["node"].tolist())
        print(f"{name}: 4 pods on {len(nodes)} nodes, {sum(prices[node] for node in nodes)} an hour")
    print(f"the cluster has {pod_count(scene.engine)} pods")


def hold_capacity(scene):
    """Room for gang 7 on the cheapest node until the clock says a minute."""
    spec = ffi.new("berth_reservation_spec *")
    spec.owner.kind, spec.owner.id = lib.BERTH_OWNER_GANG, 7
    spec.scope, spec.node, spec.expiry_ms = lib.BERTH_SCOPE_NODE, int(scene.nodes[3]), 60_000
    too_much, held = scene.quantities(9000, 16384), scene.quantities(6000, 16384)
    spec.quantities, spec.quantity_count = too_much, len(too_much)
    try:
        result(scene.engine, "berth_reservation_id", lib.berth_reservations_add, spec, 1)
    except BerthError as refused:
        print("nine cores of eight:", refused.name)
    spec.quantities, spec.quantity_count = held, len(held)
    result(scene.engine, "berth_reservation_id", lib.berth_reservations_add, spec, 1)
    print("three pods of anybody:", scene.where(scene.place(scene.spreading, 3)))
    member = scene.place(scene.packing, 1, gang=7)
    print("one of gang 7:", scene.where(member))
    print_requested(scene, "held there")
    call(scene.engine, lib.berth_engine_set_time, 60_000)
    print_requested(scene, "a minute later")
    return member


def print_requested(scene, when):
    requested = np.zeros(2, dtype=np.int64)
    call(
        scene.engine,
        lib.berth_nodes_read,
        berth.column("berth_node_id *", scene.nodes[3:]),
        1,
        berth.column("berth_resource_id *", scene.resources),
        2,
        ffi.NULL,
        ffi.NULL,
        berth.column("int64_t *", requested),
    )
    print(f"{when}: {requested[0]} millicores, {requested[1]} MiB")


@ffi.callback("berth_rerank_callback", error=1)
def cheapest_first(_context, batch, order_out):
    """Sorts each pod's candidates by their only feature, the price; equal prices stay in their order."""
    shape = (batch.pod_count, batch.candidate_limit)
    counts = np.frombuffer(berth.view(batch.candidate_counts, shape[0]), dtype=np.uint32)
    prices = np.frombuffer(berth.view(batch.features, shape[0] * shape[1]), dtype=np.int64).reshape(shape)
    order = np.frombuffer(berth.view(order_out, shape[0] * shape[1]), dtype=np.int32).reshape(shape)
    for pod, count in enumerate(counts):
        order[pod, :count] = np.argsort(prices[pod, :count], kind="stable")
    return 0


def choose_cheapest(scene):
    """The host's rule among the three best."""
    print("the best node:", scene.where(best := scene.place(scene.packing, 1)))
    call(scene.engine, lib.berth_pods_release, berth.column("berth_pod_id *", best["pod"].copy()), 1)
    feature = ffi.new("berth_feature *", {"kind": lib.BERTH_FEATURE_PRICE})
    options = ffi.new("berth_rerank_options *")
    lib.berth_rerank_options_init(options)
    options.candidate_limit = 3
    options.features, options.feature_count = feature, 1
    options.callback = cheapest_first
    call(scene.engine, lib.berth_engine_set_rerank, options)
    chosen = scene.place(scene.packing, 1)
    print("the cheapest of the best three:", scene.where(chosen))
    call(scene.engine, lib.berth_engine_set_rerank, ffi.NULL)
    return chosen


def print_events(scene):
    """All that happened to pods and nodes; what was taken back did not."""
    events = np.zeros(64, dtype=EVENT)
    count, cursor = ffi.new("size_t *"), ffi.new("uint64_t *")
    call(scene.engine, lib.berth_events_read, 0, len(events), berth.column("berth_event *", events), count, cursor)
    for event in events[: count[0]]:
        kind, node = int(event["kind"]), scene.names[int(event["node"])]
        how = CONFIRMED.get(kind, "") if event["other"] else ""
        print(f"event {event['sequence']} at {event['time_ms']} ms: {KINDS[kind]} {node}{how}")


def recover(scene, folder):
    """A snapshot, some calls that a journal records, and the engine again from the two files."""
    snapshot, journal = (os.fsencode(folder / name) for name in ("snapshot", "journal"))
    call(scene.engine, lib.berth_journal_open, journal, ffi.NULL)
    call(scene.engine, lib.berth_snapshot_write, snapshot)
    placed = scene.place(scene.spreading, 2)
    call(scene.engine, lib.berth_pods_confirm, berth.column("berth_pod_id *", placed["pod"].copy()), 2)
    found = ffi.new("berth_recovery *", {"struct_size": ffi.sizeof("berth_recovery")})
    again = berth.owned(ffi.NULL, lib.berth_engine_recover, snapshot, journal, ffi.NULL, found)
    same = "the same" if digest(again) == digest(scene.engine) else "another"
    print(f"recovered with {found.replayed} calls of the journal: {same} digest, {pod_count(again)} pods")
    here, there = scene.place(scene.packing, 1), scene.place(scene.packing, 1, engine=again)
    print("next there:", scene.where(there))
    print("next here:", scene.where(here))


def print_counters(scene):
    length = ffi.new("size_t *")
    text = ffi.new("char[]", 1 << 16)
    call(scene.engine, lib.berth_metrics_text, text, len(text), length)
    for line in ffi.string(text).decode().splitlines():
        if line.startswith(COUNTERS):
            print(line)


def main():
    scene = Scene()
    call(scene.engine, lib.berth_events_enable, 64)
    try_gangs(scene)
    compare_policies(scene)
    member = hold_capacity(scene)
    chosen = choose_cheapest(scene)
    call(scene.engine, lib.berth_pods_confirm, berth.column("berth_pod_id *", member["pod"].copy()), 1)
    call(scene.engine, lib.berth_pods_release, berth.column("berth_pod_id *", chosen["pod"].copy()), 1)
    call(scene.engine, lib.berth_nodes_cordon, berth.column("berth_node_id *", scene.nodes[:1]), 1, 1)
    print_events(scene)
    with tempfile.TemporaryDirectory() as folder:
        recover(scene, Path(folder))
    print_counters(scene)


main()
