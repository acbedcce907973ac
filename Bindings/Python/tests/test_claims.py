"""What pods hold of devices, from Python: claims as arrays of records, and refusals with their sentences."""

import numpy as np
import pytest
from berth import CLAIM, BerthError, Demand, Reservation
from berth.claims import device_indices, visible_devices
from device_scene import PAIRS, Scene, lib


@pytest.fixture
def scene():
    return Scene()


def free(scene, node: int) -> list[int]:
    return scene.devices.read_devices(node).gpus["free_milli"].tolist()


def test_a_pod_gets_what_was_previewed(scene):
    pod_class = scene.pod_class(gpus=2)
    previewed = scene.claims.preview(pod_class, scene.nodes[0])
    assert (previewed.shape, previewed.dtype) == ((), CLAIM)
    pods = scene.place(pod_class, 2)
    claims = scene.claims.read(pods)
    assert claims[0] == previewed
    assert claims["gpus"].tolist() == [0b0011, 0b1100]
    assert claims["share_milli"].tolist() == [1000, 1000]
    assert [visible_devices(claim) for claim in claims] == ["0,1", "2,3"]
    assert free(scene, scene.nodes[0]) == [0, 0, 0, 0]
    with pytest.raises(BerthError, match="has not the devices") as refused:
        scene.claims.preview(pod_class, scene.nodes[0])
    assert refused.value.name == "BERTH_NO_ROOM"
    scene.validate()


def test_lists_of_devices():
    assert device_indices(0) == []
    assert device_indices(np.uint32(0x8001)) == [0, 15]
    claim = np.zeros((), [("gpus", "u4"), ("mig_slices", "u4")])
    assert visible_devices(claim) == "void"
    claim["gpus"], claim["mig_slices"] = 0b100, 0b11
    with pytest.raises(ValueError, match=r"slices \[0, 1\] of GPU 2 are a MIG instance"):
        visible_devices(claim)


def test_pods_without_devices_have_empty_claims(scene):
    pod = scene.place(scene.pod_class(gpus=0))
    assert scene.claims.read(pod).tolist() == [(0, 0, 0, 0, 0, 0)]
    assert scene.claims.read([]).shape == (0,)


def test_shares_slices_and_instances(scene):
    quarter = scene.place(scene.pod_class(share_milli=250, memory_mib=1000), 2)
    assert scene.claims.read(quarter).tolist() == [(1, 0, 250, 1000, 0, 0)] * 2
    memory_only = scene.place(scene.pod_class(share_milli=0, memory_mib=5000))
    assert scene.claims.read(memory_only)[["share_milli", "memory_mib"]].tolist() == [(0, 5000)]
    instance = scene.claims.read(scene.place(scene.pod_class(mig_profile="1g.10gb")))[0]
    assert device_indices(instance["mig_slices"])
    assert (instance["share_milli"], instance["memory_mib"]) == (0, 0)
    sliced = scene.devices.machine([[0]], "sliced", 1000, time_slices=4)
    other = Scene(1, None)
    other.devices.set_machines(other.nodes, other.devices.machine(*scene.devices.read_machine(sliced)))
    pods = other.place(other.pod_class(time_slice=True), 5)
    assert other.claims.read(pods)["share_milli"].tolist() == [250] * 4
    scene.validate()


def test_links_are_required_or_preferred():
    scene = Scene(1, None)
    scene.devices.set_machines(scene.nodes, scene.devices.machine_from_topology(PAIRS, "A100-PCIE-40GB"))
    scene.place(scene.pod_class(gpus=1))
    linked = scene.pod_class(gpus=2, link_required=lib.BERTH_LINK_NVLINK + 1)
    assert scene.claims.preview(linked, scene.nodes[0])["gpus"] == 0b1100
    assert scene.claims.preview(scene.pod_class(gpus=2, prefer_links=True), scene.nodes[0])["gpus"] == 0b1100
    assert len(scene.place(linked, 2)) == 1


def test_nics_come_with_gpus():
    scene = Scene(1, "dgx-h100", None)
    claim = scene.claims.read(scene.place(scene.pod_class(gpus=2, nics=2, nics_by_switch=True)))[0]
    assert claim["nics"] == claim["gpus"]  # on this machine each NIC has a switch in common with the GPU of its number
    assert scene.devices.read_devices(scene.nodes[0]).free_functions.sum() == 6


