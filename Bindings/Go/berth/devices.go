package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// SetMachines says which machine nodes are, machines[i] of nodes[i], all or none; [NoMachine] takes their devices away.
// All devices are free and healthy then. [WrongState] while pods hold devices of a node.
func (e *Engine) SetMachines(nodes []NodeID, machines []MachineID) error {
	if len(nodes) != len(machines) {
		return &Error{BadArgument, fmt.Sprintf("%d machines for %d nodes", len(machines), len(nodes))}
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_nodes_set_machines(h, nodeIDs(nodes),
			(*C.berth_machine_id)(unsafe.Pointer(first(machines))), C.size_t(len(nodes)))
	})
}

// SetHealth says which devices of a node are sick; all others are healthy. No pod gets a sick device; claims on it stay
// until their pods are released or moved.
func (e *Engine) SetHealth(node NodeID, sickGPUs, sickNICs DeviceMask) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_node_set_health(h, C.berth_node_id(node), C.uint32_t(sickGPUs),
			C.uint32_t(sickNICs))
	})
}

// GPUState is a GPU of a node now. It has the layout of berth_gpu_state.
type GPUState struct {
	FreeMilli     uint32 // of its time: 1000 when nobody has it
	FreeMemoryMiB uint32
	MIGSlices     DeviceMask // memory slices that belong to MIG instances
	isSick        uint32
}

// IsSick says that no pod gets it.
func (s GPUState) IsSick() bool { return s.isSick != 0 }

// DeviceStates are a node's devices now: of the GPUs and NICs that its machine has, zero beyond them.
type DeviceStates struct {
	Machine       MachineID // NoMachine: none
	GPUs          [MaxGPUs]GPUState
	FreeFunctions [MaxNICs]uint32 // of each NIC
}

// ReadDevices gives a node's devices.
func (e *Engine) ReadDevices(node NodeID) (DeviceStates, error) {
	var states DeviceStates
	err := e.ReadDevicesInto(node, &states)
	return states, err
}

// ReadDevicesInto is ReadDevices without an allocation. States are zero after a refusal.
func (e *Engine) ReadDevicesInto(node NodeID, states *DeviceStates) error {
	*states = DeviceStates{}
	return e.do(func(h cEngine) cStatus {
		return C.berth_node_read_devices(h, C.berth_node_id(node),
			(*C.berth_machine_id)(unsafe.Pointer(&states.Machine)),
			(*C.berth_gpu_state)(unsafe.Pointer(&states.GPUs[0])),
			(*C.uint32_t)(unsafe.Pointer(&states.FreeFunctions[0])))
	})
}

// TypicalPod is a kind of pods that the fragmentation policies keep room for: FGD's target workload.
type TypicalPod struct {
	CPU        int64  // of the CPU resource
	GPUCount   uint32 // 0: asks for none
	ShareMilli uint32 // of each GPU, 1..1000; 0 without GPUs
	Weight     uint64 // how many of them there are among all, 1..2^20
	Models     string // "G2|V100M32": one of these; "": any
}

// SetTypicalPods sets the typical pods; none at first. total counts all pods, those that are not typical too: at least
// the sum of the weights, at most 2^24; 0 is that sum.
func (e *Engine) SetTypicalPods(pods []TypicalPod, total uint64) error {
	f := newFrame()
	defer f.end()
	list := records[C.berth_typical_pod](f, len(pods))
	for i, pod := range pods {
		list[i].cpu, list[i].gpu_count = C.int64_t(pod.CPU), C.uint32_t(pod.GPUCount)
		list[i].share_milli, list[i].weight = C.uint32_t(pod.ShareMilli), C.uint64_t(pod.Weight)
		list[i].models = f.optional(pod.Models)
	}
	if f.err != nil {
		return f.err
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_typical_pods_set(h, first(list), C.size_t(len(list)), C.uint64_t(total))
	})
}

// Fragmentation gives how fragmented nodes' free GPUs are to the typical pods, in milli-GPU: FGD's F. 0 for nodes
// without GPUs, and while no typical pods are set.
func (e *Engine) Fragmentation(nodes ...NodeID) ([]float64, error) {
	milli := make([]float64, len(nodes))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_fragmentation_read(h, nodeIDs(nodes), C.size_t(len(nodes)),
			(*C.double)(unsafe.Pointer(first(milli))))
	})
	if err != nil {
		return nil, err
	}
	return milli, nil
}

// DeviceDemand is what a pod asks for: whole GPUs, a share of one, a time slice, or a MIG instance; and NICs.
type DeviceDemand struct {
	GPUs         uint32 // 0: NICs only
	ShareMilli   uint32 // of each GPU: 1000 is whole; less with one GPU only, and 0 if memory is all it wants
	MemoryMiB    uint32 // whole GPUs: each has so much at least; shares: so much is taken
	LinkRequired Link   // any two of the GPUs are connected so well at least
	PreferLinks  bool   // among the sets that fit, the best connected; else the one that leaves most
	TimeSlice    bool   // one time slice of a GPU that is sliced; ShareMilli and MemoryMiB 0
	NICs         uint32 // virtual functions, each of another NIC
	NICsBySwitch bool   // no path from a NIC to its nearest GPU passes a host bridge
	Models       string // "G2|V100M32": one of these; "": any
	MIGProfile   string // "1g.10gb": an instance on a model that has it; ShareMilli and MemoryMiB 0
}

func (f *frame) demand(demand *DeviceDemand) *C.berth_device_demand {
	if demand == nil {
		return nil
	}
	record := record[C.berth_device_demand](f)
	record.gpu_count, record.share_milli = C.uint32_t(demand.GPUs), C.uint32_t(demand.ShareMilli)
	record.memory_mib, record.link_required = C.uint32_t(demand.MemoryMiB), C.uint32_t(demand.LinkRequired)
	record.nic_count = C.uint32_t(demand.NICs)
	record.models, record.mig_profile = f.optional(demand.Models), f.optional(demand.MIGProfile)
	for _, flag := range []struct {
		isSet bool
		bit   C.uint32_t
	}{
		{demand.PreferLinks, C.BERTH_DEVICES_PREFER_LINKS},
		{demand.TimeSlice, C.BERTH_DEVICES_TIME_SLICE},
		{demand.NICsBySwitch, C.BERTH_DEVICES_NICS_BY_SWITCH},
	} {
		if flag.isSet {
			record.flags |= flag.bit
		}
	}
	return record
}
