package berth

import (
	"errors"
	"slices"
	"testing"
)

// measured is an engine with a usage, a limit and a spare resource of cpu, and two nodes.
func measured(t *testing.T) (engine *Engine, resources []ResourceID, nodes []NodeID) {
	t.Helper()
	engine, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := engine.AddResource("cpu", ResourceCPU)
	if err != nil {
		t.Fatal(err)
	}
	resources = []ResourceID{cpu}
	spec := DefaultLoadSpec()
	for i, kind := range []LoadKind{LoadUsage, LoadLimit, LoadSpare} {
		spec.Kind, spec.Resource = kind, cpu
		if kind == LoadLimit {
			spec.Resource = resources[1]
		}
		id, err := engine.AddLoadResource([]string{"usage", "limit", "spare"}[i], spec)
		if err != nil {
			t.Fatal(err)
		}
		resources = append(resources, id)
	}
	nodes, err = engine.AddNodes(Nodes{Nodes: make([]Node, 2), Resources: resources[:1], Allocatable: []int64{4000, 4000}})
	if err != nil {
		t.Fatal(err)
	}
	return engine, resources, nodes
}

func TestLoadIsFollowed(t *testing.T) {
	engine, resources, nodes := measured(t)
	defer engine.Close()
	profile, err := engine.AddProfile("packing", Term{Kind: Binpack, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	class, err := engine.InternClass(PodSpec{Profile: profile, Requests: map[ResourceID]int64{resources[0]: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := engine.Bind([]ClassID{class, class}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	// Past the settle time, what was bound at 0 is in the reports. The first node is used to 75 %, above the limit of
	// 65 %.
	now := int64(200_000)
	if err := engine.SetTime(now); err != nil {
		t.Fatal(err)
	}
	if err := engine.UpdateLoad(Load{
		Reports: []LoadReport{
			{Node: nodes[0], MeasuredAtMS: now, Flags: LoadListsPods, PodCount: 1},
			{Node: nodes[1], MeasuredAtMS: now, Flags: LoadListsPods, PodCount: 1},
		},
		Resources: resources[:1],
		Usage:     []int64{3000, 900},
		Pods:      pods,
		PodUsage:  []int64{2500, 400},
	}); err != nil {
		t.Fatal(err)
	}
	states, values, err := engine.ReadLoad(nodes, resources)
	want := LoadState{Node: nodes[1], MeasuredAtMS: now, Flags: LoadListsPods}
	if err != nil || states[1] != want {
		t.Errorf("ReadLoad gives %+v, %v", states, err)
	}
	// Spare: 4000 less 40 % less what is used.
	if !slices.Equal(values, []int64{3000, 3000, 3000, 0, 900, 900, 900, 1500}) {
		t.Errorf("ReadLoad gives %v", values)
	}
	if placement := place(t, engine, class)[0]; placement.Node != nodes[1] {
		t.Errorf("%+v is not on the node below its limit", placement)
	}
	explanation, err := engine.Explain(class)
	if err != nil || explanation.Feasible != 1 || len(explanation.Reasons) != 1 ||
		explanation.Reasons[0] != (Reason{InsufficientResource, resources[2], 1}) {
		t.Errorf("Explain gives %+v, %v", explanation, err)
	}
	if err := engine.UpdateLoadPods(pods[:1], []int64{now}); err != nil {
		t.Error(err)
	}
	if err := engine.RemoveLoad(nodes[0]); err != nil {
		t.Fatal(err)
	}
	states, values, err = engine.ReadLoad(nodes[:1], resources[:1])
	if err != nil || states[0].MeasuredAtMS != -1 || states[0].AgeMS != -1 || values[0] != -1 {
		t.Errorf("a forgotten report reads as %+v, %v, %v", states, values, err)
	}
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}

func TestLoadThatIsNotRightIsRefused(t *testing.T) {
	engine, resources, nodes := measured(t)
	defer engine.Close()
	report := func(change func(*Load)) error {
		load := Load{Reports: []LoadReport{{Node: nodes[0]}}, Resources: resources[:1], Usage: []int64{1}}
		change(&load)
		return engine.UpdateLoad(load)
	}
	_, late := engine.AddLoadResource("late", DefaultLoadSpec())
	_, zero := engine.AddLoadResource("a\x00b", DefaultLoadSpec())
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"too late", late, Sealed},
		{"a zero byte", zero, BadText},
		{"short usage", report(func(l *Load) { l.Usage = nil }), BadArgument},
		{"long pod usage", report(func(l *Load) { l.PodUsage = []int64{1} }), BadArgument},
		{"negative", report(func(l *Load) { l.Usage[0] = -1 }), BadQuantity},
		{"from the future", report(func(l *Load) { l.Reports[0].MeasuredAtMS = 1 }), BadArgument},
		{"unknown node", report(func(l *Load) { l.Reports[0].Node = NoNode }), UnknownID},
		{"no resource", report(func(l *Load) { l.Resources, l.Usage = nil, nil }), BadArgument},
		{"more pods than reports say", report(func(l *Load) { l.Pods, l.PodUsage = []PodID{1}, []int64{1} }), BadArgument},
		{"times without pods", engine.UpdateLoadPods(nil, []int64{1}), BadArgument},
		{"a node that never reported", engine.RemoveLoad(NoNode), UnknownID},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
}
