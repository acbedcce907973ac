"""Placing, reading and ending: what a user meets first."""

import gc
import pickle
import weakref

import berth
import numpy as np
import pytest
from scene import cluster


def test_the_first_lines_of_the_documentation():
    engine = berth.Engine(levels=["zone"], resources={"cpu": "milli", "memory": "bytes"}, profile="binpack")
    nodes = engine.add_nodes(np.array([[8000, 32 << 30]] * 4), domains=["a", "a", "b", "b"])
    small = engine.pod_class({"cpu": "500m", "memory": "1Gi"})
    placed = engine.place(small, count=100)
    assert (len(placed), int(placed.placed.sum()), repr(placed)) == (100, 64, "<Placements: 64 of 100 placed>")
    assert np.isin(placed.nodes[:64], nodes).all() and (placed.nodes[64:] == berth.NO_NODE).all()
    assert np.bincount(np.searchsorted(nodes, placed.nodes[:64])).tolist() == [16] * 4
    engine.release(placed.pods)  # those without a pod are passed over
    assert repr(engine) == "<Engine: 4 nodes, 0 pods>"


def test_arrays_cross_without_a_copy():
    engine, _nodes = cluster(64)
    wanted = np.full(10, engine.pod_class({"cpu": 100}), np.uint32)
    assert berth.columns.column(wanted, np.uint32, "classes") is wanted
    out = np.empty(10, berth.PLACEMENT)
    placed = engine.place(wanted, out=out)
    assert placed.array is out and np.shares_memory(placed.pods, out)
    assert (placed.classes == wanted).all()
    for wrong in (np.empty(9, berth.PLACEMENT), np.empty(10, np.uint64), np.empty(20, berth.PLACEMENT)[::2]):
        with pytest.raises(ValueError, match="out: a contiguous, writeable array"):
            engine.place(wanted, out=wrong)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        engine.place(wanted, out=out)


def test_one_by_one_is_what_a_batch_is():
    batch, _ = cluster(5)
    single, placer = batch.fork(), batch.fork()
    small = batch.pod_class({"cpu": 1500, "memory": 100})
    for engine in (single, placer):
        assert engine.pod_class({"cpu": 1500, "memory": 100}) == small
    place_next = placer.placer(small)
    expected = batch.place(small, 12)
    assert [single.place_one(small) for _ in range(12)] == list(expected) == [place_next() for _ in range(12)]
    assert [bool(one) for one in expected] == [True] * 10 + [False] * 2
    assert batch.digest == single.digest == placer.digest


def test_a_placement_has_the_headers_layout():
    engine, _ = cluster()
    small = engine.pod_class({"cpu": 1})
    one = engine.place_one(small)
    read = engine.read_pods(one.pod)[0]
    assert (read["pod"], read["node"], read["pod_class"], read["state"]) == (one.pod, one.node, small, 1)
    assert berth.Placement._fields == berth.PLACEMENT.names
    formats = [berth.PLACEMENT.fields[name][0].char for name in berth.PLACEMENT.names]
    assert formats == ["L", "L", "l", "I", "I"] and berth.PLACEMENT.itemsize == 32


def test_placements_are_sliced_and_masked():
    engine, _ = cluster(2)
    placed = engine.place([engine.pod_class({"cpu": 3000})] * 3)
    assert [len(part) for part in (placed[:2], placed[placed.placed], placed[[0, 2]])] == [2, 2, 2]
    assert placed[0] == berth.Placement(*placed.array[0].item()) and not placed[2]
    assert placed.outcome.tolist() == [berth.PLACED, berth.PLACED, berth.NO_FIT]


