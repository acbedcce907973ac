"""What the random calls of fuzz.py draw of pods' constraints on each other: namespaces, selectors, images, host ports,
topology spread, pod affinity, pods that are being deleted. And whether answers about single nodes agree with those
about all of them.

Names come from small sets, so that selectors find pods and domains have several nodes."""

LABEL_KEYS = (b"app", b"tier", b"track")
NAMESPACES = (b"default", b"team-a", b"team-b", b"team-c")
NODE_KEYS = (b"row", b"host")
TOPOLOGY_KEYS = (b"kubernetes.io/hostname", b"topology.kubernetes.io/zone", b"rack", *NODE_KEYS)
IMAGES = (b"pause:3.9", b"app", b"app:latest", b"registry:5000/app", b"registry:5000/app@sha256:00")
U32 = 2**32 - 1
LIST_LIMIT = 10_000


class Constraints:
    """Draws and calls; the rest of Fuzzer is what they stand on."""

    # Draws

    def name_of(self, names):
        return self.text() if self.bad() else self.keep(self.ffi.new("char[]", self.random.choice(names)))

    def some(self, names, most: int):
        """An array of names, and how many there are said to be."""
        count = self.random.randrange(most)
        return self.array("char *[]", [self.name_of(names) for _ in range(count)]), self.count32(count, LIST_LIMIT)

    def u16(self, *usual: int) -> int:
        return self.random.choice([0, 1, 2, 101, 2**16 - 1]) if self.bad() else self.random.choice(usual)

    def selector(self) -> int:
        return self.random.choice([U32, self.id("selector")]) if self.ids["selector"] else U32

    def pod_labels(self, most: int = 4):
        keys = self.random.sample(LABEL_KEYS, self.random.randrange(most))
        return [(self.name_of([key]), self.name_of([b"a", b"b"])) for key in keys]

    def topology_labels(self):
        """Of a node: those keys of domains that are nobody's level and rarely drawn else."""
        return [
            (self.name_of([key]), self.name_of([b"x", b"y", b"z"])) for key in NODE_KEYS if self.random.random() < 0.7
        ]

    def selector_requirements(self):
        requirements = []
        for _ in range(self.random.choice([0, 1, 1, 2])):
            op = self.u32(1, 1, 2, 3, 4)
            values = [self.name_of([b"a", b"b", b"c"]) for _ in range(self.random.randrange(1, 3) if op <= 2 else 0)]
            array = self.array("char *[]", values)
            count = self.count32(len(values), LIST_LIMIT)
            requirements.append((self.name_of(LABEL_KEYS), op, count, array, self.u32(0), self.u32(0)))
        return requirements

    def spread_constraint(self, is_default: bool):
        is_hard = self.random.random() < (0.05 if is_default else 0.6)
        keys, key_count = self.some(LABEL_KEYS, 2)
        return {
            "topology_key": self.name_of(TOPOLOGY_KEYS),
            "selector": self.selector(),
            "max_skew": self.u32(1, 1, 2, 5),
            "min_domains": self.u32(0, 0, 1, 3) if is_hard else self.u32(0),
            "when_unsatisfiable": self.u32(1 if is_hard else 2),
            "node_affinity_policy": self.u32(0, 1, 2),
            "node_taints_policy": self.u32(0, 1, 2),
            "match_label_key_count": key_count,
            "reserved": self.u32(0),
            "match_label_keys": keys,
        }

    def affinity_term(self):
        kind = self.u32(1, 2, 3, 4)
        (match, match_count), (mismatch, mismatch_count) = self.some(LABEL_KEYS, 2), self.some(LABEL_KEYS, 2)
        namespaces, namespace_count = self.some(NAMESPACES, 3)
        return {
            "topology_key": self.name_of(TOPOLOGY_KEYS),
            "selector": self.selector(),
            "namespace_selector": self.selector() if self.random.random() < 0.2 else U32,
            "kind": kind,
            "weight": self.u32(1, 50, 100) if kind in (2, 4) else self.u32(0),
            "namespace_count": namespace_count,
            "match_label_key_count": match_count,
            "mismatch_label_key_count": mismatch_count,
            "reserved": self.u32(0),
            "namespaces": namespaces,
            "match_label_keys": match,
            "mismatch_label_keys": mismatch,
        }

    def constrain(self, spec) -> None:
        """What a pod is to others, and what it asks of them."""
        labels = self.pod_labels()
        spec.labels, spec.label_count = self.array("berth_label[]", labels), self.count32(len(labels), LIST_LIMIT)
        if self.random.random() < 0.5:
            spec.namespace_name = self.name_of(NAMESPACES)
        if self.bad():
            spec.reserved = self.u32(0, 1)
        if self.random.random() < 0.4:
            spec.images, spec.image_count = self.some(IMAGES, 4)
        if self.counted and self.random.random() < 0.5:
            scored = [(self.random.choice(self.counted), self.u32(0), self.quantity(200))]
            spec.scored, spec.scored_count = self.array("berth_quantity[]", scored), self.count32(1, 4096)
        if self.random.random() < 0.05 and self.names:
            spec.node_name = self.name_of(self.names)
        if self.random.random() < 0.2:
            ports = [
                (self.name_of([b"", b"0.0.0.0", b"10.0.0.1"]), self.u32(80, 443, 65535), self.u32(0, 0, 1, 2))
                for _ in range(self.random.randrange(1, 3))
            ]
            spec.host_ports = self.array("berth_host_port[]", ports)
            spec.host_port_count = self.count32(len(ports), LIST_LIMIT)
        if self.random.random() < 0.4:
            is_default = self.random.random() < 0.2
            spec.flags = self.u32(int(is_default))
            spread = [self.spread_constraint(is_default) for _ in range(self.random.randrange(1, 3))]
            spec.spread_constraints = self.array("berth_spread_constraint[]", spread)
            spec.spread_constraint_count = self.count32(len(spread), 32)
        if self.random.random() < 0.4:
            terms = [self.affinity_term() for _ in range(self.random.randrange(1, 3))]
            spec.affinity_terms = self.array("berth_pod_affinity_term[]", terms)
            spec.affinity_term_count = self.count32(len(terms), 64)

    # Calls

    def intern_selector(self):
        requirements = self.selector_requirements()
        array = self.array("berth_requirement[]", requirements)
        return self.interned("selector", self.lib.berth_selector_intern, array, self.count(len(requirements)))

    def intern_images(self):
        images = [
            (self.name_of([name]), self.quantity(2**30))
            for name in self.random.sample(IMAGES, self.random.randrange(len(IMAGES)))
        ]
        array = self.array("berth_image[]", images)
        return self.interned("image", self.lib.berth_image_set_intern, array, self.count(len(images)))

    def set_namespace(self):
        labels = self.pod_labels(3)
        arguments = (self.name_of(NAMESPACES), self.array("berth_label[]", labels), self.count(len(labels)))
        return self.lib.berth_namespace_set, arguments, None

    def remove_namespace(self):
        return self.lib.berth_namespace_remove, (self.name_of(NAMESPACES),), None

    def intern_classes(self):
        specs = [spec for spec in (self.spec() for _ in range(self.random.randrange(4))) if spec]
        array = self.array("berth_pod_spec[]", [spec[0] for spec in specs])
        ids = self.array("berth_class_id[]", len(specs))

        def note():
            known = self.ids["class"]
            known += [id for id in dict.fromkeys(ids[i] for i in range(len(specs))) if id not in known]

        return self.lib.berth_classes_intern, (array, self.count(len(specs)), ids), note

    def terminate(self):
        ids = self.id_list("pod", 4)
        return self.lib.berth_pods_terminate, (self.array("uint64_t[]", ids), self.count(len(ids))), None

    def check(self):
        nodes = [self.id("node") for _ in range(self.random.randrange(6))]
        lacking = self.array("uint32_t[]", 16 * len(nodes)) if self.random.random() < 0.7 else self.ffi.NULL
        verdicts = self.array("berth_verdict[]", len(nodes))
        arguments = (self.id("class"), self.array("uint64_t[]", nodes), self.count(len(nodes)), verdicts, lacking)
        return self.lib.berth_class_check, arguments, None

    def message(self):
        capacity = self.random.choice([0, 1, 10, 4000])
        length = self.array("size_t *", 0) if self.random.random() < 0.8 else self.ffi.NULL
        return self.lib.berth_class_message, (self.id("class"), self.array("char[]", capacity), capacity, length), None

    # What must agree

    def must(self, status: int) -> None:
        assert status == self.lib.BERTH_OK, self.last_error(self.engine, status)

    def compare_answers(self, step: int) -> None:
        """Verdicts of single nodes, the explanation, kube-scheduler's words and the candidates say the same."""
        nodes, count = self.ffi.new("uint64_t[]", 512), self.ffi.new("size_t *")
        self.must(self.lib.berth_nodes_list(self.engine, 0, 512, nodes, count))
        for podclass in self.ids["class"][-10:]:
            told = self.explained(podclass)
            found = self.checked(podclass, nodes, count[0])
            assert told == found, f"step {step}: class {podclass}: explained {told}, checked {found}"
            text = self.ffi.new("char[]", 4000)
            self.must(self.lib.berth_class_message(self.engine, podclass, text, 4000, self.ffi.NULL))
            words = self.ffi.string(text).decode()
            assert words.startswith(f"{told['feasible']}/{count[0]} nodes are available"), f"step {step}: {words}"

    def explained(self, podclass: int) -> dict:
        explanation = self.ffi.new("berth_explanation *", {"struct_size": self.ffi.sizeof("berth_explanation")})
        reasons = self.ffi.new("berth_reason[]", 64)
        self.must(self.lib.berth_class_explain(self.engine, podclass, explanation, reasons, 64))
        told = {(r.kind, r.resource): r.nodes for r in reasons[0 : explanation.reason_count]}
        return {"feasible": explanation.feasible, **told}

    def checked(self, podclass: int, nodes, count: int) -> dict:
        verdicts = self.ffi.new("berth_verdict[]", max(count, 1))
        lacking = self.ffi.new("uint32_t[]", 16 * max(count, 1))
        self.must(self.lib.berth_class_check(self.engine, podclass, nodes, count, verdicts, lacking))
        found = {"feasible": 0}
        for i, verdict in enumerate(verdicts[0:count]):
            short = lacking[16 * i : 16 * i + verdict.lacking_count]
            assert (verdict.reason == self.lib.BERTH_REASON_INSUFFICIENT_RESOURCE) == (verdict.lacking_count > 0)
            for resource in short if verdict.lacking_count else [U32]:
                reason = (verdict.reason, resource) if verdict.reason else "feasible"
                found[reason] = found.get(reason, 0) + 1
        return found

    def compare_reread(self, step: int, path: str) -> None:
        """An engine that is read back from a snapshot, which counts all pods anew, decides the same. Inside a statement
        there is nothing to write."""
        if self.lib.berth_snapshot_write(self.engine, path.encode()) == self.lib.BERTH_WRONG_STATE:
            return
        reread = self.ffi.new("berth_engine **")
        self.must(self.lib.berth_snapshot_read(path.encode(), self.ffi.NULL, reread))
        try:
            here, there = self.state(), self.state(reread[0])
            for part in here.keys() - {"slots"}:  # which may be dealt otherwise
                assert here[part] == there[part], f"step {step}: {part} of an engine read from a snapshot differ"
        finally:
            assert self.lib.berth_engine_destroy(reread[0]) == self.lib.BERTH_OK
