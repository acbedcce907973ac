"""Replays over time against a slow one that knows nothing of batches, and FGD's published figures."""

from dataclasses import replace

import berth
import numpy as np
import pytest
from berth.placements import NO_POD
from berth.readers import fleet, openb, pod_table
from berth.simulation import ENDED, PLACED, REFUSED, WAITING, fgd, replay, stranded

RESOURCES = {"cpu": "milli", "memory": "MiB"}


def random_workload(seed, pods=120, gangs=False, ties=True):
    random = np.random.default_rng(seed)
    sizes = [(1000, 500), (2000, 4000), (500, 100), (3000, 1000)]
    spec = random.integers(len(sizes), size=pods)
    arrival = np.sort(random.integers(0, 60, pods)).astype(float) if ties else np.sort(random.random(pods) * 60)
    duration = np.where(random.random(pods) < 0.2, np.inf, random.integers(0, 30, pods))
    gang = np.full(pods, -1)
    if gangs:
        for start in random.choice(pods - 4, 8, replace=False):
            arrival[start : start + 3] = arrival[start]
            gang[start : start + 3] = start
        arrival = np.maximum.accumulate(arrival)
        for number in np.unique(gang[gang >= 0]):
            arrival[gang == number] = arrival[gang == number][0]
    amounts = np.array(sizes)[spec]
    nodes = fleet(3, {"cpu": 4000, "memory": 8000}, RESOURCES)
    table = pod_table(
        [f"p{index}" for index in range(pods)],
        {"cpu": amounts[:, 0], "memory": amounts[:, 1]},
        spec=spec,
        arrival_s=arrival,
        duration_s=duration,
        gang=gang,
    )
    specs = tuple(berth.PodSpec({"cpu": cpu, "memory": memory}) for cpu, memory in sizes)
    return replace(nodes, pods=table, specs=specs)


