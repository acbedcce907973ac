package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// MachineID is a kind of machine: which GPUs and network interfaces nodes have, and how they are connected.
type MachineID uint32

const (
	NoMachine MachineID = C.BERTH_NO_MACHINE // no devices that are placed one by one
	NoSwitch  uint16    = C.BERTH_NO_SWITCH  // PCIe switch of a device at a host bridge

	MaxGPUs = C.BERTH_MAX_GPUS_PER_NODE // GPUs of a machine, at most
	MaxNICs = C.BERTH_MAX_NICS_PER_NODE // network interfaces of a machine, at most
)

// Link is how two devices are connected: more is closer. The words are those of `nvidia-smi topo -m`.
type Link uint8

const (
	NoLink           Link = C.BERTH_LINK_NONE          // a device and itself; in a demand: no matter how
	LinkSystem       Link = C.BERTH_LINK_SYSTEM        // SYS: through the interconnect of NUMA nodes
	LinkNode         Link = C.BERTH_LINK_NODE          // NODE: through host bridges of one NUMA node
	LinkHostBridge   Link = C.BERTH_LINK_HOST_BRIDGE   // PHB: through one PCIe host bridge
	LinkMultiSwitch  Link = C.BERTH_LINK_MULTI_SWITCH  // PXB: through several PCIe switches
	LinkSingleSwitch Link = C.BERTH_LINK_SINGLE_SWITCH // PIX: through one PCIe switch
	LinkNVSwitch     Link = C.BERTH_LINK_NVSWITCH      // any to any at full speed, through NVSwitch
)

// NVLink is a bond of so many lanes, 1..47: NV# of `nvidia-smi topo -m`.
func NVLink(lanes int) Link { return Link(C.BERTH_LINK_NVLINK + lanes) }

// GPU describes a GPU of a machine.
type GPU struct {
	Model      string // "A100-SXM4-80GB": what pods may ask for by name
	MemoryMiB  uint32 // 1..2^24
	NUMANode   uint16 // 0..63
	PCIeSwitch uint16 // 0..254, equal ones are below one switch; NoSwitch
	TimeSlices uint32 // pods that take turns on it, at most 31; 0: it is not sliced
}

// NIC describes a network interface of a machine. It has the layout of berth_nic.
type NIC struct {
	NUMANode         uint16 // 0..63
	PCIeSwitch       uint16 // 0..254, or NoSwitch
	VirtualFunctions uint32 // pods that can have it at once, 1..255
}

// Machine describes which devices a node has.
type Machine struct {
	GPUs         []GPU
	NICs         []NIC
	GPULinks     []Link // row by row, len(GPUs) x len(GPUs), symmetric, NoLink on the diagonal
	NICLinks     []Link // row by row, len(GPUs) x len(NICs); nil: as switches and NUMA nodes say
	WideNVSwitch bool   // its NVSwitch domain spans hosts: a topology level says which
}

// InternMachine gives the id of a machine; equal ones are one. A device that is not right is named by the error.
func (e *Engine) InternMachine(machine Machine) (MachineID, error) {
	count := len(machine.GPUs)
	if len(machine.GPULinks) != count*count {
		return 0, &Error{BadArgument, fmt.Sprintf("GPULinks has %d entries, %d GPUs need %d",
			len(machine.GPULinks), count, count*count)}
	}
	if machine.NICLinks != nil && len(machine.NICLinks) != count*len(machine.NICs) {
		return 0, &Error{BadArgument, fmt.Sprintf("NICLinks has %d entries, %d GPUs x %d NICs need %d",
			len(machine.NICLinks), count, len(machine.NICs), count*len(machine.NICs))}
	}
	f := newFrame()
	defer f.end()
	gpus := records[C.berth_gpu](f, count)
	for i, gpu := range machine.GPUs {
		gpus[i].model, gpus[i].memory_mib = f.text(gpu.Model), C.uint32_t(gpu.MemoryMiB)
		gpus[i].numa_node, gpus[i].pcie_switch = C.uint16_t(gpu.NUMANode), C.uint16_t(gpu.PCIeSwitch)
		gpus[i].time_slices = C.uint32_t(gpu.TimeSlices)
	}
	if f.err != nil {
		return 0, f.err
	}
	record := f.machine()
	if machine.WideNVSwitch {
		record.flags = C.BERTH_MACHINE_WIDE_NVSWITCH
	}
	record.gpu_count, record.gpus = C.uint32_t(count), first(gpus)
	record.nic_count, record.nics = C.uint32_t(len(machine.NICs)), pinned[C.berth_nic](f, machine.NICs)
	record.gpu_links = pinned[C.uint8_t](f, machine.GPULinks)
	record.nic_links = pinned[C.uint8_t](f, machine.NICLinks)
	var id C.berth_machine_id
	err := e.do(func(h cEngine) cStatus { return C.berth_machine_intern(h, record, &id) })
	return MachineID(id), err
}