@pytest.mark.parametrize(
    ("demand", "name", "words"),
    [
        ({"gpus": 17}, "BERTH_LIMIT", "17 GPUs"),
        ({"nics": 17}, "BERTH_LIMIT", "17 NICs"),
        ({"gpus": 2, "share_milli": 500}, "BERTH_BAD_ARGUMENT", "a share is of one GPU"),
        ({"share_milli": 1001}, "BERTH_BAD_ARGUMENT", "share_milli 1001"),
        ({"share_milli": 0}, "BERTH_BAD_ARGUMENT", "share of nothing"),
        ({"memory_mib": 2**24 + 1}, "BERTH_LIMIT", "memory_mib"),
        ({"link_required": 6}, "BERTH_BAD_ARGUMENT", "link_required 6"),
        ({"link_required": 256}, "BERTH_BAD_ARGUMENT", "link_required 256"),
        ({"share_milli": 500, "prefer_links": True}, "BERTH_BAD_ARGUMENT", "between whole GPUs"),
        ({"models": "Z"}, "BERTH_UNKNOWN_ID", '"Z" is unknown'),
        ({"models": ["A100-SXM4-80GB", "Z"]}, "BERTH_UNKNOWN_ID", '"Z" is unknown'),
        ({"mig_profile": "9g.9gb"}, "BERTH_BAD_ARGUMENT", '"9g.9gb" is unknown'),
        ({"gpus": 2, "mig_profile": "1g.10gb"}, "BERTH_BAD_ARGUMENT", "gpu_count 1"),
        ({"gpus": 2, "time_slice": True}, "BERTH_BAD_ARGUMENT", "gpu_count 1"),
        ({"gpus": 0, "memory_mib": 1}, "BERTH_BAD_ARGUMENT", "only NICs"),
        ({"gpus": 0, "nics_by_switch": True}, "BERTH_BAD_ARGUMENT", "only NICs"),
    ],
)
def test_demands_that_are_not_right_are_refused(scene, demand, name, words):
    before = scene.digest()
    with pytest.raises(BerthError, match=words) as refused:
        scene.pod_class(**demand)
    assert refused.value.name == name
    assert scene.digest() == before


def test_demands_do_not_wrap_around(scene):
    for wrong in ({"gpus": -1}, {"share_milli": 2**32}, {"memory_mib": -5}):
        with pytest.raises(OverflowError):
            Demand(**wrong).record([])
    with pytest.raises(ValueError, match="zero byte"):
        Demand(models="a\0b").record([])


def test_bound_pods_hold_what_the_host_says(scene):
    pod_class = scene.pod_class(gpus=2)
    claims = np.zeros(2, CLAIM)
    claims["gpus"], claims["share_milli"] = [0b1010, 0b0101], 1000
    pods = scene.claims.bind([pod_class] * 2, [scene.nodes[1]] * 2, claims)
    assert pods.dtype == np.uint64
    assert (scene.claims.read(pods) == claims).all()
    assert free(scene, scene.nodes[1]) == [0] * 4
    scene.validate()


@pytest.mark.parametrize(
    ("field", "value", "name", "words"),
    [
        ("gpus", 0b0100, "BERTH_BAD_ARGUMENT", "entry 1: .*asks for 2 GPUs"),
        ("gpus", 0b0011, "BERTH_NO_ROOM", "entry 1: .*GPU0 is taken"),
        ("gpus", 0b1100, "BERTH_NO_ROOM", "entry 1: .*GPU3 is sick"),
        ("gpus", 0b10100, "BERTH_BAD_ARGUMENT", "entry 1: .*GPU4 is not there"),
        ("gpus", 0x10001, "BERTH_BAD_ARGUMENT", "more devices than there can be"),
        ("gpus", 0xFFFF, "BERTH_BAD_ARGUMENT", "asks for 2 GPUs"),
        ("nics", 1, "BERTH_BAD_ARGUMENT", "asks for 0 NICs"),
        ("share_milli", 999, "BERTH_BAD_ARGUMENT", "asks for 1000 milli"),
        ("share_milli", 1001, "BERTH_BAD_ARGUMENT", "more devices than there can be"),
        ("memory_mib", 1, "BERTH_BAD_ARGUMENT", "asks for 1000 milli and 0 MiB"),
        ("mig_slices", 1, "BERTH_BAD_ARGUMENT", "MIG slices 1"),
        ("reserved", 1, "BERTH_BAD_STRUCT", "reserved"),
    ],
)
def test_a_claim_that_is_not_right_is_refused_with_all_others(scene, field, value, name, words):
    classes = [scene.pod_class(gpus=1), scene.pod_class(gpus=2)]
    scene.devices.set_health(scene.nodes[0], sick_gpus=[3])
    claims = np.zeros(2, CLAIM)
    claims["gpus"], claims["share_milli"] = [0b0001, 0b0110], 1000
    claims[field][1] = value
    before = scene.digest()
    with pytest.raises(BerthError, match=words) as refused:
        scene.claims.bind(classes, [scene.nodes[0]] * 2, claims)
    assert refused.value.name == name
    assert scene.digest() == before
    assert free(scene, scene.nodes[0]) == [1000] * 4


