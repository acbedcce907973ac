"""What the random calls of fuzz.py draw of queues: gangs that wait, pods that are expected to end, ways of backfilling.
And whether a pass keeps its order and promises: where nobody is protected it starts what berth_gang_place would have
placed, one gang after the other."""

from fuzz_gangs import Gangs


class Queues(Gangs):
    """Draws and calls; the rest of Fuzzer is what they stand on."""

    def waiting_gang(self) -> dict:
        """One that may wait: it needs somebody."""
        gang = self.gang()
        while gang["most"] == 0 and not self.bad():
            gang = self.gang()
        if not sum(role["min_members"] for role in gang["roles"]) and not self.bad():
            gang["record"]["min_members"] = len(gang["running"]) + 1
        record = self.keep(self.ffi.new("berth_gang *", gang["record"]))
        never = self.constants["BERTH_NEVER"]
        gang["waiting"] = {
            "gang": self.ffi.NULL if self.bad() else record,
            "submit_ms": self.quantity(1000) if self.bad() else max(self.now - self.random.randrange(500), 0),
            "run_ms": self.quantity(1000) if self.bad() else self.random.choice([never, 1, 60, 500]),
            "timeout_ms": self.quantity(1000) if self.bad() else self.random.choice([0, 0, 0, 100, 400]),
            "priority": self.random.choice([0, 0, 1, -(2**31), 2**31 - 1]),
            "flags": self.u32(0),
        }
        return gang

    def queue_options(self):
        options = self.keep(self.ffi.new("berth_queue_options *"))
        self.lib.berth_queue_options_init(options)
        if self.bad():
            options.struct_size = self.u32(0, 8)
        options.backfill = self.u32(1, 2, 2, 3)
        options.aging_ms = self.quantity(100) if self.bad() else self.random.choice([0, 1, 100])
        options.most_tried = self.random.choice([0, 0, 0, 1, 2])
        options.reservations = self.u32(1, 1, 2, 64)
        options.reserved = self.u32(0)
        return options

    def ending_pods(self, gangs: list[dict]) -> list[tuple[int, int]]:
        """Members of gangs that are to grow stay."""
        staying = {member[0] for gang in gangs for member in gang["running"]}
        pods = self.random.sample(self.ids["pod"], min(len(self.ids["pod"]), self.random.randrange(30)))
        pods = [self.id("pod") if self.bad() else pod for pod in pods if pod not in staying or self.bad()]
        ends = [self.now - 5, self.now + 10, self.now + 200, self.constants["BERTH_NEVER"]]
        return [(pod, self.quantity(1000) if self.bad() else max(self.random.choice(ends), 0)) for pod in pods]

    def schedule(self):
        gangs = [self.waiting_gang() for _ in range(self.random.randrange(5))]
        options, ending = self.queue_options(), self.ending_pods(gangs)
        waiting = self.array("berth_waiting_gang[]", [gang["waiting"] for gang in gangs])
        capacity, placements, roles, results = self.results_for(gangs, "berth_queue_result")
        before, expected = self.digest(), self.placed_in_turn(gangs, options)
        arguments = (
            self.ffi.NULL if self.bad() else options,
            waiting,
            self.count(len(gangs)),
            self.array("berth_running_pod[]", ending),
            self.count(len(ending)),
            capacity,
            placements,
            roles,
            results,
        )

        def note():
            told = [results[index] for index in range(len(gangs))] if results else []
            order = self.queue_order(gangs, options)
            assert [told[index].order for index in order] == list(range(len(told))), f"not in the order {order}"
            self.check_pass(gangs, [told[index] for index in order], order, options)
            start = 0
            for result, gang in ((told[index], gangs[index]) for index in order):
                result_of_gang = self.ffi.addressof(result, "gang")
                if result_of_gang.outcome:
                    self.gang_results = [*self.gang_results, bytes(self.ffi.buffer(result_of_gang))][-20:]
                if not result.members:
                    continue
                assert result.first == start, f"members from {result.first} on, not {start}"
                start += result.members
                entries = [placements[index] for index in range(result.first, start)]
                numbers = list(roles[result.first : start]) if roles else None
                self.check_placed(gang, result_of_gang[0], entries, numbers, False)
                self.ids["pod"] += [entry.pod for entry in entries]
            assert start or self.digest() == before, "a pass that started nothing changed the engine"
            if expected is not None:
                nodes = {index: [placements[told[index].first + k].node for k in range(told[index].members)]
                         for index in order}  # fmt: skip
                assert nodes == expected, f"started on {nodes}, one after the other on {expected}"

        return self.lib.berth_gangs_schedule, arguments, note

    # What must agree

    def waited(self, gang: dict) -> int:
        return self.now - gang["waiting"]["submit_ms"]

    def queue_order(self, gangs: list[dict], options) -> list[int]:
        def place(index: int):
            waiting, aging = gangs[index]["waiting"], options.aging_ms
            aged = self.waited(gangs[index]) // aging if aging else 0
            return -(waiting["priority"] + aged), waiting["submit_ms"], index

        return sorted(range(len(gangs)), key=place)

    def is_late(self, gang: dict) -> bool:
        return 0 < gang["waiting"]["timeout_ms"] <= self.waited(gang)

    def placed_in_turn(self, gangs: list[dict], options):
        """By gang the nodes that it gets where nobody is protected; None where that is not all that decides."""
        if options.backfill not in (self.lib.BERTH_BACKFILL_NONE, self.lib.BERTH_BACKFILL_ANY) or options.most_tried:
            return None
        statement, before = self.ffi.new("uint64_t *"), self.digest()
        if self.lib.berth_statement_begin(self.engine, statement) != self.lib.BERTH_OK:
            return None
        nodes, blocked = {index: [] for index in range(len(gangs))}, False
        for index in self.queue_order(gangs, options) if options.aging_ms >= 0 else []:
            record = gangs[index]["waiting"]["gang"]
            if self.is_late(gangs[index]) or blocked or not record or gangs[index]["most"] > 2**12:
                continue
            placements = self.ffi.new("berth_placement[]", max(gangs[index]["most"], 1))
            result = self.ffi.new("berth_gang_result *", {"struct_size": self.ffi.sizeof("berth_gang_result")})
            arguments = (record, 0, gangs[index]["most"], placements, self.ffi.NULL, result)
            if self.lib.berth_gang_place(self.engine, *arguments) != self.lib.BERTH_OK:
                continue  # and so the pass is refused
            nodes[index] = [placements[member].node for member in range(result.members)]
            blocked = not result.members and options.backfill == self.lib.BERTH_BACKFILL_NONE
        self.must(self.lib.berth_statement_discard(self.engine, statement[0]))
        assert self.digest() == before
        return nodes

    def check_pass(self, gangs: list[dict], told: list, order: list[int], options) -> None:
        """In the order of the queue: who starts, who is passed over, who is promised a start."""
        lib, never = self.lib, self.constants["BERTH_NEVER"]
        is_behind, promised = False, 0
        for result, gang in zip(told, (gangs[index] for index in order), strict=True):
            outcome, start = result.outcome, result.start_ms
            started = outcome in (lib.BERTH_QUEUE_STARTED, lib.BERTH_QUEUE_BACKFILLED)
            assert (outcome == lib.BERTH_QUEUE_TIMED_OUT) == self.is_late(gang), f"outcome {outcome}"
            assert started == (result.members > 0) == (result.gang.outcome == lib.BERTH_GANG_PLACED), f"{outcome}"
            if started:
                assert start == self.now and (outcome == lib.BERTH_QUEUE_BACKFILLED) == is_behind, f"{outcome}, {start}"
                assert not is_behind or options.backfill != lib.BERTH_BACKFILL_NONE, "strict order was not kept"
            elif outcome != lib.BERTH_QUEUE_TIMED_OUT:
                is_behind = True
            if not started and start != never:
                promised += 1
                assert start >= self.now and outcome == lib.BERTH_QUEUE_WAITING, f"{outcome} is to start at {start}"
        most = options.reservations if options.backfill == lib.BERTH_BACKFILL_EASY else 0
        assert promised <= most, f"{promised} gangs are protected, of {most}"
