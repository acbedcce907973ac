"""The caller's own rule among the best candidates."""

import berth
import numpy as np
import pytest
from scene import cluster


@pytest.fixture
def engine():
    engine = berth.Engine(["zone"], {"cpu": "milli"}, "binpack")
    engine.add_nodes(
        [[4000], [3000], [2000], [1000]], domains=list("aabb"), prices=[4, 1, 3, 2], labels=[{"x": c} for c in "abab"]
    )
    return engine


def test_a_rule_chooses(engine):
    nodes, small, seen = engine.nodes.ids(), engine.pod_class({"cpu": 500}, priority=7), []

    def cheapest(batch):
        seen.append(batch)
        return np.argsort(batch.feature("price"), axis=1)

    features = ["price", ("free", "cpu"), berth.Feature("allocatable", "cpu"), ("request", "cpu"), ("term", 0), "slot",
                ("domain", "zone"), ("domain", 1), "labels", "priority"]  # fmt: skip
    engine.set_rerank(cheapest, k=4, features=features)
    assert engine.place_one(small).node == nodes[1]
    batch = seen[0]
    assert batch.nodes.tolist() == [nodes[::-1].tolist()] and batch.counts.tolist() == [4] and batch.valid.all()
    assert batch.classes.tolist() == [small] and batch.round == 0
    assert (
        batch.feature("free", "cpu").tolist()
        == batch.feature("allocatable", "cpu").tolist()
        == [[1000, 2000, 3000, 4000]]
    )
    assert batch.feature("request", "cpu").tolist() == [[500] * 4] and batch.feature("priority").tolist() == [[7] * 4]
    assert (batch.feature("term", 0) == batch.scores).all() and (np.diff(batch.scores) < 0).all()
    assert batch.feature("domain", "zone").tolist() == batch.feature("domain", 1).tolist() == [[2, 2, 1, 1]]
    assert batch.feature("labels").tolist() == [[2, 1, 2, 1]] and (np.diff(batch.feature("slot")) < 0).all()
    engine.clear_rerank()
    assert engine.place_one(small).node == nodes[3] and len(seen) == 1
    assert batch.feature("price").tolist() == [[2, 3, 1, 4]]  # copies, which may be kept


def test_pods_of_a_batch_come_together(engine):
    small, rounds = engine.pod_class({"cpu": 1000}), []
    engine.set_rerank(lambda batch: rounds.append((batch.round, len(batch.counts))), k=2, batch=4)
    assert engine.place(small, 8).placed.all()
    assert rounds[0] == (0, 4) and max(round for round, _ in rounds) > 0


def test_shorter_orders_refuse_the_others(engine):
    nodes, small = engine.nodes.ids(), engine.pod_class({"cpu": 100})
    for order, node in [([[2]], 1), ([[1, -1, 0]], 2), ([[3, 0]], 0), ([[]], None), ([[-1]], None)]:
        engine.set_rerank(lambda batch, order=order: order, k=4)
        placed = engine.place(small, dry_run=True)
        assert placed.nodes[0] == (berth.NO_NODE if node is None else nodes[node])
        assert placed.outcome[0] == (berth.REFUSED if node is None else berth.PLACED)


def test_what_a_rule_raises_refuses_the_call(engine):
    small, before = engine.pod_class({"cpu": 100}), None
    before = engine.digest

    def sour(batch):
        raise LookupError("the model is gone")

    engine.set_rerank(sour)
    for place in (lambda: engine.place(small, 3), lambda: engine.place_one(small), engine.placer(small)):
        with pytest.raises(berth.BadCallback) as refused:
            place()
        assert type(refused.value.__cause__) is LookupError and "the model is gone" in str(refused.value)
        assert refused.value.__cause__.__traceback__ is not None
    assert engine.digest == before
    for wrong, error in [
        ([0, 1], ValueError),
        ([[9]], ValueError),
        ([[0.5]], TypeError),
        ([[0], [1]], ValueError),
        ("best", TypeError),
    ]:
        engine.set_rerank(lambda batch, wrong=wrong: wrong, k=3)
        with pytest.raises(berth.BadCallback) as refused:
            engine.place(small)
        assert type(refused.value.__cause__) is error
    engine.set_rerank(lambda batch: [[0, 0]], k=3)  # twice the same: the engine refuses it
    with pytest.raises(berth.BadCallback) as refused:
        engine.place(small)
    assert refused.value.__cause__ is None
    engine.clear_rerank()
    assert engine.place_one(small) and engine.digest != before


def test_a_rule_interrupted_is_an_interrupt(engine):
    small = engine.pod_class({"cpu": 100})

    def interrupted(batch):
        raise KeyboardInterrupt

    engine.set_rerank(interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.place(small)


def test_a_refused_rule_leaves_the_old_one(engine):
    nodes, small = engine.nodes.ids(), engine.pod_class({"cpu": 100})
    engine.set_rerank(lambda batch: [[3]], k=4)
    with pytest.raises(berth.BerthError):
        engine.set_rerank(lambda batch: [[0]], k=10**6)
    assert engine.place_one(small).node == nodes[0]
    with engine.fork() as fork:
        assert fork.place_one(small).node == nodes[3]  # rules are not forked


def test_rules_and_numpy_agree():
    """What a rule of the same order as the scores does is what no rule does."""
    engine, _ = cluster(40)
    copy, random = engine.fork(), np.random.default_rng(0)
    classes = np.array([engine.pod_class({"cpu": cpu}) for cpu in (100, 900)], np.uint32)
    for one in (100, 900):
        copy.pod_class({"cpu": one})
    engine.set_rerank(lambda batch: np.argsort(np.where(batch.valid, -batch.scores, 2**62), axis=1, kind="stable"), k=5)
    wanted = random.choice(classes, 150)
    assert engine.place(wanted).nodes.tolist() == copy.place(wanted).nodes.tolist()
