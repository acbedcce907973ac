"""Traces and dumps: what is read of them, and what is said of mistakes."""

import gzip
import json
import math
import os
import pathlib
import pickle
from dataclasses import replace
from fractions import Fraction

import berth
import numpy as np
import pytest
from berth import Demand, PodSpec
from berth.readers import ReadError, azure, fleet, hosts, kubernetes, openb, philly, pod_table
from conftest import ROOT

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn-1,8000,1000,2,T4\nn-2,4000,500,0,\n"
PODS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time\n"
    "p-1,500,1,2,1000,P100|T4,LS,100,160\n"
    "p-2,500,1,1,500,T4,LS,90,\n"
    "p-3,100,5,0,0,,LS,120,120\n"
)


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def refused(read, *parts):
    """The error of a reader, whose text has all of the parts."""
    with pytest.raises(ReadError) as caught:
        read()
    for part in parts:
        assert part in str(caught.value), str(caught.value)
    return caught.value


# openb


def test_openb_gives_columns_specs_and_times(write):
    workload = openb.read(write("n.csv", NODES), write("p.csv.gz", gzip.compress(PODS.encode())))
    assert workload.name == "p" and dict(workload.resources) == {"cpu": "milli", "memory": "MiB"}
    assert workload.allocatable.tolist() == [[8000, 1000], [4000, 500]]
    assert workload.nodes["gpus"].tolist() == [2, 0] and workload.nodes["model"].tolist() == ["T4", ""]
    assert workload.requests.tolist() == [[500, 1], [500, 1], [100, 5]]
    assert workload.pods["arrival_s"].tolist() == [10, 0, 30]
    assert workload.pods["duration_s"].tolist() == [60, math.inf, 0]
    specs = [workload.specs[index] for index in workload.pods["spec"]]
    assert specs[0] == PodSpec({"cpu": 500, "memory": 1}, devices=Demand(2, share_milli=1000, models=("P100", "T4")))
    assert specs[1].devices == Demand(1, share_milli=500, models=("T4",)) and specs[2].devices is None
    nodes, pods = workload.to_pandas()
    assert list(nodes["name"]) == ["n-1", "n-2"] and pods["gpu_milli"].sum() == 1500


def test_openb_decides_by_devices_and_by_counts(write):
    for gpus, free in (("devices", None), ("resource", [[7500, 999, 1500], [4000, 500, 0]])):
        workload = openb.read(write("n.csv", NODES), write("p.csv", PODS), gpus=gpus)
        engine, loaded = workload.with_pods([1]).engine()
        with engine:
            placed = engine.place(loaded.classes)
            assert loaded.index(placed.nodes).tolist() == [0]
            if free is not None:
                assert engine.nodes.free(loaded.nodes).tolist() == free
            else:
                assert engine.devices.read_devices(loaded.nodes[0]).gpus["free_milli"].tolist() == [500, 1000]


@pytest.mark.parametrize(
    ("nodes", "pods", "parts"),
    [
        (NODES.replace("8000", "8k"), PODS, ("n.csv:2: cpu_milli: ", "whole number", "'8k'")),
        (NODES.replace("n-2", "n-1"), PODS, ("n.csv:3: sn: ", "once", "line 2")),
        (NODES.replace("2,T4", "2,"), PODS, ("n.csv:2: model: ", "1 to 1024")),
        (NODES.replace("2,T4", "17,T4"), PODS, ("n.csv:2: gpu: ", "0 to 16", "'17'")),
        (NODES.replace(",model", ""), PODS, ("n.csv:1: model: ", "column")),
        (NODES, PODS.replace("2,1000", "2,900"), ("p.csv:2: gpu_milli: ", "1000", "'900'")),
        (NODES, PODS.replace("1,500,T4", "1,0,T4"), ("p.csv:3: gpu_milli: ", "1 to 1000")),
        (NODES, PODS.replace("P100|T4", "P100|"), ("p.csv:2: gpu_spec: ", "'P100|'")),
        (NODES, PODS.replace("100,160", "100,99"), ("p.csv:2: deletion_time: ", "100")),
        (NODES, PODS.replace("100,160", "nan,160"), ("p.csv:2: creation_time: ", "'nan'")),
        (NODES, PODS.replace(",LS,90,", ",LS,90"), ("p.csv:3: ", "9 fields, found 8")),
        (NODES, PODS[:-1], ("p.csv:4: ", "line break")),
        (NODES, PODS.encode().replace(b"p-2", b"p-\xff"), ("p.csv:3: ", "UTF-8", "0xff")),
        (NODES, b"\x1f\x8b\x08broken", ("p.csv: ", "gzip")),
        ("", PODS, ("n.csv:1: ", "empty")),
        (NODES, PODS.splitlines()[0] + "\n", ("p.csv:2: ", "at least one record")),
        (NODES, PODS.replace('p-2', '"p-2'), ("p.csv:4: ", "RFC 4180")),
    ],
)  # fmt: skip
def test_openb_says_what_is_wrong_where(write, nodes, pods, parts):
    paths = write("n.csv", nodes), write("p.csv", pods)
    error = refused(lambda: openb.read(*paths), *parts)
    assert str(pickle.loads(pickle.dumps(error))) == str(error) and isinstance(error, ValueError)


