"""Trials: what is taken back leaves no trace, in the engine or in what Python remembers of it."""

import gc

import berth
import numpy as np
import pytest
from scene import cluster


@pytest.fixture
def engine():
    engine = berth.Engine(levels=["zone"], resources={"cpu": "milli", "nvidia.com/gpu": "count"})
    engine.add_nodes([[4000, 0]] * 2, domains="a")
    return engine


def test_what_is_not_committed_did_not_happen(engine):
    small, before = engine.pod_class({"cpu": 1000}), engine.digest
    with engine.what_if() as trial:
        assert engine.place(small, 3).placed.all() and trial.is_open
        engine.nodes.remove(engine.nodes.ids())
        assert len(engine.nodes) == 0
    assert engine.digest == before and not trial.is_open
    with engine.what_if() as trial:
        placed = engine.place(small, 3)
        trial.commit()
    assert engine.metrics.info()["pods"] == 3
    engine.release(placed)


def test_what_raises_inside_is_taken_back_and_raised(engine):
    before = engine.digest
    with pytest.raises(ZeroDivisionError), engine.what_if():
        engine.place(engine.pod_class({"cpu": 1000}))
        raise ZeroDivisionError
    assert engine.digest == before


def test_words_of_what_was_taken_back_are_forgotten(engine):
    """Their ids are given out again, to others."""
    with engine.what_if() as trial:
        first = engine.add_nodes([[1, 0]], domains="b", labels={"disk": "ssd"}, taints="x:NoSchedule", names=["new"])
        checkpoint = trial.checkpoint()
        engine.add_nodes([[1, 0]], domains="c", names=["newer"])
        engine.add_profile("mine", "spread")
        trial.rollback(checkpoint)
        assert set(engine.vocabulary.domains) == {(), ("a",), ("b",)}
        assert engine.nodes.names(first).tolist() == ["new"]
    assert set(engine.vocabulary.domains) == {(), ("a",)}
    assert engine.vocabulary.label_set({"disk": "hdd"}) == 1  # not what ("disk", "ssd") was
    again = engine.add_nodes([[1, 0]], domains="other", labels={"disk": "ssd"}, names=["another"])
    assert again == first and engine.nodes.names(again).tolist() == ["another"]
    on_ssd = engine.pod_class({"cpu": 1}, node_selector={"disk": "ssd", "zone": "other"})
    assert engine.place_one(on_ssd).node == again[0]
    engine.add_profile("mine", "binpack")
    engine.validate()


def test_words_of_what_was_committed_stay(engine):
    with engine.what_if() as outer:
        with engine.what_if() as inner:
            engine.vocabulary.add_domain(["b"])
            inner.commit()
        assert ("b",) in engine.vocabulary.domains
        outer.commit()
    assert ("b",) in engine.vocabulary.domains and engine._words.log is None
    with engine.what_if(), engine.what_if() as inner:
        engine.vocabulary.add_domain(["c"])
        inner.commit()
    assert ("c",) not in engine.vocabulary.domains


def test_trials_are_closed_from_the_inside(engine):
    before = engine.digest
    with engine.what_if() as outer:
        early = outer.checkpoint()
        with engine.what_if() as inner:
            engine.place(engine.pod_class({"cpu": 1}))
            for use in (outer.commit, outer.discard):
                with pytest.raises(berth.WrongState):
                    use()
            for use in (outer.checkpoint, lambda: outer.rollback(early)):
                with pytest.raises(ValueError, match="an inner trial is open"):
                    use()
            inner.discard()
        outer.rollback(early)
    assert engine.digest == before
    for use in (inner.commit, inner.discard, outer.commit, inner.checkpoint):
        with pytest.raises(ValueError, match="this trial is not open"):
            use()


def test_an_inner_trial_that_is_left_open_is_told(engine):
    before = engine.digest
    with pytest.raises(berth.WrongState, match=r"1 inner trial\(s\) were still open"), engine.what_if():
        inner = engine.what_if().begin()
        engine.place(engine.pod_class({"cpu": 1}))
    assert engine.digest == before and not engine._trials
    with pytest.raises(berth.Stale):
        inner.commit()


def test_a_trial_that_is_forgotten_is_told():
    engine, _ = cluster()
    trial = engine.what_if().begin()
    with pytest.raises(ValueError, match="open already"):
        trial.begin()
    with pytest.warns(ResourceWarning, match="a trial was forgotten"):
        del trial
        gc.collect()
    with pytest.raises(berth.WrongState, match="statement"):
        engine.snapshot("never written")
    engine.close()  # takes all with it


def test_a_trial_whose_engine_is_gone(engine):
    with engine.what_if() as trial:
        engine.close()
    with pytest.raises(berth.EngineClosed):
        trial.commit()


def test_checkpoints_go_back_and_forth(engine):
    small = engine.pod_class({"cpu": 500})
    with engine.what_if() as trial:
        marks = []
        for _ in range(5):
            marks.append((trial.checkpoint(), engine.digest))
            engine.place(small)
        for index in (3, 1):
            trial.rollback(marks[index][0])
            assert engine.digest == marks[index][1]
        with pytest.raises(berth.Stale):
            trial.rollback(marks[4][0])
        trial.rollback(marks[1][0])


def test_forks_inside_of_a_trial_start_from_there(engine):
    small = engine.pod_class({"cpu": 500})
    with engine.what_if():
        engine.vocabulary.add_domain(["b"])
        engine.place(small, 2)
        fork = engine.fork()
    assert (fork.metrics.info()["pods"], engine.metrics.info()["pods"]) == (2, 0)
    assert ("b",) in fork.vocabulary.domains and fork._words.log is None
    with fork.what_if() as trial:
        trial.commit()


def test_random_trials_leave_what_a_fork_has():
    """Whatever is done in trials that are taken back, the engine decides afterwards as a copy that never saw them."""
    random = np.random.default_rng(7)
    engine, _ = cluster(20)
    classes = np.array([engine.pod_class({"cpu": int(cpu), "memory": 100}) for cpu in (200, 700, 1500)], np.uint32)
    for _ in range(30):
        copy = engine.fork()
        with engine.what_if():
            for _ in range(random.integers(1, 5)):
                placed = engine.place(random.choice(classes, random.integers(1, 30)))
                engine.release(placed.pods[placed.placed][:: random.integers(1, 4)])
        assert engine.digest == copy.digest
        wanted = random.choice(classes, 10)
        assert (engine.place(wanted).array == copy.place(wanted).array).all()
