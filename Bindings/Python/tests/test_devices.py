"""Machines and the devices of nodes from Python: shapes, what is read back, and refusals with their sentences."""

import numpy as np
import pytest
from berth import BerthError, abi
from berth.columns import column, mask
from berth.devices import GPU_STATE, NIC, Machine, links
from device_scene import PAIRS, Scene, lib

BAD_ARGUMENT = "BERTH_BAD_ARGUMENT"


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def custom(scene):
    """What a machine of two GPUs and a NIC is made of."""
    nics = np.array([(1, 3, 4)], NIC)
    return {"links": links([["X", "NV12"], ["NV12", "X"]]), "models": ["A", "B"], "memory_mib": [100, 200],
            "numa_nodes": [0, 1], "pcie_switches": [255, 3], "time_slices": [0, 4], "nics": nics}  # fmt: skip


def same(left: Machine, right: Machine) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_words_of_links_are_the_headers_numbers():
    words = [["X", "SYS", "NODE"], ["PHB", "PXB", "PIX"], ["NV1", "NV47", "NVSWITCH"]]
    numbers = links(words)
    assert numbers.dtype == np.uint8
    assert numbers.tolist() == [
        [lib.BERTH_LINK_NONE, lib.BERTH_LINK_SYSTEM, lib.BERTH_LINK_NODE],
        [lib.BERTH_LINK_HOST_BRIDGE, lib.BERTH_LINK_MULTI_SWITCH, lib.BERTH_LINK_SINGLE_SWITCH],
        [lib.BERTH_LINK_NVLINK + 1, lib.BERTH_LINK_NVLINK + 47, lib.BERTH_LINK_NVSWITCH],
    ]
    for word in ("NV0", "NV48", "pix", ""):
        with pytest.raises(ValueError, match="is unknown"):
            links([word])


@pytest.mark.parametrize(
    "name", ["dgx-h100", "dgx-a100-80gb", "nvlink-pairs-8", "dgx-1-v100", "gb200-nvl72", "flat-16"]
)
def test_what_is_read_of_a_machine_is_that_machine_again(scene, name):
    id = scene.devices.standard_machine(name)
    machine = scene.devices.read_machine(id)
    count, nics = len(machine.models), len(machine.nics)
    assert (machine.links.shape, machine.nic_links.shape) == ((count, count), (count, nics))
    assert (machine.links == machine.links.T).all()
    assert (machine.nics["virtual_functions"] >= 1).all()
    assert scene.devices.machine(*machine) == id
    assert scene.devices.standard_machine(name) == id


def test_a_machine_of_arrays(scene, custom):
    id = scene.devices.machine(**custom)
    machine = scene.devices.read_machine(id)
    assert machine.models == ("A", "B")
    assert (machine.memory_mib.tolist(), machine.numa_nodes.tolist()) == ([100, 200], [0, 1])
    assert (machine.pcie_switches.tolist(), machine.time_slices.tolist()) == ([255, 3], [0, 4])
    assert machine.nics.tolist() == [(1, 3, 4)]
    assert machine.nic_links.tolist() == [[lib.BERTH_LINK_SYSTEM], [lib.BERTH_LINK_SINGLE_SWITCH]]
    assert not machine.wide_nvswitch
    assert scene.devices.machine(**custom) == id
    assert scene.devices.machine(**custom, wide_nvswitch=True) != id
    assert scene.devices.machine(**{**custom, "nic_links": [[4], [5]]}) != id


def test_columns_need_not_be_contiguous(scene, custom):
    wide = np.zeros((2, 4), np.int64)
    wide[:, ::2] = custom["links"]
    assert scene.devices.machine(**{**custom, "links": wide[:, ::2]}) == scene.devices.machine(**custom)


