"""Columns, weights and policies against an argmax by hand."""

import traceback

import berth
import numpy as np
import pytest
from berth import scoring

RESOURCES = {"cpu": "milli", "memory": "MiB"}


def cluster(seed, nodes=60, profile="least_allocated"):
    random = np.random.default_rng(seed)
    engine = berth.Engine(resources=RESOURCES, profile=profile)
    allocatable = np.array([[8000, 16000], [16000, 16000], [4000, 32000]])[random.integers(3, size=nodes)]
    return engine, engine.add_nodes(allocatable), random


def least_allocated(allocatable, used, request):
    """NodeResourcesFit, LeastAllocated: the mean of what is free in per cent, each rounded down."""
    free = allocatable - used - request
    return (np.maximum(free, 0) * 100 // allocatable).sum(axis=1) // 2


@pytest.mark.parametrize("seed", range(8))
def test_columns_decide_as_an_argmax_by_hand(seed):
    engine, nodes, random = cluster(seed)
    with engine:
        values = random.integers(-50, 50, len(nodes))
        column = scoring.NodeColumn(engine, values, nodes, top=1000)
        weights = random.integers(1, 20, 2)
        engine.add_profile("mine", [*scoring.weighted(["least_allocated"], weights[:1]), column.term(int(weights[1]))])
        kinds = np.array([[1000, 1000], [500, 4000], [2000, 100]])
        classes = [engine.pod_class({"cpu": int(c), "memory": int(m)}, profile="mine") for c, m in kinds]
        allocatable = engine.nodes.allocatable(nodes)
        used = np.zeros_like(allocatable)
        for step, kind in enumerate(random.integers(3, size=200).tolist()):
            if step == 100:  # the column changes under way
                values = random.integers(-200, 1001, len(nodes))
                column.update(values, nodes)
            fits = (allocatable - used >= kinds[kind]).all(axis=1)
            score = least_allocated(allocatable, used, kinds[kind]) * weights[0] + values * weights[1]
            placed = engine.place_one(classes[kind])
            assert bool(placed) == fits.any()
            if not fits.any():
                continue
            best = int(np.argmax(np.where(fits, score, np.iinfo(np.int64).min)))
            assert placed.node == nodes[best] and placed.score == score[best] - weights[1] * 1000
            used[best] += kinds[kind]
        assert (engine.nodes.requested(nodes) == used).all()
        assert (column.values(nodes) == values).all()
        engine.validate()


def test_a_column_leaves_everything_else_of_nodes_as_it_was():
    engine = berth.Engine(["zone"], RESOURCES)
    with engine:
        nodes = engine.add_nodes(
            np.array([[4000, 8000]] * 3),
            domains=["a", "a", "b"],
            labels=[{"disk": "ssd"}, {}, {}],
            taints=[(), ("dedicated=gpu:NoSchedule",), ()],
            images=[{"app:v1": 100}, {}, {}],
            cordoned=np.array([False, False, True]),
            no_hostname=np.array([True, False, False]),
            requested=np.array([[1, 1], [0, 0], [0, 0]]),
        )
        pods = engine.place(engine.pod_class({"cpu": 100}), count=2).pods
        machine = engine.devices.standard_machine("flat-4", "T4", 16_000)
        engine.devices.set_machines(nodes[:1], machine)
        before = engine.nodes.table(nodes)
        scoring.NodeColumn(engine, [3, 1, 2], nodes)
        after = engine.nodes.table(nodes)
        assert after.states["price"].tolist() == [0, 2, 1]
        for name in before.states.dtype.names:
            if name != "price":
                assert (before.states[name] == after.states[name]).all(), name
        assert (before.free == after.free).all() and (engine.read_pods(pods)["state"] == 1).all()
        assert engine.devices.read_devices(nodes[0]).machine == machine
        engine.validate()


def test_measured_usage_is_a_column_too():
    engine = berth.Engine(resources={"cpu": "milli"}, profile=None)
    with engine:
        engine.load.add("cpu in use", "usage", "cpu", expiry_ms=10_000)
        engine.add_profile("default", [berth.Term("least_allocated", resources=["cpu in use"])])
        nodes = engine.add_nodes(np.full((5, 1), 1000), resources=["cpu"])
        usage = np.array([[900], [300], [100], [500], [200]])
        engine.load.update(nodes, usage, 0)
        assert engine.place_one(engine.pod_class({"cpu": 100})).node == nodes[np.argmin(usage)]
        scoring.NodeColumn(engine, np.arange(5), nodes)  # beside it, prices can be set
        assert engine.load.read(nodes).values.tolist() == usage.tolist()


def test_weights_are_scaled_and_checked():
    terms = ["least_allocated", "balanced_allocation", "price"]
    assert [term.weight for term in scoring.weighted(terms, [3, 0, 5])] == [3, 5]
    assert [term.weight for term in scoring.weighted(terms, np.array([0.5, 0.25, 1.0]), resolution=100)] == [
        50,
        25,
        100,
    ]
    kept = scoring.weighted([berth.Term("least_allocated", resources={"cpu": 2})], [7])[0]
    assert kept == berth.Term("least_allocated", 7, resources={"cpu": 2})
    for weights in ([1, 2], [1, -1, 0], [0, 0, 0], [1.0, np.nan, 0], ["a", "b", "c"]):
        with pytest.raises(ValueError, match="weights"):
            scoring.weighted(terms, weights)


def test_quantised_values_keep_their_order():
    random = np.random.default_rng(0)
    values = random.normal(size=1000)
    steps = scoring.quantised(values, 16)
    order = np.argsort(values)
    assert (np.diff(steps[order]) >= 0).all() and steps.min() == 0 and steps.max() == 15
    assert scoring.quantised([2.0, 2.0]).tolist() == [0, 0] and scoring.quantised([]).tolist() == []
    for wrong in ([np.inf, 1], [np.nan]):
        with pytest.raises(ValueError, match="finite"):
            scoring.quantised(wrong)
    with pytest.raises(ValueError, match="steps"):
        scoring.quantised([1, 2], 1)


def test_values_out_of_range_are_refused_and_change_nothing():
    engine, nodes, _ = cluster(1, 3)
    with engine:
        column = scoring.NodeColumn(engine, [1, 2, 3], nodes)
        for values in ([1, 2, 4], [1, 2, 3 - 2**41]):
            with pytest.raises(ValueError, match="top"):
                column.update(values, nodes)
        with pytest.raises(ValueError, match="shape"):
            column.update([1, 2], nodes)
        with pytest.raises(TypeError):
            column.update([0.5, 1.5, 2.5], nodes)
        assert column.values(nodes).tolist() == [1, 2, 3]


# Policies


@pytest.mark.parametrize("seed", range(4))
def test_a_policy_decides_as_an_argmax_over_the_k_best(seed):
    engine, nodes, random = cluster(seed, 40)
    with engine:
        prices = random.integers(0, 9, len(nodes))
        scoring.set_prices(engine, prices, nodes)
        wanted = engine.pod_class({"cpu": 700, "memory": 900})
        seen = []

        @scoring.policy(k=6, features=["price", ("free", "cpu"), ("request", "cpu")])
        def cheap(batch):
            seen.append(batch)
            return -10_000 * batch.feature("price") + batch.feature("free", "cpu") - batch.feature("request", "cpu")

        for _ in range(60):
            best = engine.candidates(wanted, 6)
            if not len(best):
                break
            at = np.searchsorted(nodes, best["node"])
            score = -10_000 * prices[at] + engine.nodes.free(best["node"], ["cpu"])[:, 0] - 700
            with cheap.on(engine):
                placed = engine.place_one(wanted)
            assert placed.node == best["node"][int(np.argmax(score))]
        assert seen[0].nodes.shape == (1, 6) and (seen[0].feature("request", "cpu")[seen[0].valid] == 700).all()
        first = engine.candidates(wanted, 1)["node"]
        assert len(first) and engine.place_one(wanted).node == first[0]  # the profile alone again


def test_scores_that_are_nan_or_minus_infinity_refuse():
    engine, nodes, _ = cluster(0, 5)
    with engine:
        wanted = engine.pod_class({"cpu": 100})

        class Only(scoring.Policy):
            k = 5
            allowed = nodes[3]

            def score(self, batch):
                return np.where(batch.nodes == self.allowed, np.inf, [[np.nan, -np.inf, np.nan, -np.inf, np.nan]])

        with Only().on(engine):
            assert engine.place_one(wanted).node == nodes[3]
            Only.allowed = 0
            assert engine.place_one(wanted).outcome == berth.REFUSED


def test_what_a_policy_raises_reaches_the_caller_with_its_traceback():
    engine, _, _ = cluster(0, 5)
    with engine:
        wanted = engine.pod_class({"cpu": 100})
        digest = engine.digest

        @scoring.policy(k=3)
        def broken(batch):
            raise ZeroDivisionError("in the middle of it")

        with pytest.raises(berth.BadCallback) as caught, broken.on(engine):
            engine.place(wanted, count=4)
        cause = caught.value.__cause__
        assert isinstance(cause, ZeroDivisionError) and "in the middle of it" in str(cause)
        assert "broken" in "".join(traceback.format_tb(cause.__traceback__))
        assert engine.digest == digest and engine.place_one(wanted)

        @scoring.policy(k=3)
        def misshapen(batch):
            return np.zeros(2)

        with pytest.raises(berth.BadCallback) as caught, misshapen.on(engine):
            engine.place_one(wanted)
        assert "(1, 3)" in str(caught.value.__cause__)
        with pytest.raises(NotImplementedError), scoring.Policy().on(engine):
            try:
                engine.place_one(wanted)
            except berth.BadCallback as refused:
                raise refused.__cause__ from None


def test_batches_are_ranked_together_and_arrays_may_be_kept():
    engine, _, _ = cluster(3, 10)
    with engine:
        kept = []

        @scoring.policy(k=4, features=["slot"], batch=5)
        def last(batch):
            kept.append(batch)
            return batch.feature("slot")

        with last.on(engine):
            placed = engine.place(engine.pod_class({"cpu": 10}), count=10)
        assert placed.placed.all() and [len(batch.classes) for batch in kept[:2]] == [5, 5]
    assert kept[0].scores.shape == (5, 4)  # after the engine is gone