def test_claims_of_another_layout_are_no_claims(scene):
    pod_class = scene.pod_class(gpus=1)
    with pytest.raises(TypeError, match="records"):
        scene.claims.bind([pod_class], scene.nodes[:1], np.zeros((1, 6), np.uint32))
    with pytest.raises(ValueError, match=r"claims: the shape is \(2,\), \(1,\) is needed"):
        scene.claims.bind([pod_class], scene.nodes[:1], np.zeros(2, CLAIM))
    with pytest.raises(ValueError, match="nodes"):
        scene.claims.bind([pod_class], scene.nodes, np.zeros(1, CLAIM))


def test_shares_are_resized_in_place(scene):
    share, rest = scene.place(scene.pod_class(share_milli=250, memory_mib=1000), 2)
    scene.claims.resize(share, 750, 2000)
    assert scene.claims.read([share]).tolist() == [(1, 0, 750, 2000, 0, 0)]
    whole = scene.place(scene.pod_class(gpus=1))[0]
    before = scene.digest()
    for pod, milli, memory, name, words in [
        (share, 751, 2000, "BERTH_NO_ROOM", "GPU0 has 0 milli"),
        (share, 750, 2**24, "BERTH_NO_ROOM", "MiB free"),
        (share, 0, 0, "BERTH_BAD_ARGUMENT", "nothing would be left"),
        (share, 1000, 0, "BERTH_BAD_ARGUMENT", "share_milli 1000"),
        (whole, 500, 0, "BERTH_WRONG_STATE", "no share"),
        (2**64 - 1, 500, 0, "BERTH_UNKNOWN_ID", "pod"),
    ]:
        with pytest.raises(BerthError, match=words) as refused:
            scene.claims.resize(pod, milli, memory)
        assert refused.value.name == name
        assert scene.digest() == before
    for pod in (whole, share, rest):
        scene.release(pod)
    assert free(scene, scene.nodes[0]) == [1000] * 4
    scene.validate()


def test_pods_move_and_get_new_devices(scene):
    pods = scene.place(scene.pod_class(gpus=3))
    scene.claims.move(pods, scene.nodes[1:])
    assert scene.node_of(pods[0]) == scene.nodes[1]
    assert scene.claims.read(pods)["gpus"].tolist() == [0b0111]
    assert (free(scene, scene.nodes[0]), free(scene, scene.nodes[1])) == ([1000] * 4, [0, 0, 0, 1000])
    scene.validate()


def test_moves_are_made_all_or_none(scene):
    pods = scene.place(scene.pod_class(gpus=3), 2)
    single = scene.place(scene.pod_class(gpus=1))
    assert [scene.node_of(pod) for pod in pods] == scene.nodes.tolist()
    before = scene.digest()
    there = [scene.nodes[1], scene.nodes[1]]
    for moved, nodes, name, words in [
        ([single[0], pods[0]], there, "BERTH_NO_ROOM", f"entry 1: pod {pods[0]} does not fit"),
        ([pods[0], pods[0]], there, "BERTH_DUPLICATE", "twice"),
        ([pods[0], 7], there, "BERTH_UNKNOWN_ID", "entry 1"),
        ([single[0]], [2**40], "BERTH_UNKNOWN_ID", "entry 0"),
    ]:
        with pytest.raises(BerthError, match=words) as refused:
            scene.claims.move(moved, nodes)
        assert refused.value.name == name
        assert scene.digest() == before
    with pytest.raises(ValueError, match="nodes"):
        scene.claims.move(pods, scene.nodes[:1])
    scene.validate()


def test_capacity_for_a_class_is_where_its_next_pod_would_go_whatever_was_asked_before():
    held = []
    for asks in (False, True):
        scene = Scene(nodes=16)
        scene.engine.add_profile("random", "gpu_random")
        pod_class = scene.engine.pod_class({"cpu": 1000}, profile="random", devices=Demand(gpus=1))
        found = []
        for serial in range(8):
            scene.place(pod_class)
            if asks:
                best = scene.engine.candidates(pod_class, 1)["node"][0]
            made = scene.engine.reservations.add(Reservation("pod", serial + 1, pod_class=pod_class))
            found.append(int(scene.engine.reservations.read(made).states["node"][0]))
            if asks:
                assert found[-1] == best
        held.append(found)
    assert held[0] == held[1]