def test_the_text_of_nvidia_smi_is_a_machine(scene):
    id = scene.devices.machine_from_topology(PAIRS, "A100-PCIE-40GB", 40960)
    machine = scene.devices.read_machine(id)
    rows = ["X NV4 SYS SYS", "NV4 X SYS SYS", "SYS SYS X NV4", "SYS SYS NV4 X"]
    assert machine.links.tolist() == links([row.split() for row in rows]).tolist()
    assert machine.numa_nodes.tolist() == [0, 0, 1, 1]
    assert scene.devices.machine(*machine) == id


def test_a_machine_is_the_same_whichever_way_it_came(scene):
    nics = (
        PAIRS.replace("GPU3\tCPU", "GPU3\tNIC0\tCPU")
        .replace("\t0-15", "\tPIX\t0-15")
        .replace("\t16-31", "\tSYS\t16-31")
    )
    text = nics.replace("\n\nLegend", "\nNIC0\tPIX\tPIX\tSYS\tSYS\t X \n\nLegend") + "\nNIC Legend:\n\n  NIC0: mlx5_0\n"
    id = scene.devices.machine_from_topology(text, "A100-PCIE-40GB", 40960)
    machine = scene.devices.read_machine(id)
    assert machine.nics["virtual_functions"].tolist() == [1]
    assert scene.devices.machine(*machine) == id


@pytest.mark.parametrize(
    ("spoilt", "error", "words"),
    [
        ({"links": [[0, 28], [27, 0]]}, BAD_ARGUMENT, "GPU1-GPU0"),
        ({"links": [[0, 6], [6, 0]]}, BAD_ARGUMENT, "GPU0-GPU1"),
        ({"links": [[1, 28], [28, 0]]}, BAD_ARGUMENT, "GPU0"),
        ({"links": [[0, 28]]}, ValueError, r"links: the shape is \(1, 2\), \(1, 1\) is needed"),
        ({"links": [0, 28]}, ValueError, r"links: the shape is \(2,\), \(n, n\) is needed"),
        ({"links": [[0, -1], [-1, 0]]}, ValueError, r"links: -1\.\.0 is outside 0\.\.255"),
        ({"links": [[0, 256], [256, 0]]}, ValueError, "outside 0..255"),
        ({"links": [[0, 1.0], [1.0, 0]]}, TypeError, "links: integers are needed"),
        ({"models": ["A"]}, ValueError, "1 names for 2 GPUs"),
        ({"models": ["A", "a|b"]}, "BERTH_BAD_TEXT", r"GPU1.*\|"),
        ({"models": ["A", "\0"]}, ValueError, "zero byte"),
        ({"models": ["A", ""]}, "BERTH_BAD_TEXT", "GPU1"),
        ({"memory_mib": [100, 0]}, BAD_ARGUMENT, "GPU1: memory_mib 0"),
        ({"memory_mib": 2**24 + 1}, BAD_ARGUMENT, "GPU0: memory_mib 16777217"),
        ({"memory_mib": [1, 2, 3]}, ValueError, r"memory_mib: the shape is \(3,\), \(2,\) is needed"),
        ({"numa_nodes": 64}, BAD_ARGUMENT, "GPU0: numa_node 64"),
        ({"pcie_switches": 256}, BAD_ARGUMENT, "GPU0: pcie_switch 256"),
        ({"time_slices": 32}, BAD_ARGUMENT, "GPU0: time_slices 32"),
        ({"nics": [(0, 0, 1)]}, TypeError, "nics: records"),
        ({"nic_links": [[5, 5]]}, ValueError, r"nic_links: the shape is \(1, 2\), \(2, 1\) is needed"),
        ({"nic_links": [[5], [64]]}, BAD_ARGUMENT, "GPU1-NIC0"),
    ],
)
def test_a_machine_that_is_not_right_is_refused(scene, custom, spoilt, error, words):
    before = scene.digest()
    kind = BerthError if isinstance(error, str) else error
    with pytest.raises(kind, match=words) as refused:
        scene.devices.machine(**{**custom, **spoilt})
    if isinstance(error, str):
        assert refused.value.name == error
    assert scene.digest() == before


