"""Events, counters, histograms, and their text."""

import berth
import numpy as np
import pytest
from scene import cluster


def test_events_are_read_with_cursors():
    engine, nodes = cluster(2)
    engine.events.enable(8)
    small = engine.pod_class({"cpu": 1000})
    engine.time_ms = 77
    placed = engine.place(small, 2)
    events, cursor = engine.events.read()
    kinds = berth.event_kinds()
    assert [kinds[kind] for kind in events["kind"]] == ["pod_assumed"] * 2 and cursor == 3
    assert events["pod"].tolist() == placed.pods.tolist() and events["time_ms"].tolist() == [77, 77]
    assert events["sequence"].tolist() == [1, 2] and (events["pod_class"] == small).all()
    assert len(engine.events.read(cursor)[0]) == 0
    engine.confirm(placed), engine.nodes.cordon(nodes[1])
    assert [kinds[kind] for kind in engine.events.read(cursor, 2)[0]["kind"]] == ["pod_bound"] * 2
    with engine.what_if():
        engine.place(small, 20)
    assert sum(len(events) for events in engine.events.follow()) == 5
    engine.release(engine.place(small, 6))
    first = engine.events.read()[0]  # cursor 0 is the oldest that is kept
    assert len(first) == 8
    late, _ = engine.events.read(1)
    assert kinds[late[0]["kind"]] == "gap" and late[0]["other"] == 1  # the first of nine
    with pytest.raises(berth.InvalidArgument):
        engine.events.read(1000)
    engine.events.enable(0)
    with pytest.raises(berth.WrongState):
        engine.events.read()


def test_counters_and_figures():
    engine, _ = cluster(2, allocator="mmap", cpu_level="scalar")
    small = engine.pod_class({"cpu": 2000})
    engine.place(small, 5)
    with pytest.raises(berth.NotFound):
        engine.place(99)
    with engine.what_if() as trial:
        trial.checkpoint()
    engine.fork()
    info, counters = engine.metrics.info(), engine.metrics.counters()
    assert (info["nodes"], info["pods"], info["classes"]) == (2, 4, 1) and info["bytes_allocated"] > 0
    assert (info["allocator"], info["cpu_level"]) == ("mmap", "scalar")
    assert (counters["placed"], counters["no_fit"], counters["forks"]) == (4, 1, 1)
    assert sum(counters["decisions"].values()) == info["decisions"] == 5
    assert counters["refusals"] == {"BERTH_UNKNOWN_ID": 1}
    assert (counters["statements_begun"], counters["statements_discarded"]) == (1, 1)


def test_histograms_count_what_was_decided():
    engine, _ = cluster(100)
    engine.set_path("rows")
    engine.place(engine.pod_class({"cpu": 10}), 500)
    rows, tree = engine.metrics.histogram("rows"), engine.metrics.histogram("tree")
    assert rows.count == rows.counts.sum() == 500 and rows.sum_ns > 0 and tree.count == 0
    assert rows.quantile(0) <= rows.quantile(0.5) <= rows.quantile(1) and tree.quantile(0.5) == 0
    assert (np.diff(rows.upper_ns.astype(float)) > 0).all() and rows.upper_ns[-1] == 2**64 - 1
    assert rows.counts[: np.searchsorted(rows.upper_ns, rows.quantile(0.9)) + 1].sum() >= 450
    with pytest.raises(ValueError, match="share"):
        rows.quantile(2)


def test_the_text_is_prometheus():
    engine, _ = cluster()
    engine.place(engine.pod_class({"cpu": 10}), 3)
    text = engine.metrics.prometheus()
    assert 'berth_placements_total{outcome="placed"} 3\n' in text
    assert text.count("# TYPE") == text.count("# HELP") > 10 and text.endswith("\n")