def slow_replay(workload, waits):
    """One pod at a time, by the rule alone: binpack is the fullest node after placing, the first wins ties."""
    free = workload.allocatable.astype(np.int64)
    requests, table = workload.requests, workload.pods
    node = np.full(len(table), -1)
    start = np.full(len(table), np.nan)
    ends, queue, rows = [], [], []

    def place(pod):
        after = free - requests[pod]
        fits = (after >= 0).all(axis=1)
        if not fits.any():
            return False
        fullness = ((workload.allocatable - after) * 2**20 // workload.allocatable).sum(axis=1)
        node[pod] = int(np.argmax(np.where(fits, fullness, -1)))
        free[node[pod]] -= requests[pod]
        return True

    def begin(pod, now):
        start[pod] = now
        if table["duration_s"][pod] < np.inf:
            ends.append((now + table["duration_s"][pod], pod))

    def leave(until):
        while ends and min(ends)[0] <= until:
            moment = min(ends)[0]
            for end, pod in [entry for entry in ends if entry[0] == moment]:
                free[node[pod]] += requests[pod]
                ends.remove((end, pod))
            for pod in list(queue):
                if place(pod):
                    begin(pod, moment)
                    queue.remove(pod)
            rows.append((moment, (workload.allocatable - free).sum(axis=0).tolist()))

    for pod in np.argsort(table["arrival_s"], kind="stable").tolist():
        leave(table["arrival_s"][pod])
        if place(pod):
            begin(pod, table["arrival_s"][pod])
        elif waits:
            queue.append(pod)
        rows.append((table["arrival_s"][pod], (workload.allocatable - free).sum(axis=0).tolist()))
    leave(np.inf)
    return node, start, rows


@pytest.mark.parametrize("on_refusal", ["drop", "wait"])
@pytest.mark.parametrize("seed", range(6))
def test_a_replay_is_what_one_pod_at_a_time_gives(seed, on_refusal):
    workload = random_workload(seed, ties=seed % 2 == 0)
    engine, loaded = workload.engine(profile="binpack")
    with engine:
        course = replay(engine, loaded, on_refusal=on_refusal, progress=False)
        engine.validate()
        running = engine.metrics.info()["pods"]
    node, start, rows = slow_replay(workload, on_refusal == "wait")
    assert course.node.tolist() == node.tolist()
    assert np.array_equal(course.start_s, start, equal_nan=True)
    assert list(zip(course.time_s.tolist(), course.used.tolist(), strict=True)) == rows
    assert course.arrived[-1] == len(workload.pods) == course.placed[-1] + course.failed[-1] + course.waiting[-1]
    assert running == course.running[-1] == (course.outcome == PLACED).sum() == (course.pods != NO_POD).sum()
    assert (course.outcome == REFUSED).sum() == course.failed[-1] and (
        course.outcome == WAITING
    ).sum() == course.waiting[-1]
    assert (course.outcome == ENDED).any() and (node < 0).any() == bool(course.failed[-1] + course.waiting[-1])


def test_gangs_are_placed_whole_or_not():
    for seed in range(5):
        workload = random_workload(seed, gangs=True)
        for waits in ("drop", "wait"):
            engine, loaded = workload.engine()
            with engine:
                course = replay(engine, loaded, on_refusal=waits)
            for number in np.unique(workload.pods["gang"][workload.pods["gang"] >= 0]):
                placed = course.node[workload.pods["gang"] == number] >= 0
                assert placed.all() or not placed.any()
            assert (course.used >= 0).all() and (course.used <= course.capacity).all()


def test_a_gang_level_keeps_gangs_together():
    nodes = fleet(8, {"cpu": 1000}, {"cpu": "milli"}, levels=("rack",), shape=(4,))
    table = pod_table(
        list("abcdef"), {"cpu": [1000] * 6}, spec=0, gang=[0, 0, 1, 1, 2, 2], arrival_s=[0, 0, 1, 1, 2, 2]
    )
    workload = replace(nodes, pods=table, specs=(berth.PodSpec({"cpu": 1000}),))
    engine, loaded = workload.engine(profile="spread")
    with engine:
        engine.bind(loaded.classes[:1], loaded.nodes[:1])
        course = replay(engine, loaded, gang_level="rack")
    racks = np.array([workload.domains[index] for index in course.node])
    assert (racks[0::2] == racks[1::2]).all() and course.placed[-1] == 6


def test_orders_and_limits():
    workload = random_workload(1, gangs=True)
    engine, loaded = workload.engine()
    with engine, pytest.raises(ValueError, match="shuffle_seed"):
        replay(engine, loaded, shuffle_seed=1)
    workload = random_workload(1)
    engine, loaded = workload.engine()
    with engine:
        half = replay(engine.fork(), loaded, until_s=30)
        assert half.time_s.max() < 30 and half.arrived[-1] == (workload.pods["arrival_s"] < 30).sum()
        first = replay(engine.fork(), loaded, shuffle_seed=4)
        assert (first.node == replay(engine.fork(), loaded, shuffle_seed=4).node).all()
        assert (first.node != replay(engine.fork(), loaded, shuffle_seed=5).node).any()
        for options in ({"on_refusal": "no"}, {"fragmentation": "no"}, {"fragmentation_every": 0}):
            with pytest.raises(ValueError, match=next(iter(options))):
                replay(engine, loaded, **options)
        frame = first.to_pandas()
        assert len(frame) == len(first) == first.to_arrow().num_rows and "cpu allocated" in frame


def test_stranded_share_by_hand():
    free = np.array([[2, 4], [0, 8], [4, 8]])
    allocatable = np.array([[4, 8], [4, 8], [4, 8]])
    requests, weights = np.array([[3, 1], [1, 1]]), np.array([1, 3])
    # half free, of no use to a quarter; half free, of no use to anybody; all free, of use to all
    assert stranded(free, allocatable, requests, weights).tolist() == [0.125, 0.5, 0.0]
    with pytest.raises(ValueError, match="weights"):
        stranded(free, allocatable, requests, np.zeros(2))


def test_fragmentation_is_measured_at_nodes_that_changed():
    workload = random_workload(2)
    engine, loaded = workload.engine()
    with engine:
        asked = []

        def measure(nodes):
            asked.append(len(nodes))
            return engine.nodes.free(nodes, ["cpu"])[:, 0] / 12_000

        course = replay(engine, loaded, fragmentation=measure)
        every = np.isfinite(course.fragmentation)
        assert every.all() and asked[0] == 3 and max(asked[1:]) <= 3
        assert np.allclose(course.fragmentation, 1 - course.used[:, 0] / course.capacity[0])
    engine, loaded = workload.engine()
    with engine:
        rare = replay(engine, loaded, fragmentation="stranded", fragmentation_every=10)
        assert 0 < np.isfinite(rare.fragmentation[rare.arrived > 0]).sum() < len(rare)
        kinds, counts = np.unique(workload.pods["spec"], return_counts=True)
        wanted = np.array([[spec.requests["cpu"], spec.requests["memory"]] for spec in workload.specs])[kinds]
        final = stranded(engine.nodes.free(loaded.nodes), workload.allocatable, wanted, counts).mean()
        assert rare.fragmentation[np.isfinite(rare.fragmentation)][-1] == pytest.approx(final)


@pytest.mark.parametrize("policy", ["bestfit", "fgd"])
def test_fgd_figures_are_those_of_the_authors(shared, policy):
    reference = shared("fgd-reference")
    experiment = openb.experiment(shared("openb"), reference, "default", 43)
    course = fgd.run(experiment, policy)
    cells, published = fgd.cells(course), fgd.published(reference, "default", policy, 43)
    assert np.nanmax(np.abs(cells.allocation[:131] - published.allocation)) <= 0.011
    assert np.nanmax(np.abs(cells.fragmentation[:131] - published.fragmentation)) <= 0.006
    assert np.isfinite(published.allocation).all() and len(cells.allocation) >= 131


def test_cells_by_hand():
    """Bins are rounded half to even, an empty one takes those beside it."""
    values = fgd._means(np.array([0, 0, 2]), np.array([1.0, 2.0, 7.0]))
    assert values.tolist() == [1.5, 3.33, 7.0]
    assert fgd._half_even(np.array([5, 15, 25, 26, 24]), 10).tolist() == [0, 2, 2, 3, 2]
    with pytest.raises(ValueError, match="policy"):
        fgd.policy("best")
    with pytest.raises(ValueError, match="repeated"):
        fgd.published("nowhere", "default", "random", 1)