@pytest.mark.parametrize(("field", "value"), [("virtual_functions", 0), ("virtual_functions", 256), ("numa_node", 64)])
def test_a_nic_that_is_not_right_is_refused(scene, custom, field, value):
    custom["nics"][field] = value
    with pytest.raises(BerthError, match=f"NIC0: {field} {value}"):
        scene.devices.machine(**custom)


def test_more_devices_than_a_machine_can_have(scene):
    with pytest.raises(BerthError, match="17 GPUs") as refused:
        scene.devices.machine(np.full((17, 17), 1) - np.eye(17, dtype=int), "A", 1)
    assert refused.value.name == "BERTH_LIMIT"


@pytest.mark.parametrize(
    ("call", "name", "words"),
    [
        (lambda d: d.standard_machine("dgx"), "BERTH_UNKNOWN_ID", '"dgx": .*dgx-h100'),
        (lambda d: d.standard_machine("dgx-h100", "A100-PCIE-40GB"), BAD_ARGUMENT, "H100-SXM5-80GB"),
        (lambda d: d.standard_machine("flat-4", "our own"), BAD_ARGUMENT, "its memory"),
        (lambda d: d.machine_from_topology("GPU0\n", "A100-PCIE-40GB"), "BERTH_BAD_TEXT", "line 2, column 1: expected"),
        (lambda d: d.machine_from_topology(" " * 65537, "A100-PCIE-40GB"), "BERTH_BAD_TEXT", "longer than 65536"),
        (lambda d: d.read_machine(0), "BERTH_UNKNOWN_ID", "machine 0"),
        (lambda d: d.read_machine(99), "BERTH_UNKNOWN_ID", "machine 99"),
        (lambda d: d.set_model_worth("A", 101), BAD_ARGUMENT, "worth 101"),
        (lambda d: d.set_typical_pods([-1], [0], [0], [1]), "BERTH_BAD_QUANTITY", "typical pod 0: cpu"),
        (lambda d: d.set_typical_pods([1, 1], [1, 0], [500, 1], [1, 1]), BAD_ARGUMENT, "typical pod 1: share_milli 1"),
        (lambda d: d.set_typical_pods([1], [2], [500], [1]), BAD_ARGUMENT, "gpu_count 2: use 1000"),
        (lambda d: d.set_typical_pods([1], [17], [1000], [1]), "BERTH_LIMIT", "gpu_count 17"),
        (lambda d: d.set_typical_pods([1], [1], [1000], [0]), BAD_ARGUMENT, "weight 0"),
        (lambda d: d.set_typical_pods([1] * 17, [0] * 17, [0] * 17, [2**20] * 17), "BERTH_LIMIT", r"more than 2\^24"),
        (lambda d: d.set_typical_pods([1], [0], [0], [5], total=4), BAD_ARGUMENT, "total 4"),
        (lambda d: d.set_typical_pods([1] * 1025, [0] * 1025, 0, 1), "BERTH_LIMIT", "1024"),
        (lambda d: d.set_typical_pods([1], [1], [1000], [1], ["Z"]), "BERTH_UNKNOWN_ID", '"Z" is unknown'),
    ],
)  # fmt: skip
def test_calls_that_are_refused_say_why(scene, call, name, words):
    before = scene.digest()
    with pytest.raises(BerthError, match=words) as refused:
        call(scene.devices)
    assert refused.value.name == name
    assert scene.digest() == before


def test_devices_of_nodes(scene):
    devices = scene.devices.read_devices(scene.nodes[0])
    assert devices.machine == scene.machine
    assert devices.gpus.dtype == GPU_STATE
    assert devices.gpus["free_milli"].tolist() == [1000] * 4
    assert devices.free_functions.shape == (0,)
    dgx = scene.devices.standard_machine("dgx-h100")
    scene.devices.set_machines(scene.nodes, [0, dgx])
    none, many = (scene.devices.read_devices(node) for node in scene.nodes)
    assert (none.machine, none.gpus.shape, none.free_functions.shape) == (0, (0,), (0,))
    assert (many.machine, many.gpus.shape, many.free_functions.tolist()) == (dgx, (8,), [1] * 8)
    scene.validate()