def test_life_of_a_pod():
    engine, nodes = cluster(2)
    small = engine.pod_class({"cpu": 1000})
    placed = engine.place(small, 2)
    engine.confirm(placed)
    with pytest.raises(berth.WrongState):
        engine.forget(placed)
    engine.terminate(placed.pods[:1])
    assert engine.read_pods(placed)["flags"].tolist() == [1, 0]
    bound = engine.bind(small, [nodes[1], nodes[1]])
    assert (engine.read_pods(bound)["node"] == nodes[1]).all() and (engine.read_pods(bound)["state"] == 2).all()
    engine.nodes.remove(nodes[1])
    assert (engine.read_pods(bound)["node"] == berth.NO_NODE).all()
    engine.release(bound)
    with pytest.raises(berth.Stale):
        engine.read_pods(bound)
    forgotten = engine.place(small)
    engine.forget(forgotten)
    engine.release(placed)
    assert engine.metrics.info()["pods"] == 0
    engine.validate()


def test_a_dry_run_changes_nothing():
    engine, _ = cluster()
    small, before = engine.pod_class({"cpu": 1000}), None
    before = engine.digest
    told = engine.place(small, 3, dry_run=True)
    assert told.placed.all() and (told.pods == berth.NO_POD).all() and engine.digest == before
    assert (engine.place(small, 3).nodes == told.nodes).all()


def test_candidates_and_feasible_nodes():
    engine, nodes = cluster(6)
    engine.nodes.cordon(nodes[4:])
    engine.bind(engine.pod_class({"cpu": 3500}), nodes[:1])
    small = engine.pod_class({"cpu": 1000, "memory": 1024})
    assert engine.feasible(small).tolist() == nodes[1:4].tolist()
    assert engine.feasible_mask(small).tolist() == [False, True, True, True, False, False]
    assert engine.feasible(small, nodes[::-1].copy()).tolist() == nodes[[3, 2, 1]].tolist()
    best = engine.candidates(small, 2)
    assert (
        best["node"].tolist() == nodes[1:3].tolist() and best["node"][0] == engine.place(small, dry_run=True).nodes[0]
    )
    engine.add_profile("two", [berth.Term("least_allocated", 3), berth.Term("balanced_allocation", 2)])
    scored = engine.candidates(engine.pod_class({"cpu": 1000, "memory": 1024}, profile="two"), 9, terms=True)
    assert scored.terms.shape == (3, 2) and (scored.terms.sum(axis=1) == scored.candidates["score"]).all()
    nowhere = engine.candidates(engine.pod_class({"cpu": 10**6}), 5, terms=True)
    assert len(nowhere.candidates) == 0 and nowhere.terms.shape == (0, 0)
    with pytest.raises(berth.LimitReached):
        engine.candidates(small, 65537)


def test_reasons_are_kube_schedulers():
    engine, nodes = cluster(3)
    engine.nodes.cordon(nodes[0])
    huge = engine.pod_class({"cpu": 5000, "memory": 100})
    told = engine.explain(huge)
    assert (
        str(told)
        == engine.message(huge)
        == "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu."
    )
    assert [(reason.text, reason.resource, reason.nodes) for reason in told.reasons] == [
        ("Insufficient cpu", "cpu", 2),
        ("node(s) were unschedulable", None, 1),
    ]
    assert (told.nodes, told.feasible, told.nearest) == (3, 0, (nodes[1], "cpu", 1000))
    verdicts = engine.check(huge, nodes)
    assert verdicts.fits.tolist() == [False] * 3 and verdicts.array["lacking_count"].tolist() == [0, 1, 1]
    assert verdicts.unresolvable.tolist() == [True, True, True]
    assert verdicts.lacking[1, 0] == engine.vocabulary.resource("cpu").id


def test_forks_go_their_own_ways():
    engine, _ = cluster()
    small = engine.pod_class({"cpu": 1000})
    fork = engine.fork()
    assert fork.digest == engine.digest
    fork.vocabulary.label_set({"a": "b"})
    fork.add_nodes([[1, 1]], names=["only there"])
    fork.place(small, 3)
    assert (len(fork.nodes), len(engine.nodes)) == (5, 4) and engine.metrics.info()["pods"] == 0
    with pytest.raises(berth.NotFound):
        engine.nodes.find("only there")
    engine.close()
    assert fork.place_one(small)


def test_time_only_goes_on():
    engine, _ = cluster()
    engine.time_ms = 5000
    assert engine.time_ms == 5000
    with pytest.raises(berth.InvalidArgument, match="4999"):
        engine.time_ms = 4999


