"""`berth bench boundary` and its programs: every language decides the same, and what goes wrong is told. No times."""

import json
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

SMALL = ("bench", "boundary", "--nodes", 300, "--classes", 20, "--pods", 2500, "--rounds", 1, "--repeats", 1)
LANGUAGES = ["swift", "c", "go", "python"]
KEYS = {
    *("case", "profile", "seed", "nodes", "classes", "placements", "placed", "pods_per_call", "rounds", "repeats"),
    *("allocator", "cpu_level", "digest", "languages"),
}
FIGURES = {
    *("ns_per_placement_batched", "overhead_percent_batched", "ns_per_placement_single", "overhead_percent_single"),
    *("ns_per_call_single", "ns_per_call_single_with_decision"),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of the programs in C, Go and Python."""
    folder = tmp_path_factory.mktemp("programs")
    done = subprocess.run(
        [ROOT / "Bench" / "boundary" / "build.sh", folder],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def played(berth_json, programs, tmp_path_factory):
    """What a run of all languages found, and the folder of its case."""
    folder = tmp_path_factory.mktemp("case")
    return berth_json(*SMALL, "--programs", programs, "--dump", folder), folder / "cluster"


@pytest.fixture
def fake(tmp_path):
    """A folder with a program "c" that greets and answers as told, as "place" and "release" of a Python dictionary."""

    def write(greeting, answers):
        path = tmp_path / "c"
        path.write_text(
            f"#!{sys.executable}\nimport sys\nprint({greeting!r}, flush=True)\n"
            f"for line in sys.stdin: print({answers!r}[line.split()[0]], flush=True)\n"
        )
        path.chmod(0o755)
        return tmp_path

    return write


@pytest.mark.parametrize(("profile", "pods_per_call"), [("binpack", 100), ("spread", 1), ("kube", 4000)])
def test_every_language_decides_the_same(berth_json, programs, profile, pods_per_call):
    arguments = ("--programs", programs, "--profile", profile, "--pods-per-call", pods_per_call)
    result = berth_json(*SMALL, *arguments)
    assert set(result) == KEYS
    assert list(result["languages"]) == LANGUAGES
    assert (result["case"], result["nodes"], result["placements"]) == ("boundary", 300, 2500)
    assert 0 < result["placed"] <= 2500 and re.fullmatch("[0-9a-f]{16}", result["digest"])
    for figures in result["languages"].values():
        assert set(figures) == FIGURES
        assert figures["ns_per_placement_batched"] > 0 and figures["ns_per_placement_single"] > 0
        assert figures["ns_per_call_single_with_decision"] > 0
    assert result["languages"]["swift"]["overhead_percent_batched"] == 0
    # The digest is that of the decisions: it is what the seed says, however many pods a call has.
    again = berth_json(*SMALL, "--programs", programs, "--profile", profile, "--pods-per-call", 7)
    assert again["digest"] == result["digest"] and again["placed"] == result["placed"]
    assert berth_json(*SMALL, *arguments, "--seed", 2)["digest"] != result["digest"]


def test_the_table_has_a_line_for_each_language(berth, programs):
    done = berth(*SMALL, "--programs", programs)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[3:7]] == LANGUAGES


def test_programs_can_be_driven_by_hand(played, programs):
    result, cluster = played
    for language in LANGUAGES[1:]:
        done = subprocess.run(
            [programs / language, cluster],
            input="place 0 1000 1\nplace 1000 1500 333\nrelease\n",
            capture_output=True,
            text=True,
            check=True,
        )
        greeting, first, second, decided = done.stdout.splitlines()
        assert greeting == f"{language} {result['allocator']} {result['cpu_level']}"
        assert int(first) > 0 and int(second) > 0
        assert decided == f"{result['digest']} {result['placed']}"


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize(
    "command", ["", "place", "place 0 2501 1", "place 0 10 0", "place -1 10 1", "place 0 10 1 1", "releases", "stop"]
)
def test_programs_refuse_what_is_no_command(played, programs, language, command):
    done = subprocess.run(
        [programs / language, played[1]],
        input=command + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "place FIRST COUNT PODS_PER_CALL, release" in done.stderr


def test_what_is_missing_is_told(berth, programs, tmp_path):
    done = berth(*SMALL, "--programs", tmp_path)
    assert done.returncode == 1 and "make bench-boundary" in done.stderr
    (tmp_path / "c").symlink_to(programs / "c")
    done = berth(*SMALL, "--programs", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert "left out: go, python" in done.stderr
    assert list(json.loads(done.stdout)["languages"]) == ["swift", "c"]


def test_another_decision_ends_it(berth, played, fake):
    level = played[0]["cpu_level"]
    done = berth(*SMALL, "--programs", fake(f"c mmap {level}", {"place": 1000, "release": f"{0:016x} 2500"}))
    assert done.returncode == 1 and "c decided otherwise with 1000 pods per call" in done.stderr


@pytest.mark.parametrize(
    ("greeting", "answers", "sentence"),
    [
        ("c mmap none", {}, "c runs with mmap and CPU level none"),
        ("go mmap v4", {}, 'says "go mmap v4" first'),
        ("", {}, 'says "" first'),
        ("c", {}, 'says "c" first'),
    ],
)
def test_a_program_that_is_another_ends_it(berth, fake, greeting, answers, sentence):
    done = berth(*SMALL, "--programs", fake(greeting, answers))
    assert done.returncode == 1 and sentence in done.stderr


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "ended before it answered"),
        ({"place": "soon"}, 'says "soon", not nanoseconds'),
        ({"place": 1, "release": "done"}, "not a digest and a number"),
    ],
)
def test_a_program_that_cannot_play_ends_it(berth, played, fake, answers, sentence):
    level = played[0]["cpu_level"]
    done = berth(*SMALL, "--programs", fake(f"c mmap {level}", answers))
    assert done.returncode == 1 and sentence in done.stderr


@pytest.mark.parametrize("option", ["--nodes", "--classes", "--pods", "--pods-per-call", "--rounds", "--repeats"])
def test_numbers_have_a_range(berth, option):
    done = berth("bench", "boundary", option, 0)
    assert done.returncode == 2 and f"{option} is 0" in done.stderr
