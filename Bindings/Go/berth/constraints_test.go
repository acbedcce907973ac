package berth

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const zone = "topology.kubernetes.io/zone"

// zoned is an engine with three zones of two nodes each, cpu and a counted resource, and a profile of kube-scheduler's
// terms about other pods.
type zoned struct {
	*Engine
	t       *testing.T
	nodes   []NodeID
	profile ProfileID
}

const (
	zonedCPU     ResourceID = 0
	zonedCounted ResourceID = 1
)

func newZoned(t *testing.T) zoned {
	t.Helper()
	engine, err := New(Options{Levels: []string{zone}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.AddResource("cpu", ResourceCPU); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.AddResource("cpu that counts", ResourceCounted); err != nil {
		t.Fatal(err)
	}
	nodes := Nodes{Resources: []ResourceID{zonedCPU, zonedCounted}}
	for _, name := range []string{"a", "b", "c"} {
		domain, err := engine.AddDomain(RootDomain, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{"1", "2"} {
			nodes.Nodes = append(nodes.Nodes, Node{Domain: domain})
			nodes.Names = append(nodes.Names, name+number)
			nodes.Allocatable = append(nodes.Allocatable, 4000, 4000)
		}
	}
	ids, err := engine.AddNodes(nodes)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := engine.AddProfile("kubernetes",
		Term{Kind: LeastAllocated, Weight: 1, Resources: []TermResource{{Resource: zonedCounted, Weight: 1}}},
		Term{Kind: ImageLocality, Weight: 1},
		Term{Kind: PodTopologySpread, Weight: 2},
		Term{Kind: InterPodAffinity, Weight: 2, HardPodAffinityWeight: 1})
	if err != nil {
		t.Fatal(err)
	}
	return zoned{engine, t, ids, profile}
}

func (z zoned) selector(requirements ...Requirement) SelectorID {
	z.t.Helper()
	id, err := z.InternSelector(requirements...)
	if err != nil {
		z.t.Fatal(err)
	}
	return id
}

func (z zoned) class(change func(*PodSpec)) ClassID {
	z.t.Helper()
	spec := PodSpec{Profile: z.profile, Requests: map[ResourceID]int64{zonedCPU: 100, zonedCounted: 100}}
	change(&spec)
	id, err := z.InternClass(spec)
	if err != nil {
		z.t.Fatal(err)
	}
	return id
}

// zones are the zones of placements, "-" where nothing fits.
func (z zoned) zones(placements []Placement) string {
	var text strings.Builder
	for _, placement := range placements {
		if index := slices.Index(z.nodes, placement.Node); index >= 0 {
			text.WriteByte("abc"[index/2])
		} else {
			text.WriteByte('-')
		}
	}
	return text.String()
}

var isWeb = Requirement{Key: "app", Operator: In, Values: []string{"web"}}

func TestPodsSpreadOverZones(t *testing.T) {
	z := newZoned(t)
	defer z.Close()
	web := z.class(func(spec *PodSpec) {
		spec.Labels = map[string]string{"app": "web", "version": "1"}
		spec.SpreadConstraints = []SpreadConstraint{{TopologyKey: zone, Selector: z.selector(isWeb), MaxSkew: 1,
			MinDomains: 3, WhenUnsatisfiable: DoNotSchedule, NodeTaintsPolicy: PolicyHonor,
			MatchLabelKeys: []string{"version"}}}
	})
	if got := z.zones(place(t, z.Engine, web, web, web, web, web, web)); got != "abcabc" {
		t.Errorf("six pods are spread as %q", got)
	}
	if err := z.CordonNodes(z.nodes[2:4], true); err != nil {
		t.Fatal(err)
	}
	placements := place(t, z.Engine, web, web, web)
	if got := z.zones(placements); got != "ac-" {
		t.Errorf("with zone b cordoned, three more are spread as %q", got)
	}
	verdicts, err := z.Check(web, z.nodes[0], z.nodes[2])
	if err != nil || verdicts[0].Reason != SpreadSkew || verdicts[1].Reason != Unschedulable ||
		verdicts[0].Flags != 0 || verdicts[1].Flags != Unresolvable {
		t.Errorf("Check gives %+v, %v", verdicts, err)
	}
	message, err := z.Message(web)
	if err != nil || message != "0/6 nodes are available: 2 node(s) were unschedulable, "+
		"4 node(s) didn't match pod topology spread constraints." {
		t.Errorf("Message gives %q, %v", message, err)
	}
	if got := SpreadSkew.String(); !strings.Contains(message, got) || got == "" {
		t.Errorf("the words for a skew are %q", got)
	}
	// A pod that is being deleted is not counted any more.
	if err := z.Terminate(placements[0].Pod); err != nil {
		t.Fatal(err)
	}
	states, err := z.ReadPods(placements[0].Pod, placements[1].Pod)
	want := PodState{placements[0].Pod, placements[0].Node, web, Assumed, Terminating}
	if err != nil || states[0] != want || states[1].Flags != 0 {
		t.Errorf("ReadPods gives %+v, %v", states, err)
	}
	if got := z.zones(place(t, z.Engine, web)); got != "a" {
		t.Errorf("after the deletion, the next is in %q", got)
	}
	if err := z.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPodsSeekAndAvoidOthers(t *testing.T) {
	z := newZoned(t)
	defer z.Close()
	if err := z.SetNamespace("shop", map[string]string{"team": "blue"}); err != nil {
		t.Fatal(err)
	}
	cache := z.class(func(spec *PodSpec) {
		spec.Namespace, spec.Labels = "shop", map[string]string{"app": "cache"}
	})
	if _, err := z.Bind([]ClassID{cache}, z.nodes[4:5]); err != nil {
		t.Fatal(err)
	}
	isCache := z.selector(Requirement{Key: "app", Operator: In, Values: []string{"cache"}})
	web := z.class(func(spec *PodSpec) {
		spec.Labels = map[string]string{"app": "web"}
		spec.PodAffinity = []PodAffinityTerm{
			{Kind: PodAffinityRequired, TopologyKey: zone, Selector: isCache,
				NamespaceSelector: z.selector(Requirement{Key: "team", Operator: Exists})},
			{Kind: PodAntiAffinityRequired, TopologyKey: "kubernetes.io/hostname", Selector: z.selector(isWeb),
				NamespaceSelector: NoSelector},
		}
	})
	if got := z.zones(place(t, z.Engine, web, web, web)); got != "cc-" {
		t.Errorf("three pods beside the cache are in %q", got)
	}
	verdicts, err := z.Check(web, z.nodes...)
	if err != nil || verdicts[0].Reason != PodAffinityUnmet || verdicts[4].Reason != PodAntiAffinityUnmet {
		t.Errorf("Check gives %+v, %v", verdicts, err)
	}
	if err := z.RemoveNamespace("shop"); err != nil {
		t.Fatal(err)
	}
	if err := z.RemoveNamespace("shop"); !errors.Is(err, UnknownID) {
		t.Errorf("removing a namespace twice gives %v", err)
	}
	if verdicts, err := z.Check(web, z.nodes[5]); err != nil || verdicts[0].Reason != PodAffinityUnmet {
		t.Errorf("without its namespace's labels the cache is found: %+v, %v", verdicts, err)
	}
	prefers := z.class(func(spec *PodSpec) {
		spec.PodAffinity = []PodAffinityTerm{{Kind: PodAffinityPreferred, Weight: 100, TopologyKey: zone,
			Selector: isCache, Namespaces: []string{"shop"}, NamespaceSelector: NoSelector}}
	})
	if got := z.zones(place(t, z.Engine, prefers)); got != "c" {
		t.Errorf("a pod that likes the cache is in %q", got)
	}
}

func TestHostPortsImagesAndNames(t *testing.T) {
	z := newZoned(t)
	defer z.Close()
	images, err := z.InternImages([]Image{{"registry/model:1", 900 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	states, err := z.ReadNodeStates(z.nodes[3:4])
	if err != nil {
		t.Fatal(err)
	}
	if err := z.UpdateNodes(z.nodes[3:4], Nodes{Nodes: []Node{{Domain: states[0].Domain, Images: images}},
		Resources: []ResourceID{zonedCPU, zonedCounted}, Allocatable: []int64{4000, 4000}}); err != nil {
		t.Fatal(err)
	}
	if states, err = z.ReadNodeStates(z.nodes[3:4]); err != nil || states[0].Images != images {
		t.Errorf("ReadNodeStates gives %+v, %v", states, err)
	}
	model := z.class(func(spec *PodSpec) {
		spec.Images = []string{"registry/model:1"}
		spec.HostPorts = []HostPort{{HostIP: "10.0.0.1", Port: 80, Protocol: UDP}}
	})
	candidates, scores, err := z.ScoredCandidates(model, 2, 4)
	if err != nil || candidates[0].Node != z.nodes[3] || len(scores) != 8 ||
		scores[0]+scores[1]+scores[2]+scores[3] != candidates[0].Score || scores[1] == 0 || scores[5] != 0 {
		t.Errorf("ScoredCandidates gives %+v, %v, %v", candidates, scores, err)
	}
	place(t, z.Engine, model)
	if verdicts, err := z.Check(model, z.nodes[3]); err != nil || verdicts[0].Reason != HostPortsTaken {
		t.Errorf("the port is taken, and Check gives %+v, %v", verdicts, err)
	}
	named := z.class(func(spec *PodSpec) { spec.NodeName = "b1" })
	if placement := place(t, z.Engine, named)[0]; placement.Node != z.nodes[2] {
		t.Errorf("a pod for b1 is placed as %+v", placement)
	}
	big := z.class(func(spec *PodSpec) { spec.Requests[zonedCPU] = 5000 })
	verdicts, err := z.Check(big, z.nodes[0])
	if err != nil || verdicts[0].Reason != InsufficientResource || !slices.Equal(verdicts[0].Lacking, []ResourceID{0}) {
		t.Errorf("Check gives %+v, %v", verdicts, err)
	}
	// A counted resource scores, and refuses nothing.
	counted := z.class(func(spec *PodSpec) {
		spec.Requests[zonedCounted] = 5000
		spec.Scored = map[ResourceID]int64{zonedCounted: 0}
	})
	if placement := place(t, z.Engine, counted)[0]; placement.Outcome != Placed {
		t.Errorf("%+v", placement)
	}
}

func TestConstraintsThatAreNotRightAreRefused(t *testing.T) {
	z := newZoned(t)
	defer z.Close()
	intern := func(change func(*PodSpec)) error {
		spec := PodSpec{Profile: z.profile}
		change(&spec)
		_, err := z.InternClass(spec)
		return err
	}
	everything := z.selector()
	spread := func(change func(*SpreadConstraint)) error {
		constraint := SpreadConstraint{TopologyKey: zone, Selector: everything, MaxSkew: 1,
			WhenUnsatisfiable: DoNotSchedule}
		change(&constraint)
		return intern(func(spec *PodSpec) { spec.SpreadConstraints = []SpreadConstraint{constraint} })
	}
	_, operator := z.InternSelector(Requirement{Key: "app", Operator: Gt, Values: []string{"1"}})
	_, images := z.InternImages([]Image{{"a", 1}, {"a", 2}})
	_, _, terms := z.ScoredCandidates(0, 1, 0)
	_, batch := z.InternClasses([]PodSpec{{Profile: z.profile}, {Profile: z.profile + 7}})
	info, err := z.Info()
	if err != nil || info.Classes != 0 {
		t.Errorf("a batch that is refused left %+v, %v", info, err)
	}
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"maxSkew 0", spread(func(c *SpreadConstraint) { c.MaxSkew = 0 }), BadArgument},
		{"an unknown selector", spread(func(c *SpreadConstraint) { c.Selector = 1000 }), UnknownID},
		{"no topology key", spread(func(c *SpreadConstraint) { c.TopologyKey = "" }), BadText},
		{"minDomains where pods are scheduled anyway", spread(func(c *SpreadConstraint) {
			c.MinDomains, c.WhenUnsatisfiable = 2, ScheduleAnyway
		}), BadArgument},
		{"port 0", intern(func(s *PodSpec) { s.HostPorts = []HostPort{{}} }), BadArgument},
		{"a preference without weight", intern(func(s *PodSpec) {
			s.PodAffinity = []PodAffinityTerm{{Kind: PodAffinityPreferred, TopologyKey: zone, Selector: everything,
				NamespaceSelector: NoSelector}}
		}), BadArgument},
		{"Gt in a label selector", operator, BadArgument},
		{"an image twice", images, Duplicate},
		{"no terms", terms, BadArgument},
		{"an unknown profile in a batch", batch, UnknownID},
		{"a namespace with a zero byte", z.SetNamespace("a\x00", nil), BadText},
		{"a path that is none", z.SetPath(99), BadArgument},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
	classes, err := z.InternClasses([]PodSpec{{Profile: z.profile}, {Profile: z.profile, NodeName: "a1"},
		{Profile: z.profile}})
	if err != nil || classes[0] != classes[2] || classes[0] == classes[1] {
		t.Errorf("InternClasses gives %v, %v", classes, err)
	}
}

func TestEveryPathDecidesTheSame(t *testing.T) {
	z := newZoned(t)
	defer z.Close()
	web := z.class(func(spec *PodSpec) {
		spec.Labels = map[string]string{"app": "web"}
		spec.SpreadConstraints = []SpreadConstraint{{TopologyKey: zone, Selector: z.selector(isWeb), MaxSkew: 1,
			WhenUnsatisfiable: ScheduleAnyway}}
		spec.DefaultSpread = true
	})
	var reference []Placement
	for _, path := range []Path{PathAuto, PathTree, PathScan, PathRows, PathSlots} {
		if err := z.SetPath(path); err != nil {
			t.Fatal(err)
		}
		placements, err := z.DryRun(web, web, web, web)
		if err != nil {
			t.Fatal(err)
		}
		if reference == nil {
			reference = placements
		}
		if !slices.Equal(placements, reference) {
			t.Errorf("path %v gives %+v, others %+v", path, placements, reference)
		}
	}
}