def test_health_is_told_by_index(scene):
    node = scene.nodes[1]
    scene.devices.set_health(node, sick_gpus=[0, 3])
    assert scene.devices.read_devices(node).gpus["is_sick"].tolist() == [1, 0, 0, 1]
    scene.devices.set_health(node)
    assert scene.devices.read_devices(node).gpus["is_sick"].tolist() == [0, 0, 0, 0]
    for wrong, error, words in [
        ({"sick_gpus": [4]}, BerthError, "GPU4 of 4"),
        ({"sick_gpus": [31]}, BerthError, "GPU31 of 4"),
        ({"sick_nics": [0]}, BerthError, "NIC0 of 0"),
        ({"sick_gpus": [32]}, ValueError, r"sick_gpus: 32 is outside 0\.\.31"),
        ({"sick_nics": [-1]}, ValueError, "sick_nics: -1"),
    ]:
        with pytest.raises(error, match=words):
            scene.devices.set_health(node, **wrong)
    scene.devices.set_machines([node], 0)
    with pytest.raises(BerthError, match="has no machine"):
        scene.devices.set_health(node)


def test_machines_are_told_all_or_none(scene):
    before = scene.digest()
    for nodes, machines, name in [
        ([scene.nodes[0], scene.nodes[0]], 0, "BERTH_DUPLICATE"),
        ([scene.nodes[0], 2**63], 0, "BERTH_UNKNOWN_ID"),
        (scene.nodes, [0, 7], "BERTH_UNKNOWN_ID"),
    ]:
        with pytest.raises(BerthError) as refused:
            scene.devices.set_machines(nodes, machines)
        assert refused.value.name == name
    with pytest.raises(ValueError, match="machines"):
        scene.devices.set_machines(scene.nodes, [1])
    assert scene.digest() == before
    scene.place(scene.pod_class(gpus=1))
    with pytest.raises(BerthError, match="pods hold devices") as refused:
        scene.devices.set_machines(scene.nodes[:1], 0)
    assert refused.value.name == "BERTH_WRONG_STATE"


def test_typical_pods_are_columns(scene):
    scene.devices.set_model_worth("G2", 50)
    scene.devices.set_typical_pods(
        [8000, 4000, 1000], [1, 1, 0], [1000, 500, 0], [2, 5, 3], ["G2|A100-SXM4-80GB", None, None]
    )
    set_once = scene.digest()
    scene.devices.set_typical_pods([], [], [], [])
    assert scene.digest() != set_once


def test_fragmentation_is_measured_by_the_typical_pods(scene):
    assert scene.devices.read_fragmentation(scene.nodes).tolist() == [0.0, 0.0]
    scene.devices.set_typical_pods([1000, 0], [1, 0], [1000, 0], [3, 1], total=8)
    assert scene.devices.read_fragmentation(scene.nodes).tolist() == [1000.0, 1000.0]  # pods without GPUs use none of 4
    scene.place(scene.pod_class(share_milli=400))
    assert scene.devices.read_fragmentation(scene.nodes).tolist() == [0.25 * 3600 + 0.75 * 600, 1000.0]
    with pytest.raises(BerthError, match="entry 1"):
        scene.devices.read_fragmentation([scene.nodes[0], 2**63])
    assert scene.devices.read_fragmentation([]).shape == (0,)


def test_columns_change_no_value():
    assert column([2**64 - 1], np.uint64, "ids").tolist() == [2**64 - 1]
    with pytest.raises(ValueError, match="outside 0"):
        column(np.array([-1]), np.uint64, "ids")
    with pytest.raises(ValueError, match=r"ids: the shape is \(\), \(n,\) is needed"):
        column(1, np.uint64, "ids")
    assert mask([], 16, "gpus") == 0
    assert mask(np.array([15, 0, 15]), 16, "gpus") == 0x8001
    assert abi.constants["BERTH_NO_MACHINE"] == 0