def test_real_openb(shared):
    folder = shared("openb")
    nodes = folder / "openb_node_list_all_node.csv"
    workload = openb.read(nodes, folder / "openb_pod_list_default.csv")
    assert (len(workload.nodes), len(workload.pods)) == (1523, 8152)
    assert workload.nodes["gpus"].sum() == 6212 and workload.nodes["cpu"].max() == 128_000
    assert (workload.pods["gpus"] == 0).sum() == 1088 and (workload.pods["gpu_milli"] % 1000 != 0).sum() == 3078
    older = openb.read(nodes, folder / "openb_pod_list_multigpu20.csv")
    assert np.isinf(older.pods["duration_s"]).all()


def test_typical_pods_are_those_of_the_authors(shared):
    reference = shared("fgd-reference")
    experiment = openb.experiment(shared("openb"), reference, "default", 42)
    assert openb.seeds(reference, "default") == [42, 43, 44, 45, 46]
    lines = [line.split(",") for line in (reference / "typical_pods.csv").read_text().splitlines()]
    at = {name: index for index, name in enumerate(lines[0])}
    rows = [line for line in lines[1:] if line[0].endswith("_default")]
    assert len(rows) == len(experiment.typical) == 35
    total = sum(kind["weight"] for kind in experiment.typical)
    for row, kind in zip(rows, experiment.typical, strict=True):
        assert int(row[at["cpu_milli"]]) == kind["cpu"] and int(row[at["num_gpu"]]) == kind["gpus"]
        assert float(row[at["probability"]]) == pytest.approx(kind["weight"] / total, rel=1e-12)
    with pytest.raises(ReadError, match="seed"):
        openb.experiment(shared("openb"), reference, "default", 7)


# Philly, Azure, hosts


def test_philly_jobs_become_gangs(write):
    path = write(
        "jobs.csv",
        "timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-09 07:01:55,66.0,1,66.0,a\n"
        "2017-10-09 06:01:55,2951.0,20,9.0,b\n",
    )
    workload = philly.read(path, nodes=fleet(4, {philly.GPU: 8}, philly.RESOURCES))
    pods = workload.pods
    assert pods["name"].tolist() == ["job-0-0", "job-0-1", "job-0-2", "job-1-0"]
    assert pods[philly.GPU].tolist() == [8, 8, 4, 1] and pods["gang"].tolist() == [0, 0, 0, -1]
    assert pods["arrival_s"].tolist() == [0, 0, 0, 3600] and pods["duration_s"].tolist() == [2951] * 3 + [66]
    assert [workload.specs[index].namespace for index in pods["spec"]] == ["b", "b", "b", "a"]
    refused(
        lambda: philly.read(write("bad.csv", path.read_text().replace("2017-10-09 06", "2017-13-09 06"))), ":3: time"
    )
    refused(lambda: philly.read(write("bad.csv", path.read_text().replace(",20,", ",0,"))), ":3: num_gpus: ", "1 to")


FLAVOURS = "1,0.75 a\n2,3.5 g\n"
TRACE = "300 g,|,a,g,|\n600 |\n900 a,|\n"
LIFETIMES = "300 U1,|,C2,U0,|\n600 |\n900 U1,|\n"
INTERVALS = "0 0\n300 1\n600 1\n900 2\n"


