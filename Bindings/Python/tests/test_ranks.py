"""Ranks from Python: an assignment, a failure, multiples, and refusals with their sentences."""

import numpy as np
import pytest
from berth import BerthError
from berth.ranks import Ranks

LINKS = [(1e9, 1000), (1e10, 100)]


@pytest.fixture
def ranks():
    return Ranks()


def test_a_ring_is_laid_along_the_nodes(ranks):
    network = ranks.network([[0], [1], [0], [1]], LINKS)
    job = ranks.job([4], [("RING_ALL_REDUCE", None, 4000, 1)])
    found = ranks.assign(network, job)
    assert (found.cost_before_ps, found.cost_ps, found.lower_bound_ps) == (48_000_000, 26_400_000, 26_400_000)
    assert found.is_exact and found.bytes.tolist() == [12_000, 12_000] and found.bytes_before.tolist() == [24_000, 0]
    assert sorted(found.places.tolist()) == [0, 1, 2, 3]
    cost, sums = ranks.cost(network, job, found.places)
    assert cost == found.cost_ps and np.array_equal(sums, found.bytes)


def test_flows_and_a_failure(ranks):
    network = ranks.network([[0], [0], [1], [1]], LINKS)
    job = ranks.job([3], flows=[[0, 1, 100, 1], [1, 2, 50, 1]])
    found = ranks.replace(network, job, [0, 2, 3], [0], [1, 0])
    assert found.places.tolist()[1:] == [2, 3] and found.places[0] in (0, 1) and found.is_exact


def test_multiples(ranks):
    job = ranks.job([8, 4, 16], [("RING_ALL_REDUCE", [0], 1 << 26, 64), ("PIPELINE", [1], 1 << 26, 8)])
    found = ranks.multiples(job, 8, LINKS, [64])
    assert found[["pods", "ranks", "dimensions", "level"]].tolist() == [(4, 32, 3, 0)]


def test_refusals_say_why(ranks):
    network = ranks.network([[0], [1]], LINKS)
    with pytest.raises(BerthError, match="BERTH_BAD_ARGUMENT: 3 ranks and 2 places"):
        ranks.assign(network, ranks.job([3]))
    with pytest.raises(ValueError, match="links"):
        ranks.network([[0], [1]], LINKS[:1])
    with pytest.raises(ValueError, match="order"):
        ranks.assign(network, ranks.job([2]), order=[0, 1, 2])
