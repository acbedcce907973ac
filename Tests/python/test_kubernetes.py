"""berth place, capacity and golden from the outside: what they read, print and refuse."""

import gzip
import json
import os
import pathlib

import pytest
from conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
CLUSTER = EXAMPLES / "cluster.yaml"
WEB = EXAMPLES / "web.yaml"

POD = """
kind: Pod
metadata: {name: x}
spec: {containers: [{name: a, image: i, resources: {requests: {cpu: 1500m}}}]}
"""


@pytest.fixture
def manifest(tmp_path):
    """Writes a text to a file of its own."""

    def write(text, name="pods.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_place_prints_nodes_zones_and_refusals(berth):
    done = berth("place", "--cluster", CLUSTER, "--pods", WEB, "--explain", "web-api-0")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["default/web-api-0", "south-1", "470"] in lines
    assert ["default/web-api-1", "north-1", "413"] in lines
    assert ["north", "2", "1"] in lines and ["south", "2", "1"] in lines
    assert (
        "default/training: 0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu."
    ) in done.stdout
    # The image is there already, and counts for something.
    assert ["south-1", "470", "300", "0", "90", "0", "0", "73", "7"] in lines


def test_place_says_which_gpus(berth, berth_json):
    files = ("--cluster", EXAMPLES / "gpus.yaml", "--pods", EXAMPLES / "gpu-pods.yaml")
    by_pod = {placement["pod"]: placement for placement in berth_json("place", *files)["placements"]}
    training = by_pod["default/training"]
    assert training["node"] == "h100-1" and training["devices"]["share_milli"] == 1000
    gpus = training["devices"]["gpus"]
    assert len(gpus) == 4 and 3 not in gpus and gpus == training["devices"]["nics"]
    assert training["devices"]["visible_devices"] == ",".join(map(str, gpus))
    assert by_pod["default/share-aliyun"]["devices"]["memory_mib"] == 8192
    claim = by_pod["default/claiming"]["claims"][0]
    assert claim["claim"] == "default/claiming-gpus"
    assert [result["device"] for result in claim["results"]] == ["gpu-0", "gpu-1"]
    written = berth("place", *files, "--output", "manifests")
    assert written.returncode == 0, written.stderr
    assert written.stdout.count("kind: Pod") == 5 and "kind: ResourceClaim" in written.stdout
    assert "ALIYUN_COM_GPU_MEM_IDX: '1'" in written.stdout
    assert berth("place", *files, "--output", "manifests", "--json").returncode == 2


def test_manifests_leave_nobody_out(berth):
    files = ("--cluster", CLUSTER, "--pods", WEB)
    written = berth("place", *files, "--output", "manifests")
    assert written.returncode == 0 and "training" not in written.stdout
    assert "default/training: 0/4 nodes are available" in written.stderr
    refused = berth("place", *files, "--output", "manifests", "--explain", "web-api-0")
    assert refused.returncode == 2 and "--explain" in refused.stderr and refused.stdout == ""


def test_place_reports_every_key(berth_json):
    result = berth_json("place", "--cluster", CLUSTER, "--pods", WEB, "--explain", "default/web-api-0")
    assert (result["nodes"], result["running"], result["pods"], result["placed"], result["refused"]) == (4, 1, 3, 2, 1)
    by_pod = {placement["pod"]: placement for placement in result["placements"]}
    assert by_pod["default/web-api-0"] == {"pod": "default/web-api-0", "node": "south-1", "score": 470}
    assert "node" not in by_pod["default/training"] and "Insufficient" in by_pod["default/training"]["message"]
    assert result["zones"][0] == {"zone": "north", "nodes": 2, "placed": 1}
    explained = result["explanation"]
    assert explained["feasible"] == 2
    for node in explained["nodes"]:
        assert sum(node["scores"].values()) == node["total"]
    assert result["notes"] == [] and result["problems"] == []


def test_json_and_yaml_say_the_same(berth_json, manifest):
    nodes = [
        {
            "kind": "Node",
            "metadata": {"name": f"n{index}", "labels": {"disk": "ssd"}},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
        }
        for index in range(3)
    ]
    # JSON is YAML: behind a comment, the YAML reader gets it.
    text = json.dumps({"kind": "List", "apiVersion": "v1", "items": nodes}, indent=4)
    cluster = manifest(text, "cluster.json")
    packed = cluster.with_suffix(".json.gz")
    packed.write_bytes(gzip.compress(cluster.read_bytes()))
    expected = berth_json("place", "--cluster", manifest("# a cluster\n" + text, "cluster.yaml"), "--pods", WEB)
    for path in (cluster, packed):
        assert berth_json("place", "--cluster", path, "--pods", WEB) == expected


def test_capacity_says_how_many_and_what_stops_the_next(berth_json, manifest):
    result = berth_json("capacity", "--cluster", CLUSTER, "--pod", manifest(POD))
    assert (result["pod"], result["fitting"], result["used_nodes"]) == ("default/x", 3, 2)
    assert result["message"] == (
        "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu."
    )
    assert sum(zone["placed"] for zone in result["zones"]) == 3


def test_daemon_set_has_a_pod_for_each_node_that_lets_it(berth_json, manifest):
    agent = manifest(
        """
        kind: DaemonSet
        metadata: {name: agent}
        spec:
          selector: {matchLabels: {app: agent}}
          template:
            metadata: {labels: {app: agent}}
            spec: {containers: [{name: a, image: i}]}
        """
    )
    result = berth_json("place", "--cluster", CLUSTER, "--pods", agent)
    assert {placement["node"] for placement in result["placements"]} == {"north-1", "north-2", "south-1"}


MISTAKES = """
kind: Pod
metadata: {name: web-1}
spec:
  containers: [{name: a, image: i, resources: {requests: {cpu: lots}}}]
  topologySpreadConstraints:
  - {maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}
---
kind: Node
metadata: {name: north-1}
---
kind: Pod
metadata: {name: sound}
spec: {containers: [{name: a, image: i}]}
"""

NAMED = [
    "Pod default/web-1: spec.containers[0].resources.requests[cpu]: 'lots' is no quantity",
    "Pod default/web-1: spec.topologySpreadConstraints[0].maxSkew: must be positive",
    "Node north-1: metadata.name: there is a node of this name already",
]


def test_mistakes_are_all_named_and_nothing_is_placed(berth, manifest):
    done = berth("place", "--cluster", CLUSTER, "--pods", manifest(MISTAKES))
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if not line.startswith("reading")] == [
        *NAMED,
        "berth: 3 mistakes",
    ]


