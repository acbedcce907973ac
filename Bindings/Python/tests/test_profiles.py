"""Scores: presets, weights, resources, and figures that are reckoned here again."""

import berth
import numpy as np
import pytest
from berth import Term
from scene import cluster


def scores(engine, pod_class):
    """Scores by node, in topology order."""
    found = engine.candidates(pod_class, 1000)
    return found["score"][np.argsort(found["node"])]


@pytest.fixture(scope="module")
def world():
    random = np.random.default_rng(2)
    engine = berth.Engine(resources={"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"}, profile=None)
    allocatable = np.column_stack(
        [random.integers(4000, 64000, 200), random.integers(2**13, 2**18, 200), random.integers(1, 9, 200)]
    )
    requested = (allocatable * random.random((200, 3)) * 0.8).astype(np.int64)
    prices = random.integers(0, 10**6, 200)
    engine.add_nodes(allocatable, requested=requested, prices=prices)
    request = np.array([700, 900, 0])
    return engine, allocatable, requested + request, prices, {"cpu": 700, "memory": 900}


def allocated(allocatable, used, least):
    part = (allocatable - used if least else used) * 100 // allocatable
    return part


@pytest.mark.parametrize("weights", [{"cpu": 1, "memory": 1}, {"cpu": 3, "memory": 1}, {"memory": 5}])
@pytest.mark.parametrize("least", [True, False])
def test_allocated_shares_are_kube_schedulers(world, weights, least):
    """NodeResourcesFit: sum of weight x floor(100 x free or used / allocatable) / sum of weights, each floored."""
    engine, allocatable, used, _, request = world
    name = f"{'least' if least else 'most'} {weights}"
    engine.add_profile(name, Term(f"{'least' if least else 'most'}_allocated", 2, weights))
    columns = [list(engine.vocabulary.resources).index(resource) for resource in weights]
    parts = allocated(allocatable[:, columns], used[:, columns], least)
    expected = 2 * ((parts * list(weights.values())).sum(axis=1) // sum(weights.values()))
    fits = (used[:, :2] <= allocatable[:, :2]).all(axis=1)
    assert scores(engine, engine.pod_class(request, profile=name)).tolist() == expected[fits].tolist()


def test_binpack_spread_and_price(world):
    engine, allocatable, used, prices, request = world
    fits = (used[:, :2] <= allocatable[:, :2]).all(axis=1)
    packed = (used * 2**20 // allocatable).sum(axis=1)
    for name, terms, expected in [
        ("binpack", "binpack", packed),
        ("spread", "spread", -packed),
        ("price", "price", -prices),
        ("both", [Term("binpack", 3), Term("price", 7)], 3 * packed - 7 * prices),
    ]:
        engine.add_profile(name, terms)
        assert scores(engine, engine.pod_class(request, profile=name)).tolist() == expected[fits].tolist()


def test_requested_to_capacity_ratio_follows_its_points(world):
    engine, allocatable, used, _, request = world
    engine.add_profile("shape", Term("requested_to_capacity_ratio", 1, ["cpu"], points=[(0, 0), (50, 10), (100, 0)]))
    found = engine.candidates(engine.pod_class(request, profile="shape"), 1000)
    share = (used / allocatable)[:, 0]
    best = int(found["node"][0] - engine.nodes.ids()[0])
    assert abs(share[best] - 0.5) < 0.02


def test_the_preset_is_kube_schedulers():
    engine, _ = cluster(3, profile="kubernetes")
    found = engine.candidates(engine.pod_class({"cpu": 1000, "memory": 2048}), 1, terms=True)
    assert found.terms.shape == (1, 7) and found.terms[0, 2] == 75
    assert [term.weight for term in berth.KUBERNETES] == [3, 2, 1, 2, 2, 1, 1]


@pytest.mark.parametrize("kind", sorted(berth.term_kinds()))
def test_every_term_makes_a_profile(kind):
    engine = berth.Engine(resources={"cpu": "milli", "nvidia.com/gpu": "count"}, profile=None)
    options = {
        "requested_to_capacity_ratio": {"points": [(0, 0), (100, 10)], "resources": {"cpu": 1}},
        "dot_product": {"scales": {"cpu": 1000}},
        "best_fit": {"scales": {"cpu": 1000}},
        **{
            f"gpu_{name}": {"scales": {"cpu": 1000, "nvidia.com/gpu": 8}}
            for name in ("best_fit", "dot_product", "clustering")
        },
        "inter_pod_affinity": {"hard_pod_affinity_weight": 7, "ignore_existing_preferences": True},
        **{name: {"resources": {"cpu": 1}} for name in ("least_allocated", "most_allocated")},
    }
    assert engine.add_profile(kind, Term(kind, **options.get(kind, {}))) == 0
    node = engine.add_nodes([[1000, 8]])
    assert engine.place_one(engine.pod_class({"cpu": 1}, profile=kind)).node == node[0]
