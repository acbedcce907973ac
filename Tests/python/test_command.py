"""The berth command from the outside: output, keys, help, exit codes."""

import re
import struct

import pytest
from conftest import ROOT

PLACE = ("bench", "place", "--nodes", 200, "--classes", 20, "--pods", 300)
SIMULATE = ("simulate", "--nodes", 600, "--zones", 2, "--classes", 20, "--pods", 500)
COMMON_KEYS = {
    *("case", "profile", "seed", "nodes", "classes", "pods", "placed", "seconds", "placements_per_minute"),
    *("p50_ns", "p99_ns", "build_seconds", "index_bytes", "allocator", "cpu_level", "checksum"),
}
PLACE_KEYS = COMMON_KEYS | {
    *("bytes_per_node", "full_scan_ns_per_node", "verified", "departures", "class_ready_ns"),
}
SIMULATE_KEYS = COMMON_KEYS | {"zones", "utilisation", "bytes_allocated"}

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn0,8000,16384,0,\nn1,8000,16384,2,T4\n"
PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\np0,4000,1024,0,0,\np1,4000,1024,1,500,T4\n"


@pytest.fixture
def trace(tmp_path):
    """A small trace; returns the arguments of replay after the given texts are written."""

    def write(nodes=NODES, pods=PODS):
        (tmp_path / "n.csv").write_bytes(nodes.encode())
        (tmp_path / "p.csv").write_bytes(pods.encode())
        return ("replay", "--nodes", tmp_path / "n.csv", "--pods", tmp_path / "p.csv")

    return write


def test_bench_place_reports_every_key(berth_json):
    result = berth_json(*PLACE, "--verify", 10)
    assert set(result) >= PLACE_KEYS
    assert (result["case"], result["nodes"], result["classes"], result["pods"]) == ("place", 200, 20, 300)
    assert result["placed"] + result["refused"] == 300
    assert result["verified"] == 10
    assert result["seconds"] > 0 and result["p99_ns"] >= result["p50_ns"] > 0
    assert result["allocator"] == "jemalloc", "the command links jemalloc, so the engine must find it"


@pytest.mark.parametrize("profile", ["binpack", "spread", "kube"])
@pytest.mark.parametrize("path", ["tree", "scan", "rows"])
def test_every_path_gives_the_same_checksum(berth_json, profile, path):
    arguments = (*PLACE, "--profile", profile, "--churn", 0.3)
    assert berth_json(*arguments, "--path", path)["checksum"] == berth_json(*arguments)["checksum"]


def test_scalar_kernels_give_the_same_checksum(berth_json):
    scalar = berth_json(*PLACE, "--cpu-level", "scalar")
    assert scalar["cpu_level"] == "scalar"
    assert scalar["checksum"] == berth_json(*PLACE)["checksum"]


def test_simulate_reports_every_key(berth_json):
    result = berth_json(*SIMULATE)
    assert set(result) >= SIMULATE_KEYS
    assert [zone["zone"] for zone in result["utilisation"]] == ["zone-1", "zone-2"]
    for zone in result["utilisation"]:
        assert all(0 <= zone[f"{name}_percent"] <= 100 for name in ("cpu", "memory", "gpu"))


def test_simulate_draws_a_picture(berth, tmp_path):
    path = tmp_path / "map.png"
    done = berth(*SIMULATE, "--heatmap", path)
    assert done.returncode == 0, done.stderr
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    assert width * height >= 600


def test_simulate_writes_its_metrics(berth, tmp_path):
    path = tmp_path / "end.prom"
    done = berth(*SIMULATE, "--metrics", path)
    assert done.returncode == 0, done.stderr
    samples = dict(line.rsplit(" ", 1) for line in path.read_text().splitlines() if not line.startswith("#"))
    assert samples["berth_nodes"] == "600"
    outcomes = [int(samples[f'berth_placements_total{{outcome="{outcome}"}}']) for outcome in ("placed", "no_fit")]
    assert sum(outcomes) == 500 and int(samples["berth_pods"]) == outcomes[0]
    assert samples['berth_decision_duration_seconds_count{kind="tree"}'] == "500"
    assert samples['berth_decision_duration_seconds_bucket{kind="tree",le="+Inf"}'] == "500"


def test_tables_are_for_people(berth):
    for arguments in (PLACE, SIMULATE):
        done = berth(*arguments)
        assert done.returncode == 0, done.stderr
        assert "placements per minute" in done.stdout and "jemalloc" in done.stdout
        assert all(len(line) <= 120 for line in done.stdout.splitlines())


def test_progress_stays_off_standard_output(berth):
    done = berth(*SIMULATE, "--json")
    assert "placing 100 %" in done.stderr
    assert done.stdout.startswith("{") and done.stdout.count("\n") == 1