def test_azure_batches_become_gangs_with_lifetimes(write):
    files = {"f": FLAVOURS, "t": TRACE, "l": LIFETIMES, "i": INTERVALS}
    paths = {name: write(name, text) for name, text in files.items()}
    workload = azure.read(paths["t"], paths["f"], lifetimes=paths["l"], intervals=paths["i"])
    pods = workload.pods
    assert workload.requests.tolist() == [[2000, 3584], [1000, 768], [2000, 3584], [1000, 768]]
    assert pods["arrival_s"].tolist() == [0, 0, 0, 600] and pods["gang"].tolist() == [-1, 1, 1, -1]
    assert pods["duration_s"][1] == math.inf and pods["duration_s"][2] == 0
    assert {300.0, 600.0} >= set(pods["duration_s"][[0, 3]].tolist())
    chances = {"lifetimes": paths["l"], "intervals": paths["i"]}
    drawn = {azure.read(paths["t"], paths["f"], **chances, seed=seed).pods["duration_s"][0] for seed in range(20)}
    assert drawn == {300.0, 600.0}
    assert np.isinf(azure.read(paths["t"], paths["f"]).pods["duration_s"]).all()
    for name, old, new, parts in (
        ("t", "a,g", "a,z", ("t:1: flavour", "'z'")),
        ("t", "600 |", "300 |", ("t:2: time", "more than 300")),
        ("t", "900 a,|", "900 a", ("t:3: ", "| behind the last")),
        ("f", "2,3.5 g", "2;3.5 g", ("f:2: ", "'2;3.5 g'")),
        ("f", " g", " a", ("f:2: name", "again")),
        ("l", "C2,U0", "C2", ("l:1: ", "3 lifetimes")),
        ("l", "C2", "C3", ("l:1: lifetime", "'C3'")),
        ("i", "300 1", "300", ("i:2: ", "'300'")),
    ):
        wrong = {**paths, name: write("bad", files[name].replace(old, new))}
        parts = tuple(part.replace(f"{name}:", "bad:") for part in parts)
        refused(lambda p=wrong: azure.read(p["t"], p["f"], lifetimes=p["l"], intervals=p["i"]), *parts)


def test_real_traces_have_what_their_pages_say(shared):
    path = shared("philly") / "philly.csv.gz"
    jobs = philly.read(path)
    lines = [line for line in gzip.decompress(path.read_bytes()).decode().splitlines() if line.strip()]
    assert len({name.rpartition("-")[0] for name in jobs.pods["name"]}) == len(lines) - 1 == 52_849
    assert jobs.pods[philly.GPU].sum() == sum(int(line.split(",")[2]) for line in lines[1:])
    folder = shared("azure-vm-2017")
    machines = azure.read(
        folder / "v1.dev.txt.gz",
        folder / "flav_map.txt",
        lifetimes=folder / "v1.dev.c2100000.txt.gz",
        intervals=folder / "v1.interval_map.txt",
    )
    assert len(machines.pods) == 259_159 and 0.01 < np.isinf(machines.pods["duration_s"]).mean() < 0.1
    network = hosts.lingjun(shared("lingjun-2023") / "topo.csv")
    assert (len(network.nodes), len(set(network.domains))) == (847, 119)
    gpus = hosts.spot(shared("spot-gpu-2026") / "node_info_df.csv")
    assert (len(gpus.nodes), gpus.nodes["nvidia.com/gpu"].sum()) == (4278, 10_412)
    engine, loaded = jobs.with_nodes(hosts.lingjun(shared("lingjun-2023") / "topo.csv")).engine()
    with engine:
        assert len(engine.nodes) == 847 and len(loaded.classes) == len(jobs.pods)


