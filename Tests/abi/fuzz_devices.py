"""What the random calls of fuzz.py draw of devices: machines, health, typical pods, what pods ask for, claims, moves.
And whether what nodes have free is their machine without what their pods hold, counted here once more.

Models and machines come from small sets, so that demands find some."""

MODELS = (b"A100-SXM4-80GB", b"H100-SXM5-80GB", b"V100M32", b"G2")
STANDARD = (
    b"dgx-h100",
    b"dgx-a100-80gb",
    b"nvlink-pairs-8",
    b"pcie-4",
    b"dgx-1-v100",
    b"gb200-nvl72",
    b"dgx-2",
    b"flat-1",
)
PROFILES = (b"1g.10gb", b"2g.20gb", b"3g.40gb", b"7g.80gb", b"1g.5gb")
LINKS = (1, 2, 3, 4, 5, 18, 28, 63, 64)
MOST_GPUS = MOST_NICS = 16


class Devices:
    """Draws and calls; the rest of Fuzzer is what they stand on."""

    # Draws

    def models(self):
        """Some models as demands have them."""
        if self.bad():
            return self.name_of([b"|", b"G2||V100M32", b"G2|", b"|G2", b"none", b"|".join(MODELS * 100)])
        if self.random.random() < 0.8:
            return self.ffi.NULL
        return self.keep(self.ffi.new("char[]", b"|".join(self.random.sample(MODELS, self.random.randrange(3)))))

    def link(self) -> int:
        return self.random.choice([0, 6, 16, 65, 255]) if self.bad() else self.random.choice(LINKS)

    def gpu_links(self, count: int) -> list[int]:
        """Cells of GPUs that are alike: the more a cell, the better its links."""
        cells, near, far = self.random.choice([1, 2, 4, 8]), self.link(), self.link()
        links = [near if a // cells == b // cells else far for a in range(count) for b in range(count)]
        for place in range(0, count * count, count + 1):
            links[place] = 1 if self.bad() else 0
        if links and self.bad():
            links[self.random.randrange(len(links))] = self.random.randrange(256)
        return links

    def machine(self):
        machine = self.keep(self.ffi.new("berth_machine *"))
        self.lib.berth_machine_init(machine)
        count, nics = self.random.choice([1, 2, 4, 8, 16]), self.random.choice([0, 0, 1, 2, 16])
        if self.bad():
            machine.struct_size = self.u32(8)
        model, sliced = self.random.choice(MODELS), self.random.choice([0, 0, 2, 31])
        gpus = [
            (
                self.name_of([model, model, MODELS[0]]),
                self.u32(40000, 81920),
                self.u16(0, i // 4),
                self.u16(255, i // 2),
                self.u32(sliced),
                self.u32(0),
            )
            for i in range(count)
        ]
        cards = [(self.u16(0, 1), self.u16(255, i), self.u32(1, 2, 255)) for i in range(nics)]
        machine.flags = self.u32(0, 0, 0, 1)
        machine.gpu_count, machine.nic_count = self.count32(count, MOST_GPUS), self.count32(nics, MOST_NICS)
        machine.gpus, machine.nics = self.array("berth_gpu[]", gpus), self.array("berth_nic[]", cards)
        machine.gpu_links = self.array("uint8_t[]", self.gpu_links(count))
        if self.random.random() < 0.3:
            links = [self.random.randrange(1, 7 if self.bad() else 6) for _ in range(count * nics)]
            machine.nic_links = self.array("uint8_t[]", links)
        return self.ffi.NULL if self.bad() else machine

    def topology(self) -> bytes:
        """As `nvidia-smi topo -m` prints it, of a machine with links like gpu_links."""
        words = {1: "SYS", 2: "NODE", 3: "PHB", 4: "PXB", 5: "PIX", 64: "NV18"}
        count = self.random.choice([1, 2, 4, 8, 16])
        cells, near, far = self.random.choice([1, 2, 4]), self.random.choice(LINKS), self.random.choice([1, 2, 3])
        names = [f"GPU{i}" for i in range(count)]
        lines = ["\t" + "\t".join(names) + "\tCPU Affinity"]
        for a in range(count):
            row = [near if a // cells == b // cells else far for b in range(count)]
            cells_of_row = ["X" if b == a else words.get(link, f"NV{link - 16}") for b, link in enumerate(row)]
            lines.append("\t".join([names[a], *cells_of_row, "0-15"]))
        text = "\n".join(lines).encode() + b"\n"
        if self.bad():  # a few bytes are others, or the end is missing
            spoilt = bytearray(text)
            for _ in range(self.random.randrange(4)):
                spoilt[self.random.randrange(len(spoilt))] = self.random.choice(b"\t\n X9N\xff\x1b")
            text = bytes(spoilt[: self.random.choice([len(spoilt), self.random.randrange(len(spoilt))])])
        return text.replace(b"\0", b" ") + (b"x" * 70000 if self.bad() else b"")

    def demand(self):
        whole, share = {"share_milli": self.u32(1000)}, {"share_milli": self.u32(100, 250, 500, 999)}
        memory, instance = {"memory_mib": self.u32(1000, 20000)}, {"mig_profile": self.name_of(PROFILES)}
        turn = {"flags": self.u32(self.lib.BERTH_DEVICES_TIME_SLICE)}
        kind = self.random.choice([whole, whole, whole, share, share, memory, instance, turn, {}])
        demand = {"gpu_count": self.u32(1), "models": self.models(), **kind}
        if kind is whole:
            demand["gpu_count"] = self.u32(1, 1, 2, 4, 8, 16)
            demand["flags"] = self.u32(0, 1)
            demand["memory_mib"] = self.u32(0, 0, 40000)
            demand["link_required"] = self.u32(0, 0, 1, 5, 18, 64)
        if kind is share:
            demand["memory_mib"] = self.u32(0, 1000)
        if self.random.random() < 0.2:
            demand["nic_count"] = self.u32(1, 2, 8)
            demand["flags"] = demand.get("flags", 0) | self.u32(0, 4)
        if self.random.random() < 0.05:
            demand = {"nic_count": self.u32(1, 3)}
        if self.bad():
            demand[self.random.choice(["gpu_count", "share_milli", "memory_mib", "nic_count", "flags"])] = self.u32(7)
        return demand

    def ask_devices(self, spec) -> None:
        if self.random.random() < 0.35:
            spec.devices = self.array("berth_device_demand *", self.demand())

    def claim_now(self, podclass: int, node: int) -> list[int]:
        """What the pod would get; sometimes something else."""
        claim = self.ffi.new("berth_claim *")
        self.lib.berth_claim_preview(self.engine, podclass, node, claim)
        fields = [claim.gpus, claim.nics, claim.share_milli, claim.memory_mib, claim.mig_slices, 0]
        if self.bad():
            fields[self.random.randrange(6)] ^= self.random.choice([1, 3, 0x8000, 0x10000, 2**31, 2**32 - 1])
        elif self.random.random() < 0.2:
            fields[0] = fields[0] << 1 & 0xFFFF  # others that may do as well
        return fields

    # Calls

    def intern_machine(self):
        return self.interned("machine", self.lib.berth_machine_intern, self.machine())

    def intern_standard(self):
        model = self.name_of(MODELS) if self.random.random() < 0.3 else self.ffi.NULL
        arguments = (self.name_of(STANDARD), model, self.u32(0, 0, 40000))
        return self.interned("machine", self.lib.berth_machine_intern_standard, *arguments)

    def intern_matrix(self):
        text = self.ffi.NULL if self.bad() else self.keep(self.ffi.new("char[]", self.topology()))
        arguments = (text, self.name_of(MODELS), self.u32(0, 40000))
        return self.interned("machine", self.lib.berth_machine_intern_matrix, *arguments)

    def set_model(self):
        return self.lib.berth_gpu_model_set, (self.name_of(MODELS), self.u32(0, 50, 100)), None

    def set_machines(self):
        ids = self.id_list("node", 20)
        machines = [0 if self.random.random() < 0.1 else self.id("machine") for _ in ids]
        arrays = (self.array("uint64_t[]", ids), self.array("uint32_t[]", machines))
        return self.lib.berth_nodes_set_machines, (*arrays, self.count(len(ids))), None

    def set_health(self):
        gpus, nics = (self.u32(0, 0, 1, 2, 0x81, 0xFFFF), self.u32(0, 0, 1, 3))
        return self.lib.berth_node_set_health, (self.id("node"), gpus, nics), None

    def set_typical(self):
        pods = []
        for _ in range(self.random.randrange(5)):
            count = self.u32(0, 1, 1, 2, 8)
            share = self.u32(1000 if count > 1 else self.random.choice([1, 500, 1000]) if count else 0)
            pods.append(
                (self.quantity(3000), count, share, self.u32(1, 5, 2**20), self.models() if count else self.ffi.NULL)
            )
        arguments = (self.array("berth_typical_pod[]", pods), self.count(len(pods)), self.u32(0, 0, 0, 2**24))
        return self.lib.berth_typical_pods_set, arguments, None

    def read_devices(self):
        gpus = self.array("berth_gpu_state[]", MOST_GPUS) if self.random.random() < 0.7 else self.ffi.NULL
        functions = self.array("uint32_t[]", MOST_NICS) if self.random.random() < 0.7 else self.ffi.NULL
        return self.lib.berth_node_read_devices, (self.id("node"), self.array("uint32_t *", 0), gpus, functions), None

    def read_fragmentation(self):
        ids = self.id_list("node", 6)
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.array("double[]", len(ids)))
        return self.lib.berth_fragmentation_read, arguments, None

    def read_machine(self):
        out = self.sized("berth_machine")
        arrays = [
            self.array(ctype, count)
            for ctype, count in (("berth_gpu[]", 16), ("berth_nic[]", 16), ("uint8_t[]", 256), ("uint8_t[]", 256))
        ]
        return self.lib.berth_machine_read, (self.id("machine"), out, *arrays), None

    def read_claims(self):
        ids = self.id_list("pod")
        arguments = (self.array("uint64_t[]", ids), self.count(len(ids)), self.array("berth_claim[]", len(ids)))
        return self.lib.berth_claims_read, arguments, None

    def preview(self):
        return self.lib.berth_claim_preview, (self.id("class"), self.id("node"), self.array("berth_claim *", [0])), None

    def bind_claims(self):
        _, (classes, nodes, count, pods), note = self.bind()
        known = min(len(classes) if classes else 0, len(nodes) if nodes else 0)
        claims = [self.claim_now(classes[i], nodes[i]) for i in range(known)]
        claims += [[0] * 6] * ((len(pods) if pods else 0) - known)
        return self.lib.berth_pods_bind_claims, (classes, nodes, self.array("berth_claim[]", claims), count, pods), note

    def resize_claim(self):
        arguments = (self.id("pod"), self.u32(0, 50, 250, 500, 999), self.u32(0, 500, 1000, 30000))
        return self.lib.berth_claim_resize, arguments, None

    def move(self):
        ids = self.id_list("pod", 4)
        nodes = [self.id("node") for _ in ids]
        arrays = (self.array("uint64_t[]", ids), self.array("uint64_t[]", nodes))
        return self.lib.berth_pods_move, (*arrays, self.count(len(ids))), None

    def defragment(self):
        """What came of a plan must fit when it is carried out: then it is taken back, and has changed nothing."""
        if self.random.random() < 0.7 and len(self.ids["pod"]) < 200:
            self.scatter()
        ids = self.id_list("pod", 30)
        options, report = self.sized("berth_defragment_options"), self.sized("berth_defragment_report")
        most = self.u32(1, 2, 5, 40)
        migrations = self.array("berth_migration[]", 40)
        if options:
            options.goal, options.most_moves, options.reserved = self.u32(0, 1), most, self.u32(0)
            options.iterations = 10**9 + 1 if self.bad() else self.random.choice([0, 100, 1000])
            options.seed = self.random.getrandbits(64)
            if most > 40 and most <= 65536:  # as much as there is room for
                options.most_moves = 40
            if self.random.random() < 0.3:
                options.movable, options.movable_count = self.array("uint64_t[]", ids), self.count(len(ids))
        arguments = (options, migrations, report)
        return self.lib.berth_defragment, arguments, lambda: self.carry_out(options, migrations, report)

    def scatter(self) -> None:
        """Pods with GPUs or parts of them here and there, so that there is something to gain."""
        if not self.ids["profile"]:
            return
        spec, pod_class = self.ffi.new("berth_pod_spec *"), self.ffi.new("uint32_t *")
        pod, demand = self.ffi.new("uint64_t *"), self.ffi.new("berth_device_demand *")
        toleration = self.ffi.new("berth_toleration *", {"op": self.lib.BERTH_TOLERATION_EXISTS})
        self.lib.berth_pod_spec_init(spec)
        spec.profile, spec.devices = self.random.choice(self.ids["profile"]), demand
        spec.tolerations, spec.toleration_count = toleration, 1
        demand.gpu_count, demand.share_milli = 1, self.random.choice([250, 500, 1000])
        if self.lib.berth_class_intern(self.engine, spec, pod_class) != self.lib.BERTH_OK:
            return
        if pod_class[0] not in self.ids["class"]:
            self.ids["class"].append(pod_class[0])
        for node in self.random.sample(self.ids["node"], min(20, len(self.ids["node"]))):
            if self.lib.berth_pods_bind(self.engine, pod_class, [node], 1, pod) == self.lib.BERTH_OK:
                self.ids["pod"].append(pod[0])

    def carry_out(self, options, migrations, report) -> None:
        digest, statement = self.digest(), self.ffi.new("uint64_t *")
        plan = [(move.pod, move.from_node, move.to_node) for move in migrations[0 : report.moves]]
        pods, there = [pod for pod, _, _ in plan], [to_node for _, _, to_node in plan]
        assert len(plan) <= options.most_moves, f"{len(plan)} moves, where the budget is {options.most_moves}"
        assert len(set(pods)) == len(pods), f"a pod moves twice: {plan}"
        assert self.free_devices() == (report.free_gpus_before, report.free_nodes_before), "counted before the plan"
        self.must(self.lib.berth_statement_begin(self.engine, statement))
        states = self.ffi.new("berth_pod_state[]", max(len(plan), 1))
        self.must(self.lib.berth_pods_read(self.engine, pods, len(plan), states))
        for state, (pod, from_node, to_node) in zip(states[0 : len(plan)], plan, strict=True):
            assert state.node == from_node != to_node, f"pod {pod} is on {state.node}, to move {from_node} {to_node}"
        self.must(self.lib.berth_pods_move(self.engine, pods, there, len(plan)))
        assert self.free_devices() == (report.free_gpus_after, report.free_nodes_after), f"counted after {plan}"
        self.must(self.lib.berth_statement_discard(self.engine, statement[0]))
        assert self.digest() == digest, f"taken back, but not what it was: {plan}"

    # What must agree

    def free_devices(self) -> tuple[int, int]:
        """Wholly free and healthy GPUs, and nodes that have no others."""
        nodes, count = self.ffi.new("uint64_t[]", 512), self.ffi.new("size_t *")
        self.must(self.lib.berth_nodes_list(self.engine, 0, 512, nodes, count))
        free, idle = 0, 0
        for machine, gpus, functions in self.devices_of(self.engine, nodes[0 : count[0]])[0]:
            whole, functions_of_all = self.what_is_left(machine, [])
            assert len(functions) == len(functions_of_all)
            states = [gpu[:3] == all_of_it and not gpu[3] for gpu, all_of_it in zip(gpus, whole, strict=True)]
            there = [state for state, all_of_it in zip(states, whole, strict=True) if all_of_it[0]]
            free += sum(there)
            idle += bool(there) and all(there)
        return free, idle

    def devices_of(self, engine, nodes) -> tuple[list, list]:
        """Of each node its machine and the states of its devices, then the claims of the pods that are known."""
        found = []
        for node in nodes:
            id, gpus = self.ffi.new("uint32_t *"), self.ffi.new("berth_gpu_state[]", MOST_GPUS)
            functions = self.ffi.new("uint32_t[]", MOST_NICS)
            self.must(self.lib.berth_node_read_devices(engine, node, id, gpus, functions))
            found.append(
                (id[0], [(g.free_milli, g.free_memory_mib, g.mig_slices, g.is_sick) for g in gpus], list(functions))
            )
        pods = self.ids["pod"]
        claims = self.ffi.new("berth_claim[]", max(len(pods), 1))
        self.must(self.lib.berth_claims_read(engine, pods, len(pods), claims))
        fields = ("gpus", "nics", "share_milli", "memory_mib", "mig_slices", "reserved")
        return found, [tuple(getattr(claim, field) for field in fields) for claim in claims[0 : len(pods)]]

    def compare_devices(self, step: int) -> None:
        nodes, count = self.ffi.new("uint64_t[]", 512), self.ffi.new("size_t *")
        self.must(self.lib.berth_nodes_list(self.engine, 0, 512, nodes, count))
        nodes = list(nodes[0 : count[0]])
        found, claims = self.devices_of(self.engine, nodes)
        states = self.ffi.new("berth_pod_state[]", max(len(claims), 1))
        self.must(self.lib.berth_pods_read(self.engine, self.ids["pod"], len(claims), states))
        held = {node: [] for node in nodes}
        for state, claim in zip(states[0 : len(claims)], claims, strict=True):
            if state.node in held:
                held[state.node].append(claim)
            else:
                assert not any(claim), f"step {step}: pod {state.pod} has no node and holds {claim}"
        for node, (machine, gpus, functions) in zip(nodes, found, strict=True):
            wanted = self.what_is_left(machine, held[node])
            assert wanted == ([gpu[:3] for gpu in gpus], functions), (
                f"step {step}: node {node}, machine {machine}, has {gpus} and {functions} free; should have {wanted}"
            )

    def what_is_left(self, machine: int, claims: list) -> tuple[list, list]:
        """A machine's devices without what claims say."""
        record, gpus = self.ffi.new("berth_machine *"), self.ffi.new("berth_gpu[]", MOST_GPUS)
        nics = self.ffi.new("berth_nic[]", MOST_NICS)
        self.lib.berth_machine_init(record)
        if machine:
            null = self.ffi.NULL
            self.must(self.lib.berth_machine_read(self.engine, machine, record, gpus, nics, null, null))
        left = [[1000 if i < record.gpu_count else 0, gpus[i].memory_mib, 0] for i in range(MOST_GPUS)]
        functions = [nics[i].virtual_functions for i in range(MOST_NICS)]
        for held, cards, milli, memory, slices, _ in claims:
            for gpu in (left[i] for i in range(MOST_GPUS) if held >> i & 1):
                if slices or milli == 1000:
                    assert not gpu[2] & slices, f"MIG slices {slices} are held twice"
                    gpu[:] = [0, 0, gpu[2] | slices]
                else:
                    gpu[:2] = [gpu[0] - milli, gpu[1] - memory]
            for i in range(MOST_NICS):
                functions[i] -= cards >> i & 1
        return [tuple(gpu) for gpu in left], functions