@pytest.mark.parametrize("command", [(), ("simulate",), ("replay",), ("bench",), ("bench", "place")])
def test_help_teaches(berth, command):
    done = berth(*command, "--help")
    assert done.returncode == 0
    assert "OVERVIEW" in done.stdout and "USAGE: berth" in done.stdout
    assert done.stderr == ""
    assert all(len(line) <= 80 for line in done.stdout.split("USAGE")[0].splitlines())
    # A line of the source that was meant to be continued.
    assert "\\ " not in done.stdout
    if command != ("bench",):
        assert "berth simulate" in done.stdout or "Examples:" in done.stdout


def test_version_names_the_library_and_the_allocator(berth):
    done = berth("--version")
    assert done.returncode == 0
    header = (ROOT / "include" / "berth.h").read_text()
    version = re.search(r'#define BERTH_VERSION "(.*)"', header).group(1)
    assert re.fullmatch(rf"berth {re.escape(version)} \(jemalloc \d+\..*\)\n", done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("bench", "place", "--nodes", "0"),
        ("bench", "place", "--nodes", "many"),
        ("bench", "place", "--nodes", "16777217"),
        ("bench", "place", "--classes", "0"),
        ("bench", "place", "--pods", "-1"),
        ("bench", "place", "--churn", "1.5"),
        ("bench", "place", "--churn", "nan"),
        ("bench", "place", "--profile", "best"),
        ("bench", "place", "--seed", "-1"),
        ("simulate", "--zones", "0"),
        ("simulate", "--nodes", "2", "--zones", "3"),
        ("replay", "--nodes", "n.csv"),
        ("replay", "--nodes", "n.csv", "--pods", "p.csv", "--policy", "best"),
    ],
)
def test_wrong_usage_is_exit_code_2(berth, arguments):
    done = berth(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error:" in done.stderr and "--help" in done.stderr


def test_replay_reports_what_was_placed(berth_json, trace):
    result = berth_json(*trace())
    assert (result["arrived"], result["placed"], result["refused"]) == (2, 2, 0)
    assert result["used"] == {"cpu": 8000, "memory": 2048, "gpu": 500}
    assert result["capacity"] == {"cpu": 16000, "memory": 32768, "gpu": 2000}
    assert result["allocation_percent"] == {"cpu": 50.0, "memory": 6.25, "gpu": 25.0}


def test_replay_refuses_what_does_not_fit(berth_json, trace):
    result = berth_json(*trace(pods=PODS + "p2,4000,1024,1,1000,G2\np3,1,1,2,1000,\n"))
    assert (result["arrived"], result["placed"], result["refused"]) == (4, 2, 2)


@pytest.mark.parametrize("policy", ["random", "bestfit", "dotprod", "binpack"])
def test_replay_places_the_real_trace(berth, berth_json, openb, policy):
    arguments = ("replay", "--policy", policy, "--seed", 3)
    arguments += ("--nodes", openb / "openb_node_list_all_node.csv", "--pods", openb / "openb_pod_list_default.csv")
    result = berth_json(*arguments)
    assert result["arrived"] == 8152
    assert result["placed"] + result["refused"] == 8152
    assert result["capacity"]["gpu"] == 6_212_000
    assert all(0 < share <= 100 for share in result["allocation_percent"].values())
    assert berth_json(*arguments)["checksum"] == result["checksum"]
    table = berth(*arguments)
    assert table.returncode == 0 and "arrived" in table.stdout and "8,152" in table.stdout


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"pods": PODS[:-1]}, "p.csv:3:22: "),
        ({"pods": PODS[:-12]}, "p.csv:3:"),
        ({"pods": PODS.replace("p1,4000", "p1,4e3")}, "p.csv:3:4: "),
        ({"pods": PODS.replace("p1,4000,1024", "p1,4000")}, "p.csv:3:"),
        ({"pods": PODS.replace("gpu_milli", "gpus")}, "p.csv:1:1: "),
        ({"nodes": ""}, "n.csv:1:1: "),
        ({"nodes": NODES.replace("\n", "\r\n").replace("n1,", "n0,")}, "n.csv:3:1: "),
        ({"nodes": NODES.replace("T4", '"T4')}, "n.csv:3:17: "),
    ],
)
def test_malformed_traces_are_exit_code_1_with_the_place(berth, trace, change, place):
    done = berth(*trace(**change))
    assert done.returncode == 1
    assert done.stdout == ""
    assert place in done.stderr and "expected" in done.stderr


def test_a_missing_file_is_named(berth, trace, tmp_path):
    arguments = trace()
    (tmp_path / "p.csv").unlink()
    done = berth(*arguments)
    assert done.returncode == 1
    assert "p.csv: cannot open: No such file" in done.stderr


def test_a_heatmap_that_cannot_be_written_is_named(berth):
    done = berth(*SIMULATE, "--heatmap", "/none/map.png")
    assert done.returncode == 1
    assert "/none/map.png" in done.stderr


def test_metrics_that_cannot_be_written_are_named(berth):
    done = berth(*SIMULATE, "--metrics", "/none/end.prom")
    assert done.returncode == 1
    assert "/none/end.prom" in done.stderr
