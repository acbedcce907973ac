"""Experiments on public problems, machines by name and the benchmark of GPUs: the command's output and its refusals."""

import gzip
import re
import textwrap

import pytest
from conftest import ROOT

FGD_KEYS = {
    *("workload", "policy", "seed", "cells", "unequal", "seconds"),
    *("allocation_at_100", "allocation_at_130", "fragmentation_at_130"),
}
FGD_POLICIES = {"random", "bestfit", "dotprod", "gpupacking", "gpuclustering", "fgd", "berth"}
ROADEF_KEYS = {
    *("instance", "machines", "processes", "initial_objective", "objective", "published_objective", "lower_bound"),
    *("seconds", "iterations", "moved_processes", "valid"),
}
GPU_KEYS = {
    *("policy", "nodes", "classes", "pods", "placed", "pods_per_second", "p50_ns", "p99_ns", "verified"),
    *("ready_seconds", "device_bytes", "slot_index_bytes"),
}
PERCENT = [str(percent) for percent in range(131)]

# Two GPUs of each of two models.
NODES = "sn,cpu_milli,memory_mib,gpu,model\nn-0001,8000,1000,2,T4\nn-0002,8000,1000,2,P100\n"
# The third finds no GPU, the fourth no cpu.
PODS = """\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec
p-0000,500,1,2,1000,P100
p-0001,500,1,1,500,T4
p-0002,500,1,1,1000,V100
p-0003,9000,1,1,1000,
"""
# Two resources, two machines, two services, three processes, one balance cost, weights.
MODEL = """\
2
0 10
1 20
2
0 0 100 50 30 40 0 1
1 1 100 50 80 40 2 0
2
1 0
1 0
3
0 10 5 1
1 20 6 2
1 30 7 3
1
0 1 2
10
1 10 100
"""


# Who fills the GPUs: berth fgd


@pytest.fixture
def experiment(tmp_path):
    """A workload "small" and the authors' tables; returns the arguments of fgd after the given texts are written."""

    def write(nodes=NODES, pods=PODS, cells=None, arrivals="0000 0001 0002 0003"):
        for folder in ("arrivals", "node_order"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "openb_node_list_gpu_node.csv").write_text(nodes)
        (tmp_path / "openb_pod_list_small.csv").write_text(pods)
        name = "openb_pod_list_small"
        numbers = " ".join(line.split(",")[0][2:] for line in nodes.splitlines()[1:])
        for folder, order in (("arrivals", arrivals), ("node_order", numbers)):
            (tmp_path / folder / f"{name}.csv.gz").write_bytes(gzip.compress(f"{name},42,{order}\n".encode()))
        row = ",".join((cells or {}).get(percent, "") for percent in range(131))
        table = f"workload,sc_policy,seed,{','.join(PERCENT)}\n{name},06-FGD,42,{row}\n"
        for figure in ("allo", "frag"):
            (tmp_path / f"analysis_{figure}_discrete.csv").write_text(table)
        return ("fgd", "--trace", tmp_path, "--reference", tmp_path, "--workload", "small")

    return write


def test_fgd_reports_every_key(berth, berth_json, experiment):
    arguments = experiment(cells={50: "50"})
    result = berth_json(*arguments)
    assert set(result) >= FGD_KEYS
    assert (result["workload"], result["policy"], result["seed"]) == ("small", "fgd", 42)
    # half of the GPUs are in use after the first arrival, but 37.5 % are fragmented
    assert (result["cells"], result["unequal"]) == (2, 1)
    assert (result["arrived"], result["placed"]) == (4, 2)
    # 62.5 % are in use from the second arrival on; the last one comes when 112.5 % have been asked for
    assert (result["allocation_at_100"], result["allocation_at_130"]) == (62.5, 62.5)
    assert result["fragmentation_at_130"] > 0
    table = berth(*arguments)
    assert table.returncode == 0 and "62.50" in table.stdout


def test_fgd_runs_every_policy_with_all(berth_json, experiment):
    results = berth_json(*experiment(), "--all", "--bound")
    assert {result["policy"] for result in results} == FGD_POLICIES and len(results) == len(FGD_POLICIES)
    for result in results:
        assert set(result) >= FGD_KEYS | {"bound_at_100", "bound_at_130"}
        assert result["allocation_at_130"] <= result["bound_at_130"]


