"""What is not right is refused with a sentence, and changes nothing: shapes, types, values, ids."""

import berth
import numpy as np
import pytest
from scene import cluster

ID = 2**32 + 7


@pytest.fixture(scope="module")
def world():
    engine, nodes = cluster(2)
    return engine, nodes, engine.pod_class({"cpu": 1})


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda e, n, c: e.place(99), berth.NotFound, "class 99"),
        (lambda e, n, c: e.place([c, 99]), berth.NotFound, "99"),
        (lambda e, n, c: e.place(-1), ValueError, "classes: -1..-1 is outside 0..4294967295"),
        (lambda e, n, c: e.place(c, -1), ValueError, "count: -1 is negative"),
        (lambda e, n, c: e.place(0.5), TypeError, "classes: integers are needed"),
        (lambda e, n, c: e.place("web"), TypeError, "classes: integers are needed"),
        (lambda e, n, c: e.place(None), TypeError, "classes: integers are needed"),
        (lambda e, n, c: e.place([[c]]), ValueError, r"classes: the shape is \(1, 1\), \(n,\) is needed"),
        (lambda e, n, c: e.place([c, c], 3), ValueError, r"classes: the shape is \(2,\), \(3,\) is needed"),
        (lambda e, n, c: e.place(c, 2, pods=berth.identities(3)), ValueError, r"pods: the shape is \(3,\)"),
        (lambda e, n, c: e.place(c, 1, pods=[1]), TypeError, "pods: records"),
        (lambda e, n, c: e.place_one("web"), TypeError, "integer"),
        (lambda e, n, c: e.place_one(-1), OverflowError, "negative"),
        (lambda e, n, c: e.release([1, 1]), berth.NotFound, "pod 1"),
        (lambda e, n, c: e.release([-1]), ValueError, "pods: -1..-1 is outside"),
        (lambda e, n, c: e.release(1.5), TypeError, "pods: integers"),
        (lambda e, n, c: e.confirm([ID]), berth.NotFound, str(ID)),
        (lambda e, n, c: e.bind(c, [ID + 2**40]), berth.NotFound, "node"),
        (lambda e, n, c: e.bind([c, c, c], n), ValueError, r"classes: the shape is \(3,\), \(2,\)"),
        (lambda e, n, c: e.nodes.cordon([n[0], n[0]]), berth.Duplicate, "entry 1"),
        (lambda e, n, c: e.nodes.find("nobody"), berth.NotFound, "nobody"),
        (lambda e, n, c: e.nodes.find(""), berth.BadText, "empty"),
        (lambda e, n, c: e.nodes.find("a\0b"), ValueError, "zero byte"),
        (lambda e, n, c: e.nodes.find(b"n0"), TypeError, "a text is needed"),
        (lambda e, n, c: e.nodes.free(resources=["water"]), KeyError, "water.*'cpu', 'memory'"),
        (lambda e, n, c: e.add_nodes([1, 2]), ValueError, r"allocatable: the shape is \(2,\), \(n, 2\) is needed"),
        (lambda e, n, c: e.add_nodes([[1.5, 2]]), TypeError, "allocatable: integers are needed, not float64"),
        (lambda e, n, c: e.add_nodes([[-1, 2]]), berth.BadQuantity, "cpu|allocatable"),
        (lambda e, n, c: e.add_nodes([[1, 2**62]]), berth.BerthError, ""),
        (lambda e, n, c: e.add_nodes([[1, 2]], names=["n0"]), berth.Duplicate, "n0"),
        (lambda e, n, c: e.add_nodes([[1, 2]], names=["a", "b"]), ValueError, "names: 2 for 1 nodes"),
        (lambda e, n, c: e.add_nodes([[1, 2]], names=[7]), TypeError, "a text is needed, not 7"),
        (lambda e, n, c: e.add_nodes([[1, 2]] * 2, names=[None, b"x"]), TypeError, "a text is needed, not b'x'"),
        (lambda e, n, c: e.add_nodes([[1, 2]] * 2, names=["a\0b", "c"]), ValueError, "zero byte"),
        (lambda e, n, c: e.add_nodes([[1, 2]] * 2, names=["same", "same"]), berth.Duplicate, "same"),
        (lambda e, n, c: e.add_nodes([[1, 2]], names=[""]), berth.BadText, "empty"),
        (lambda e, n, c: e.add_nodes([[1, 2]], domains=[1, 2]), ValueError, "domains"),
        (lambda e, n, c: e.add_nodes([[1, 2]], domains=[("z",)]), ValueError, "the engine has levels"),
        (lambda e, n, c: e.add_nodes([[1, 2]], colour="red"), TypeError, "colour"),
        (lambda e, n, c: e.add_nodes([[1, 2]], labels=[{}, {}]), ValueError, "labels: 2 for 1 nodes"),
        (lambda e, n, c: e.add_nodes([[1, 2]], labels=np.array([77])), berth.NotFound, "77"),
        (lambda e, n, c: e.add_nodes([[1, 2]], taints=["a=b:Sometimes"]), ValueError, "effect 'Sometimes'"),
        (lambda e, n, c: e.add_nodes([[1, 2]], prices=-1), berth.InvalidArgument, "price"),
        (lambda e, n, c: e.add_nodes([[1, 2]], requested=[[1]]), ValueError, "requested"),
        (lambda e, n, c: e.add_nodes({"cpu": [1]}, resources=["cpu"]), TypeError, "allocatable names them"),
        (lambda e, n, c: e.nodes.update(n, [[1, 1]]), ValueError, "1 rows for 2 nodes"),
        (lambda e, n, c: e.nodes.update(n, [[1, 1]] * 2, names=["a", "b"]), TypeError, "names"),
        (lambda e, n, c: e.pod_class({"water": 1}), KeyError, "resource 'water' is unknown"),
        (lambda e, n, c: e.pod_class({"cpu": "a lot"}), ValueError, "quantity 'a lot'"),
        (lambda e, n, c: e.pod_class({"cpu": 0.5}), TypeError, "quantity 0.5"),
        (lambda e, n, c: e.pod_class({"cpu": -1}), berth.BadQuantity, ""),
        (lambda e, n, c: e.pod_class({"cpu": 2**70}), OverflowError, ""),
        (lambda e, n, c: e.pod_class({}, profile="mine"), KeyError, "profile 'mine' is unknown.*'default'"),
        (lambda e, n, c: e.pod_class({}, profile=77), berth.NotFound, "77"),
        (lambda e, n, c: e.pod_class({}, colour="red"), TypeError, "colour"),
        (lambda e, n, c: e.pod_class({}, affinity=["near"]), TypeError, "affinity: 'near'"),
        (lambda e, n, c: e.pod_class({}, host_ports=[0]), berth.InvalidArgument, "port"),
        (lambda e, n, c: e.candidates(c, -1), ValueError, "k: -1 is negative"),
        (lambda e, n, c: e.set_path("magic"), ValueError, "path 'magic' is unknown: use auto"),
        (lambda e, n, c: e.events.read(), berth.WrongState, "events"),
        (lambda e, n, c: e.events.enable(3), berth.InvalidArgument, "power of two"),
        (lambda e, n, c: e.events.enable(-1), ValueError, "negative"),
        (lambda e, n, c: e.metrics.histogram("guess"), ValueError, "decision 'guess'"),
        (lambda e, n, c: e.vocabulary.add_resource("cpu"), berth.Duplicate, "cpu"),
        (lambda e, n, c: e.vocabulary.add_resource("x", kind="thing"), ValueError, "kind 'thing'"),
        (lambda e, n, c: e.vocabulary.remove_namespace("nobody"), berth.NotFound, "nobody"),
        (lambda e, n, c: e.vocabulary.label_set({"kubernetes.io/x": "\ud800"}), ValueError, ""),
        (lambda e, n, c: e.reservations.remove([5]), berth.NotFound, ""),
        (lambda e, n, c: e.reservations.add(berth.Reservation("king", 1, node=n[0])), ValueError, "owner 'king'"),
        (lambda e, n, c: e.reservations.add(berth.Reservation("pod", 1)), ValueError, "name one"),
        (lambda e, n, c: e.load.add("x", "heavy", "cpu"), ValueError, "kind 'heavy'"),
        (lambda e, n, c: e.load.add("x", "usage", "cpu"), berth.Sealed, ""),
        (lambda e, n, c: e.load.add("x", "usage", "cpu", weight=3), TypeError, "no 'weight'"),
        (lambda e, n, c: e.add_profile("p", "magic"), ValueError, "profile 'magic' is unknown"),
        (lambda e, n, c: e.add_profile("p", berth.Term("binpack", 0)), berth.BerthError, "weight"),
        (lambda e, n, c: e.add_profile("p", []), berth.InvalidArgument, ""),
        (lambda e, n, c: e.add_profile("default", "spread"), berth.Duplicate, "default"),
        (lambda e, n, c: e.set_rerank(lambda batch: None, k=0), berth.InvalidArgument, "candidate_limit"),
        (lambda e, n, c: e.set_rerank(lambda batch: None, features=["smell"]), ValueError, "feature 'smell'"),
        (lambda e, n, c: e.set_rerank(lambda batch: None, features=[("domain", "zone")]), ValueError, "level 'zone'"),
        (lambda e, n, c: berth.Engine.recover(), TypeError, "a snapshot, a journal, or both"),
        (lambda e, n, c: berth.Engine.recover("/no/such/file"), berth.FileError, "/no/such/file"),
        (lambda e, n, c: e.snapshot("/no/such/folder/file"), berth.FileError, "No such file"),
        (lambda e, n, c: e.snapshot("a\0b"), ValueError, "zero byte"),
    ],
)
def test_refused(world, use, error, words):
    engine, nodes, small = world
    before = engine.digest
    with pytest.raises(error, match=f"(?s){words}") as refused:
        use(engine, nodes, small)
    assert engine.digest == before
    if isinstance(refused.value, berth.BerthError):
        assert refused.value.name.startswith("BERTH_") and len(refused.value.sentence) > 5