def test_workloads_go_together_or_say_why_not():
    nodes = fleet(10, {"cpu": 8000}, {"cpu": "milli"}, levels=("zone", "rack"), shape=(2, 2))
    assert len(set(nodes.domains)) == 4 and nodes.domains[0] == ("zone-0", "rack-0.0")
    pods = pod_table(["a", "b"], {"cpu": [100, 200]}, spec=[0, 1], arrival_s=[0, 1])
    workload = replace(nodes, pods=pods, specs=(PodSpec({"cpu": 100}), PodSpec({"cpu": 200})))
    again = workload.shuffled(3)
    assert sorted(again.pods["name"]) == ["a", "b"] and again.pods["arrival_s"].tolist() == [0, 1]
    assert (again.pods == workload.shuffled(3).pods).all()
    assert workload.with_pods([1, 1]).pods["cpu"].tolist() == [200, 200]
    with pytest.raises(ValueError, match="resources"):
        workload.with_nodes(fleet(1, {"cpu": 1}, {"cpu": "count"}))
    with pytest.raises(ValueError, match="mask"):
        workload.with_pods(np.ones(5, bool))
    with berth.Engine(resources={"cpu": "milli"}) as engine, pytest.raises(ValueError, match="levels"):
        workload.load_into(engine)
    with berth.Engine(["zone", "rack"], {"cpu": "count"}) as engine, pytest.raises(ValueError, match="milli"):
        workload.load_into(engine)
    with pytest.raises(ValueError, match="no nodes"):
        replace(workload, nodes=nodes.nodes[:0], domains=()).engine()
    for column, value in (("arrival_s", np.nan), ("duration_s", -1.0), ("duration_s", np.nan), ("node", 10)):
        wrong = pods.copy()
        wrong[column][1] = value
        with pytest.raises(ValueError, match=column):
            replace(workload, pods=wrong).engine()
    with pytest.raises(ValueError, match="there are 1 specs"):
        replace(workload, specs=workload.specs[:1]).engine()


# Kubernetes


def node(name="n", **status):
    allocatable = {"cpu": "4", "memory": "8Gi", "pods": "110"} | status
    return {"kind": "Node", "metadata": {"name": name, "labels": {}}, "status": {"allocatable": allocatable}}


def pod(name="p", **spec):
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}
    return {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]} | spec}


def dump(write, *items):
    return write("c.json", json.dumps({"kind": "List", "items": list(items)}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", Fraction(1, 2)), ("1.5", Fraction(3, 2)), ("2Gi", 2 << 30), ("1e3", 1000), ("12E", 12 * 10**18),
        ("3Ei", 3 << 60), ("1n", Fraction(1, 10**9)), ("0.1n", Fraction(1, 10**9)), (".5k", 500),
        ("7u", Fraction(7, 10**6)), ("+1", 1), ("-2", -2),
    ],
)  # fmt: skip
def test_quantities_are_exact(text, value):
    assert kubernetes.exact(text) == value