@pytest.mark.parametrize("arrivals", ["", "0001"])
def test_fgd_gives_the_last_figures_where_arrivals_end_early(berth_json, experiment, arrivals):
    result = berth_json(*experiment(arrivals=arrivals))
    used = 12.5 if arrivals else 0
    assert (result["allocation_at_100"], result["allocation_at_130"]) == (used, used)
    # what the typical pods cannot use of four free GPUs: more than nothing, and known before anyone arrives
    assert 0 < result["fragmentation_at_130"] <= 100


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (
            {"nodes": NODES.replace(",2,", ",0,")},
            "openb_node_list_gpu_node.csv:1:1: gpu: ",
            "expected a node with GPUs",
        ),
        ({"nodes": NODES.replace("2,T4", "17,T4")}, "openb_node_list_gpu_node.csv:2:18: gpu: ", "from 0 to 16"),
        ({"pods": PODS.replace(",2,1000", ",17,1000")}, "openb_pod_list_small.csv:2:14: num_gpu: ", "from 0 to 16"),
        ({"cells": {7: "nan"}}, "analysis_allo_discrete.csv:2:39: 7: ", 'a number or nothing, found "nan"'),
        ({"cells": {7: "-inf"}}, "analysis_allo_discrete.csv:2:39: 7: ", 'a number or nothing, found "-inf"'),
    ],
)
@pytest.mark.parametrize("bound", [(), ("--bound",)])
def test_fgd_refuses_wrong_files_with_the_place(berth, experiment, change, place, words, bound):
    done = berth(*experiment(**change), *bound)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert place in done.stderr and words in done.stderr


def test_fgd_refuses_more_typical_pods_than_the_engine_takes(berth, experiment):
    head = PODS.splitlines()[0]
    rows = [f"p-{number:04},{1000 + number},1,0,0," for number in range(1100)]
    done = berth(*experiment(pods="\n".join([head, *rows, ""])))
    assert (done.returncode, done.stdout) == (1, "")
    assert "openb_pod_list_small.csv:1:1: expected at most 1024 kinds of pods" in done.stderr
    assert "found 1045" in done.stderr


def test_fgd_meets_every_figure_of_the_authors(berth_json, openb, shared):
    reference = shared("fgd-reference")
    result = berth_json("fgd", "--trace", openb, "--reference", reference, "--policy", "fgd", "--seed", 42)
    assert set(result) >= FGD_KEYS
    assert result["cells"] > 250 and result["unequal"] == 0
    assert all(0 < result[key] <= 100 for key in FGD_KEYS if "_at_" in key)


# Reassigning processes: berth roadef


@pytest.fixture
def instance(tmp_path):
    """An instance "small", written; returns the arguments of roadef."""

    def write(model=MODEL, assignment="0 0 1\n"):
        (tmp_path / "model_small.txt").write_text(model)
        (tmp_path / "assignment_small.txt").write_text(assignment)
        return ("roadef", tmp_path / "model_small.txt", tmp_path / "assignment_small.txt")

    return write


def test_roadef_reports_every_key(berth, berth_json, instance, tmp_path):
    arguments = (*instance(), "--iterations", 1000, "--published", 7, "--output", tmp_path / "new.txt")
    result = berth_json(*arguments)
    assert set(result) >= ROADEF_KEYS
    assert (result["instance"], result["machines"], result["processes"]) == ("small", 2, 3)
    assert result["valid"] is True and result["published_objective"] == 7
    assert result["lower_bound"] <= result["objective"] <= result["initial_objective"]
    places = (tmp_path / "new.txt").read_text().split()
    assert sum(a != b for a, b in zip(places, "001", strict=True)) == result["moved_processes"]
    table = berth(*arguments)
    assert table.returncode == 0 and "checked from scratch" in table.stdout


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"model": MODEL.replace("1 20 6 2", "1 20 x 2")}, "model_small.txt:12:6: "),
        ({"assignment": "0 0 2\n"}, "assignment_small.txt:1:5: "),
        ({"assignment": "0 1 1\n"}, "assignment_small.txt: "),
    ],
)
def test_roadef_refuses_wrong_files_with_the_place(berth, instance, change, place):
    done = berth(*instance(**change), "--iterations", 0)
    assert (done.returncode, done.stdout) == (1, "")
    assert place in done.stderr and "expected" in done.stderr


def test_roadef_solves_the_smallest_instance(berth_json, shared):
    folder = shared("roadef-2012")
    arguments = ("roadef", folder / "model_a1_1.txt", folder / "assignment_a1_1.txt", "--iterations", 1_000_000)
    result = berth_json(*arguments)
    assert set(result) >= ROADEF_KEYS and result["valid"] is True
    assert result["initial_objective"] == 49_528_750
    assert result["objective"] == result["published_objective"] == 44_306_501


