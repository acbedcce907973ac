"""Every public call with arguments that make no sense, thousands of times: an exception that says so, never a crash,
and an engine that is sound afterwards. Each seed is a process of its own, so that a crash is seen as one."""

import inspect
import os
import pathlib
import random
import subprocess
import sys

import pytest

SEEDS = range(int(os.environ.get("BERTH_MONKEY_SEEDS", "3")))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_argument_is_a_danger(seed, tmp_path):
    command = [sys.executable, "-X", "faulthandler", str(pathlib.Path(__file__)), str(seed), "2500"]
    environment = {**os.environ, "PYTHONMALLOC": "debug"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    calls, kinds = done.stdout.split(maxsplit=1)
    assert int(calls) > 300 and "NotFound" in kinds and "TypeError" in kinds  # some were fine, others refused


def world(berth, np):
    engine = berth.Engine(["zone"], {"cpu": "milli", "memory": "MiB", "nvidia.com/gpu": "count"})
    nodes = engine.add_nodes([[4000, 8192, 4]] * 6, domains=["a", "b"] * 3, names=list("abcdef"))
    engine.devices.set_machines(nodes[:4], engine.devices.standard_machine("dgx-h100"))
    engine.events.enable(64)
    small = engine.pod_class({"cpu": 100})
    gpu = engine.pod_class({"cpu": 100}, devices=berth.Demand(gpus=1))
    return engine, nodes, [small, gpu], engine.place([small, gpu] * 3)


def arguments(berth, np, chance, nodes, classes, placed):
    """Something to call with: sense and nonsense."""
    ranks = berth.Ranks()
    kinds = [
        None,
        True,
        -1,
        0,
        1,
        7,
        2**16,
        2**32 - 1,
        2**63,
        2**64,
        2**70,
        0.5,
        float("nan"),
        "",
        "cpu",
        "a",
        "zone",
        "\0",
        "\ud800",
        "x" * 3000,
        b"a",
        [],
        {},
        (),
        {"cpu": 1},
        {"cpu": "1"},
        {"cpu": -1},
        {"cpu": None},
        {"water": 1},
        [1, 2],
        [[1, 2, 3]],
        [[1, 2, 3]] * 2,
        [None],
        ["a", "b"],
        [2**64],
        [0.5],
        np.zeros(3),
        np.zeros((2, 3), np.int64),
        np.zeros(0, np.uint64),
        np.array([1, 2], np.uint64)[::2],
        np.array(["a"]),
        np.zeros(2, berth.PLACEMENT),
        object(),
        np.zeros((), np.uint64),
        np.datetime64("2026-01-01"),
        np.array([object()]),
        np.zeros(2, berth.CLAIM),
        len,
        classes[0],
        classes[1],
        classes,
        nodes,
        nodes[:1],
        int(nodes[0]),
        nodes[::-1],
        placed,
        placed.pods,
        placed.nodes,
        int(placed.pods[0]),
        placed.pods[:2],
        [int(placed.pods[0])] * 2,
        "binpack",
        "kubernetes",
        berth.PodSpec({"cpu": 1}),
        berth.Term("binpack"),
        berth.Term("spread", -1),
        [berth.Term("x")],
        berth.Gang([berth.Role(classes[0], 2)]),
        berth.Gang([]),
        berth.Gang([berth.Role(99, 2, 1)], required="shelf"),
        [berth.Gang([berth.Role(classes[0], 2)])],
        berth.Gang([berth.Role(classes[0], 2)], fabrics=[berth.Ring(nodes)]),
        [berth.Waiting(berth.Gang([]), -1)],
        berth.Reservation("pod", 1, node=int(nodes[0]), quantities={"cpu": 1}),
        berth.Reservation("gang", -1, pod_class=0),
        berth.identities(6, gangs=3),
        berth.Demand(gpus=99),
        [berth.PodAffinity("zone", {"a": "b"}), 3],
        berth.Requirement("a", "Near"),
        "dgx-h100",
        "usage",
        "gpus",
        "auto",
        "tree",
        "pod",
        ranks.job([2]),
        ranks.network([[0], [1]], [(1e9, 10), (1e9, 10)]),
        lambda batch: [[0, 0]],
        lambda batch: batch.nodes,
    ]
    return lambda: chance.choice(kinds)


def targets(engine):
    """Public callables of the engine and its parts; those that end it are left out."""
    parts = [engine, engine.nodes, engine.vocabulary, engine.devices, engine.claims, engine.gangs, engine.queues,
             engine.load, engine.reservations, engine.events, engine.metrics, engine.ranks]  # fmt: skip
    without = {"close", "what_if", "recover", "follow"}
    return [
        getattr(part, name)
        for part in parts
        for name, _ in inspect.getmembers(type(part), inspect.isfunction)
        if not name.startswith("_") and name not in without
    ]


def main(seed, count):
    import berth
    import numpy as np

    chance, kinds, fine = random.Random(seed), {}, 0
    engine, *rest = world(berth, np)
    draw = arguments(berth, np, chance, *rest)
    expected = (berth.BerthError, TypeError, ValueError, LookupError, OverflowError, MemoryError, AttributeError)
    for _ in range(count):
        call = chance.choice(targets(engine))
        told = inspect.signature(call).parameters.values()
        named = [one.name for one in told if one.kind is one.KEYWORD_ONLY and chance.random() < 0.3]
        given = [draw() for one in told if one.kind is one.POSITIONAL_OR_KEYWORD]
        if chance.random() < 0.3:
            given = given[: chance.randrange(len(given) + 1)]
        try:
            with engine.what_if():
                call(*given, **{name: draw() for name in named})
            fine += 1
        except expected as error:
            kinds[type(error).__name__] = kinds.get(type(error).__name__, 0) + 1
        if engine._ranking is not None:
            engine.clear_rerank()
    engine.validate()
    print(fine, kinds)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
