"""Experiments for test_sweep.py: processes import them by name."""

import os
import signal
import time


def add(a, b, seed):
    return {"sum": a + b, "draw": seed % 1_000_003, "even": a % 2 == 0, "word": f"{a}-{b}", "none": None}


def place(nodes, profile, seed):
    """A small simulation with a real engine."""
    import berth
    import numpy as np

    random = np.random.default_rng(seed)
    with berth.Engine(profile=profile) as engine:
        engine.add_nodes(np.column_stack([random.integers(2, 9, nodes) * 1000, random.integers(4, 17, nodes) << 30]))
        pods = [engine.pod_class({"cpu": int(cpu) * 100}) for cpu in random.integers(1, 20, 5)]
        placed = engine.place(random.choice(pods, 20 * nodes))
    return {"placed": int(placed.placed.sum()), "score": int(placed.score.sum() % 1000)}


def without_seed(a):
    return {"square": a * a}


def failing(a, seed):
    if a == 3:
        raise ValueError("three is refused")
    return {"a2": a * 2}


def deadly(a, seed):
    if a == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"a2": a * 2}


def counted(a, folder, seed):
    """Leaves a mark for each time that it was called."""
    with open(os.path.join(folder, f"{a}"), "a") as file:
        file.write("x")
    return {"a2": a * 2}


def slow(a, folder, seed):
    time.sleep(0.05)
    return counted(a, folder, seed)


def wrong_figures(a, seed):
    return {"list": [a], "a": [1]} if a else 7