func (f *frame) machine() *C.berth_machine {
	record := record[C.berth_machine](f)
	C.berth_machine_init(record)
	return record
}

// StandardMachine gives the id of a machine that goes by a name, "dgx-h100" or "flat-4": [UnknownID] lists them. An
// empty model and a memory of 0 are the kind's own.
func (e *Engine) StandardMachine(name, model string, memoryMiB uint32) (MachineID, error) {
	f := newFrame()
	defer f.end()
	text, modelText := f.text(name), f.optional(model)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_machine_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_machine_intern_standard(h, text, modelText, C.uint32_t(memoryMiB), &id)
	})
	return MachineID(id), err
}

// MachineFromTopology gives the id of the machine that `nvidia-smi topo -m` printed, whose GPUs are of one model; a
// memory of 0 is the model's own. [BadText] says line and column of what was not expected.
func (e *Engine) MachineFromTopology(text, model string, memoryMiB uint32) (MachineID, error) {
	f := newFrame()
	defer f.end()
	printed, modelText := f.text(text), f.text(model)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_machine_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_machine_intern_matrix(h, printed, modelText, C.uint32_t(memoryMiB), &id)
	})
	return MachineID(id), err
}

// ReadMachine gives a machine as it was interned.
func (e *Engine) ReadMachine(id MachineID) (Machine, error) {
	f := newFrame()
	defer f.end()
	record := f.machine()
	gpus, nics := records[C.berth_gpu](f, MaxGPUs), records[NIC](f, MaxNICs)
	links, nicLinks := records[Link](f, MaxGPUs*MaxGPUs), records[Link](f, MaxGPUs*MaxNICs)
	err := e.do(func(h cEngine) cStatus {
		return C.berth_machine_read(h, C.berth_machine_id(id), record, first(gpus),
			(*C.berth_nic)(unsafe.Pointer(first(nics))), (*C.uint8_t)(unsafe.Pointer(first(links))),
			(*C.uint8_t)(unsafe.Pointer(first(nicLinks))))
	})
	if err != nil {
		return Machine{}, err
	}
	count, nicCount := int(record.gpu_count), int(record.nic_count)
	machine := Machine{
		GPUs:         make([]GPU, count),
		NICs:         append([]NIC(nil), nics[:nicCount]...),
		GPULinks:     append([]Link(nil), links[:count*count]...),
		NICLinks:     append([]Link(nil), nicLinks[:count*nicCount]...),
		WideNVSwitch: record.flags&C.BERTH_MACHINE_WIDE_NVSWITCH != 0,
	}
	for i, gpu := range gpus[:count] {
		machine.GPUs[i] = GPU{C.GoString(gpu.model), uint32(gpu.memory_mib), uint16(gpu.numa_node),
			uint16(gpu.pcie_switch), uint32(gpu.time_slices)}
	}
	return machine, nil
}

// SetGPUModel says what a model is worth to GPUModel terms, 0..100: a price or a speed ratio. Models that were not told
// have 0.
func (e *Engine) SetGPUModel(model string, worth uint32) error {
	f := newFrame()
	defer f.end()
	text := f.text(model)
	if f.err != nil {
		return f.err
	}
	return e.do(func(h cEngine) cStatus { return C.berth_gpu_model_set(h, text, C.uint32_t(worth)) })
}
