"""Random calls through the C ABI: never a crash, a broken invariant, a question or a refused call that changed
something, a statement that leaves a trace when it is taken back, two ways of searching that disagree, or an engine read
from a snapshot or a journal that decides otherwise.

    BERTH_LIBRARY_DIR=.build/release python3 Tests/abi/fuzz.py [--seeds 12] [--steps 4000]
    python3 Tests/abi/fuzz.py --replay SEED [--steps N] [--trace]     what a failure tells to run

Each seed is one engine in a process of its own. It draws how often arguments are spoilt: ids that are stale, of another
kind or noise, nulls, counts beyond the limits, struct sizes, reserved fields, texts that are no UTF-8, numbers at the
edges of their ranges. What C cannot check stays sound: a pointer that is not null points to as much as its count says.
"""

import argparse
import copy
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Bindings/Python/src"))
from berth import abi
from fuzz_constraints import Constraints
from fuzz_devices import Devices
from fuzz_gangs import Gangs
from fuzz_queues import Queues

ffi, lib, constants = abi.ffi, abi.lib, abi.constants

U32, U64 = 2**32 - 1, 2**64 - 1
MOST = constants["BERTH_MAX_QUANTITY"]
QUANTITIES = [-(2**63), -1, 0, 1, 2, 3, 1000, 4095, 2**31, 2**32 + 1, MOST - 1, MOST, MOST + 1, 2**63 - 1]
DOUBLES = [float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1e6, 1e6 + 1, 5e-324, 1e300]
TEXTS = [b"", b"a", b"zone", b"disk", b"ssd", b"gpu", b"7", b"-9223372036854775808", b"metadata.name"]
TEXTS += [b"kubernetes.io/hostname", b"topology.kubernetes.io/zone", b"node.kubernetes.io/unschedulable", b"x" * 1024]
BAD_TEXTS = [b"\xff", b"a\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"x" * 1025, b"x" * 70000]


class Fuzzer(Constraints, Devices, Queues):
    ffi, lib, constants, last_error = ffi, lib, constants, staticmethod(abi.last_error)

    def __init__(self, seed: int, trace: bool):
        self.random = random.Random(seed)
        self.trace = trace
        self.rate = self.random.choice([0.0, 0.005, 0.02, 0.1])  # of all arguments are spoilt
        self.spoilt = 0.0  # until there is a cluster
        self.alive = []  # what cffi has made for the call under way
        self.ids = {kind: [] for kind in ("node", "pod", "resource", "domain", "label", "taint", "profile", "class")}
        self.ids["statement"], self.ids["checkpoint"] = [], []  # open, innermost last; of all of them, in order
        self.ids["reservation"] = []  # those that have lapsed, or whose node has gone, stay
        self.ids["selector"], self.ids["image"], self.ids["machine"] = [], [0], []
        self.kinds = {}  # of resources
        self.names = []  # of nodes, gone ones as well
        self.gone = {"node": [], "pod": [], "statement": [], "checkpoint": [], "reservation": []}
        self.moments = {}  # what to go back to: (kind, id) -> digest, and what was known
        self.now = 0
        self.statuses = {}
        self.gang_results, self.unwritten = [], []  # to be put into words; what the call under way may not write
        self.cursor = 0
        levels = [b"topology.kubernetes.io/zone", b"rack", b"shelf"][: self.random.randrange(4)]
        options = ffi.new("berth_engine_options *")
        lib.berth_engine_options_init(options)
        options.tie_rule = self.random.randrange(2)
        options.cpu_level = self.random.choice([lib.BERTH_CPU_AUTO, lib.BERTH_CPU_SCALAR, lib.BERTH_CPU_BASELINE])
        options.level_count = len(levels)
        options.level_keys = self.array("char *[]", [self.keep(ffi.new("char[]", key)) for key in levels])
        engine = ffi.new("berth_engine **")
        assert lib.berth_engine_create(options, engine) == lib.BERTH_OK
        self.engine = engine[0]
        self.ids["domain"] = [0]
        self.depths, self.parents = {0: 0}, {}
        self.levels = len(levels)
        self.ids["label"] = [0]
        self.ids["taint"] = [0]
        self.counted = [self.add_counted(kind) for kind in (6, 7) if self.random.random() < 0.5]

    def add_counted(self, kind: int) -> int:
        """COUNTED resources must come first."""
        id = ffi.new("berth_resource_id *")
        assert lib.berth_resource_add(self.engine, b"counted %d" % kind, kind, id) == lib.BERTH_OK
        self.ids["resource"].append(id[0])
        self.kinds[id[0]] = kind
        return id[0]

    # Draws

    def keep(self, thing):
        self.alive.append(thing)
        return thing

    def bad(self) -> bool:
        return self.random.random() < self.spoilt

    def array(self, ctype, values):
        """An array of the caller; sometimes null."""
        return ffi.NULL if self.bad() else self.keep(ffi.new(ctype, values))

    def count(self, true: int) -> int:
        return self.random.choice([2**28 + 1, 2**62, 2**63, U64]) if self.bad() else true

    def count32(self, true: int, limit: int) -> int:
        return self.random.choice([limit + 1, 2**31, U32]) if self.bad() and limit < 2**28 else true

    def text(self):
        if self.bad():
            return (
                self.keep(ffi.new("char[]", self.random.choice(BAD_TEXTS))) if self.random.random() < 0.7 else ffi.NULL
            )
        if self.random.random() < 0.5:
            return self.keep(ffi.new("char[]", self.random.choice(TEXTS)))
        return self.keep(ffi.new("char[]", b"t%d" % self.random.randrange(40)))

    def u32(self, *usual: int) -> int:
        return self.random.choice([0, 1, 17, 255, 2**31, U32]) if self.bad() else self.random.choice(usual)

    def quantity(self, usual: int) -> int:
        return self.random.choice(QUANTITIES) if self.bad() else self.random.randrange(usual)

    def id(self, kind: str) -> int:
        """Mostly a live one, sometimes one that has gone, of another kind, one bit off, or noise."""
        width = U64 if kind in self.gone else U32
        known = self.ids[kind]
        if known and not self.bad():
            return self.random.choice(known)
        choice = self.random.randrange(4)
        if choice == 0 and self.gone.get(kind):
            return self.random.choice(self.gone[kind])
        if choice == 1 and known:
            return self.random.choice(known) ^ (1 << self.random.randrange(width.bit_length()))
        if choice == 2:
            return self.random.choice([0, width, width - 1])
        return self.random.getrandbits(width.bit_length())

    def leaf(self) -> int:
        """A domain that may hold nodes."""
        leaves = [domain for domain, depth in self.depths.items() if depth == self.levels]
        return self.random.choice(leaves) if leaves and not self.bad() else self.id("domain")

    def id_list(self, kind: str, most: int = 12) -> list[int]:
        ids = [self.id(kind) for _ in range(self.random.randrange(most))]
        return ids if self.bad() else list(dict.fromkeys(ids))

    # Records

    def batch(self, rows: int, update: bool = False):
        resources = self.id_list("resource", 6)
        cells = rows * len(resources)
        batch = self.keep(ffi.new("berth_node_batch *"))
        lib.berth_node_batch_init(batch)
        if self.bad():
            batch.struct_size = self.u32(0, batch.struct_size + 8)
        batch.count, batch.resource_count = self.count(rows), self.count32(len(resources), 4096)
        batch.nodes = self.array("berth_node[]", [
            (self.leaf(), self.id("label"), self.id("taint"), self.u32(0, 0, 0, 0, 1, 2, 3), self.random.randrange(9),
             self.id("image"), self.quantity(100)) for _ in range(rows)
        ])  # fmt: skip
        batch.resources = self.array("berth_resource_id[]", resources)
        batch.allocatable = self.array("int64_t[]", [self.quantity(20000) for _ in range(cells)])
        if self.bad() if update else self.random.random() < 0.3:
            batch.requested = self.array("int64_t[]", [self.quantity(5000) for _ in range(cells)])
        if self.bad() if update else self.random.random() < 0.6:
            names = [b"n%d" % self.random.randrange(10**6) for _ in range(rows)]
            self.names = (self.names + names)[-50:]
            batch.names = self.array("char *[]", [
                self.text() if self.bad() else self.keep(ffi.new("char[]", name)) for name in names
            ])  # fmt: skip
        return ffi.NULL if self.bad() else batch

    def labels(self, most: int):
        return [(self.text(), self.text()) for _ in range(self.random.randrange(most))]

    def selector_terms(self, weights: tuple[int, ...]):
        terms = []
        for _ in range(self.random.choice([0, 0, 1, 2])):
            requirements = []
            for _ in range(self.random.randrange(3)):
                op = self.u32(1, 2, 3, 4, 5, 6)
                values = [
                    self.text() for _ in range(0 if op in (3, 4) else 1 if op > 2 else self.random.randrange(1, 4))
                ]
                requirements.append(
                    (self.text(), op, len(values), self.array("char *[]", values), self.u32(0), self.u32(0))
                )
            terms.append((self.array("berth_requirement[]", requirements), len(requirements), self.u32(*weights)))
        return self.array("berth_selector_term[]", terms), len(terms)

    def spec(self):
        spec = self.keep(ffi.new("berth_pod_spec *"))
        lib.berth_pod_spec_init(spec)
        if self.bad():
            spec.struct_size = self.u32(0, 8)
        is_loose = self.random.random() < 0.6  # goes nearly everywhere: then it is other pods that decide
        most = 300 if is_loose else 3000
        requests = [(resource, self.u32(0), self.quantity(most)) for resource in self.id_list("resource", 5)]
        tolerations = [
            (
                self.text(),
                self.text() if self.random.random() < 0.5 else ffi.NULL,
                self.u32(0, 0, 1, 1, 2, 3),
                self.u32(0, 1, 2, 3),
            )
            for _ in range(self.random.choice([0, 0, 0, 2]))
        ]
        if is_loose:
            tolerations.append((ffi.NULL, ffi.NULL, self.u32(lib.BERTH_TOLERATION_EXISTS), self.u32(0)))
        selector = [] if is_loose else self.labels(2)
        spec.priority, spec.profile = self.random.randrange(-(2**31), 2**31), self.id("profile")
        spec.requests, spec.request_count = self.array("berth_quantity[]", requests), len(requests)
        spec.node_selector, spec.node_selector_count = self.array("berth_label[]", selector), len(selector)
        if not is_loose:
            spec.required_terms, spec.required_term_count = self.selector_terms((0,))
        spec.preferred_terms, spec.preferred_term_count = self.selector_terms((1, 50, 100))
        spec.tolerations, spec.toleration_count = self.array("berth_toleration[]", tolerations), len(tolerations)
        self.constrain(spec)
        self.ask_devices(spec)
        return ffi.NULL if self.bad() else spec

    def term(self):
        kind = self.u32(*range(1, 18), *range(20, 27))
        weighs_gpus = kind in (lib.BERTH_TERM_GPU_BEST_FIT, lib.BERTH_TERM_GPU_DOT_PRODUCT)
        scale = 1000 if kind in (lib.BERTH_TERM_DOT_PRODUCT, lib.BERTH_TERM_BEST_FIT) or weighs_gpus else 0
        resources = [
            (resource, 1 if weighs_gpus else self.u32(1, 1, 1, 3), self.quantity(9) if self.bad() else scale)
            for resource in self.term_resources(kind, weighs_gpus)
        ]
        points = [(0, self.u32(0, 10)), (self.u32(50), self.u32(5)), (100, self.u32(10, 0))]
        points = points if kind == lib.BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO or self.bad() else []
        weight = self.random.choice(DOUBLES) if self.bad() else float(self.random.randrange(1, 9))
        hard, flags = (self.u16(0, 1, 100), self.u16(0, 1)) if kind == lib.BERTH_TERM_INTER_POD_AFFINITY else (0, 0)
        return (kind, len(resources), len(points), hard, flags, weight,
                self.array("berth_term_resource[]", resources), self.array("berth_shape_point[]", points))  # fmt: skip

    def term_resources(self, kind: int, weighs_gpus: bool) -> list[int]:
        if self.bad() or kind < lib.BERTH_TERM_GPU_LINKS:
            return self.id_list("resource", 4)
        wanted = (lib.BERTH_RESOURCE_CPU, lib.BERTH_RESOURCE_GPU) if weighs_gpus else ()
        known = {self.kinds[id]: id for id in self.ids["resource"]}
        return [known[resource] for resource in wanted if resource in known]

    # Calls: each returns its name, the function, its arguments, and what to note when it succeeds

    def interned(self, kind, function, *arguments):
        out = self.array("uint32_t *", 0)

        def note():
            if out[0] not in self.ids[kind]:
                self.ids[kind].append(out[0])

        return function, (*arguments, out), note

    def add_resource(self):
        kind = self.u32(0, 0, 1, 2, 3, 4, 5, 6)
        function, arguments, note = self.interned("resource", lib.berth_resource_add, self.text(), kind)

        def note_kind():
            note()
            self.kinds[arguments[-1][0]] = kind

        return function, arguments, note_kind

    def add_domain(self):
        parent = self.id("domain")
        function, arguments, note = self.interned("domain", lib.berth_domain_add, parent, self.text())

        def note_depth():
            note()
            self.depths[arguments[-1][0]] = self.depths[parent] + 1
            self.parents[arguments[-1][0]] = parent

        return function, arguments, note_depth

    def intern_labels(self):
        labels = self.labels(3) + self.topology_labels()
        return self.interned(
            "label", lib.berth_label_set_intern, self.array("berth_label[]", labels), self.count(len(labels))
        )

    def intern_taints(self):
        taints = [(self.text(), self.text(), self.u32(1, 2, 3), self.u32(0)) for _ in range(self.random.randrange(3))]
        return self.interned(
            "taint", lib.berth_taint_set_intern, self.array("berth_taint[]", taints), self.count(len(taints))
        )

    def add_profile(self):
        terms = [self.term() for _ in range(self.random.randrange(1, 4))]
        return self.interned("profile", lib.berth_profile_add, self.text(), self.array("berth_term[]", terms),
                             self.count(len(terms)))  # fmt: skip

    def intern_class(self):
        return self.interned("class", lib.berth_class_intern, self.spec())

    def add_nodes(self):
        rows = self.random.randrange(30) if len(self.ids["node"]) < 400 else 0
        ids = self.array("uint64_t[]", rows)
        return (
            lib.berth_nodes_add,
            (self.batch(rows), ids),
            lambda: self.ids["node"].extend(ids[i] for i in range(rows)),
        )

    def update_nodes(self):
        ids = self.id_list("node")
        return lib.berth_nodes_update, (self.array("uint64_t[]", ids), self.batch(len(ids), update=True)), None

    def leave(self, kind, function, most):
        ids = self.id_list(kind, most)

        def note():
            self.gone[kind] = (self.gone[kind] + ids)[-50:]
            self.ids[kind] = [known for known in self.ids[kind] if known not in ids]

        return function, (self.array("uint64_t[]", ids), self.count(len(ids))), note

    def remove_nodes(self):
        return self.leave("node", lib.berth_nodes_remove, 6)

    def cordon_nodes(self):
        ids = self.id_list("node")
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.random.randrange(2))
        return lib.berth_nodes_cordon, arguments, None

    def find_node(self):
        return lib.berth_node_find, (self.text(), self.array("uint64_t *", 0)), None

    def read_nodes(self):
        ids, resources = self.id_list("node"), self.id_list("resource", 4)
        cells = max(len(ids) * len(resources), 1)
        outs = [self.array(ctype, n) for ctype, n in
                (("berth_node_state[]", len(ids)), ("int64_t[]", cells), ("int64_t[]", cells))]  # fmt: skip
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.array("uint32_t[]", resources),
                     self.count32(len(resources), 4096), *outs)  # fmt: skip
        return lib.berth_nodes_read, arguments, None

    def list_nodes(self):
        capacity = self.random.randrange(20)
        arguments = (
            self.random.choice([0, 5, U64]),
            capacity,
            self.array("uint64_t[]", capacity),
            self.array("size_t *", 0),
        )
        return lib.berth_nodes_list, arguments, None

    def place(self):
        classes = [self.id("class") for _ in range(self.random.randrange(20))]
        dry = self.random.random() < 0.2
        placements = self.array("berth_placement[]", len(classes))

        def note():
            if not dry:
                placed = [placements[i] for i in range(len(classes))]
                self.ids["pod"] += [p.pod for p in placed if p.outcome == lib.BERTH_PLACED]

        flags = self.u32(lib.BERTH_PLACE_DRY_RUN) if dry else 0
        dry = dry and flags == lib.BERTH_PLACE_DRY_RUN
        return (
            lib.berth_pods_place,
            (self.array("uint32_t[]", classes), self.count(len(classes)), flags, placements),
            note,
        )

    def bind(self):
        count = self.random.randrange(6)
        pods = self.array("uint64_t[]", count)
        classes = self.array("uint32_t[]", [self.id("class") for _ in range(count)])
        nodes = self.array("uint64_t[]", [self.id("node") for _ in range(count)])
        return (
            lib.berth_pods_bind,
            (classes, nodes, self.count(count), pods),
            lambda: self.ids["pod"].extend(pods[i] for i in range(count)),
        )

    def confirm(self):
        ids = self.id_list("pod", 4)
        return lib.berth_pods_confirm, (self.array("uint64_t[]", ids), self.count(len(ids))), None

    def forget(self):
        return self.leave("pod", lib.berth_pods_forget, 4)

    def release(self):
        return self.leave("pod", lib.berth_pods_release, 20)

    def read_pods(self):
        ids = self.id_list("pod")
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.array("berth_pod_state[]", len(ids)))
        return lib.berth_pods_read, arguments, None

    def candidates(self):
        k = self.random.choice([0, 1, 5, 30])
        arguments = (self.id("class"), self.count(k), self.array("berth_candidate[]", k),
                     self.array("int64_t[]", max(16 * k, 1)), self.array("size_t *", 0))  # fmt: skip
        return lib.berth_candidates_read, arguments, None

    def explain(self):
        capacity = self.random.randrange(6)
        explanation = self.array("berth_explanation *", {"struct_size": ffi.sizeof("berth_explanation")})
        if explanation and self.bad():
            explanation.struct_size = self.u32(8)
        return (
            lib.berth_class_explain,
            (self.id("class"), explanation, self.array("berth_reason[]", capacity), capacity),
            None,
        )

    def info(self):
        size = self.u32(0, 8) if self.bad() else ffi.sizeof("berth_engine_info")
        return lib.berth_engine_read_info, (self.array("berth_engine_info *", {"struct_size": size}),), None

    def set_path(self):
        return lib.berth_engine_set_path, (self.u32(0, 1, 2, 3, 4),), None

    def enable_events(self):
        return lib.berth_events_enable, (self.random.choice([0, 1, 64, 256, 4096, 3, 2**25, U64]),), None

    def read_events(self):
        """A reader that goes on where it was, or anywhere."""
        capacity = self.random.choice([0, 1, 7, 300])
        count, cursor = self.array("size_t *", 0), self.array("uint64_t *", 0)

        def note():
            assert count[0] <= capacity
            self.cursor = cursor[0]

        wanted = self.random.choice([0, self.cursor, self.cursor, self.cursor + 1, U64])
        arguments = (wanted, capacity, self.array("berth_event[]", capacity), count, cursor)
        return lib.berth_events_read, arguments, note

    def sized(self, struct):
        size = self.u32(0, 8) if self.bad() else ffi.sizeof(struct)
        return self.array(f"{struct} *", {"struct_size": size})

    def metrics(self):
        return lib.berth_metrics_read, (self.sized("berth_metrics"),), None

    def histogram(self):
        return lib.berth_histogram_read, (self.u32(0, 1, 2, 3, 4, 5), self.sized("berth_histogram")), None

    def metrics_text(self):
        capacity = self.random.choice([0, 1, 100, 100_000])
        return lib.berth_metrics_text, (self.array("char[]", capacity), capacity, self.array("size_t *", 0)), None

    def set_time(self):
        now = self.quantity(1000) if self.bad() else self.now + self.random.randrange(1000)

        def note():
            self.now = now

        return lib.berth_engine_set_time, (now,), note

    # Reservations

    def owner(self):
        kind = self.u32(1, 2, 3, 4)
        id = self.id("class") if kind == lib.BERTH_OWNER_CLASS else self.random.randrange(0 if self.bad() else 1, 5)
        return (id, kind, self.u32(0))

    def holdings(self):
        return [(resource, self.u32(0), self.quantity(4000)) for resource in self.id_list("resource", 3)]

    def expiry(self) -> int:
        return self.random.choice([constants["BERTH_NEVER"], self.now + 300, self.now + (0 if self.bad() else 2000)])

    def reservation(self):
        scope, held = self.u32(1, 2), self.holdings()
        held = held if scope == lib.BERTH_SCOPE_NODE or self.bad() else []
        return (self.owner(), self.expiry(), scope, self.count32(len(held), 4096), self.array("berth_quantity[]", held),
                self.id("node"), self.id("domain"), self.id("class"))  # fmt: skip

    def reserve(self):
        specs = [self.reservation() for _ in range(self.random.randrange(4))]
        ids = self.array("uint64_t[]", len(specs))
        arguments = (self.array("berth_reservation_spec[]", specs), self.count(len(specs)), ids)
        return (
            lib.berth_reservations_add,
            arguments,
            lambda: self.ids["reservation"].extend(ids[i] for i in range(len(specs))),
        )

    def end_reservations(self):
        return self.leave("reservation", lib.berth_reservations_remove, 3)

    def resize(self):
        held = self.holdings()
        arguments = (self.id("reservation"), self.array("berth_quantity[]", held), self.count(len(held)))
        return lib.berth_reservation_resize, arguments, None

    def hand_over(self):
        owner = self.array("berth_reservation_owner *", self.owner())
        return lib.berth_reservation_hand_over, (self.id("reservation"), owner), None

    def set_expiry(self):
        return lib.berth_reservation_set_expiry, (self.id("reservation"), self.expiry()), None

    def read_reservations(self):
        ids, resources = self.id_list("reservation", 4), self.id_list("resource", 4)
        cells = max(len(ids) * len(resources), 1)
        outs = [self.array(ctype, n) for ctype, n in
                (("berth_reservation_state[]", len(ids)), ("int64_t[]", cells), ("int64_t[]", cells))]  # fmt: skip
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.array("uint32_t[]", resources),
                     self.count32(len(resources), 4096), *outs)  # fmt: skip
        return lib.berth_reservations_read, arguments, None

    def list_reservations(self):
        capacity, count = self.random.randrange(20), self.array("size_t *", 0)
        arguments = (self.random.choice([0, 5, U64]), capacity, self.array("uint64_t[]", capacity), count)
        return lib.berth_reservations_list, arguments, None

    def read_uses(self):
        capacity, count = self.random.randrange(4), self.array("size_t *", 0)
        arguments = (self.id("pod"), capacity, self.array("berth_reservation_use[]", capacity), count)
        return lib.berth_pod_reservations_read, arguments, None

    def identities(self, count: int):
        return self.array("berth_pod_identity[]", [
            tuple(self.random.choice([0, 1, 2, 3, U64]) for _ in range(3)) for _ in range(count)
        ])  # fmt: skip

    def place_as(self):
        _, (classes, count, flags, placements), note = self.place()
        known = len(classes) if classes else 0
        return lib.berth_pods_place_as, (classes, self.identities(known), count, flags, placements), note

    def bind_as(self):
        _, (classes, nodes, count, pods), note = self.bind()
        known = len(classes) if classes else 0
        return lib.berth_pods_bind_as, (classes, self.identities(known), nodes, count, pods), note

    # Statements

    def digest(self) -> int:
        digest = ffi.new("uint64_t *")
        assert lib.berth_engine_digest(self.engine, digest) == lib.BERTH_OK
        return digest[0]

    def open_with(self, kind, function):
        out = self.array("uint64_t *", 0)

        def note():
            self.ids[kind].append(out[0])
            known = copy.deepcopy((self.ids, self.gone, self.depths, self.now))
            self.moments[kind, out[0]] = self.digest(), known

        return function, (out,), note

    def begin(self):
        if len(self.ids["statement"]) > 5 and self.random.random() < 0.9:
            return self.close(lib.berth_statement_discard, back=True)
        return self.open_with("statement", lib.berth_statement_begin)

    def checkpoint(self):
        return self.open_with("checkpoint", lib.berth_statement_checkpoint)

    def go_back(self, kind: str, id: int) -> None:
        """Takes back what was known, and looks that the engine is what it was."""
        gone = {name: self.gone[name] + self.ids[name] for name in ("statement", "checkpoint")}
        digest, known = self.moments[kind, id]
        self.ids, self.gone, self.depths, self.now = copy.deepcopy(known)
        for name, ids in gone.items():
            self.gone[name] = [old for old in dict.fromkeys(ids) if old not in self.ids[name]][-50:]
        assert self.digest() == digest, f"{kind} {id}: taken back, but not what it was"

    def roll_back(self):
        id = self.id("checkpoint")
        return lib.berth_statement_rollback, (id,), lambda: self.go_back("checkpoint", id)

    def close(self, function, back: bool):
        id = self.ids["statement"][-1] if self.ids["statement"] and not self.bad() else self.id("statement")

        def note():
            kept = self.moments["statement", id][1][0]["checkpoint"]
            if back:
                self.go_back("statement", id)
            for name, ids in (("statement", self.ids["statement"][:-1]), ("checkpoint", list(kept))):
                self.gone[name] = (self.gone[name] + [old for old in self.ids[name] if old not in ids])[-50:]
                self.ids[name] = ids

        return function, (id,), note

    def commit(self):
        return self.close(lib.berth_statement_commit, back=False)

    def discard(self):
        return self.close(lib.berth_statement_discard, back=True)

    # Steps

    def state(self, engine=None):
        """What a caller can see: the nodes in order and what they hold, pods, and every class's next decision."""
        engine = engine or self.engine
        nodes = ffi.new("uint64_t[]", 512)
        count = ffi.new("size_t *")
        assert lib.berth_nodes_list(engine, 0, 512, nodes, count) == lib.BERTH_OK
        states = ffi.new("berth_node_state[]", max(count[0], 1))
        resources = self.ids["resource"]
        requested = ffi.new("int64_t[]", max(count[0] * len(resources), 1))
        columns = ffi.new("uint32_t[]", resources)
        read = (nodes, count[0], columns, len(resources), states, ffi.NULL, requested)
        assert lib.berth_nodes_read(engine, *read) == lib.BERTH_OK
        pods = self.ids["pod"][-50:]
        pod_states = ffi.new("berth_pod_state[]", max(len(pods), 1))
        assert lib.berth_pods_read(engine, pods, len(pods), pod_states) == lib.BERTH_OK
        classes = self.ids["class"][-20:]
        placements = ffi.new("berth_placement[]", max(len(classes), 1))
        assert lib.berth_pods_place(engine, classes, len(classes), lib.BERTH_PLACE_DRY_RUN, placements) == lib.BERTH_OK
        slots = ffi.new("uint32_t[]", [state.slot for state in states])
        for state in states:
            state.slot = 0
        parts = {
            "slots": slots,
            "nodes": nodes,
            "states": states,
            "requested": requested,
            "pods": pod_states,
            "placements": placements,
        }
        devices = repr(self.devices_of(engine, nodes[0 : count[0]]))
        gangs = self.gang_answers(engine)
        return {"devices": devices, "gangs": gangs, **{name: bytes(ffi.buffer(part)) for name, part in parts.items()}}

    def compare_paths(self, step: int) -> None:
        """Every path decides the same, pod after pod."""
        classes = self.ids["class"][-20:] * 2
        decisions = {}
        for path in (
            lib.BERTH_PATH_ROWS,
            lib.BERTH_PATH_TREE,
            lib.BERTH_PATH_SCAN,
            lib.BERTH_PATH_SLOTS,
            lib.BERTH_PATH_AUTO,
        ):
            assert lib.berth_engine_set_path(self.engine, path) == lib.BERTH_OK
            placements = ffi.new("berth_placement[]", max(len(classes), 1))
            placed = lib.berth_pods_place(self.engine, classes, len(classes), lib.BERTH_PLACE_DRY_RUN, placements)
            assert placed == lib.BERTH_OK
            decisions[path] = [(p.pod_class, p.node, p.score) for p in placements[0 : len(classes)]]
        for path, decided in decisions.items():
            for rows, own in zip(decisions[lib.BERTH_PATH_ROWS], decided, strict=True):
                assert rows == own, f"step {step}: path {path} decides (class, node, score) {own}, rows decide {rows}"

    CALLS = (
        (add_resource, 2), (add_domain, 2), (intern_labels, 2), (intern_taints, 1), (add_profile, 2), (intern_class, 5),
        (add_nodes, 4), (update_nodes, 5), (remove_nodes, 3), (cordon_nodes, 3), (find_node, 1), (read_nodes, 2),
        (list_nodes, 1), (place, 25), (bind, 6), (confirm, 5), (forget, 4), (release, 15), (read_pods, 2),
        (candidates, 4), (explain, 4), (info, 1), (set_path, 1), (enable_events, 1), (read_events, 4), (metrics, 1),
        (histogram, 1), (metrics_text, 1), (set_time, 1), (begin, 3), (checkpoint, 3),
        (roll_back, 2), (commit, 1), (discard, 2), (reserve, 6), (end_reservations, 2), (resize, 2), (hand_over, 2),
        (set_expiry, 1), (read_reservations, 1), (list_reservations, 1), (read_uses, 1), (place_as, 10), (bind_as, 3),
        (Constraints.intern_selector, 2), (Constraints.intern_images, 1), (Constraints.set_namespace, 1),
        (Constraints.remove_namespace, 1), (Constraints.intern_classes, 2), (Constraints.terminate, 3),
        (Constraints.check, 4), (Constraints.message, 2),
        (Devices.intern_machine, 2), (Devices.intern_standard, 1), (Devices.intern_matrix, 1), (Devices.set_model, 1),
        (Devices.set_machines, 4), (Devices.set_health, 2), (Devices.set_typical, 1), (Devices.read_devices, 1),
        (Devices.read_fragmentation, 1),
        (Devices.read_machine, 1), (Devices.read_claims, 1), (Devices.preview, 3), (Devices.bind_claims, 5),
        (Devices.resize_claim, 3), (Devices.move, 4), (Devices.defragment, 3),
        (Gangs.place_gang, 10), (Gangs.place_gangs, 4), (Gangs.shrink, 3), (Gangs.gang_message, 2),
        (Queues.schedule, 8),
    )  # fmt: skip

    QUESTIONS = frozenset((find_node, read_nodes, list_nodes, read_pods, candidates, explain, info, set_path,
                           read_reservations, list_reservations, read_uses,
                           enable_events, read_events, metrics, histogram, metrics_text, Constraints.check,
                           Constraints.message, Devices.read_devices, Devices.read_fragmentation,
                           Devices.read_machine, Devices.read_claims, Devices.preview,
                           Devices.defragment, Gangs.gang_message))  # fmt: skip

    def run(self, steps: int, folder: str) -> None:
        names, weights = zip(*self.CALLS, strict=True)
        start, journal = f"{folder}/start".encode(), f"{folder}/journal".encode()
        self.must(lib.berth_snapshot_write(self.engine, start))
        self.must(lib.berth_journal_open(self.engine, journal, ffi.NULL))
        for step in range(steps):
            self.alive.clear()
            self.unwritten = []
            self.spoilt = self.rate if step > 200 else 0.0
            call = self.random.choices(names, weights)[0]
            function, arguments, note = call(self)
            compare = step % 11 == 0
            before = self.state() if compare else None
            digest = self.digest() if step % 3 == 0 else None
            if self.trace:
                print(f"step {step}: {call.__name__} {arguments}", flush=True)
            status = function(self.engine, *arguments)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status == lib.BERTH_OK and note:
                note()
            if status != lib.BERTH_OK:
                self.check_unwritten(step)
                sentence = abi.last_error(self.engine, status)
                assert len(sentence) > 5, f"step {step}: {call.__name__} gave {abi.status_name(status)}: {sentence!r}"
            if digest and (status != lib.BERTH_OK or call in self.QUESTIONS - {Fuzzer.set_path}):
                assert digest == self.digest(), f"step {step}: {call.__name__} changed the digest"
            if before and (status != lib.BERTH_OK or call in self.QUESTIONS):
                assert before == self.state(), f"step {step}: {call.__name__} changed the state"
            if step % 50 == 0 or step == steps - 1:
                valid = lib.berth_engine_validate(self.engine)
                assert valid == lib.BERTH_OK, f"step {step}: {abi.last_error(self.engine, valid)}"
                self.compare_paths(step)
                self.compare_answers(step)
                self.compare_devices(step)
                self.compare_reread(step, f"{folder}/snapshot")
        self.compare_recovered(start, journal)
        assert lib.berth_engine_destroy(self.engine) == lib.BERTH_OK

    def compare_recovered(self, start: bytes, journal: bytes) -> None:
        """The journal of all calls makes the same engine, without the statements that are open."""
        self.spoilt = 0.0
        while self.ids["statement"]:
            function, arguments, note = self.discard()
            self.must(function(self.engine, *arguments))
            note()
        self.must(lib.berth_journal_close(self.engine))
        recovery, recovered = ffi.new("berth_recovery *", [ffi.sizeof("berth_recovery")]), ffi.new("berth_engine **")
        status = lib.berth_engine_recover(start, journal, ffi.NULL, recovery, recovered)
        assert status == lib.BERTH_OK, f"the journal is refused: {abi.last_error(ffi.NULL, status)}"
        digest = ffi.new("uint64_t *")
        assert lib.berth_engine_digest(recovered[0], digest) == lib.BERTH_OK
        assert digest[0] == self.digest(), "the journal makes another engine"
        assert lib.berth_engine_destroy(recovered[0]) == lib.BERTH_OK


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--replay", type=int, metavar="SEED")
    parser.add_argument("--trace", action="store_true", help="print every call before it is made")
    arguments = parser.parse_args()
    if arguments.replay is not None:
        fuzzer = Fuzzer(arguments.replay, arguments.trace)
        with tempfile.TemporaryDirectory() as folder:
            fuzzer.run(arguments.steps, folder)
        told = sorted((abi.status_name(status), count) for status, count in fuzzer.statuses.items())
        print(f"seed {arguments.replay}:", ", ".join(f"{name[6:]} {count}" for name, count in told))
        return 0
    for seed in range(arguments.seeds):
        command = [sys.executable, __file__, "--replay", str(seed), "--steps", str(arguments.steps)]
        if code := subprocess.run(command, check=False).returncode:
            print(f"FAILED with {code}; replay: {' '.join(command)} --trace", file=sys.stderr)
            return 1
    print(f"fuzz: {arguments.seeds} engines, {arguments.steps} calls each: no crash, every invariant holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
