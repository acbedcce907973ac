"""What the random calls of fuzz.py draw of gangs: roles, levels, slices, limits, running members, rings and tori, gangs
that start together, members to release, results to put into words. And whether what a placed gang is told, and what is
proven of one that is not, is so, counted here once more.

Numbers are small, so that gangs fit often, and often hardly."""

MOST_COPIES = 40  # of a class on a node that are counted


class Gangs:
    """Draws and calls; the rest of Fuzzer is what they stand on."""

    # Draws

    def level(self, *usual: int) -> int:
        """Of the gang's domains; 0 is none."""
        return self.u32(*usual) if usual else self.u32(0, 0, *range(self.levels + 2))

    def two_levels(self) -> tuple[int, int]:
        """One that is required, and one that is preferred, which is not wider."""
        required, preferred = self.level(), self.level()
        return required, preferred if preferred >= required or self.bad() else 0

    def slices(self) -> list[tuple[int, int]]:
        wanted = self.random.choice([0, 0, 0, 0, 1, 1, 2, 3])
        levels = sorted(self.random.sample(range(1, self.levels + 2), min(wanted, self.levels + 1)))
        sizes, size = [], self.random.choice([1, 2, 4, 4, 6, 8])
        for _ in levels:
            sizes.append(size)
            size //= self.random.choice([1, 2, 2]) if size % 2 == 0 else 1
        if self.bad():
            self.random.shuffle(levels)
        return [(self.u32(level), self.u32(size)) for level, size in zip(levels, sizes, strict=True)]

    def role(self) -> dict:
        slices = self.slices()
        step = max(slices[0][1], 1) if slices else 1
        most = self.random.choice([0, 1, 1, 2, 3, 5, 8, 13, 40])
        most = (most + step - 1) // step * step
        least = self.random.choice([most, most, 0, self.random.randrange(most // step + 1) * step])
        required, preferred = self.two_levels() if self.random.random() < 0.3 else (0, 0)
        spread = self.random.random() < 0.2
        if self.bad():
            most = self.random.choice([255, 2**20, 2**20 + 1, 2**32 - 1])
        return {
            "pod_class": self.id("class"),
            "min_members": self.u32(least),
            "max_members": most,
            "required_level": required,
            "preferred_level": preferred,
            "spread_level": self.u32(self.random.randrange(1, self.levels + 2) if spread else 0),
            "spread_members": self.u32(self.random.choice([1, 2, 3]) if spread else 0),
            "slice_count": self.count32(len(slices), 3),
            "slices": slices[:3],
            "reserved": [self.u32(0), self.u32(0)],
        }

    def running(self, roles: list[dict]) -> list[tuple[int, int, int]]:
        """Pods that are there, most of them of a role's class."""
        if not self.ids["pod"] or self.random.random() < 0.6:
            return []
        pods = self.random.sample(self.ids["pod"], min(len(self.ids["pod"]), self.random.randrange(60)))
        classes = [role["pod_class"] for role in roles]
        members = []
        for state in self.pod_states(pods):
            if state.pod_class in classes or self.bad():
                role = classes.index(state.pod_class) if state.pod_class in classes else 0
                members.append((self.id("pod") if self.bad() else state.pod, self.u32(role), self.u32(0)))
        return members[: self.random.choice([1, 3, 9])]

    def fabric(self) -> tuple[dict, list[int]]:
        """A ring or a torus of nodes that have no other place."""
        kind = self.u32(self.lib.BERTH_FABRIC_RING, self.lib.BERTH_FABRIC_TORUS)
        ring = kind != self.lib.BERTH_FABRIC_TORUS
        sizes = [self.random.randrange(1, 12), 1, 1] if ring else [self.random.randrange(1, 5) for _ in range(3)]
        count = sizes[0] * sizes[1] * sizes[2]
        none = self.constants["BERTH_NO_NODE"]
        known = [node for node in self.ids["node"] if node not in self.fabric_nodes]
        nodes = self.random.sample(known, min(count, len(known)))
        self.fabric_nodes.update(nodes)
        nodes = [self.id("node") if self.bad() else node for node in nodes] + [none] * (count - len(nodes))
        if self.random.random() < 0.3:
            self.random.shuffle(nodes)
        boxes = []
        if not ring and self.random.random() < 0.4:
            boxes = [
                (*(self.u32(self.random.randrange(1, size + 1)) for size in sizes), self.u32(0))
                for _ in range(self.random.randrange(1, 4))
            ]
        if self.bad():  # sizes that say more than there is are told apart before anything is read
            sizes[self.random.randrange(3)] = self.random.choice([0, 2**20 + 1, 2**31, 2**32 - 1])
        record = {
            "kind": kind,
            "x_size": sizes[0],
            "y_size": sizes[1],
            "z_size": sizes[2],
            "nodes": self.array("uint64_t[]", nodes),
            "boxes": self.array("berth_fabric_box[]", boxes) if boxes else self.ffi.NULL,
            "box_count": self.count(len(boxes)),
        }
        return record, nodes

    def gang(self) -> dict:
        """A gang's record, and what is to be looked up in it later."""
        in_fabric = self.random.random() < 0.12
        count = 1 if in_fabric else self.random.choice([1, 1, 1, 1, 2, 2, 3, 4])
        roles = [self.role() for _ in range(count)]
        fabrics, running = [], []
        required, preferred = self.two_levels()
        separate = self.level() if count > 1 and self.random.random() < 0.3 else 0
        if in_fabric:
            if not self.bad():
                required = preferred = separate = 0
                for field in ("required_level", "preferred_level", "spread_level", "spread_members", "slice_count"):
                    roles[0][field] = 0
            self.fabric_nodes = set()
            fabrics = [self.fabric()[0] for _ in range(self.random.choice([1, 1, 2]))]
        else:
            running = self.running(roles)
        most = sum(role["max_members"] for role in roles)
        least = self.random.randrange(most + len(running) + 1) if most < 1000 and self.random.random() < 0.2 else 0
        record = {
            "struct_size": self.u32(0, 8) if self.bad() else self.ffi.sizeof("berth_gang"),
            "flags": self.u32(0),
            "domain": self.random.choice([0, 0, 0, 0, self.id("domain")]),
            "required_level": required,
            "preferred_level": preferred,
            "separate_level": separate,
            "min_members": self.u32(least),
            "role_count": self.count32(count, 16),
            "roles": self.array("berth_gang_role[]", roles),
            "running": self.array("berth_gang_member[]", running) if running or self.bad() else self.ffi.NULL,
            "running_count": self.count(len(running)),
            "fabrics": self.array("berth_fabric[]", fabrics) if fabrics else self.ffi.NULL,
            "fabric_count": self.count(len(fabrics)),
        }
        return {"record": record, "roles": roles, "running": running, "fabrics": len(fabrics), "most": most}

    # Calls

    def results_for(self, gangs: list[dict], result: str = "berth_gang_result") -> tuple:
        """Room for all that may come."""
        most = sum(gang["most"] for gang in gangs)
        room = most if most <= 2**21 else 1
        placements = self.ffi.NULL if self.bad() else self.filled("berth_placement", room)
        roles = self.filled("uint32_t", room) if self.random.random() < 0.9 else self.ffi.NULL
        results = self.ffi.NULL if self.bad() else self.filled(result, len(gangs))
        for index in range(len(gangs) if results and result == "berth_gang_result" else 0):
            results[index].struct_size = self.u32(8) if self.bad() else self.ffi.sizeof("berth_gang_result")
        capacity = self.random.choice([0, max(room - 1, 0), 2**28 + 1, 2**63, 2**64 - 1]) if self.bad() else room
        capacity = capacity if most <= room else room  # else there is no room for what is said
        self.unwritten = [(array, bytes(self.ffi.buffer(array))) for array in (placements, roles, results) if array]
        return capacity, placements, roles, results

    def filled(self, ctype: str, count: int):
        array = self.keep(self.ffi.new(f"{ctype}[]", count))
        self.ffi.buffer(array)[:] = b"\xa5" * (count * self.ffi.sizeof(ctype))
        return array

    def place_gang(self):
        gang = self.gang()
        record = self.keep(self.ffi.new("berth_gang *", gang["record"]))
        flags = self.u32(0, 0, 0, 1)
        capacity, placements, roles, results = self.results_for([gang])
        before, copies, dry = self.digest(), self.copies_of(gang), self.dry_run(record, gang)
        arguments = (self.ffi.NULL if self.bad() else record, flags, capacity, placements, roles, results)

        def note():
            self.noted([gang], placements, roles, results, flags, before)
            if copies is not None:
                self.check_offers(gang, results[0], copies)
            if dry is not None:
                now = self.as_told(results[0], placements)
                assert dry == now, f"dry run {dry}, now {now}; {self.described(gang, results[0])}"

        return self.lib.berth_gang_place, arguments, note

    def place_gangs(self):
        gangs = [self.gang() for _ in range(self.random.randrange(5))]
        records = self.array("berth_gang[]", [gang["record"] for gang in gangs])
        flags = self.u32(0, 0, 1)
        outs = self.results_for(gangs)
        capacity, placements, roles, results = outs
        before = self.digest()
        arguments = (records, self.count(len(gangs)), flags, capacity, placements, roles, results)
        return (
            self.lib.berth_gangs_place,
            arguments,
            lambda: self.noted(gangs, placements, roles, results, flags, before),
        )

    def shrink(self):
        pods = list(dict.fromkeys(self.random.choices(self.ids["pod"], k=self.random.randrange(14)))) if (
            self.ids["pod"] and not self.bad()
        ) else self.id_list("pod")  # fmt: skip
        keep = self.random.choice([len(pods) + 1, 2**63, 2**64 - 1]) if self.bad() else self.random.randrange(
            len(pods) + 1
        )  # fmt: skip
        released = self.ffi.NULL if self.bad() else self.filled("uint64_t", max(len(pods), 1))
        arguments = (self.array("uint64_t[]", pods), self.count(len(pods)), keep, released)
        self.unwritten = [(released, bytes(self.ffi.buffer(released)))] if released else []

        def note():
            gone = list(released[0 : len(pods) - keep]) if released else []
            assert len(set(gone)) == len(gone) and set(gone) <= set(pods), f"released {gone} of {pods}, keep {keep}"
            if released:
                self.ids["pod"] = [pod for pod in self.ids["pod"] if pod not in gone]
                self.gone["pod"] = (self.gone["pod"] + gone)[-50:]

        return self.lib.berth_gang_shrink, arguments, note

    def gang_message(self):
        """Of a result that a call has written; sometimes of one that none has."""
        result = self.keep(self.ffi.new("berth_gang_result *"))
        if self.gang_results:
            self.ffi.memmove(result, self.random.choice(self.gang_results), self.ffi.sizeof("berth_gang_result"))
        spoilt = self.bad()
        if spoilt:
            raw = self.ffi.buffer(result)
            for _ in range(self.random.randrange(1, 4)):
                place = 4 * self.random.randrange(len(raw) // 4)
                raw[place : place + 4] = self.random.choice([0, 1, 4, 99, 2**31, 2**32 - 1]).to_bytes(4, "little")
        capacity = self.random.choice([0, 1, 20, 2000])
        text = self.array("char[]", capacity)
        length = self.array("size_t *", 0) if self.random.random() < 0.8 else self.ffi.NULL
        arguments = (self.ffi.NULL if self.bad() else result, text, capacity, length)

        def note():
            if length:
                assert length[0] > 5 or spoilt, "no words"
            if text and length and capacity:
                assert len(self.ffi.string(text)) == min(length[0], capacity - 1) or spoilt

        return self.lib.berth_gang_message, arguments, note

    def check_unwritten(self, step: int) -> None:
        """After a refused call: its results are what they were."""
        for array, was in self.unwritten:
            assert bytes(self.ffi.buffer(array)) == was, f"step {step}: a refused call wrote results"

    def dry_run(self, record, gang: dict):
        """What the gang would get, to be compared with what it gets; None where that is not asked, or refused."""
        if self.random.random() < 0.7 or gang["most"] > 2**12:
            return None
        placements = self.ffi.new("berth_placement[]", max(gang["most"], 1))
        result = self.ffi.new("berth_gang_result *", {"struct_size": self.ffi.sizeof("berth_gang_result")})
        arguments = (record, self.lib.BERTH_PLACE_DRY_RUN, gang["most"], placements, self.ffi.NULL, result)
        before = self.digest()
        status = self.lib.berth_gang_place(self.engine, *arguments)
        assert self.digest() == before, "a dry run changed the engine"
        return self.as_told(result, placements) if status == self.lib.BERTH_OK else None

    def as_told(self, result, placements) -> dict:
        told = {name: getattr(result, name) for name, _ in self.ffi.typeof("berth_gang_result").fields}
        told = {name: value if isinstance(value, int) else list(value) for name, value in told.items()}
        return {**told, "nodes": [placements[index].node for index in range(result.members)]}

    def gang_answers(self, engine) -> bytes:
        """What small gangs of some classes would get, each told in bytes."""
        answers = b""
        role = self.ffi.new("berth_gang_role *", {"min_members": 2, "max_members": 6})
        gang, placements = self.ffi.new("berth_gang *"), self.ffi.new("berth_placement[]", 6)
        self.lib.berth_gang_init(gang)
        gang.roles, gang.role_count, gang.preferred_level = role, 1, self.levels + 1
        for pod_class in self.ids["class"][-3:]:
            role.pod_class = pod_class
            result = self.ffi.new("berth_gang_result *", {"struct_size": self.ffi.sizeof("berth_gang_result")})
            arguments = (gang, self.lib.BERTH_PLACE_DRY_RUN, 6, placements, self.ffi.NULL, result)
            assert self.lib.berth_gang_place(engine, *arguments) == self.lib.BERTH_OK
            answers += bytes(self.ffi.buffer(result)) + bytes(self.ffi.buffer(placements))[: 32 * result.members]
        return answers

    # What must agree

    def pod_states(self, pods: list[int]):
        states = self.keep(self.ffi.new("berth_pod_state[]", max(len(pods), 1)))
        self.must(self.lib.berth_pods_read(self.engine, pods, len(pods), states))
        return list(states[0 : len(pods)])

    def node_states(self, nodes: list[int]) -> dict:
        states = self.keep(self.ffi.new("berth_node_state[]", max(len(nodes), 1)))
        null = self.ffi.NULL
        self.must(self.lib.berth_nodes_read(self.engine, nodes, len(nodes), null, 0, states, null, null))
        return {state.node: state for state in states[0 : len(nodes)]}

    def paths(self, nodes) -> dict:
        """Of each node its domains, from the cluster down, itself last."""
        found = {}
        for node, state in self.node_states(list(dict.fromkeys(nodes))).items():
            path, domain = [node], state.domain
            while domain != 0:
                path.append(domain)
                domain = self.parents[domain]
            found[node] = [*path, 0][::-1]
            assert len(found[node]) == self.levels + 2
        return found

    def noted(self, gangs, placements, roles, results, flags, before) -> None:
        """Each gang's part of the answer is looked at; pods are noted, and results kept to be put into words."""
        dry = flags & self.lib.BERTH_PLACE_DRY_RUN
        told = [results[index] for index in range(len(gangs))] if results else []
        for result in told:
            self.gang_results = [*self.gang_results, bytes(self.ffi.buffer(self.ffi.addressof(result)))][-20:]
        outcomes = [result.outcome for result in told]
        placed = all(outcome == self.lib.BERTH_GANG_PLACED for outcome in outcomes)
        failed = [
            outcome for outcome in outcomes if outcome in (self.lib.BERTH_GANG_NO_FIT, self.lib.BERTH_GANG_BOUNDED)
        ]
        withdrawn = outcomes.count(self.lib.BERTH_GANG_WITHDRAWN)
        assert placed or (len(failed) == 1 and withdrawn == len(outcomes) - 1), f"outcomes {outcomes}"
        if dry or not placed:
            assert self.digest() == before, f"nothing was placed, dry run {dry}, and the engine changed"
        start = 0
        for gang, result in zip(gangs, told, strict=False):
            entries = [placements[start + index] for index in range(result.members)]
            start += result.members
            try:
                if placed:
                    numbers = list(roles[start - len(entries) : start]) if roles else None
                    self.check_placed(gang, result, entries, numbers, dry)
                else:
                    self.check_failed(gang, result)
            except AssertionError as wrong:
                raise AssertionError(f"{wrong}; {self.described(gang, result)}") from wrong
        if placed and not dry:
            self.ids["pod"] += [placements[index].pod for index in range(start)]

    def described(self, gang: dict, result) -> str:
        """For those who look for what went wrong."""
        record = {name: value for name, value in gang["record"].items() if isinstance(value, int) and value}
        roles = [{name: value for name, value in role.items() if value} for role in gang["roles"]]
        told = self.as_told(result, self.ffi.new("berth_placement[]", result.members))
        return f"gang {record}, roles {roles}, running {gang['running']}, result {told}"

    def words(self, result) -> str:
        text = self.ffi.new("char[]", 4000)
        copy = self.ffi.new("berth_gang_result *", result)
        self.must(self.lib.berth_gang_message(self.engine, copy, text, 4000, self.ffi.NULL))
        return self.ffi.string(text).decode()

    def check_failed(self, gang: dict, result) -> None:
        words = self.words(result)
        assert len(words) > 10, f"{result.outcome}: {words!r}"
        assert result.members == 0, f"{result.members} members of a gang that was not placed"
        if result.outcome == self.lib.BERTH_GANG_WITHDRAWN:
            return
        assert result.role < len(gang["roles"]) and result.level <= self.levels + 1, f"the proof: {words}"
        assert (result.outcome == self.lib.BERTH_GANG_NO_FIT) == (result.limits == 0), f"limits {result.limits}"
        known = [*self.ids["resource"], self.constants["BERTH_ANY_RESOURCE"]]
        assert result.resource in known, f"resource {result.resource}"
        if len(gang["roles"]) == 1 and result.limits == 0 and result.needed > 0:
            assert result.available < result.needed, f"no proof: {words}"

    def check_placed(self, gang: dict, result, entries, numbers, dry) -> None:
        record, roles = gang["record"], gang["roles"]
        words = self.words(result)
        assert words.startswith(f"{result.members} members placed"), words
        if numbers is None:
            classes = [role["pod_class"] for role in roles]
            if len(set(classes)) < len(classes):
                return
            numbers = [classes.index(entry.pod_class) for entry in entries]
        assert numbers == sorted(numbers), f"roles {numbers}"
        new = [(number, entry.node) for number, entry in zip(numbers, entries, strict=True)]
        for number, entry in zip(numbers, entries, strict=True):
            assert entry.outcome == self.lib.BERTH_PLACED and entry.pod_class == roles[number]["pod_class"]
        pods = [entry.pod for entry in entries]
        if dry:
            assert set(pods) <= {self.constants["BERTH_NO_POD"]}, f"pods of a dry run: {pods}"
        else:
            assert [state.node for state in self.pod_states(pods)] == [entry.node for entry in entries]
        states = self.pod_states([member[0] for member in gang["running"]])
        none = self.constants["BERTH_NO_NODE"]
        old = [
            (member[1], state.node) for member, state in zip(gang["running"], states, strict=True) if state.node != none
        ]
        counts = [sum(number == index for number, _ in new) for index in range(len(roles))]
        for role, count in zip(roles, counts, strict=True):
            assert role["min_members"] <= count <= role["max_members"], f"{counts} members"
        assert len(new) + len(old) >= record["min_members"], f"{len(new)} and {len(old)} of {record['min_members']}"
        paths = self.paths([node for _, node in new + old])
        self.check_rules(gang, new, old, paths)
        self.check_told(gang, result, new, old, paths)
        assert result.score == sum(entry.score for entry in entries), f"score {result.score}"
        assert result.score_bound >= result.score, f"bound {result.score_bound} of {result.score}"
        if not gang["fabrics"]:
            slots = {node: state.slot for node, state in self.node_states([node for _, node in new]).items()}
            order = [(number, slots[node]) for number, node in new]
            assert order == sorted(order), f"not in topology order: {order}"

    def check_rules(self, gang: dict, new, old, paths) -> None:
        """What is required is met."""
        record, roles = gang["record"], gang["roles"]
        depth = self.depths[record["domain"]]
        for _, node in new:
            assert paths[node][depth] == record["domain"], f"node {node} is outside of domain {record['domain']}"
        within = {paths[node][record["required_level"]] for _, node in new + old}
        assert len(within) <= 1 or not new, f"required level {record['required_level']}: {within}"
        for index, role in enumerate(roles):
            mine = [paths[node] for number, node in new + old if number == index]
            fresh = [paths[node] for number, node in new if number == index]
            others = [paths[node] for number, node in new + old if number != index]
            within = {path[role["required_level"]] for path in mine}
            assert len(within) <= 1 or not fresh, f"role {index}: required level {role['required_level']}: {within}"
            if role["spread_members"]:
                level = role["spread_level"]
                for domain in {path[level] for path in fresh}:
                    count = sum(path[level] == domain for path in mine)
                    assert count <= role["spread_members"], f"role {index}: {count} members in domain {domain}"
            for level, size in role["slices"][: role["slice_count"]]:
                for domain in {path[level] for path in fresh}:
                    count = sum(path[level] == domain for path in fresh)
                    assert count % size == 0, f"role {index}: {count} members in domain {domain}, a slice has {size}"
            if record["separate_level"]:
                level = record["separate_level"]
                shared = {path[level] for path in fresh} & {path[level] for path in others}
                assert not shared, f"role {index} shares {shared} with others"

    def check_told(self, gang: dict, result, new, old, paths) -> None:
        """Domains that were opened, and the lowest that all members share."""
        record, levels = gang["record"], self.levels + 2
        assert result.level_count == levels
        there = [paths[node] for _, node in new + old]
        opened = [len({path[level] for path in there}) for level in range(levels)]
        assert list(result.domains)[:levels] == opened, f"{list(result.domains)}, {opened} are open"
        bound = list(result.domains_bound)[:levels]
        assert bound <= opened or not there, f"bound {bound} of {opened}"
        common = max((level for level in range(levels) if opened[level] == 1), default=0)
        assert result.common_level == common, f"common level {result.common_level}, it is {common}"
        domain = there[0][common] if there and common < levels - 1 else self.constants["BERTH_NO_DOMAIN"]
        assert result.common_domain == (domain if there else 0), f"common domain {result.common_domain}, it is {domain}"
        met = common >= record["preferred_level"]
        for index, role in enumerate(gang["roles"]):
            mine = {paths[node][role["preferred_level"]] for number, node in new + old if number == index}
            met = met and len(mine) <= 1
        if there:
            assert result.preferred_met == met, f"preferred_met {result.preferred_met}, {opened}"

    def copies_of(self, gang: dict):
        """How many of a gang's only class each node takes now, by node, found out pod after pod; None where that is not
        all that decides."""
        record, role = gang["record"], gang["roles"][0]
        unlike = ("spread_members", "slice_count", "preferred_level")
        packed = record["required_level"] or record["preferred_level"] or role["required_level"]
        if len(gang["roles"]) > 1 or gang["running"] or gang["fabrics"] or any(role[name] for name in unlike):
            return None
        if not packed or self.random.random() < 0.5 or role["pod_class"] not in self.ids["class"]:
            return None
        nodes, count = self.ffi.new("uint64_t[]", 512), self.ffi.new("size_t *")
        self.must(self.lib.berth_nodes_list(self.engine, 0, 512, nodes, count))
        statement, before = self.ffi.new("uint64_t *"), self.digest()
        if self.lib.berth_statement_begin(self.engine, statement) != self.lib.BERTH_OK:
            return None
        copies = {node: self.copies_on(node, role["pod_class"]) for node in nodes[0 : count[0]]}
        self.must(self.lib.berth_statement_discard(self.engine, statement[0]))
        assert self.digest() == before
        return None if None in copies.values() else copies

    def copies_on(self, node: int, pod_class: int):
        verdict, pod = self.ffi.new("berth_verdict *"), self.ffi.new("uint64_t *")
        for count in range(MOST_COPIES):
            self.must(self.lib.berth_class_check(self.engine, pod_class, [node], 1, verdict, self.ffi.NULL))
            if verdict.reason:
                return count
            if self.lib.berth_pods_bind(self.engine, [pod_class], [node], 1, pod) != self.lib.BERTH_OK:
                return None
        return None

    def check_offers(self, gang: dict, result, copies: dict) -> None:
        """A gang of one role, without slices and limits: whether it fits, where at the best, and in how few domains."""
        if result.limits & ~self.lib.BERTH_GANG_LIMIT_SCORES:
            return
        record, role = gang["record"], gang["roles"][0]
        depth = self.depths[record["domain"]]
        paths = {node: path for node, path in self.paths(copies).items() if path[depth] == record["domain"]}
        offers = [{} for _ in range(self.levels + 2)]
        for node, path in paths.items():
            for level, domain in enumerate(path):
                offers[level][domain] = offers[level].get(domain, 0) + copies[node]
        level = max(record["required_level"], role["required_level"], depth)
        best = max(offers[level].values(), default=0)
        least = max(role["min_members"], min(record["min_members"], role["max_members"]))
        count = min(best, role["max_members"])
        is_placed = result.outcome == self.lib.BERTH_GANG_PLACED
        if least == count == 0:
            return  # nobody is to come, and nobody can
        assert is_placed == (count >= least), f"{best} of {least}, {role['max_members']}: outcome {result.outcome}"
        if not is_placed:
            told = (result.level, result.needed, result.available)
            assert told == (level, least, best), f"the proof is {told}, it is {(level, least, best)}"
            enough = self.fewest(offers[level].values(), least)
            assert result.enough_domains == enough, f"enough domains {result.enough_domains}, {enough} are"
            return
        assert result.members == count, f"{result.members} members, {count} fit"
        if count == 0:
            return
        common = max(level for level in range(self.levels + 2) if max(offers[level].values(), default=0) >= count)
        assert result.common_level == common, f"common level {result.common_level}, {common} can be"
        left = offers[common][result.common_domain] - count if common <= self.levels else None
        assert left in (None, result.left_over[common]), f"left over {list(result.left_over)}, {left}"
        if common <= self.levels:
            fewest = min(
                self.fewest((offers[common + 1][inner] for inner in self.within(paths, common, domain)), count)
                for domain, offer in offers[common].items()
                if offer >= count
            )
            assert result.domains[common + 1] == fewest, f"{list(result.domains)}, {fewest} on level {common + 1} do"

    @staticmethod
    def within(paths: dict, level: int, domain: int) -> set:
        return {path[level + 1] for path in paths.values() if path[level] == domain}

    @staticmethod
    def fewest(offers, wanted: int) -> int:
        """So many of them are that much together; 0: all of them are not."""
        for count, offer in enumerate(sorted(offers, reverse=True), 1):
            wanted -= offer
            if wanted <= 0:
                return count
        return 0
