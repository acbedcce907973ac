"""Measured usage, from Python; the rules themselves are tested with the engine."""

import berth
import numpy as np
import pytest
from berth import Term


@pytest.fixture
def engine():
    engine = berth.Engine(resources={"cpu": "milli", "memory": "MiB"}, profile=None)
    used = engine.load.add("cpu used", "usage", "cpu", estimate_percent=100, settle_ms=0, expiry_ms=60_000)
    assert (used.unit, used.kind) == ("milli", "load usage")
    engine.load.add("cpu limit", "limit", "cpu used", threshold_percent=50)
    engine.load.add("batch cpu", "spare", "cpu", prediction="usage", margin_percent=10, most_percent=100, settle_ms=0)
    engine.add_profile("calm", Term("least_allocated", resources=["cpu used"]))
    engine.add_nodes([[10000, 1000]] * 3, resources=["cpu", "memory"])
    engine.time_ms = 100_000
    return engine


def test_reports_decide_where_pods_go(engine):
    nodes = engine.nodes.ids()
    assert engine.load.measured == ("cpu",)
    assert engine.load.read().values.tolist() == [[-1]] * 3
    engine.load.update(nodes, [[4000], [1000], [3000]], engine.time_ms - 1)
    told = engine.load.read(nodes, ["cpu", "cpu used", "batch cpu"])
    assert told.values.tolist() == [[4000, 4000, 5000], [1000, 1000, 8000], [3000, 3000, 6000]]
    assert told.states["age_ms"].tolist() == [1] * 3
    calm = engine.pod_class({"cpu": 1500}, profile="calm")
    assert engine.place_one(calm).node == nodes[1]
    assert engine.load.read(nodes, ["cpu used"]).values[1] == 2500
    batch = engine.pod_class({"batch cpu": 7500}, profile="calm")
    assert engine.feasible(batch).tolist() == []  # 6500 are spare there now
    assert "Insufficient batch cpu" in engine.message(batch)
    unlimited = engine.pod_class({"cpu": 6000, "cpu limit": 0}, profile="calm")
    assert (
        len(engine.feasible(unlimited)) == 3
        and len(engine.feasible(engine.pod_class({"cpu": 6000}, profile="calm"))) == 0
    )
    engine.load.remove(nodes[:1])
    assert engine.load.read(nodes[:1]).values.tolist() == [[-1]]


def test_reports_list_their_pods(engine):
    nodes = engine.nodes.ids()
    calm = engine.pod_class({"cpu": 2000}, profile="calm")
    pods = engine.bind(calm, nodes[:2])
    engine.load.set_assigned(pods, [1, 2])
    engine.load.update(
        nodes, [[500], [600], [700]], [99_000] * 3, pods=pods, pod_usage=[[100], [200]], pod_counts=[1, 1, 0]
    )
    assert engine.load.read(nodes).values[:, 0].tolist() == [500, 600, 700]
    assert (engine.load.read(nodes).states["flags"] == 1).all()
    with pytest.raises(ValueError, match="pod_counts: they are 1 together, there are 2 pods"):
        engine.load.update(nodes, [[1]] * 3, 0, pods=pods, pod_usage=[[1], [1]], pod_counts=[1, 0, 0])
    with pytest.raises(berth.InvalidArgument):  # a pod of another node
        engine.load.update(nodes, [[1]] * 3, 99_500, pods=pods, pod_usage=[[1], [1]], pod_counts=[0, 1, 1])
    with pytest.raises(berth.InvalidArgument):  # from the future
        engine.load.update(nodes[:1], [[1]], 100_001)
    with pytest.raises(ValueError, match="usage"):
        engine.load.update(nodes, [[1]], 0)
    with pytest.raises(berth.Duplicate):
        engine.load.update(nodes[[0, 0]], [[1], [1]], 0)
    with pytest.raises(ValueError, match="prediction"):
        engine.load.add("x", "spare", "cpu", prediction="luck")


def test_a_fork_and_a_snapshot_know_the_measured_resources(engine, tmp_path):
    engine.snapshot(tmp_path / "state")
    for one in (engine.fork(), berth.Engine.recover(tmp_path / "state")):
        one.load.update(one.nodes.ids(), np.full((3, 1), 5), one.time_ms)
        assert one.load.read().values.tolist() == [[5]] * 3
