"""Sharded engines against one engine: the same nodes and scores, whatever happens to the workers."""

import os
import signal
import subprocess
import sys

import berth
import numpy as np
import pytest
from berth.sharded import NotShardable, ShardedEngine, ShardFailed, log
from berth.sharded.order import FIRST, NOTHING, ORDER, check_guess, merge_runs
from berth.sharded.split import global_nodes, global_pods, local_nodes, local_pods

LEVELS = ("topology.kubernetes.io/zone", "rack")
PROFILES = [
    "binpack",
    "kubernetes",
    "spread",
    "least_allocated",
    [berth.Term("most_allocated", 2), berth.Term("balanced_allocation"), berth.Term("price")],
    [berth.Term("requested_to_capacity_ratio", points=[(0, 0), (70, 10), (100, 3)]), berth.Term("node_affinity")],
    [berth.Term("best_fit", scales={"cpu": 16000, "memory": 64 << 20}), berth.Term("taint_toleration")],
    [berth.Term("dot_product", scales={"cpu": 16000, "memory": 64 << 20})],
]


class Stream:
    """The same random commands for one engine and for shards; what came of them, with nodes by the order of adding."""

    def __init__(self, seed, make, pods=60):
        self.random = random = np.random.default_rng(seed)
        self.most = pods
        # the zones' order is neither that of their names nor that of the shards
        self.zones = [f"z{zone}" for zone in random.permutation(6)]
        profile, tie = PROFILES[seed % len(PROFILES)], ("topology", "key")[seed // 2 % 2]
        self.engine = make(LEVELS, ["cpu", "memory"], profile, tie=tie)
        self.place_of = {}  # of live nodes, by id: how many were added before
        self.added = 0
        self.seen = []
        self.live = np.zeros(0, np.uint64)
        self.add_nodes(120)
        self.classes = np.array([self.pod_class(kind) for kind in range(10)], np.uint32)

    def add_nodes(self, count):
        random, engine = self.random, self.engine
        allocatable = np.column_stack([random.integers(2, 9, count) * 1000, random.integers(4, 33, count) << 20])
        made = engine.add_nodes(
            allocatable,
            domains=[
                (self.zones[zone], f"r{rack}")
                for zone, rack in zip(
                    random.integers(0, len(self.zones), count), random.integers(0, 3, count), strict=True
                )
            ],
            tie_keys=random.integers(0, 4, count),
            prices=random.integers(0, 5, count),
            labels=[{"disk": "ssd"} if ssd else None for ssd in random.integers(0, 2, count)],
            taints=[["dedicated=gpu:NoSchedule"] if tainted else None for tainted in random.random(count) < 0.2],
            cordoned=random.random(count) < 0.05,
        )
        self.place_of.update({int(node): self.added + place for place, node in enumerate(made)})
        self.added += count

    def pod_class(self, kind):
        asked = {"labels": {"app": f"a{kind}"}}
        if kind % 4 == 1:
            asked["node_selector"] = {"disk": "ssd"}
        if kind % 4 == 2:
            asked["affinity"] = [berth.PodAntiAffinity("kubernetes.io/hostname", {"app": f"a{kind}"})]
        if kind == 7:
            asked["affinity"] = [berth.PodAntiAffinity(LEVELS[0], {"app": "a7"})]
        if kind == 5:
            asked["node_selector"] = {LEVELS[0]: "z1"}
        if kind % 3 == 0:
            asked["tolerations"] = [berth.Toleration("dedicated")]
        if kind == 8:
            asked["host_ports"] = [80]
        requests = {"cpu": int(self.random.integers(1, 20)) * 100, "memory": int(self.random.integers(1, 9)) << 20}
        return int(self.engine.pod_class(requests, **asked))

    def run(self, steps):
        for step in range(steps):
            self.step(step)
        self.engine.close()
        return self.seen

    def step(self, step):
        random, engine = self.random, self.engine
        count = int(random.integers(1, self.most))
        kinds = random.integers(0, len(self.classes), count)
        # mixtures, runs of one class, and both
        kinds = (kinds, np.full(count, kinds[0]), np.sort(kinds))[int(random.integers(3))]
        placed = engine.place(self.classes[kinds])
        self.note(placed.nodes, placed.score, placed.outcome)
        self.live = np.concatenate([self.live, placed.pods[placed.placed]])
        leaving = random.permutation(len(self.live))[: int(random.integers(0, len(self.live) // 2 + 1))]
        engine.release(self.live[leaving])
        self.live = np.delete(self.live, leaving)
        nodes = np.array(sorted(self.place_of, key=self.place_of.get), np.uint64)
        if step % 4 == 1:
            gone = random.choice(nodes, 5, replace=False)
            (engine.remove_nodes if isinstance(engine, ShardedEngine) else engine.nodes.remove)(gone)
            for node in gone.tolist():
                del self.place_of[node]
        if step % 4 == 2:
            self.zones.append(f"z{len(self.zones)}")
            self.add_nodes(10)
        if step % 4 == 3:
            nodes = np.array(sorted(self.place_of, key=self.place_of.get), np.uint64)
            some = random.choice(nodes, 3, replace=False)
            (engine.cordon if isinstance(engine, ShardedEngine) else engine.nodes.cordon)(some)
            bound = engine.bind(self.classes[:3], some)
            self.live = np.concatenate([self.live, bound])
        found = engine.candidates(int(self.classes[0]), 9)
        self.note(found["node"], found["score"], found["score"])
        states = engine.read_pods(self.live[:20])
        self.note(states["node"], states["pod_class"], states["state"])

    def note(self, nodes, *columns):
        places = [self.place_of.get(node, -1) for node in nodes.tolist()]
        self.seen.append([places, *(column.tolist() for column in columns)])


def single(seed, steps, **options):
    return Stream(seed, berth.Engine, **options).run(steps)


def sharded(shards, backend, kill=None, **more):
    """Makes engines of shards; kill(fleet, number of messages so far) may end workers."""

    def make(*arguments, **options):
        engine = ShardedEngine(*arguments, shards=shards, backend=backend, **options, **more)
        if kill:
            ask, sent = engine._fleet.ask, [0]

            def counting(calls):
                sent[0] += 1
                kill(engine._fleet, sent[0])
                return ask(calls)

            engine._fleet.ask = counting
        return engine

    return make


@pytest.mark.parametrize("seed", range(16))
def test_shards_decide_as_one_engine(seed):
    expected = single(seed, 9)
    assert any(place >= 0 for step in expected for place in step[0])
    for shards in (1, 2, 4):
        assert Stream(seed, sharded(shards, "inline")).run(9) == expected, f"seed {seed}, {shards} shards"


@pytest.mark.parametrize(("seed", "shards"), [(0, 2), (1, 4), (4, 2)])
def test_shards_in_processes_decide_as_one_engine(seed, shards):
    assert Stream(seed, sharded(shards, "processes")).run(5) == single(seed, 5)


@pytest.mark.parametrize("late", [False, True])
def test_killed_processes_come_back_with_nothing_lost_and_nothing_placed_twice(late, monkeypatch):
    monkeypatch.setattr(log, "SAVE_AFTER", 150)  # so that some come back from a snapshot
    engines = []

    def kill(fleet, sent):
        engines[:] = [fleet]
        if sent % 13 == 6:
            worker = fleet.workers[sent % 2]
            if late:  # it has done what it was told, and nobody hears of it
                shard, receive = sent % 2, worker.receive

                def lost():
                    receive()
                    os.kill(worker.process.pid, signal.SIGKILL)
                    worker.process.join()
                    fleet.workers[shard].receive = receive
                    return receive()

                worker.receive = lost
            else:
                os.kill(worker.process.pid, signal.SIGKILL)

    assert Stream(2, sharded(2, "processes", kill), pods=40).run(5) == single(2, 5, pods=40)
    assert sum(engines[0].restarts) >= 2


@pytest.mark.slow
def test_killed_ray_actors_come_back_with_nothing_lost_and_nothing_placed_twice(ray_cluster):
    fleets = []

    def kill(fleet, sent):
        fleets[:] = [fleet]
        if sent in (9, 17):
            ray_cluster.kill(fleet.workers[sent // 9 - 1].actor)

    assert Stream(1, sharded(2, "ray", kill), pods=30).run(4) == single(1, 4, pods=30)
    assert sum(fleets[0].restarts) == 2


def small(shards=2, **options):
    engine = ShardedEngine(["zone"], ["cpu"], backend="inline", shards=shards, **options)
    nodes = engine.add_nodes(np.full((4, 1), 1000), domains=["a", "b", "a", "b"], names=["n0", "n1", "n2", "n3"])
    return engine, nodes


def test_ids_say_their_shard_and_are_checked():
    for shard in (0, 1, 15, 16, 254):
        pods = np.array([7 | 3 << 32, (1 << 28) - 1 | ((1 << 28) - 1) << 32], np.uint64)
        found, local = local_pods(global_pods(pods, shard))
        assert found.tolist() == [shard, shard] and local.tolist() == pods.tolist()
        nodes = np.array([5 | 9 << 32, (1 << 24) - 1 | ((1 << 32) - 1) << 32], np.uint64)
        found, local = local_nodes(global_nodes(nodes, shard))
        assert found.tolist() == [shard, shard] and local.tolist() == nodes.tolist()
    engine, nodes = small()
    with engine:
        assert engine.zones == {"a": 0, "b": 1} and engine.find_node("n3") == nodes[3]
        with pytest.raises(berth.NotFound, match="there is no shard 9"):
            engine.remove_nodes(global_nodes(nodes[:1] & np.uint64(0xFFFF), 9))
        with pytest.raises(berth.NotFound, match="shard 1: "):
            engine.release([global_pods(np.array([12345 | 1 << 32], np.uint64), 1)[0]])


def test_zones_go_where_they_are_told_or_where_there_is_least():
    engine = ShardedEngine(["zone"], ["cpu"], backend="inline", shards=3, zones={"c": 2, "a": 2})
    with engine:
        engine.add_nodes(np.full((6, 1), 1000), domains=["a", "b", "b", "b", "c", "d"])
        assert engine.zones == {"a": 2, "b": 0, "c": 2, "d": 1}
        assert [shard["nodes"] for shard in engine.shards] == [3, 1, 2]


def test_changes_of_several_shards_are_all_or_nothing():
    engine, nodes = small()
    with engine:
        pods = engine.place(engine.pod_class({"cpu": 100}), count=30).pods
        gone = pods[-1]
        engine.release([gone])
        before = [engine.read_nodes(nodes)[1].tolist(), engine.shards]
        for refused in (np.append(pods[:-1], gone), np.append(pods[:-1], pods[0])):
            with pytest.raises(berth.BerthError):
                engine.release(refused)
            assert [engine.read_nodes(nodes)[1].tolist(), engine.shards] == before
        with pytest.raises(berth.BadQuantity, match="shard 1: "):
            engine.add_nodes(np.array([[1000], [-1]]), domains=["a", "b"])
        with pytest.raises(berth.Duplicate, match=r"names\[1\]: there is a node 'n1' already"):
            engine.add_nodes(np.array([[1000], [1000]]), domains=["a", "b"], names=["new", "n1"])
        assert [engine.read_nodes(nodes)[1].tolist(), engine.shards] == before
        engine.release(pods[:-1])
        assert engine.read_nodes(nodes)[1].sum() == 0


def test_a_name_is_free_again_when_its_node_is_gone():
    engine, nodes = small()
    with engine:
        engine.remove_nodes(nodes[:1])
        with pytest.raises(berth.NotFound):
            engine.find_node("n0")
        assert engine.add_nodes([[5]], domains=["b"], names=["n0"])[0] == engine.find_node("n0")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"spread": [berth.Spread("zone", {"a": "b"})]}, "topology spread counts pods in all domains"),
        ({"affinity": [berth.PodAffinity("zone", {"a": "b"})]}, "pod affinity asks where in the cluster"),
        ({"affinity": [berth.PodAntiAffinity("zone", {"a": "b"}, weight=3)]}, "preferred pod anti-affinity"),
        ({"affinity": [berth.PodAntiAffinity("rack", {"a": "b"})]}, "domains of 'rack' may lie in several shards"),
        ({"affinity": [berth.NodeAffinity({"disk": "ssd"}, weight=3)]}, "preferred node affinity is normalised"),
        ({"images": ["nginx"]}, "image locality asks how many nodes"),
        ({"devices": berth.Demand(1)}, "devices: sharded engines have none"),
    ],
)
def test_what_needs_all_shards_is_refused(asked, words):
    engine, _ = small(profile="kubernetes")
    with engine:
        with pytest.raises(NotShardable, match=words):
            engine.pod_class({"cpu": 1}, **asked)
        # where no term looks at it, it is no matter
        engine.add_profile("plain", "binpack")
        if "images" in asked or "node affinity" in words:
            engine.pod_class({"cpu": 1}, profile="plain", **asked)


def test_soft_taints_and_their_term_do_not_go_together_whichever_comes_first():
    soft = {"domains": ["a"], "taints": ["old:PreferNoSchedule"]}
    engine, _ = small(profile="kubernetes")
    with engine:
        engine.pod_class({"cpu": 1})
        with pytest.raises(NotShardable, match="PreferNoSchedule taints are normalised"):
            engine.add_nodes([[5]], **soft)
        with pytest.raises(NotShardable, match="hostname may be the same in two shards"):
            engine.add_nodes([[5]], domains=["a"], labels={"kubernetes.io/hostname": "x"})
    engine, _ = small(profile="kubernetes")
    with engine:
        engine.add_nodes([[5]], **soft)
        with pytest.raises(NotShardable, match="PreferNoSchedule taints are normalised"):
            engine.pod_class({"cpu": 1})
        engine.add_profile("plain", "binpack")
        engine.pod_class({"cpu": 1}, profile="plain")
        with pytest.raises(NotShardable, match="profile 'fgd': gpu_fgd weighs devices"):
            engine.add_profile("fgd", "gpu_fgd")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"levels": []}, ValueError, "levels: a list of label keys"),
        ({"shards": 0}, ValueError, r"shards: a number in 1\.\.255"),
        ({"shards": True}, ValueError, "shards: a number"),
        ({"backend": "threads"}, ValueError, "backend: 'processes', 'ray' or 'inline'"),
        ({"zones": {"a": 2}}, ValueError, r"zones: there are shards 0\.\.1"),
        ({"profile": "nonsense"}, ValueError, "profile 'nonsense' is unknown"),
    ],
)
def test_bad_options_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        ShardedEngine(**{"levels": ["zone"], "backend": "inline", **options})


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({}, TypeError, "domains: names of"),
        ({"domains": np.array([0, 1])}, TypeError, "domains: names of"),
        ({"domains": ["a"]}, ValueError, "domains: 1 for 2 nodes"),
        ({"domains": [("a", "b")] * 2}, ValueError, r"domains\[0\]: names of"),
        ({"domains": ["a", "b"], "labels": np.array([0, 0])}, TypeError, "labels: shards number sets"),
        ({"domains": ["a", "b"], "prices": [1]}, ValueError, "prices: 1 for 2 nodes"),
        ({"domains": ["a", "b"], "colour": [1, 2]}, TypeError, "nodes have no 'colour'"),
    ],
)
def test_bad_columns_are_refused(columns, error, words):
    engine, _ = small()
    with engine:
        with pytest.raises(error, match=words):
            engine.add_nodes(np.full((2, 1), 1000), **columns)
        assert [shard["nodes"] for shard in engine.shards] == [2, 2]


