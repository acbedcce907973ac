"""The benchmarks' gate must be able to fail: each doctored baseline below must be noticed."""

import copy
import importlib.util
from pathlib import Path

import pytest

GATE = Path(__file__).resolve().parents[2] / "Bench" / "gate.py"
spec = importlib.util.spec_from_file_location("gate", GATE)
gate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gate)

ENTRY = {
    "operations": 1024,
    "checksum": "0123456789abcdef",
    "counters": {"leaves_opened": 1000, "allocations": 0},
    "instructions": {"baseline": 1_000_000, "v3": 600_000},
}


def doctored(*path_and_value):
    *path, last, value = path_and_value
    entry = copy.deepcopy(ENTRY)
    inner = entry
    for key in path:
        inner = inner[key]
    inner[last] = value
    return entry


def verdict(now, then, same_toolchain=True):
    failures, remarks = gate.compare("case", now, then, same_toolchain)
    return len(failures), len(remarks)


def test_equal_counts_pass():
    assert verdict(ENTRY, ENTRY) == (0, 0)


@pytest.mark.parametrize(
    "now",
    [
        doctored("checksum", "0"),
        doctored("operations", 1023),
        doctored("counters", "leaves_opened", 1021),
        doctored("counters", "allocations", 1),
        doctored("counters", "inners_opened", 1),
        doctored("instructions", "baseline", 1_030_001),
        doctored("instructions", "v3", 618_001),
    ],
)
def test_a_count_that_rises_fails(now):
    assert verdict(now, ENTRY) == (1, 0)


@pytest.mark.parametrize(
    "now",
    [
        doctored("counters", "leaves_opened", 1020),
        doctored("instructions", "v3", 617_999),
    ],
)
def test_a_count_within_tolerance_passes(now):
    assert verdict(now, ENTRY) == (0, 0)


def test_a_count_that_falls_is_a_remark():
    assert verdict(doctored("counters", "leaves_opened", 979), ENTRY) == (0, 1)


def test_another_compiler_is_not_held_to_instructions():
    assert verdict(doctored("instructions", "v3", 10**9), ENTRY, same_toolchain=False) == (0, 0)


def test_a_case_without_baseline_fails():
    assert verdict(ENTRY, None) == (1, 0)


@pytest.mark.parametrize(
    "name", ["malloc", "free", "mmap", "mmap64", "swift_allocObject", "posix_memalign@GLIBC_2.2.5"]
)
def test_allocators_are_recognised(name):
    assert gate.ALLOCATORS.match(name)


@pytest.mark.parametrize("name", ["memcpy", "my_malloc_free_list", "swift_retain", "$s10BenchCases12measuredStep"])
def test_other_functions_are_not(name):
    assert not gate.ALLOCATORS.match(name)