def test_a_refused_batch_leaves_nothing_behind(world):
    engine, _nodes, small = world
    placed = engine.place(small, 3)
    before = engine.digest
    with pytest.raises(berth.Duplicate):
        engine.release([*placed.pods.tolist(), placed.pods[0]])
    with pytest.raises(berth.NotFound):
        engine.add_nodes([[1, 1], [1, 1]], labels=np.array([0, 77]))
    assert engine.digest == before
    engine.release(placed)


@pytest.mark.parametrize("values", [[], np.zeros(0, np.uint64), np.zeros(0), ()])
def test_nothing_is_fine(world, values):
    engine, _, _ = world
    before = engine.digest
    assert len(engine.place(values)) == 0
    for call in (engine.release, engine.confirm, engine.forget, engine.terminate, engine.nodes.remove):
        call(values)
    assert len(engine.nodes.states(values)) == 0 and len(engine.check(0, values)) == 0
    assert len(engine.add_nodes(np.zeros((0, 2), np.int64))) == 0
    assert engine.digest == before


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint16, np.int64, np.uint64, ">u4", bool])
def test_every_integer_type_is_converted(dtype):
    engine, _ = cluster()
    engine.pod_class({"cpu": 1}), engine.pod_class({"cpu": 2})
    wanted = np.array([0, 1, 1, 0], dtype)
    assert engine.place(wanted).classes.tolist() == [0, 1, 1, 0]
    assert engine.place(wanted[::2]).classes.tolist() == [0, 1]


def test_strided_and_fortran_arrays_are_converted():
    engine = berth.Engine(resources=["cpu", "memory"])
    cells = np.arange(1, 13, dtype=np.int64).reshape(6, 2)
    for given in (cells[::2], np.asfortranarray(cells[::2]), cells[::2].astype(np.int32)):
        ids = engine.add_nodes(given)
        assert engine.nodes.allocatable(ids).tolist() == [[1, 2], [5, 6], [9, 10]]


def test_ids_of_another_engine_are_no_danger():
    one, nodes = cluster(3)
    other, _ = cluster(1)
    placed = one.place(one.pod_class({"cpu": 1}), 3)
    other.pod_class({"cpu": 1})
    for use in (lambda: other.release(placed), lambda: other.nodes.free(nodes), lambda: other.nodes.remove(nodes)):
        with pytest.raises(berth.BerthError):
            use()
