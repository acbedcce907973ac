"""Nodes as columns, their names, and the words of an engine."""

import sys

import berth
import numpy as np
import pytest
from scene import cluster


def test_columns_come_back_as_they_went_in():
    random = np.random.default_rng(3)
    engine = berth.Engine(["zone", "rack"], {"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"}, tie="key")
    count = 500
    allocatable = random.integers(1, 10**6, (count, 3))
    requested = random.integers(0, 100, (count, 3))
    racks = [(f"z{rack // 3}", f"r{rack}") for rack in random.integers(0, 9, count)]
    prices, keys = random.integers(0, 10**6, count), random.integers(0, 2**32, count)
    cordoned = random.random(count) < 0.3
    names = [f"node-{index}" if index % 7 else None for index in range(count)]
    labels = [{"disk": "ssd", "index": str(index % 5)} if index % 2 else None for index in range(count)]
    nodes = engine.add_nodes(
        allocatable, requested=requested, domains=racks, prices=prices, tie_keys=keys, cordoned=cordoned, names=names,
        labels=labels, taints=[["a=b:NoExecute"] if index % 3 else None for index in range(count)],
        images=[{"nginx:1": 10**8} if index % 4 else None for index in range(count)],
    )  # fmt: skip
    read = engine.nodes.table(nodes)
    assert (read.nodes == nodes).all() and len(read) == count
    assert (read.allocatable == allocatable).all() and (read.requested == requested).all()
    assert (read.free == allocatable - requested).all() and np.allclose(read.share, requested / allocatable)
    assert (read.states["price"] == prices).all() and (read.states["tie_key"] == keys).all()
    assert (read.cordoned == cordoned).all() and read.names.tolist() == names
    assert [engine.vocabulary.domains[path] for path in racks] == read.states["domain"].tolist()
    assert len(set(read.states["labels"].tolist())) == 6 and set(read.states["images"].tolist()) == {0, 1}
    assert (engine.nodes.free(nodes, ["memory"])[:, 0] == read.free[:, 1]).all()
    listed = engine.nodes.ids()
    assert sorted(listed.tolist()) == sorted(nodes.tolist())
    slots = engine.nodes.states(listed)["slot"].astype(np.int64)
    assert (np.diff(slots) > 0).all()  # topology order
    assert engine.nodes.names(listed[:3]).tolist() == [names[nodes.tolist().index(node)] for node in listed[:3]]
    assert all(engine.nodes.find(name) == node for name, node in zip(names, nodes, strict=True) if name)


@pytest.mark.parametrize(
    "domains",
    [["a", "b", "a"], np.array(["a", "b", "a"]), [("a",), ("b",), ("a",)], np.array([["a"], ["b"], ["a"]]), [1, 2, 1],
     np.array([1, 2, 1])],
)  # fmt: skip
def test_domains_are_named_in_many_ways(domains):
    engine = berth.Engine(["zone"], ["cpu"])
    assert (engine.vocabulary.add_domain(["a"]), engine.vocabulary.add_domain(("b",))) == (1, 2)
    nodes = engine.add_nodes([[1]] * 3, domains=domains)
    assert engine.nodes.states(nodes)["domain"].tolist() == [1, 2, 1]
    for one in ("a", ("a",), 1, np.uint32(1)):
        assert engine.nodes.states(engine.add_nodes([[1]] * 2, domains=one))["domain"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="need one each"):
        engine.add_nodes([[1]])
    with pytest.raises(berth.BerthError):
        engine.add_nodes([[1]], domains=[77])


def test_columns_may_be_named():
    engine = berth.Engine(resources=["cpu", "memory", "pods"])
    nodes = engine.add_nodes({"memory": [10, 20], "cpu": np.array([1, 2])}, requested={"cpu": [0, 1], "memory": [1, 1]})
    assert engine.nodes.allocatable(nodes).tolist() == [[1, 10, 0], [2, 20, 0]]
    assert engine.nodes.requested(nodes).tolist() == [[0, 1, 0], [1, 1, 0]]
    assert engine.nodes.allocatable(engine.add_nodes([[5]], resources=["pods"])).tolist() == [[0, 0, 5]]