@pytest.mark.parametrize("path", ["auto", "tree", "scan", "rows", "slots"])
@pytest.mark.parametrize("options", [{}, {"cpu_level": "scalar"}, {"cpu_level": "baseline"}, {"allocator": "mmap"}])
def test_every_way_of_searching_decides_alike(path, options):
    engine, _ = cluster(30, **options)
    engine.set_path(path)
    classes = [
        engine.pod_class({"cpu": cpu, "memory": memory}) for cpu, memory in [(300, 100), (900, 2000), (100, 900)]
    ]
    wanted = np.random.default_rng(1).choice(np.array(classes, np.uint32), 200)
    expected = cluster(30)[0]
    for one in classes:
        expected.pod_class(one.spec)
    assert engine.place(wanted).nodes.tolist() == expected.place(wanted).nodes.tolist()


def test_closed_engines_say_so():
    engine, _nodes = cluster()
    small, place_next = engine.pod_class({"cpu": 1}), None
    place_next, parts = engine.placer(small), (engine.devices, engine.gangs, engine.events, engine.nodes)
    with engine:
        pass
    assert engine.closed and repr(engine) == "<Engine: closed>"
    engine.close()  # a second time does nothing
    for use in (
        lambda: engine.place(small),
        lambda: engine.place_one(small),
        place_next,
        engine.fork,
        lambda: engine.pod_class({"cpu": 1}),
        lambda: engine.add_nodes([[1, 1]]),
        lambda: parts[0].standard_machine("dgx-h100"),
        lambda: parts[1].place(berth.Gang([berth.Role(small, 1)])),
        lambda: parts[2].read(),
        lambda: parts[3].table(),
        lambda: engine.explain(small),
        lambda: engine.what_if().begin(),
        lambda: engine.digest,
        lambda: engine.snapshot("/nowhere/at/all"),
        lambda: engine.metrics.prometheus(),
    ):
        with pytest.raises((berth.EngineClosed, berth.FileError)) as refused:
            use()
        assert refused.type is berth.EngineClosed, refused.value
        assert str(refused.value) == "BERTH_BAD_ENGINE: this engine was closed"


def test_parts_keep_the_engine_and_nothing_keeps_it_longer():
    gc.collect()
    gc.disable()
    try:
        engine, _nodes = cluster()
        gone, parts = weakref.ref(engine), engine.nodes
        del engine
        assert gone() is not None and len(parts) == 4
        placer = gone().placer(gone().pod_class({"cpu": 1}))
        del parts
        assert placer() and gone() is not None
        del placer
        assert gone() is None  # without the collector: there is no cycle
    finally:
        gc.enable()


def test_engines_end_in_any_order():
    engine, _ = cluster()
    before = engine.metrics.info()["family_engines"]
    forks = [engine.fork() for _ in range(5)]
    forks[0].cycle = forks  # one that only the collector ends
    assert engine.metrics.info()["family_engines"] == before + 5
    del forks
    gc.collect()
    assert engine.metrics.info()["family_engines"] == before


def test_an_engine_is_not_pickled_but_its_errors_are():
    engine, _ = cluster()
    with pytest.raises(TypeError, match="snapshot"):
        pickle.dumps(engine)
    with pytest.raises(berth.NotFound) as refused:
        engine.place(99)
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), again.args, again.status) == (berth.NotFound, refused.value.args, 21)
    small = engine.pod_class({"cpu": 1})
    assert pickle.loads(pickle.dumps(small)) == int(small)


def test_options_are_words():
    for options in ({"allocator": "malloc"}, {"cpu_level": "v9"}, {"tie": "luck"}):
        with pytest.raises(ValueError, match="use "):
            berth.Engine(**options)
    with pytest.raises(TypeError, match="list of label keys"):
        berth.Engine(levels="zone")
    with pytest.raises(ValueError, match="unit 'gallons' is unknown"):
        berth.Engine(resources={"water": "gallons"})
    with pytest.raises(berth.BadText):
        berth.Engine(levels=[""])
    with pytest.raises(berth.Duplicate):
        berth.Engine(levels=["a", "a"])
