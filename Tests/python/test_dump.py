"""What `berth bench place --dump` writes, rebuilt from the seed and replayed with NumPy.

Nothing here knows the engine: the generator, the case and the scores are written again from their definitions.
"""

import json

import numpy as np
import pytest

MASK = (1 << 64) - 1
SHAPES = np.array(
    [(64000, 262144, 0), (96000, 393216, 8), (128000, 786432, 8), (104000, 524288, 4), (32000, 131072, 2)]
)


def splitmix(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


class Generator:
    """xoshiro256**, filled by splitmix64 as SeededRandom.swift documents."""

    def __init__(self, seed, stream):
        _, filler = splitmix(seed)
        filler ^= stream
        self.state = []
        for _ in range(4):
            filler, word = splitmix(filler)
            self.state.append(word)

    def next(self):
        s = self.state
        rotated = ((s[1] * 5) << 7 | ((s[1] * 5) & MASK) >> 57) & MASK
        result = (rotated * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = ((s[3] << 45) | (s[3] >> 19)) & MASK
        return result

    def below(self, bound):
        return (self.next() * bound) >> 64

    def fraction(self):
        return (self.next() >> 11) * 2.0**-53


def draw_nodes(count, seed):
    random = Generator(seed, 1)
    shapes = [index % len(SHAPES) for index in range(count)]
    for last in range(count - 1, 0, -1):
        other = random.below(last + 1)
        shapes[last], shapes[other] = shapes[other], shapes[last]
    rows = []
    for shape in shapes:
        cpu, memory, gpus = (int(x) for x in SHAPES[shape])
        filled = random.below(1000)
        free_gpus = random.below(gpus + 1) if gpus else 0
        free = 1200 - filled
        rows.append((cpu, memory, gpus, cpu - cpu * free // 1200, memory - memory * free // 1200, gpus - free_gpus))
    return np.array(rows)


def draw_classes(count, seed):
    random = Generator(seed, 2)
    rows = []
    for _ in range(count):
        cpu = (1 + random.below(16)) * 1000
        memory = (1 + random.below(16)) * 4096
        gpus = 1 << random.below(4) if random.below(3) == 0 else 0
        rows.append((cpu, memory, gpus))
    return np.array(rows)


def draw_departures(pods, churn, seed):
    random = Generator(seed, 4)
    draws = []
    for _ in range(pods):
        leaves = random.fraction() < churn
        pick = random.next() >> 32
        draws.append(pick if leaves else None)
    return draws


def fullness(capacity, used):
    """Sum over resources of floor(2^20 x used / capacity); what a node lacks counts 0."""
    parts = (np.minimum(used, capacity) << 20) // np.maximum(capacity, 1)
    return np.where(capacity > 0, parts, 0).sum(axis=1)


def balance(capacity, used):
    """kube-scheduler's balancedResourceScorer for two resources, in float64."""
    fractions = np.minimum(1.0, used[:, :2].astype(float) / capacity[:, :2].astype(float))
    deviation = np.abs((fractions[:, 0] - fractions[:, 1]) / 2)
    return ((1 - deviation) * 100).astype(np.int64)


def kube(capacity, before, after):
    """LeastAllocated + BalancedAllocation over cpu and memory; only nodes where the pod fits are asked."""
    least = ((capacity - after)[:, :2] * 100 // capacity[:, :2]).sum(axis=1) // 2
    change = 50 + balance(capacity, after) - balance(capacity, before)
    return least + 50 + np.fix(change / 2).astype(np.int64)


def score(profile, capacity, before, after):
    if profile == "kube":
        return kube(capacity, before, after)
    return fullness(capacity, after) * (1 if profile == "binpack" else -1)


def checksum(decisions):
    value = 0xCBF29CE484222325
    for byte in decisions.astype("<i4").tobytes():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return f"{value:016x}"


def replay(profile, nodes, classes, arrivals, draws):
    """Decisions, scores and departures by a plain search over all nodes for each pod."""
    capacity, used = nodes[:, :3].copy(), nodes[:, 3:].copy()
    decisions, scores, departures, running = [], [], [], []
    for arrival, kind in enumerate(arrivals):
        request = classes[kind]
        fits = ((request == 0) | (request <= capacity - used)).all(axis=1)
        if not fits.any():
            decisions.append(-1)
            scores.append(0)
            continue
        candidates = np.flatnonzero(fits)
        before = used[candidates]
        totals = score(profile, capacity[candidates], before, before + request)
        best = int(totals.argmax())  # the first of the highest
        node = int(candidates[best])
        decisions.append(node)
        scores.append(int(totals[best]))
        used[node] += request
        if draws[arrival] is not None and running:
            pick = (draws[arrival] * len(running)) >> 32
            leaving = running[pick]
            running[pick] = running[-1]
            running.pop()
            used[decisions[leaving]] -= classes[arrivals[leaving]]
            departures.append((arrival, leaving))
        running.append(arrival)
    return decisions, scores, departures


@pytest.mark.parametrize("churn", [0, 0.5])
@pytest.mark.parametrize("profile", ["binpack", "spread", "kube"])
def test_the_dump_replays_with_numpy(berth_json, tmp_path, profile, churn):
    seed, pods = 7, 900
    result = berth_json(
        *("bench", "place", "--nodes", 301, "--classes", 23, "--pods", pods, "--seed", seed),
        *("--profile", profile, "--churn", churn, "--verify", 50, "--dump", tmp_path),
    )
    files = ("nodes", "classes", "arrivals", "departures", "decisions", "scores")
    dump = {name: np.load(tmp_path / f"{name}.npy") for name in files}
    assert json.loads((tmp_path / "result.json").read_text()) == result

    # The case is the documented one.
    assert np.array_equal(dump["nodes"], draw_nodes(301, seed))
    assert np.array_equal(dump["classes"], draw_classes(23, seed))
    random = Generator(seed, 3)
    assert dump["arrivals"].tolist() == [random.below(23) for _ in range(pods)]
    draws = draw_departures(pods, churn, seed) if churn else [None] * pods

    # The decisions are the right ones.
    decisions, scores, departures = replay(profile, dump["nodes"], dump["classes"], dump["arrivals"], draws)
    assert dump["decisions"].tolist() == decisions
    assert dump["scores"].tolist() == scores
    assert dump["departures"].tolist() == [list(pair) for pair in departures]

    # The report speaks of them.
    placed = sum(node >= 0 for node in decisions)
    assert 0 < placed < pods, "the case must fill the cluster"
    assert (result["placed"], result["refused"]) == (placed, pods - placed)
    assert result["departures"] == len(departures)
    assert (len(departures) > 100) == (churn > 0)
    assert ("departure_ns" in result) == (churn > 0)
    assert result["verified"] == 50
    assert result["checksum"] == checksum(dump["decisions"])


def test_a_dump_that_cannot_be_written_is_named(berth):
    done = berth("bench", "place", "--nodes", 10, "--pods", 10, "--dump", "/proc/none")
    assert done.returncode == 1
    assert "/proc/none" in done.stderr
    assert done.stdout == ""
