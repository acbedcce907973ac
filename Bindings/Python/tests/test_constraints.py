"""What pods ask of nodes and of other pods, each in a cluster where the answer is plain to see."""

import berth
import numpy as np
import pytest
from berth import HostPort, NodeAffinity, PodAffinity, PodAntiAffinity, Requirement, Spread, Toleration

ZONE, DISK = "topology.kubernetes.io/zone", "disk"


@pytest.fixture
def engine():
    """Two zones of two nodes; n1 has ssd, n2 hdd and generation 7, n3 a taint, n0 is bare."""
    engine = berth.Engine([ZONE], {"cpu": "milli"}, "kubernetes")
    labels = [{}, {DISK: "ssd"}, {DISK: "hdd", "generation": "7"}, {DISK: "ssd", "generation": "12"}]
    engine.add_nodes(
        [[8000]] * 4,
        domains=["a", "a", "b", "b"],
        names=["n0", "n1", "n2", "n3"],
        labels=labels,
        taints=[(), (), (), ["dedicated=ml:NoSchedule"]],
    )
    return engine


def fits(engine, **asked):
    """Numbers of the nodes that a pod fits on."""
    return [int(name[1:]) for name in engine.nodes.names(engine.feasible(engine.pod_class({"cpu": 100}, **asked)))]


def run(engine, node, **asked):
    """A pod that runs on a node."""
    return engine.bind(engine.pod_class({"cpu": 100}, **asked), engine.nodes.find(f"n{node}"))


@pytest.mark.parametrize(
    ("asked", "nodes"),
    [
        ({}, [0, 1, 2]),
        ({"node_selector": {DISK: "ssd"}}, [1]),
        ({"node_selector": {ZONE: "b"}}, [2]),
        ({"node_name": "n1"}, [1]),
        ({"tolerations": [Toleration("dedicated", "Equal", "ml", "NoSchedule")]}, [0, 1, 2, 3]),
        ({"tolerations": ["dedicated"]}, [0, 1, 2, 3]),
        ({"tolerations": [Toleration()]}, [0, 1, 2, 3]),
        ({"tolerations": [Toleration("dedicated", "Equal", "web")]}, [0, 1, 2]),
        ({"tolerations": [Toleration("dedicated", "Exists", effect="NoExecute")]}, [0, 1, 2]),
        ({"affinity": [NodeAffinity({DISK: "ssd", ZONE: "a"})]}, [1]),
        ({"affinity": [NodeAffinity({DISK: "ssd"}), NodeAffinity({DISK: "hdd"})]}, [1, 2]),
        ({"affinity": [NodeAffinity([Requirement(DISK, "NotIn", ["ssd"])])]}, [0, 2]),
        ({"affinity": [NodeAffinity([Requirement(DISK, "Exists")])]}, [1, 2]),
        ({"affinity": [NodeAffinity([Requirement(DISK, "DoesNotExist")])]}, [0]),
        ({"affinity": [NodeAffinity(Requirement("generation", "Gt", "6"))]}, [2]),
        ({"affinity": [NodeAffinity([Requirement("generation", "Lt", ["6"])])]}, []),
        ({"affinity": [NodeAffinity([Requirement("metadata.name", "In", ["n2"], is_field=True)])]}, [2]),
        ({"affinity": [NodeAffinity([])]}, []),
    ],
)
def test_nodes_are_filtered(engine, asked, nodes):
    assert fits(engine, **asked) == nodes


def test_preferences_of_nodes_are_scored(engine):
    likes = engine.pod_class(
        {"cpu": 1}, affinity=[NodeAffinity({DISK: "hdd"}, weight=80), NodeAffinity({ZONE: "a"}, 5)]
    )
    assert engine.nodes.names([engine.place_one(likes).node]) == ["n2"]


def test_host_ports(engine):
    run(engine, 0, host_ports=[80])
    run(engine, 1, host_ports=[HostPort(80, "UDP"), HostPort(443, host_ip="10.0.0.1")])
    assert fits(engine, host_ports=[80]) == [1, 2]
    assert fits(engine, host_ports=[HostPort(80, "UDP")]) == [0, 2]
    assert fits(engine, host_ports=[HostPort(443, host_ip="10.0.0.2")]) == [0, 1, 2]
    assert fits(engine, host_ports=[443]) == [0, 2]


def test_pods_keep_apart_and_together(engine):
    run(engine, 2, labels={"app": "db"})
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "db"})]) == [2]
    assert fits(engine, affinity=[PodAntiAffinity(ZONE, {"app": "db"})]) == [0, 1]
    assert fits(engine, affinity=[PodAntiAffinity("kubernetes.io/hostname", {"app": "db"})]) == [0, 1]
    assert fits(engine, affinity=[PodAffinity(ZONE, [Requirement("app", "Exists")])]) == [2]
    assert fits(engine, affinity=[PodAffinity(ZONE, None)]) == []
    jealous = {"labels": {"app": "cache"}, "affinity": [PodAntiAffinity(ZONE, {"app": "web"})]}
    run(engine, 0, **jealous)
    assert fits(engine, labels={"app": "web"}) == [2]
    near = engine.pod_class({"cpu": 1}, affinity=[PodAffinity(ZONE, {"app": "db"}, weight=100)])
    assert engine.nodes.names([engine.place_one(near).node]) == ["n2"]


