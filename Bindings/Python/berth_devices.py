"""The GPUs and NICs of nodes, for NumPy: machines, health, what is free, and what fragmentation is measured by.

    devices = Devices(berth, engine)
    dgx = devices.standard_machine("dgx-h100")
    devices.set_machines(nodes, dgx)

What pods ask for and hold is in berth_claims.py. Ids are integers, node and pod ids columns of uint64. Quantities have
the header's units: GPU memory in MiB, shares of a GPU in milli (1000 is all of it), cpu in the unit of the engine's CPU
resource. A refused call raises BerthError with the engine's sentence and changes nothing; an array of another shape, or
with a value that the header's type cannot hold, raises ValueError before there is a call.
"""

import re
from typing import NamedTuple

import numpy as np
from berth_abi import Berth
from berth_columns import c_text, column, mask, records

LINKS = {"X": 0, "SYS": 1, "NODE": 2, "PHB": 3, "PXB": 4, "PIX": 5, "NVSWITCH": 64}
"""BERTH_LINK_* by the words of `nvidia-smi topo -m`, whose legend explains them; NVSWITCH is our own word, NV# is
below."""


def links(words) -> np.ndarray:
    """A matrix of the words of `nvidia-smi topo -m` as BERTH_LINK_* (uint8, of the same shape): X, SYS, NODE, PHB, PXB,
    PIX, NV1..NV47, and NVSWITCH. ValueError for other words. The tool prints NV# for pairs behind a switch, too: say
    NVSWITCH for them, or let the engine read the text (`Devices.machine_from_topology`), which tells them apart."""
    return np.vectorize(_link, otypes=[np.uint8])(words)


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
    """The devices of one engine's nodes. `gpu_state` and `nic` are the dtypes of the header's records."""

    def __init__(self, berth: Berth, engine):
        self.berth, self.engine = berth, engine
        self.gpu_state = np.dtype(berth.dtype("berth_gpu_state"))
        self.nic = np.dtype(berth.dtype("berth_nic"))
        self.most_gpus = berth.constants["BERTH_MAX_GPUS_PER_NODE"]
        self.most_nics = berth.constants["BERTH_MAX_NICS_PER_NODE"]

    def _call(self, function, *arguments) -> None:
        self.berth.check(self.engine, function(self.engine, *arguments))

    def _id(self, function, *arguments) -> int:
        out = self.berth.ffi.new("uint32_t *")
        self._call(function, *arguments, out)
        return out[0]

    # Machines

    def standard_machine(self, name: str, model: str | None = None, memory_mib: int = 0) -> int:
        """The id of a machine that goes by a name, "dgx-h100" or "flat-4"; `berth machines` lists them, and the
        sentence of BERTH_UNKNOWN_ID does. `model` and `memory_mib` replace the kind's own where it takes another: else
        BERTH_BAD_ARGUMENT. What the names stand for is from their makers' user guides (docs/machines.md)."""
        return self._id(self.berth.lib.berth_machine_intern_standard, c_text(name), self._optional(model), memory_mib)

    def machine_from_topology(self, text: str, model: str, memory_mib: int = 0) -> int:
        """The id of the machine that `nvidia-smi topo -m` printed, whose GPUs are all of one model; `memory_mib` 0 is
        the model's own, where that is known. BERTH_BAD_TEXT says line and column of what was not expected."""
        return self._id(self.berth.lib.berth_machine_intern_matrix, c_text(text), c_text(model), memory_mib)

    def machine(self, links, models, memory_mib, numa_nodes=0, pcie_switches=255, time_slices=0, nics=None,
                nic_links=None, wide_nvswitch=False) -> int:  # fmt: skip
        """The id of a machine, the same for equal ones.

        links [G, G] are BERTH_LINK_* (`links()` reads words), symmetric, 0 on the diagonal; G is at most 16. models is
        a name for all GPUs or G of them; memory_mib, numa_nodes (0..63), pcie_switches (0..254, or 255 at a host
        bridge) and time_slices (pods that take turns on a GPU, 0..31) are a number for all or [G]. nics [N] are
        records of `self.nic`, N at most 16; nic_links [G, N], or None: as switches and NUMA nodes say. wide_nvswitch:
        its NVSwitch domain spans hosts. BERTH_BAD_ARGUMENT names the device that is wrong, BERTH_LIMIT counts."""
        ffi, lib = self.berth.ffi, self.berth.lib
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
        nics = np.zeros(0, self.nic) if nics is None else records(nics, self.nic, "nics")
        record = ffi.new("berth_machine *")
        lib.berth_machine_init(record)
        record.flags = lib.BERTH_MACHINE_WIDE_NVSWITCH if wide_nvswitch else 0
        record.gpu_count, record.nic_count = count, len(nics)
        gpus = ffi.new("berth_gpu[]", list(zip(texts, *columns, strict=True)))
        record.gpus, record.nics = gpus, self.berth.column("berth_nic *", nics)
        record.gpu_links = self.berth.column("uint8_t *", links)
        if nic_links is not None:
            nic_links = column(nic_links, np.uint8, "nic_links", (count, len(nics)))
            record.nic_links = self.berth.column("uint8_t *", nic_links)
        return self._id(lib.berth_machine_intern, record)

    def read_machine(self, machine: int) -> Machine:
        """A machine as it was interned. BERTH_UNKNOWN_ID for other ids, and for BERTH_NO_MACHINE."""
        ffi, most = self.berth.ffi, (self.most_gpus, self.most_nics)
        record, gpus = ffi.new("berth_machine *"), ffi.new("berth_gpu[]", most[0])
        self.berth.lib.berth_machine_init(record)
        nics = np.zeros(most[1], self.nic)
        links, nic_links = np.zeros(most[0] ** 2, np.uint8), np.zeros(most[0] * most[1], np.uint8)
        cells = (self.berth.column("uint8_t *", links), self.berth.column("uint8_t *", nic_links))
        self._call(
            self.berth.lib.berth_machine_read, machine, record, gpus, self.berth.column("berth_nic *", nics), *cells
        )
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
            wide_nvswitch=bool(record.flags & self.berth.lib.BERTH_MACHINE_WIDE_NVSWITCH),
        )

    def set_model_worth(self, model: str, worth: int) -> None:
        """What a model is worth to BERTH_TERM_GPU_MODEL, 0..100; models that were not told have 0."""
        self._call(self.berth.lib.berth_gpu_model_set, c_text(model), worth)

    # Nodes

    def set_machines(self, nodes, machines) -> None:
        """Says which machine each of nodes [n] is: an id for all, or [n]; BERTH_NO_MACHINE (0) takes devices away. All
        devices are free and healthy then. All or nothing: BERTH_WRONG_STATE while pods hold devices of a node,
        BERTH_DUPLICATE for a node that occurs twice."""
        nodes = column(nodes, np.uint64, "nodes")
        machines = column(machines, np.uint32, "machines", nodes.shape)
        ids = (self.berth.column("berth_node_id *", nodes), self.berth.column("berth_machine_id *", machines))
        self._call(self.berth.lib.berth_nodes_set_machines, *ids, len(nodes))

    def set_health(self, node: int, sick_gpus=(), sick_nics=()) -> None:
        """Says which devices of a node are sick, by index; all others are healthy. No pod gets a sick one; who has it
        keeps it. BERTH_BAD_ARGUMENT for devices that the machine has not, BERTH_WRONG_STATE without a machine."""
        gpus, nics = mask(sick_gpus, 32, "sick_gpus"), mask(sick_nics, 32, "sick_nics")
        self._call(self.berth.lib.berth_node_set_health, node, gpus, nics)

    def read_devices(self, node: int) -> NodeDevices:
        """What of a node's devices is free now, and which are sick."""
        lib = self.berth.lib
        gpus, functions = np.zeros(self.most_gpus, self.gpu_state), np.zeros(self.most_nics, np.uint32)
        cells = (self.berth.column("berth_gpu_state *", gpus), self.berth.column("uint32_t *", functions))
        out = self.berth.ffi.new("berth_machine_id *")
        self._call(lib.berth_node_read_devices, node, out, *cells)
        counts = (0, 0)
        if out[0] != self.berth.constants["BERTH_NO_MACHINE"]:
            record = self.berth.ffi.new("berth_machine *")
            lib.berth_machine_init(record)
            self._call(lib.berth_machine_read, out[0], record, *[self.berth.ffi.NULL] * 4)
            counts = (record.gpu_count, record.nic_count)
        return NodeDevices(out[0], gpus[: counts[0]].copy(), functions[: counts[1]].copy())

    # What fragmentation is measured by

    def set_typical_pods(self, cpu, gpu_counts, share_milli, weights, models=None, total: int = 0) -> None:
        """Sets the kinds of pods that the fragmentation policies keep room for, K of them, at most 1024: cpu [K],
        gpu_counts [K] (0: none), share_milli [K] of each GPU (1..1000, 0 without GPUs), weights [K], how many there
        are of a kind among all (1..2^20, together at most 2^24), models: None, or for each kind "G2|V100M32" or None
        for any. total counts all pods, those that are not typical too: at least the sum of the weights; 0
        is that sum.

        This is the target workload of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
        Fragmentation Gradient Descent", USENIX ATC 2023, section 3."""
        ffi = self.berth.ffi
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
        self._call(self.berth.lib.berth_typical_pods_set, pods, kinds, total)

    def read_fragmentation(self, nodes) -> np.ndarray:
        """How fragmented the free GPUs of nodes [n] are to the typical pods, FGD's F in milli-GPU (section 3 there):
        float64 [n]; 0 for nodes without GPUs, and while no typical pods are set."""
        nodes = column(nodes, np.uint64, "nodes")
        milli = np.zeros(len(nodes))
        ids = self.berth.column("berth_node_id *", nodes)
        self._call(self.berth.lib.berth_fragmentation_read, ids, len(nodes), self.berth.column("double *", milli))
        return milli

    def _optional(self, text: str | None):
        return self.berth.ffi.NULL if text is None else c_text(text)
