package berth

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// equipped is an engine with two nodes of four GPUs each, and a profile that packs.
type equipped struct {
	*Engine
	t       *testing.T
	cpu     ResourceID
	nodes   []NodeID
	machine MachineID
	profile ProfileID
}

func newEquipped(t *testing.T) equipped {
	t.Helper()
	engine, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := engine.AddResource("cpu", ResourceCPU)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := engine.AddNodes(Nodes{Nodes: make([]Node, 2), Resources: []ResourceID{cpu},
		Allocatable: []int64{64000, 64000}})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := engine.AddProfile("packing", Term{Kind: Binpack, Weight: 1}, Term{Kind: GPUPacking, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := engine.StandardMachine("flat-4", "A100-SXM4-80GB", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.SetMachines(nodes, []MachineID{machine, machine}); err != nil {
		t.Fatal(err)
	}
	return equipped{engine, t, cpu, nodes, machine, profile}
}

func (e equipped) class(demand DeviceDemand) ClassID {
	e.t.Helper()
	id, err := e.intern(demand)
	if err != nil {
		e.t.Fatal(err)
	}
	return id
}

func (e equipped) intern(demand DeviceDemand) (ClassID, error) {
	return e.InternClass(PodSpec{Profile: e.profile, Requests: map[ResourceID]int64{e.cpu: 1000}, Devices: &demand})
}

func (e equipped) pods(class ClassID, count int) []PodID {
	e.t.Helper()
	var pods []PodID
	for _, placement := range place(e.t, e.Engine, slices.Repeat([]ClassID{class}, count)...) {
		if placement.Outcome == Placed {
			pods = append(pods, placement.Pod)
		}
	}
	return pods
}

func (e equipped) freeMilli(node int) []uint32 {
	e.t.Helper()
	states, err := e.ReadDevices(e.nodes[node])
	if err != nil {
		e.t.Fatal(err)
	}
	var free []uint32
	for _, gpu := range states.GPUs[:4] {
		free = append(free, gpu.FreeMilli)
	}
	return free
}

func (e equipped) valid() {
	e.t.Helper()
	if err := e.Validate(); err != nil {
		e.t.Error(err)
	}
}

// twoGPUs is a machine of an unlike pair and a NIC.
func twoGPUs() Machine {
	return Machine{
		GPUs: []GPU{{Model: "A", MemoryMiB: 100, PCIeSwitch: NoSwitch},
			{Model: "B", MemoryMiB: 200, NUMANode: 1, PCIeSwitch: 3, TimeSlices: 4}},
		NICs:     []NIC{{NUMANode: 1, PCIeSwitch: 3, VirtualFunctions: 4}},
		GPULinks: []Link{NoLink, NVLink(12), NVLink(12), NoLink},
	}
}

func TestMachinesAreReadAsTheyWereInterned(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	id, err := e.InternMachine(twoGPUs())
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.ReadMachine(id)
	want := twoGPUs()
	want.NICLinks = []Link{LinkSystem, LinkSingleSwitch}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadMachine gives %+v, %v", got, err)
	}
	for _, name := range []string{"dgx-h100", "dgx-1-v100", "gb200-nvl72"} {
		id, err := e.StandardMachine(name, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		machine, err := e.ReadMachine(id)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := e.InternMachine(machine); err != nil || again != id {
			t.Errorf("%s is %d, and %d, %v when it is interned as it was read", name, id, again, err)
		}
	}
}

func TestTheTextOfNvidiaSmiIsAMachine(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	text := "\tGPU0\tGPU1\tCPU Affinity\nGPU0\tX\tNV4\t0-15\nGPU1\tNV4\tX\t0-15\n"
	id, err := e.MachineFromTopology(text, "A100-PCIE-40GB", 0)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := e.ReadMachine(id)
	if err != nil || machine.GPULinks[1] != NVLink(4) {
		t.Errorf("ReadMachine gives %+v, %v", machine, err)
	}
	_, err = e.MachineFromTopology(strings.Replace(text, "X\tNV4", "X\tMV4", 1), "A100-PCIE-40GB", 0)
	if !errors.Is(err, BadText) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a link that is none: %v", err)
	}
}

func TestMachinesThatAreNotRightAreRefused(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	intern := func(change func(*Machine)) error {
		machine := twoGPUs()
		change(&machine)
		_, err := e.InternMachine(machine)
		return err
	}
	typical := func(pod TypicalPod, total uint64) error { return e.SetTypicalPods([]TypicalPod{pod}, total) }
	_, unknown := e.StandardMachine("dgx", "", 0)
	_, zero := e.StandardMachine("dgx\x00", "", 0)
	_, noMachine := e.ReadMachine(NoMachine)
	refused(t, []refusedCall{
		{"no standard machine", unknown, UnknownID, "dgx-h100"},
		{"a zero byte", zero, BadText, "zero byte"},
		{"no machine", noMachine, UnknownID, "machine 0"},
		{"few links", intern(func(m *Machine) { m.GPULinks = m.GPULinks[1:] }), BadArgument, "2 GPUs need 4"},
		{"few links of NICs", intern(func(m *Machine) { m.NICLinks = []Link{1} }), BadArgument, "need 2"},
		{"one way", intern(func(m *Machine) { m.GPULinks[2] = LinkNode }), BadArgument, "GPU1-GPU0"},
		{"unknown link", intern(func(m *Machine) { m.GPULinks[1], m.GPULinks[2] = 6, 6 }), BadArgument, "GPU0-GPU1"},
		{"no memory", intern(func(m *Machine) { m.GPUs[1].MemoryMiB = 0 }), BadArgument, "GPU1: memory_mib"},
		{"a bar", intern(func(m *Machine) { m.GPUs[0].Model = "A|B" }), BadText, "GPU0"},
		{"NUMA node", intern(func(m *Machine) { m.GPUs[0].NUMANode = 64 }), BadArgument, "numa_node 64"},
		{"slices", intern(func(m *Machine) { m.GPUs[0].TimeSlices = 32 }), BadArgument, "time_slices 32"},
		{"functions", intern(func(m *Machine) { m.NICs[0].VirtualFunctions = 0 }), BadArgument, "NIC0"},
		{"too many", intern(func(m *Machine) { m.GPUs, m.GPULinks = make([]GPU, 17), make([]Link, 289) }), Limit, "17 GPUs"},
		{"worth", e.SetGPUModel("A", 101), BadArgument, "worth 101"},
		{"kinds", e.SetTypicalPods(make([]TypicalPod, 1025), 0), Limit, "1024"},
		{"share", typical(TypicalPod{GPUCount: 2, ShareMilli: 500, Weight: 1}, 0), BadArgument, "use 1000"},
		{"unknown model", typical(TypicalPod{GPUCount: 1, ShareMilli: 1, Weight: 1, Models: "Z"}, 0), UnknownID, "Z"},
		{"total", typical(TypicalPod{Weight: 5}, 4), BadArgument, "total 4"},
	})
}

type refusedCall struct {
	name string
	err  error
	want Status
	word string
}

func refused(t *testing.T, calls []refusedCall) {
	t.Helper()
	for _, c := range calls {
		if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.word) {
			t.Errorf("%s: got %v, want %v and %q", c.name, c.err, c.want, c.word)
		}
	}
}

func TestDevicesOfNodesAreTold(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	dgx, err := e.StandardMachine("dgx-h100", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.EnableEvents(16); err != nil {
		t.Fatal(err)
	}
	if err := e.SetMachines(e.nodes, []MachineID{NoMachine, dgx}); err != nil {
		t.Fatal(err)
	}
	if err := e.SetHealth(e.nodes[1], Devices(0, 7), Devices(3)); err != nil {
		t.Fatal(err)
	}
	none, err := e.ReadDevices(e.nodes[0])
	if err != nil || none != (DeviceStates{}) {
		t.Errorf("a node without devices has %+v, %v", none, err)
	}
	some, err := e.ReadDevices(e.nodes[1])
	if err != nil || some.Machine != dgx || !some.GPUs[7].IsSick() || some.GPUs[1].IsSick() ||
		some.GPUs[1].FreeMilli != 1000 || some.FreeFunctions[0] != 1 || some.GPUs[8] != (GPUState{}) {
		t.Errorf("ReadDevices gives %+v, %v", some, err)
	}
	var kinds []EventKind
	for event, err := range e.Events().New() {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, event.Kind)
	}
	if !slices.Equal(kinds, slices.Repeat([]EventKind{NodeDevicesChanged}, 3)) {
		t.Errorf("the events are %v", kinds)
	}
	info, err := e.Info()
	if err != nil || info.Machines != 2 || info.DeviceBytes == 0 {
		t.Errorf("Info gives %+v, %v", info, err)
	}
	refused(t, []refusedCall{
		{"short", e.SetMachines(e.nodes, []MachineID{dgx}), BadArgument, "1 machines for 2 nodes"},
		{"twice", e.SetMachines([]NodeID{e.nodes[0], e.nodes[0]}, []MachineID{0, 0}), Duplicate, "entry 1"},
		{"unknown", e.SetMachines(e.nodes, []MachineID{dgx, 99}), UnknownID, "machine 99"},
		{"no machine", e.SetHealth(e.nodes[0], 1, 0), WrongState, "no machine"},
		{"no GPU8", e.SetHealth(e.nodes[1], Devices(8), 0), BadArgument, "GPU8 of 8"},
		{"no NIC16", e.SetHealth(e.nodes[1], 0, Devices(16)), BadArgument, "NIC16 of 8"},
	})
	if err := e.SetGPUModel("H100-SXM5-80GB", 100); err != nil {
		t.Error(err)
	}
	pods := []TypicalPod{{CPU: 1000, GPUCount: 1, ShareMilli: 500, Weight: 2}, {Weight: 2}}
	if err := e.SetTypicalPods(pods, 0); err != nil {
		t.Error(err)
	}
	milli, err := e.Fragmentation(e.nodes...)
	if err != nil || !slices.Equal(milli, []float64{0, 3000}) { // six are healthy, half of the pods can use none
		t.Errorf("Fragmentation gives %v, %v", milli, err)
	}
	e.valid()
}