def test_an_unknown_class_and_a_closed_engine_are_refused():
    engine, nodes = small()
    known = engine.pod_class({"cpu": 1})
    with pytest.raises(berth.NotFound, match=r"classes\[1\]: class 99 was never given out"):
        engine.place([known, 99])
    assert engine.read_nodes(nodes)[1].sum() == 0
    assert len(engine.place(np.zeros(0, np.uint32))) == 0
    engine.close()
    engine.close()
    with pytest.raises(berth.EngineClosed, match="the sharded engine was closed"):
        engine.place(known)


def test_an_interrupted_call_leaves_shards_that_go_on(monkeypatch):
    engine = ShardedEngine(["zone"], ["cpu"], shards=2)
    with engine:
        engine.add_nodes(np.full((4, 1), 1000), domains=["a", "b", "a", "b"])
        wanted = engine.pod_class({"cpu": 100})
        with monkeypatch.context() as patch:
            patch.setattr(engine._fleet.workers[0], "receive", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                engine.place(wanted, count=5)
        assert engine.place(wanted, count=50).placed.sum() == 40
        assert [shard["pods"] for shard in engine.shards] == [20, 20]


def test_a_shard_that_dies_again_and_again_is_given_up():
    engine = ShardedEngine(["zone"], ["cpu"], shards=1)
    with engine:
        make = engine._fleet._make

        def doomed():
            worker = make()
            os.kill(worker.process.pid, signal.SIGKILL)
            worker._greeted = True  # it had begun
            return worker

        os.kill(engine._fleet.workers[0].process.pid, signal.SIGKILL)
        engine._fleet._make = doomed
        with pytest.raises(ShardFailed, match="shard 0 died 4 times in a row"):
            engine.add_nodes([[1000]], domains=["a"])


def test_merging_runs_takes_the_best_head_each_time():
    def heads(*scores):
        return np.array([NOTHING if score is None else (-score, 0, 0) for score in scores], ORDER)

    assert merge_runs([heads(9, 8, 1, 1), heads(7, 7, 7, 7)], 4).tolist() == [0, 0, 1, 1]
    assert merge_runs([heads(9, None, None), heads(7, None, None)], 3).tolist() == [0, 1, -1]
    tie = [np.array([(-5, 0, 1), (-4, 0, 1)], ORDER), np.array([(-5, 0, 0), (-5, 0, 2)], ORDER)]
    assert merge_runs(tie, 2).tolist() == [1, 0]


def test_a_guess_is_true_up_to_the_first_pod_that_the_wrong_shard_took():
    heads = [
        np.array([(-5, 0, 0), (-5, 0, 0), (-5, 0, 0)], ORDER),
        np.array([(-4, 0, 1), (-6, 0, 1), (-4, 0, 1)], ORDER),
    ]
    assert check_guess(heads, [np.array([0, 2]), np.array([1])])[0] == 3
    assert check_guess(heads, [np.array([0, 1, 2]), np.array([1])])[0] == 1
    assert check_guess(heads, [np.array([2]), np.array([1])])[0] == 0
    nothing = [np.array([NOTHING], ORDER)] * 2
    assert check_guess(nothing, [np.zeros(0, int)] * 2)[0] == 1
    assert FIRST < (-(2**62), 0, 0) < (5, 0, 0) < NOTHING


def test_a_script_without_its_guard_says_what_is_missing(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import berth\nberth.ShardedEngine(['zone'])\n")
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and 'if __name__ == "__main__":' in result.stderr
