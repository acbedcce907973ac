"""The GPUs and NICs of nodes: machines, health, what is free, and what fragmentation is measured by.

    dgx = engine.devices.standard_machine("dgx-h100")
    engine.devices.set_machines(nodes, dgx)

What pods ask for and hold is in berth.claims. Ids are integers, node and pod ids columns of uint64. Quantities have
the header's units: GPU memory in MiB, shares of a GPU in milli (1000 is all of it), cpu in the unit of the engine's CPU
resource. A refused call raises its BerthError with the engine's sentence and changes nothing; an array of another
shape, or with a value that the header's type cannot hold, raises ValueError before there is a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import c_text, column, mask, pointer, records
from .columns import ids as as_ids

if TYPE_CHECKING:
    from .engine import Engine

GPU_STATE = abi.dtype("berth_gpu_state")
NIC = abi.dtype("berth_nic")
MOST_GPUS = abi.constants["BERTH_MAX_GPUS_PER_NODE"]
MOST_NICS = abi.constants["BERTH_MAX_NICS_PER_NODE"]

LINKS = {"X": 0, "SYS": 1, "NODE": 2, "PHB": 3, "PXB": 4, "PIX": 5, "NVSWITCH": 64}
"""BERTH_LINK_* by the words of `nvidia-smi topo -m`, whose legend explains them; NVSWITCH is our own word, NV# is
below."""


def links(words: Any) -> np.ndarray:
    """A matrix of the words of `nvidia-smi topo -m` as BERTH_LINK_* (uint8, of the same shape): X, SYS, NODE, PHB, PXB,
    PIX, NV1..NV47, and NVSWITCH. ValueError for other words. The tool prints NV# for pairs behind a switch, too: say
    NVSWITCH for them, or let the engine read the text (`Devices.machine_from_topology`), which tells them apart."""
    return np.asarray(np.vectorize(_link, otypes=[np.uint8])(words))


def _link(word: str) -> int:
    lanes = re.fullmatch(r"NV([1-9]\d?)", word)
    if lanes and int(lanes[1]) <= 47:
        return 16 + int(lanes[1])
    if word not in LINKS:
        raise ValueError(f"link {word!r} is unknown: use {', '.join(LINKS)}, NV1..NV47")
    return LINKS[word]


class Machine(NamedTuple):
    """A machine of G GPUs and N NICs; `Devices.machine(*machine)` interns it again."""

    links: np.ndarray  # uint8 [G, G], BERTH_LINK_*
    models: tuple[str, ...]  # [G]
    memory_mib: np.ndarray  # uint32 [G]
    numa_nodes: np.ndarray  # uint16 [G], 0..63
    pcie_switches: np.ndarray  # uint16 [G], BERTH_NO_SWITCH: at a host bridge
    time_slices: np.ndarray  # uint32 [G], 0: not sliced
    nics: np.ndarray  # [N] records of numa_node, pcie_switch, virtual_functions
    nic_links: np.ndarray  # uint8 [G, N]
    wide_nvswitch: bool  # its NVSwitch domain spans hosts


class NodeDevices(NamedTuple):
    """What a node has now."""

    machine: int  # BERTH_NO_MACHINE, which is 0: none, and both arrays are empty
    gpus: np.ndarray  # [G] records of free_milli, free_memory_mib, mig_slices (bit i: memory slice i), is_sick
    free_functions: np.ndarray  # uint32 [N], of each NIC


class Devices:
    """The devices of one engine's nodes."""

    def __init__(self, engine: Engine):
        self._engine = engine

    # Machines

    def standard_machine(self, name: str, model: str | None = None, memory_mib: int = 0) -> int:
        """The id of a machine that goes by a name, "dgx-h100" or "flat-4"; `berth machines` lists them, and the
        sentence of BERTH_UNKNOWN_ID does. `model` and `memory_mib` replace the kind's own where it takes another: else
        BERTH_BAD_ARGUMENT. What the names stand for is from their makers' user guides (docs/machines.md)."""
        gpu_model = abi.NULL if model is None else c_text(model)
        return self._engine._id("uint32_t", abi.lib.berth_machine_intern_standard, c_text(name), gpu_model, memory_mib)

    def machine_from_topology(self, text: str, model: str, memory_mib: int = 0) -> int:
        """The id of the machine that `nvidia-smi topo -m` printed, whose GPUs are all of one model; `memory_mib` 0 is
        the model's own, where that is known. BERTH_BAD_TEXT says line and column of what was not expected."""
        return self._engine._id(
            "uint32_t", abi.lib.berth_machine_intern_matrix, c_text(text), c_text(model), memory_mib
        )

    def machine(
        self,
        links: Any,
        models: str | Sequence[str],
        memory_mib: Any,
        numa_nodes: Any = 0,
        pcie_switches: Any = 255,
        time_slices: Any = 0,
        nics: np.ndarray | None = None,
        nic_links: Any = None,
        wide_nvswitch: bool = False,
    ) -> int:
        """The id of a machine, the same for equal ones.

        links [G, G] are BERTH_LINK_* (`links()` reads words), symmetric, 0 on the diagonal; G is at most 16. models is
        a name for all GPUs or G of them; memory_mib, numa_nodes (0..63), pcie_switches (0..254, or 255 at a host
        bridge) and time_slices (pods that take turns on a GPU, 0..31) are a number for all or [G]. nics [N] are
        records of `berth.devices.NIC`, N at most 16; nic_links [G, N], or None: as switches and NUMA nodes say.
        wide_nvswitch: its NVSwitch domain spans hosts. BERTH_BAD_ARGUMENT names the device that is wrong, BERTH_LIMIT
        counts."""
        ffi, lib = abi.ffi, abi.lib
        links = column(links, np.uint8, "links", (-1, -1))
        count = len(links)
        links = column(links, np.uint8, "links", (count, count))
        names = [models] * count if isinstance(models, str) else list(models)
        if len(names) != count:
            raise ValueError(f"models: {len(names)} names for {count} GPUs")
        texts = [ffi.new("char[]", c_text(name)) for name in names]
        memory = column(memory_mib, np.uint32, "memory_mib", (count,))
        numa_nodes = column(numa_nodes, np.uint16, "numa_nodes", (count,))
        switches = column(pcie_switches, np.uint16, "pcie_switches", (count,))
        slices = column(time_slices, np.uint32, "time_slices", (count,))
        columns = (memory.tolist(), numa_nodes.tolist(), switches.tolist(), slices.tolist(), [0] * count)
        nics = np.zeros(0, NIC) if nics is None else records(nics, NIC, "nics")
        record = ffi.new("berth_machine *")
        lib.berth_machine_init(record)
        record.flags = lib.BERTH_MACHINE_WIDE_NVSWITCH if wide_nvswitch else 0
        record.gpu_count, record.nic_count = count, len(nics)
        gpus = ffi.new("berth_gpu[]", list(zip(texts, *columns, strict=True)))
        record.gpus, record.nics = gpus, pointer(nics, "berth_nic *")
        record.gpu_links = pointer(links, "uint8_t *")
        if nic_links is not None:
            nic_links = column(nic_links, np.uint8, "nic_links", (count, len(nics)))
            record.nic_links = pointer(nic_links, "uint8_t *")
        return self._engine._id("uint32_t", lib.berth_machine_intern, record)

    def read_machine(self, machine: int) -> Machine:
        """A machine as it was interned. BERTH_UNKNOWN_ID for other ids, and for BERTH_NO_MACHINE."""
        ffi, most = abi.ffi, (MOST_GPUS, MOST_NICS)
        record, gpus = ffi.new("berth_machine *"), ffi.new("berth_gpu[]", most[0])
        abi.lib.berth_machine_init(record)
        nics = np.zeros(most[1], NIC)
        links, nic_links = np.zeros(most[0] ** 2, np.uint8), np.zeros(most[0] * most[1], np.uint8)
        cells = (pointer(links, "uint8_t *"), pointer(nic_links, "uint8_t *"))
        self._engine._call(abi.lib.berth_machine_read, machine, record, gpus, pointer(nics, "berth_nic *"), *cells)
        count, nic_count = record.gpu_count, record.nic_count
        rows = gpus[0:count]
        return Machine(
            links=links[: count * count].reshape(count, count).copy(),
            models=tuple(ffi.string(gpu.model).decode() for gpu in rows),
            memory_mib=np.array([gpu.memory_mib for gpu in rows], np.uint32),
            numa_nodes=np.array([gpu.numa_node for gpu in rows], np.uint16),
            pcie_switches=np.array([gpu.pcie_switch for gpu in rows], np.uint16),
            time_slices=np.array([gpu.time_slices for gpu in rows], np.uint32),
            nics=nics[:nic_count].copy(),
            nic_links=nic_links[: count * nic_count].reshape(count, nic_count).copy(),
            wide_nvswitch=bool(record.flags & abi.lib.BERTH_MACHINE_WIDE_NVSWITCH),
        )

    def set_model_worth(self, model: str, worth: int) -> None:
        """What a model is worth to BERTH_TERM_GPU_MODEL, 0..100; models that were not told have 0."""
        self._engine._call(abi.lib.berth_gpu_model_set, c_text(model), worth)

    # Nodes

    def set_machines(self, nodes: Any, machines: Any) -> None:
        """Says which machine each of nodes [n] is: an id for all, or [n]; BERTH_NO_MACHINE (0) takes devices away. All
        devices are free and healthy then. All or nothing: BERTH_WRONG_STATE while pods hold devices of a node,
        BERTH_DUPLICATE for a node that occurs twice."""
        nodes = as_ids(nodes, "nodes")
        machines = column(machines, np.uint32, "machines", nodes.shape)
        ids = (pointer(nodes, "berth_node_id *"), pointer(machines, "berth_machine_id *"))
        self._engine._call(abi.lib.berth_nodes_set_machines, *ids, len(nodes))

    def set_health(self, node: int, sick_gpus: Iterable[int] = (), sick_nics: Iterable[int] = ()) -> None:
        """Says which devices of a node are sick, by index; all others are healthy. No pod gets a sick one; who has it
        keeps it. BERTH_BAD_ARGUMENT for devices that the machine has not, BERTH_WRONG_STATE without a machine."""
        gpus, nics = mask(sick_gpus, 32, "sick_gpus"), mask(sick_nics, 32, "sick_nics")
        self._engine._call(abi.lib.berth_node_set_health, node, gpus, nics)

    def read_devices(self, node: int) -> NodeDevices:
        """What of a node's devices is free now, and which are sick."""
        lib = abi.lib
        gpus, functions = np.zeros(MOST_GPUS, GPU_STATE), np.zeros(MOST_NICS, np.uint32)
        cells = (pointer(gpus, "berth_gpu_state *"), pointer(functions, "uint32_t *"))
        out = abi.ffi.new("berth_machine_id *")
        self._engine._call(lib.berth_node_read_devices, node, out, *cells)
        counts = (0, 0)
        if out[0] != abi.constants["BERTH_NO_MACHINE"]:
            record = abi.ffi.new("berth_machine *")
            lib.berth_machine_init(record)
            self._engine._call(lib.berth_machine_read, out[0], record, *[abi.ffi.NULL] * 4)
            counts = (record.gpu_count, record.nic_count)
        return NodeDevices(out[0], gpus[: counts[0]].copy(), functions[: counts[1]].copy())

    # What fragmentation is measured by

    def set_typical_pods(
        self,
        cpu: Any,
        gpu_counts: Any,
        share_milli: Any,
        weights: Any,
        models: Sequence[str | None] | None = None,
        total: int = 0,
    ) -> None:
        """Sets the kinds of pods that the fragmentation policies keep room for, K of them, at most 1024: cpu [K],
        gpu_counts [K] (0: none), share_milli [K] of each GPU (1..1000, 0 without GPUs), weights [K], how many there
        are of a kind among all (1..2^20, together at most 2^24), models: None, or for each kind "G2|V100M32" or None
        for any. total counts all pods, those that are not typical too: at least the sum of the weights; 0
        is that sum.

        This is the target workload of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
        Fragmentation Gradient Descent", USENIX ATC 2023, section 3."""
        ffi = abi.ffi
        cpu = column(cpu, np.int64, "cpu")
        kinds = len(cpu)
        counts = column(gpu_counts, np.uint32, "gpu_counts", (kinds,)).tolist()
        shares = column(share_milli, np.uint32, "share_milli", (kinds,)).tolist()
        weights = column(weights, np.uint64, "weights", (kinds,)).tolist()
        names = [None] * kinds if models is None else list(models)
        if len(names) != kinds:
            raise ValueError(f"models: {len(names)} for {kinds} kinds")
        texts = [ffi.new("char[]", c_text(name)) if name else ffi.NULL for name in names]
        pods = ffi.new("berth_typical_pod[]", list(zip(cpu.tolist(), counts, shares, weights, texts, strict=True)))
        self._engine._call(abi.lib.berth_typical_pods_set, pods, kinds, total)

    def read_fragmentation(self, nodes: Any) -> np.ndarray:
        """How fragmented the free GPUs of nodes [n] are to the typical pods, FGD's F in milli-GPU (section 3 there):
        float64 [n]; 0 for nodes without GPUs, and while no typical pods are set."""
        nodes = as_ids(nodes, "nodes")
        milli = np.zeros(len(nodes))
        ids = pointer(nodes, "berth_node_id *")
        self._engine._call(abi.lib.berth_fragmentation_read, ids, len(nodes), pointer(milli, "double *"))
        return milli