@pytest.mark.parametrize("text", ["", "1 Gi", "1gi", "Gi", "1e", "0x1", "1..2", "--1", "\u0661"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError):
        kubernetes.exact(text)


def test_requests_add_containers_sidecars_and_overhead(write):
    def container(cpu, **more):
        return {"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}} | more

    spec = {
        "initContainers": [container("100m", restartPolicy="Always"), container("2"), container("300u")],
        "containers": [container("200u"), container("0.3"), {"name": "x", "image": "i"}],
        "overhead": {"cpu": "50m", "memory": "1Ki"},
    }
    workload = kubernetes.read(dump(write, node(), pod(**spec)))
    # the second init container beside the sidecar is the peak, above what runs later: 2 + 0.1, and the overhead
    assert workload.pods["cpu"].tolist() == [2150] and workload.pods["memory"].tolist() == [1024]
    spec["initContainers"].pop(1)
    workload = kubernetes.read(dump(write, node(), pod(**spec)))
    # 0.1 + 0.0002 + 0.3 + 0.05, rounded up once
    assert workload.pods["cpu"].tolist() == [451]
    assert workload.pods["cpu counted"].tolist() == [551]  # a container without a request counts 100m
    level = {"resources": {"limits": {"cpu": "3"}}} | spec
    assert kubernetes.read(dump(write, node(), pod(**level))).pods["cpu"].tolist() == [451]
    level["resources"] = {"requests": {"cpu": "3"}}
    assert kubernetes.read(dump(write, node(), pod(**level))).pods["cpu"].tolist() == [3050]


def test_running_pods_are_bound_and_finished_ones_left_out(write):
    done = pod("done") | {"status": {"phase": "Succeeded"}}
    leaving = pod("leaving", nodeName="n")
    leaving["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:09Z", "creationTimestamp": "2026-01-01T00:00:05Z"}
    waiting = pod("waiting")
    waiting["metadata"]["creationTimestamp"] = "2026-01-01T00:00:07Z"
    text = json.dumps(node()) + "\n" + json.dumps({"kind": "PodList", "items": [done, leaving, waiting]})
    workload = kubernetes.read(write("c.json.gz", gzip.compress(text.encode())))
    assert workload.pods["name"].tolist() == ["default/leaving", "default/waiting"]
    assert workload.pods["arrival_s"].tolist() == [0, 2] and workload.pods["node"].tolist() == [0, -1]
    engine, loaded = workload.engine(profile="kubernetes")
    with engine:
        assert engine.nodes.free(loaded.nodes, ["cpu"]).tolist() == [[3000]]
        assert engine.read_pods(loaded.running[:1])["flags"].tolist() == [1]


@pytest.mark.parametrize(
    ("items", "parts"),
    [
        ([node(cpu="4x")], ("c.json:1: Node n.status.allocatable[cpu]", "'4x'")),
        ([node(cpu="-4")], ("allocatable[cpu]", "not negative")),
        ([node(cpu="9E")], ("allocatable[cpu]", "2^50")),
        ([node(), node()], ("Node.metadata.name", "once")),
        ([node(), pod(), pod()], ("Pod.metadata.name", "once", "'default/p'")),
        ([node(), pod(nodeName="gone")], ("Pod default/p.spec.nodeName", "'gone'")),
        ([node(), pod(containers=[])], ("spec.containers", "at least one")),
        ([node(), pod(containers=[{"image": "i"}])], ("spec.containers[0].name", "missing")),
        ([node(), pod(tolerations=[{"operator": "Equal"}])], ("tolerations[0].operator", "Exists")),
        ([node(), pod(tolerations=[{"key": "a", "effect": "No"}])], ("tolerations[0].effect", "NoSchedule")),
        ([node(), pod(topologySpreadConstraints=[{"topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}])],
         ("topologySpreadConstraints[0].maxSkew", "missing")),
        ([node(), pod(priority="high")], ("spec.priority", "whole number", "'high'")),
        ([node(), pod(nodeSelector={"a": 1})], ("spec.nodeSelector[a]", "a text")),
        ([node(), pod(affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 0}]}})],
         ("preferredDuringSchedulingIgnoredDuringExecution[0].preference", "missing")),
        ([node(), pod(affinity=[])], ("spec.affinity", "an object")),
        ([pod()], ("c.json: ", "at least one Node")),
        ([3], ("c.json:1: items", "objects")),
        ([{"metadata": {}}], ("kind",)),
        ([{"kind": "Pod", "spec": {}}], ("Pod.metadata", "missing")),
    ],
)  # fmt: skip
def test_mistakes_in_objects_are_named(write, items, parts):
    path = dump(write, *items)
    refused(lambda: kubernetes.read(path), *parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("empty",)),
        ('{"kind": "List",\n "items": [\n {"kind": }]}', (":3: ", "expected JSON")),
        ('{"kind": "List", "items": [] ', ("the text ends",)),
        ('{"kind": "List" "items": []}', ("found",)),
        ("[]", ("'{'",)),
        ('{"a": NaN}', ("NaN",)),
        ("{" * 3, ("expected JSON",)),
        ('{"a":' + "[" * 100_000, ("expected JSON",)),
    ],
)
def test_what_is_no_dump_is_refused_with_its_place(write, text, parts):
    path = write("c.json", text)
    refused(lambda: kubernetes.read(path), *parts)


def test_the_line_of_an_error_is_that_of_the_object(write):
    items = json.dumps({"kind": "List", "items": [node("a"), node("b"), node("c", memory="?")]}, indent=1)
    line = next(number for number, text in enumerate(items.splitlines(), 1) if '"name": "c"' in text) - 3
    error = refused(lambda: kubernetes.read(write("c.json", items)), "Node c.status.allocatable[memory]")
    assert items.splitlines()[error.line - 1].strip() == "{" and error.line == line


