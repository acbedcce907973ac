package kubescheduler

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"berth"
)

// machineKind is what nodes say of their GPUs; nodes that say the same are one machine to the engine.
type machineKind struct {
	machine, topology string // annotations
	model             string
	memoryMiB         uint32 // of each GPU; 0: nobody says it
	count             int64  // 0: as the machine has them
	isLabelled        bool   // a label says the count; else it is what is allocatable, without those that are sick
}

// machine is a kind as the engine has it.
type machine struct {
	id   berth.MachineID
	gpus []berth.GPU
}

// equipment is what a node has of GPUs that are placed one by one. Comparable: a kubelet reports every few minutes.
type equipment struct {
	machine *machine // one for each kind; nil: none
	sick    berth.DeviceMask
	unclear string // it has GPUs, and this is why they cannot be placed one by one
}

// gpusOf reads what a node says; there is false for nodes without GPUs.
func gpusOf(node *Node) (kind machineKind, sick berth.DeviceMask, there bool, err error) {
	kind.machine, kind.topology = node.Annotations[annotationMachine], node.Annotations[annotationTopology]
	kind.model = cmp.Or(node.Labels[labelProduct], node.Labels[labelModel])
	kind.count = node.Allocatable[resourceGPU]
	isCut := false
	for name, quantity := range node.Allocatable {
		there = there || asksForGPUs(name) && quantity > 0
		isCut = isCut || strings.HasPrefix(name, resourceMIG) && quantity > 0
	}
	if kind.count == 0 {
		kind.count = node.Allocatable[resourceCore] / 100
	}
	if !there && kind.machine == "" && kind.topology == "" {
		return kind, 0, false, nil
	}
	number := func(label string) int64 {
		text, told := node.Labels[label]
		value, wrong := strconv.ParseInt(text, 10, 32)
		if told && (wrong != nil || value < 0) && err == nil {
			err = fmt.Errorf("the label %s is '%s', which is no number", label, text)
		}
		return max(0, value)
	}
	// The kubelet leaves sick GPUs out of what is allocatable, which their indices still count.
	if told := number(labelCount); told > 0 {
		kind.count, kind.isLabelled = told, true
	}
	kind.memoryMiB = uint32(number(labelMemory))
	switch replicas := number(labelReplicas); {
	case err != nil:
	case node.Allocatable["nvidia.com/gpu.shared"] > 0 || replicas > 1 && node.Labels[labelSharing] != "none":
		err = errors.New("it slices the time of its GPUs")
	case kind.machine != "" && kind.topology != "":
		err = fmt.Errorf("the annotations %s and %s contradict each other", annotationMachine, annotationTopology)
	case kind.topology != "" && kind.model == "":
		err = fmt.Errorf("the annotation %s needs the label %s beside it", annotationTopology, labelProduct)
	case isCut && node.Labels[labelCount] == "":
		err = fmt.Errorf("it lists MIG instances, and no label %s says of how many GPUs", labelCount)
	case kind.count > berth.MaxGPUs:
		err = fmt.Errorf("it has %d GPUs, at most %d are placed one by one", kind.count, berth.MaxGPUs)
	case kind.count == 0 && kind.machine == "" && kind.topology == "":
		err = errors.New("nothing says how many GPUs it has")
	}
	for _, name := range []string{annotationSick, annotationSickIDs} {
		if text := node.Annotations[name]; text != "" && sick == 0 {
			var ok bool
			if sick, ok = indexList(text); !ok && err == nil {
				err = fmt.Errorf("the annotation %s is '%s', which is no list of indices below %d", name, text, berth.MaxGPUs)
			}
		}
	}
	return kind, sick, true, err
}

// equipmentOf is what a node has. What is not understood of it is not the engine's failure: the node keeps its
// resources, and pods that might go there for GPUs are left to the scheduler.
func (m *mirror) equipmentOf(node *Node) equipment {
	kind, sick, there, err := gpusOf(node)
	if !there {
		return equipment{}
	}
	var made *machine
	if err == nil {
		made, err = m.machine(kind)
	}
	if err == nil {
		for index := range sick.All() {
			if index >= len(made.gpus) {
				err = fmt.Errorf("GPU%d is said to be sick, and there are %d", index, len(made.gpus))
			}
		}
	}
	if err != nil {
		return equipment{unclear: err.Error()}
	}
	return equipment{machine: made, sick: sick}
}

func (m *mirror) machine(kind machineKind) (*machine, error) {
	if known := m.machines[kind]; known != nil {
		return known, nil
	}
	id, err := m.internMachine(kind)
	if err != nil {
		return nil, err
	}
	read, err := m.engine.ReadMachine(id)
	if err != nil {
		return nil, err
	}
	if real := int64(len(read.GPUs)); kind.count > real || kind.isLabelled && kind.count != real {
		return nil, fmt.Errorf("its machine has %d GPUs, and it says that it has %d", len(read.GPUs), kind.count)
	}
	m.machines[kind] = &machine{id, read.GPUs}
	return m.machines[kind], nil
}

func (m *mirror) internMachine(kind machineKind) (berth.MachineID, error) {
	switch {
	case kind.topology != "":
		return m.engine.MachineFromTopology(kind.topology, kind.model, kind.memoryMiB)
	case kind.machine != "":
		return m.engine.StandardMachine(kind.machine, kind.model, kind.memoryMiB)
	}
	name, model := fmt.Sprint("flat-", kind.count), cmp.Or(kind.model, "unknown")
	id, err := m.engine.StandardMachine(name, model, kind.memoryMiB)
	if err != nil && kind.memoryMiB == 0 {
		// Whole GPUs of a model that the engine does not know can be had, and no promises of memory.
		id, err = m.engine.StandardMachine(name, model, 1)
	}
	return id, err
}

// equip makes the engine's node have its devices; pods that hold some are bound again.
func (m *mirror) equip(node *mirroredNode) error {
	old := node.equipment
	node.equipment = m.equipmentOf(node.Node)
	if node.equipment == old {
		return nil
	}
	if delete(m.unclear, node.Name); node.unclear != "" {
		m.unclear[node.Name] = node
	}
	switch {
	case node.machine == nil && old.machine == nil:
		return nil
	case node.machine == old.machine:
		return m.settle(node) // pods that say nothing are not taken to be on sick GPUs
	}
	// A machine cannot be taken away from under pods.
	if err := m.unsettle(node); err != nil {
		return err
	}
	id := berth.NoMachine
	if node.machine != nil {
		id = node.machine.id
		m.equipped[node.machine]++
	}
	if old.machine != nil {
		if m.equipped[old.machine]--; m.equipped[old.machine] == 0 {
			delete(m.equipped, old.machine)
		}
	}
	if err := m.engine.SetMachines([]berth.NodeID{node.id}, []berth.MachineID{id}); err != nil {
		return err
	}
	return m.settle(node)
}