def test_lenient_places_what_is_sound(berth, berth_json, manifest):
    path = manifest(MISTAKES)
    result = berth_json("place", "--cluster", CLUSTER, "--pods", path, "--lenient")
    assert [placement["pod"] for placement in result["placements"]] == ["default/sound"]
    assert [f"{p['object']}: {p['path']}: {p['message']}" for p in result["problems"]] == NAMED
    assert NAMED[1] in berth("place", "--cluster", CLUSTER, "--pods", path, "--lenient").stderr


def test_pod_on_a_node_that_is_not_there_is_named(berth, manifest):
    lost = CLUSTER.read_text().replace("nodeName: north-1", "nodeName: east-1")
    done = berth("place", "--cluster", manifest(lost, "cluster.yaml"), "--pods", manifest(POD))
    assert done.returncode == 2
    assert "Pod default/database-0: spec.nodeName: there is no node 'east-1'" in done.stderr


def test_what_is_not_honoured_is_reported(berth_json, manifest):
    path = manifest(
        POD.replace("spec: {", "spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}], ")
        + "---\nkind: PodGroup\nmetadata: {name: g}\n---\nkind: ConfigMap\nmetadata: {name: c}\n"
        + "---\nkind: PodDisruptionBudget\nmetadata: {name: b}\n"
    )
    notes = berth_json("place", "--cluster", CLUSTER, "--pods", path)["notes"]
    assert len(notes) == 4
    for word in ("persistent volume claims", "PodGroup", "PodDisruptionBudget", "ConfigMap"):
        assert sum(word in note for note in notes) == 1


def test_succeeded_pods_hold_nothing(berth_json, manifest):
    name = "metadata: {name: database-0, labels: {app: database}}"
    finished = CLUSTER.read_text().replace(name, name + "\nstatus: {phase: Succeeded}")
    assert finished != CLUSTER.read_text()
    cluster = manifest(finished, "cluster.yaml")
    assert berth_json("capacity", "--cluster", cluster, "--pod", manifest(POD))["fitting"] == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("place", "--cluster", CLUSTER),
        ("place", "--cluster", "-", "--pods", "-"),
        ("place", "--cluster", CLUSTER, "--pods", WEB, "--explain", "nobody"),
        ("place", "--cluster", "/nowhere", "--pods", WEB),
        ("capacity", "--cluster", CLUSTER, "--pod", WEB),
        ("golden",),
        ("golden", CLUSTER),
        ("golden", "/nowhere"),
    ],
)
def test_wrong_usage_is_exit_code_2(berth, arguments):
    done = berth(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip() and "Fatal" not in done.stderr


@pytest.fixture(scope="session")
def recorded():
    """The files of recorded decisions of the real kube-scheduler."""
    shared = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared"))
    files = sorted((shared / "golden" / "kube").glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"no recorded decisions in {shared}; set BERTH_SHARED to the folder that holds golden/kube")
    return files


def test_every_recorded_decision_is_equal(berth_json, recorded):
    suites = berth_json("golden", *recorded)["suites"]
    assert sum(suite["cases"] for suite in suites) == 675
    for suite in suites:
        assert suite["unequal"] == 0, suite["first_difference"]
        assert suite["first_difference"] is None
        assert suite["skipped"] == (suite["cases"] if suite["suite"] == "preemption" else 0)
        assert suite["equal"] + suite["skipped"] == suite["cases"]


def test_an_altered_decision_is_found(berth, recorded, manifest):
    """The comparison looks at everything that was recorded."""
    path = next(path for path in recorded if path.name.startswith("mixed"))
    case = json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])
    rejected = next(iter(case["rejected"]))
    node = case["feasible"][0]
    alterations = [
        lambda c: c["rejected"][rejected].update(plugin="NodeName"),
        lambda c: c["rejected"][rejected].update(code="Error"),
        lambda c: c["rejected"][rejected].update(reasons=["no reason"]),
        lambda c: c["feasible"].pop(),
        lambda c: c["scores"]["NodeResourcesFit"].update({node: -1}),
        lambda c: c["scores"].pop("TaintToleration"),
        lambda c: c["total"].update({node: 0}),
        lambda c: c["best"].append("n-none"),
    ]
    for index, alter in enumerate(alterations):
        altered = json.loads(json.dumps(case))
        alter(altered)
        done = berth("golden", manifest(json.dumps(altered) + "\n", f"{index}.jsonl"), "--json")
        assert done.returncode == 1, index
        assert json.loads(done.stdout)["suites"][0]["unequal"] == 1