def test_namespaces_of_affinity(engine):
    run(engine, 2, labels={"app": "db"}, namespace="prod")
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "db"})]) == []
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "db"}, namespaces=["prod"])]) == [2]
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "db"}, namespace_selector={})]) == [2]
    by_team = [PodAffinity(ZONE, {"app": "db"}, namespace_selector={"team": "a"})]
    assert fits(engine, affinity=by_team) == []
    engine.vocabulary.set_namespace("prod", {"team": "a"})
    assert fits(engine, affinity=by_team) == [2]
    engine.vocabulary.remove_namespace("prod")
    assert fits(engine, affinity=by_team) == []


def test_label_keys_join_the_selector(engine):
    run(engine, 0, labels={"app": "web", "version": "1"})
    run(engine, 2, labels={"app": "web", "version": "2"})
    mine = {"labels": {"app": "web", "version": "2"}}
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "web"}, match_label_keys=["version"])], **mine) == [2]
    assert fits(engine, affinity=[PodAffinity(ZONE, {"app": "web"}, mismatch_label_keys=["version"])], **mine) == [0, 1]


def test_spread(engine):
    web = {"labels": {"app": "web"}}
    for node in (0, 1):
        run(engine, node, **web)
    assert fits(engine, spread=[Spread(ZONE, {"app": "web"})], **web) == [2]
    assert fits(engine, spread=[Spread(ZONE, {"app": "web"}, max_skew=3)], **web) == [0, 1, 2]
    assert fits(engine, spread=[Spread("rack", {"app": "web"})], **web) == []
    assert fits(engine, spread=[Spread(ZONE, {"app": "web"}, min_domains=3)], **web) == [2]
    soft = engine.pod_class(
        {"cpu": 1}, spread=[Spread(ZONE, {"app": "web"}, when_unsatisfiable="ScheduleAnyway")], **web
    )
    assert engine.nodes.names([engine.place_one(soft).node]) == ["n2"]
    only_ssd = {"node_selector": {DISK: "ssd"}, "spread": [Spread(ZONE, {"app": "web"}, node_affinity_policy="Ignore")]}
    assert fits(engine, **only_ssd, **web) == []
    assert fits(engine, **only_ssd, **web, tolerations=["dedicated"]) == [3]
    for wrong in ({"when_unsatisfiable": "Maybe"}, {"node_taints_policy": "Sometimes"}):
        with pytest.raises(ValueError, match="is unknown: use"):
            engine.pod_class({}, spread=[Spread(ZONE, {}, **wrong)])


def test_images_are_scored():
    engine = berth.Engine(resources=["cpu"], profile="image-locality")
    nodes = engine.add_nodes([[1000]] * 3, images=[None, {"registry/model:1": 900 * 2**20}, None])
    assert engine.place_one(engine.pod_class({"cpu": 1}, images=["registry/model:1"])).node == nodes[1]


def test_equal_specs_are_one_class(engine):
    asked = {
        "node_selector": {DISK: "ssd", ZONE: "a"},
        "tolerations": ["a", Toleration("b")],
        "labels": {"x": "1", "y": "2"},
    }
    turned = {
        name: dict(reversed(value.items())) if isinstance(value, dict) else value[::-1] for name, value in asked.items()
    }
    first = engine.pod_class({"cpu": 100}, **asked)
    assert first == engine.pod_class({"cpu": "100m"}, **turned) != engine.pod_class({"cpu": 101}, **asked)
    specs = [berth.PodSpec({"cpu": cpu}, priority=cpu) for cpu in range(5)]
    classes = engine.pod_classes(specs)
    assert engine.pod_classes(specs[::-1]) == classes[::-1] and [one.spec for one in classes] == specs
    assert repr(first) == f"<PodClass {int(first)}: cpu 100>"
    before = engine.digest
    with pytest.raises(berth.InvalidArgument, match="entry 1"):
        engine.pod_classes([berth.PodSpec({"cpu": 77}), berth.PodSpec(host_ports=[99999])])
    assert engine.digest == before


def test_counted_resources_count_as_what_they_are_scored():
    engine = berth.Engine(resources={"cpu": ("milli", "counted"), "pods": "count"}, profile=None)
    engine.add_profile("least", berth.Term("least_allocated", resources=["cpu"]))
    nodes = engine.add_nodes([[1000, 10]] * 2)
    nothing = engine.pod_class({"pods": 1, "cpu": 0}, scored={"cpu": 100}, profile="least")
    assert sorted(engine.place(nothing, 2).nodes) in (sorted(nodes), [nodes[0]] * 2)
    assert engine.vocabulary.resource("cpu").kind == "counted"


def test_priorities_and_default_spread_are_of_the_class(engine):
    asked = {"labels": {"app": "web"}, "spread": [Spread(ZONE, {"app": "web"}, 1, "ScheduleAnyway")]}
    classes = {
        engine.pod_class({"cpu": 1}, default_spread=flag, priority=priority, **asked)
        for flag in (False, True)
        for priority in (0, -5)
    }
    assert len(classes) == 4
    assert np.unique(engine.place(sorted(classes)).outcome).tolist() == [berth.PLACED]
