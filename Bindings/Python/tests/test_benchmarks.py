"""The benchmarks at small sizes: the decisions are right, the command is honest. No time is looked at."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import numpy_baseline  # noqa: E402


def run(name, *options):
    return subprocess.run([sys.executable, BENCHMARKS / name, *options], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("profile", ["binpack", "spread"])
@pytest.mark.parametrize("seed", [1, 2])
def test_numpy_decides_as_the_engine(profile, seed):
    found = numpy_baseline.measure(nodes=300, compared=1500, pods=2000, classes=20, profile=profile, seed=seed)
    assert found["unequal"] == 0
    # both fill the cluster until nothing fits any more
    assert 0 < found["placed_of_compared"] < 1500


def test_the_baseline_is_a_plain_argmax():
    allocatable, requested = np.array([[10, 10, 0], [10, 10, 0], [8, 8, 2]]), np.zeros((3, 3), np.int64)
    packing = numpy_baseline.Baseline(allocatable, requested, "binpack")
    assert packing.place([5.0, 5.0, 0.0]) == (2, 2 * (5 * 2**20 // 8))
    assert packing.place([9.0, 9.0, 0.0]) == (0, 2 * (9 * 2**20 // 10))
    spreading = numpy_baseline.Baseline(allocatable, requested, "spread")
    assert spreading.place([5.0, 5.0, 0.0]) == (0, -(2 * (5 * 2**20 // 10)))
    assert spreading.place([5.0, 5.0, 0.0])[0] == 1
    assert spreading.place([1.0, 1.0, 3.0]) == (-1, 0)


def test_a_wrong_decision_is_found(monkeypatch):
    """The comparison can fail."""
    place = numpy_baseline.Baseline.place
    monkeypatch.setattr(numpy_baseline.Baseline, "place", lambda self, demand: (place(self, demand)[0], 1))
    assert numpy_baseline.measure(100, 10, 10, 3, "binpack", 1)["unequal"] == 10


def test_the_command_prints_json_with_machine_and_command():
    result = run("numpy_baseline.py", "--nodes", "500", "--compared", "50", "--pods", "60", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [own["profile"] for own in told["results"]] == ["binpack", "spread"]
    assert all(own["unequal"] == 0 and own["compared"] == 50 for own in told["results"])
    assert "numpy_baseline.py --nodes 500" in told["machine"]["command"] and told["machine"]["date"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--nodes", "0"], "--nodes: 0 is below 1"),
        (["--pods", "5", "--compared", "6"], "--pods: 5 is below --compared, 6"),
        (["--profile", "best"], "invalid choice"),
    ],
)
def test_bad_options_are_refused(options, words):
    result = run("numpy_baseline.py", *options)
    assert result.returncode == 2 and words in result.stderr


def test_an_fgd_experiment_meets_every_figure_of_the_authors(shared):
    data = shared("fgd-reference").parent
    result = run("fgd.py", "--data", str(data), "--workload", "multigpu20", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["summary"]["experiments"] == 1 and told["summary"]["unequal"] == 0
    assert told["summary"]["cells"] == 262
    assert told["summary"]["published"]["seconds_per_experiment"] == 600


def test_fgd_without_its_data_says_where_it_looked(tmp_path):
    result = run("fgd.py", "--data", str(tmp_path))
    assert result.returncode == 2 and "there is no folder" in result.stderr


def test_shards_decide_as_one_engine_where_they_are_measured():
    result = run("scale.py", "--backend", "inline", "--nodes", "400", "--pods", "1500", "--runs", "20", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [own["unequal"] for own in told["shards"]] == [0, 0, 0]
    assert told["sweep"]["runs"] == 20