# Hosts: berth machines


def test_machines_are_listed(berth_json):
    machines = berth_json("machines")["machines"]
    assert all(set(machine) == {"name", "model", "takes_model", "gpus", "nics"} for machine in machines)
    gpus = {machine["name"]: machine["gpus"] for machine in machines}
    assert gpus["dgx-h100"] == 8
    assert [gpus[f"flat-{count}"] for count in range(1, 17)] == list(range(1, 17))


def test_a_machine_says_what_a_pod_would_get(berth_json):
    machine = berth_json("machines", "pcie-8", "--busy", "0,3")
    assert len(machine["models"]) == len(machine["links"]) == 8
    assert [choice["gpus"] for choice in machine["choices"]] == list(range(1, 7))
    assert machine["choices"][1]["indices"] == "4,5"


def test_the_documents_show_what_machines_prints(berth):
    text = (ROOT / "docs" / "machines.md").read_text()
    # a command, and what is set in below it
    shown = re.findall(r"^    \$ berth (machines.*)\n((?:(?:    .*)?\n)+)", text, re.MULTILINE)
    assert len(shown) >= 2
    for command, block in shown:
        done = berth(*command.split())
        assert done.returncode == 0, done.stderr
        assert textwrap.dedent(block).rstrip("\n") == done.stdout.rstrip("\n"), command


HOST = "\tGPU0\tGPU1\nGPU0\tX\tNV4\nGPU1\tNV4\tX\n"


@pytest.fixture
def topology(tmp_path):
    """What a host printed, written; returns the arguments of machines."""

    def write(text=HOST, model="A100-SXM4-40GB"):
        (tmp_path / "host.txt").write_text(text)
        return ("machines", "--topology", tmp_path / "host.txt", "--model", model)

    return write


def test_a_host_is_read(berth_json, topology):
    assert berth_json(*topology())["links"] == [["X", "NV4"], ["NV4", "X"]]


def test_a_wrong_topology_is_exit_code_1_with_the_place(berth, topology):
    done = berth(*topology(HOST.replace("NV4\n", "NV?\n")))
    assert (done.returncode, done.stdout) == (1, "")
    assert "host.txt: line 2, column 8: expected " in done.stderr
    assert "USAGE" not in done.stderr.upper()


def test_names_that_nobody_knows_are_wrong_usage(berth, topology):
    for arguments, words in [
        (topology(model="Z9"), '--model: expected a known GPU model, or its memory, found "Z9"'),
        (("machines", "dgx-0"), 'found "dgx-0"'),
        (("machines", "pcie-8", "--model", "Z9"), 'found "Z9"'),
    ]:
        done = berth(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr and "Usage:" in done.stderr


def test_a_topology_is_as_long_as_the_header_says(berth, berth_json, topology):
    header = (ROOT / "include" / "berth.h").read_text()
    most = int(re.search(r"#define BERTH_MAX_TOPOLOGY_BYTES (\d+)u", header).group(1))
    assert len(berth_json(*topology(HOST.rjust(most)))["models"]) == 2
    done = berth(*topology(HOST.rjust(most + 1)))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"host.txt: line 1, column 1: expected at most {most} bytes, found {most + 1}" in done.stderr


# Placing on GPUs: berth bench gpu


@pytest.mark.parametrize("classes", [6, 100, 1024])
def test_bench_gpu_has_as_many_classes_as_asked_for(berth_json, classes):
    arguments = ("bench", "gpu", "--nodes", 200, "--classes", classes, "--pods", 600, "--verify", 10)
    cases = berth_json(*arguments)["cases"]
    assert [case["policy"] for case in cases] == ["binpack", "fgd", "berth"]
    for case in cases:
        assert set(case) >= GPU_KEYS
        assert (case["nodes"], case["classes"], case["pods"], case["verified"]) == (200, classes, 600, 10)
        assert 0 < case["placed"] <= 600 and case["p99_ns"] >= case["p50_ns"] > 0


@pytest.mark.parametrize("classes", [5, 1025])
def test_bench_gpu_takes_as_many_classes_as_there_are_typical_pods(berth, classes):
    done = berth("bench", "gpu", "--nodes", 200, "--classes", classes)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--classes" in done.stderr and "1,024" in done.stderr