def test_nodes_are_updated_cordoned_and_removed():
    engine, nodes = cluster(3)
    small = engine.pod_class({"cpu": 1000})
    pods = engine.bind(small, nodes)
    engine.nodes.update(nodes[:1], [[500, 100]], labels={"disk": "ssd"}, prices=7)
    table = engine.nodes.table(nodes)
    assert table.free[:, 0].tolist() == [-500, 3000, 3000] and table.states["price"].tolist() == [7, 0, 0]
    assert table.names.tolist() == ["n0", "n1", "n2"]
    engine.nodes.cordon(nodes[1])
    assert engine.place_one(small).node == nodes[2]
    engine.nodes.uncordon(nodes)
    assert not engine.nodes.table().cordoned.any()
    engine.nodes.remove(nodes[2:])
    with pytest.raises(berth.Stale):
        engine.nodes.states(nodes)
    engine.release(pods)
    engine.validate()


def test_sets_are_interned_once():
    engine, _ = cluster()
    words = engine.vocabulary
    assert words.label_set({"a": "1", "b": "2"}) == words.label_set({"b": "2", "a": "1"}) != words.label_set({"a": "1"})
    assert words.label_set(None) == words.label_set({}) == words.taint_set([]) == words.image_set({}) == 0
    taints = ["dedicated=ml:NoSchedule", berth.Taint("spot", "", "PreferNoSchedule"), ("a", "b", "NoExecute"),
              {"key": "c", "effect": "NoSchedule"}]  # fmt: skip
    assert words.taint_set(taints) == words.taint_set(taints) == 1
    with pytest.raises(berth.Duplicate):
        words.taint_set(["a=1:NoSchedule", "a=2:NoSchedule"])
    with pytest.raises(ValueError, match="effect ''"):
        words.taint_set([("a", "b", "")])
    assert words.resource("cpu") == words.resource(0) and words.resources["memory"].unit == "MiB"
    assert words.resource("cpu").kind == "cpu" and berth.vocabulary.kind_of("amd.com/gpu") == "gpu"


def test_a_table_is_a_frame():
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    engine, nodes = cluster(3)
    frame = engine.nodes.table().to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame["name"].tolist() == ["n0", "n1", "n2"]
    assert frame["cpu allocatable"].tolist() == [4000] * 3 and frame["node"].tolist() == nodes.tolist()
    placed = engine.place(engine.pod_class({"cpu": 3000}), 4)
    assert placed.to_pandas()["outcome"].tolist() == [1, 1, 1, 2]
    table = placed.to_arrow()
    assert isinstance(table, pyarrow.Table) and table.column("score").to_pylist() == placed.score.tolist()
    huge = engine.pod_class({"cpu": 5000})
    assert engine.explain(huge).to_arrow().to_pylist() == [{"reason": "Insufficient cpu", "nodes": 3}]
    assert engine.check(huge, nodes).to_pandas()["fits"].tolist() == [False] * 3
    engine.events.enable(16)
    engine.place(huge), engine.nodes.cordon(nodes[0])
    assert berth.to_pandas(engine.events.read()[0])["kind"].tolist() == [9]
    assert berth.to_arrow(engine.metrics.histogram("tree").columns()).num_rows == 98
    with pytest.raises(TypeError, match="structured array"):
        berth.to_pandas(np.zeros(3))


@pytest.mark.parametrize(
    ("module", "extra", "method"), [("pandas", "pandas", "to_pandas"), ("pyarrow", "arrow", "to_arrow")]
)
def test_frames_say_how_to_be_had(monkeypatch, module, extra, method):
    monkeypatch.setitem(sys.modules, module, None)
    engine, _ = cluster()
    with pytest.raises(ImportError, match=rf"{method}\(\) needs {module}: pip install 'berth\[{extra}\]'"):
        getattr(engine.place([]), method)()