def test_random_damage_is_refused_or_read(write):
    """Whatever bytes a file has, the answer is a workload or a ReadError."""
    text = json.dumps({"kind": "List", "items": [node("a"), node("b"), pod("x", nodeName="a"), pod("y")]})
    random = np.random.default_rng(5)
    seen = set()
    for _ in range(400):
        data = bytearray(text.encode())
        for place in random.integers(0, len(data), 3).tolist():
            data[place] = int(random.integers(32, 127))
        try:
            kubernetes.read(write("c.json", bytes(data)))
            seen.add("read")
        except ReadError:
            seen.add("refused")
    assert seen == {"read", "refused"}


def test_random_damage_of_tables_is_refused_or_read(write):
    files = {"n": NODES, "p": PODS, "t": TRACE, "f": FLAVOURS, "l": LIFETIMES, "i": INTERVALS}
    random = np.random.default_rng(6)
    seen = set()
    for _ in range(500):
        name = str(random.choice(list(files)))
        data = bytearray(files[name].encode())
        for place in random.integers(0, len(data), 2).tolist():
            data[place] = int(random.choice([*range(32, 127), 0, 10, 13, 200]))
        paths = {key: write(key, bytes(data) if key == name else text) for key, text in files.items()}
        try:
            openb.read(paths["n"], paths["p"])
            azure.read(paths["t"], paths["f"], lifetimes=paths["l"], intervals=paths["i"])
            seen.add("read")
        except ReadError as error:
            assert str(paths[name]) in str(error) or name in "tfl"  # one file may be blamed for what another lacks
            seen.add("refused")
    assert seen == {"read", "refused"}


def test_numbers_and_texts_beyond_all_bounds_are_refused(write):
    refused(
        lambda: openb.read(write("n", NODES.replace("8000", "9" * 5000)), write("p", PODS)), "n:2: cpu_milli", "999"
    )
    refused(lambda: kubernetes.read(write("c", '{"kind": "Node", "n": ' + "9" * 5000 + "}")), "c:1: ", "expected JSON")
    refused(lambda: kubernetes.read(dump(write, node(cpu="9" * 5000))), "allocatable[cpu]", "a quantity")
    for name in ("a\u0000", "a\ud800"):
        refused(lambda name=name: kubernetes.read(dump(write, node(name))), "metadata.name", "surrogates")
        refused(lambda name=name: kubernetes.read(dump(write, node(**{name: "1"}))), "allocatable[", "a resource")
        refused(lambda name=name: kubernetes.read(dump(write, node(), pod(nodeSelector={"x": name}))), "nodeSelector[")
    refused(lambda: openb.read(write("n", NODES.replace("n-2", "n-\0")), write("p", PODS)), "n:3: ", "zero byte")


GOLDEN = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared")) / "golden" / "kube"
SUITES = ["interpod-hard", "interpod-soft", "mixed", "node-affinity", "ports-and-images", "resources", "spread-hard",
          "spread-soft", "taints"]  # fmt: skip


@pytest.mark.parametrize("suite", SUITES)
def test_dumps_decide_as_kube_scheduler_did(write, suite):
    """Feasible nodes and total scores, as recorded from kube-scheduler v1.36's own code with its default profile."""
    path = GOLDEN / f"{suite}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path}; set BERTH_SHARED to the folder that holds golden/kube")
    compared = 0
    for line in gzip.decompress(path.read_bytes()).splitlines():
        case = json.loads(line)
        if case.get("profile") or compared == 12:
            continue
        others = [("Node", case["nodes"]), ("Namespace", case.get("namespaces")), ("Service", case.get("services"))]
        others += [("ReplicaSet", case.get("replicasets")), ("Pod", [*case["pods"], case["pod"]])]
        items = [{"kind": kind, **one} for kind, objects in others for one in objects or []]
        workload = kubernetes.read(dump(write, *items))
        engine, loaded = workload.engine(profile="kubernetes")
        with engine:
            names, wanted = workload.nodes["name"], int(loaded.classes[-1])
            fits = engine.feasible_mask(wanted, loaded.nodes)
            best = engine.candidates(wanted, len(names))
            totals = dict(zip(names[loaded.index(best["node"])].tolist(), best["score"].tolist(), strict=True))
        assert names[fits].tolist() == case["feasible"], case["case"]
        assert totals == case["total"], case["case"]
        compared += 1
    assert compared == 12
