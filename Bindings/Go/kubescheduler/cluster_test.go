package kubescheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
)

const (
	profileName = "default-scheduler"
	gib         = 1 << 30
)

// bed is a cluster with a clock of its own and the failures that it reported.
type bed struct {
	*Cluster
	t        *testing.T
	now      time.Time
	failures []error
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{t: t, now: time.Unix(1_000_000, 0)}
	b.Cluster = NewCluster(Options{
		Own:    "Berth",
		Report: func(err error) { b.failures = append(b.failures, err) },
		Now:    func() time.Time { return b.now },
	})
	t.Cleanup(b.Close)
	if err := b.AddProfile(DefaultProfile(profileName)); err != nil {
		t.Fatal(err)
	}
	return b
}

// node is one of a zone, with a label that only it has.
func node(name, zone string) *Node {
	labels := map[string]string{hostnameKey: name, "example.com/instance-id": "i-" + name}
	if zone != "" {
		labels[zoneKey] = zone
	}
	return &Node{
		Name:        name,
		Labels:      labels,
		Allocatable: map[string]int64{ResourceCPU: 4000, ResourceMemory: 16 * gib, ResourcePods: 10},
		Images:      []berth.Image{{Name: "registry/web:1", SizeBytes: 300 << 20}, {Name: "<none>:<none>"}, {Name: "<none>:<none>"}},
	}
}

func pod(uid, on string) *Pod {
	return &Pod{
		UID: uid, Namespace: "shop", Name: uid, NodeName: on,
		Labels:   map[string]string{"app": "web"},
		Requests: map[string]int64{ResourceCPU: 1000, ResourceMemory: gib},
		NonZero:  NonZero{1000, gib},
		Scored:   NonZero{1000, gib},
	}
}

func (b *bed) choose(pod *Pod, k int) []Choice {
	b.t.Helper()
	choices, err := b.Choose(profileName, pod, k)
	if err != nil {
		b.t.Fatal(err)
	}
	return choices
}

// state is everything of the engine that counts, in words that do not depend on how it came about.
func (b *bed) state(probes ...*Pod) string {
	b.t.Helper()
	b.lock.Lock()
	defer b.lock.Unlock()
	m, err := b.current()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := m.engine.Validate(); err != nil {
		b.t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range sortedKeys(m.nodes) {
		fmt.Fprintf(&text, "%s:", name)
		for _, resource := range sortedKeys(m.resources) {
			allocatable, requested, err := m.engine.ReadNodes([]berth.NodeID{m.nodes[name].id},
				[]berth.ResourceID{m.resources[resource]})
			if err != nil {
				b.t.Fatal(err)
			}
			if allocatable[0] != 0 || requested[0] != 0 {
				fmt.Fprintf(&text, " %s %d/%d", resource, requested[0], allocatable[0])
			}
		}
		text.WriteByte('\n')
	}
	for _, probe := range probes {
		class, err := m.classToPlace(probe, b.profiles[profileName])
		if err != nil {
			b.t.Fatal(err)
		}
		candidates, err := m.engine.Candidates(class, len(m.nodes)+1)
		if err != nil {
			b.t.Fatal(err)
		}
		var lines []string
		for _, candidate := range candidates {
			lines = append(lines, fmt.Sprintf("%s=%d", m.names[candidate.Node], candidate.Score))
		}
		slices.Sort(lines)
		fmt.Fprintf(&text, "%s on %v\n", probe.UID, lines)
	}
	info, err := m.engine.Info()
	if err != nil {
		b.t.Fatal(err)
	}
	fmt.Fprintf(&text, "in all %d pods\n", info.Pods)
	return text.String()
}

func (b *bed) expectPods(want uint64, when string) {
	b.t.Helper()
	if text := b.state(); !strings.HasSuffix(text, fmt.Sprintf("in all %d pods\n", want)) {
		b.t.Errorf("%s, there are to be %d pods:\n%s", when, want, text)
	}
}

func TestPodsMayComeBeforeTheirNode(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "b"))
	b.expectPods(0, "with a pod on a node that is not there")
	b.SetNode(node("b", "z"))
	b.expectPods(1, "with the node")
	b.SetPod(pod("2", ""))
	b.expectPods(1, "with a pod that is on no node yet")
	if got := b.choose(pod("2", ""), 1); len(got) != 1 || got[0].Node != "a" {
		t.Errorf("the pod's best node is %v", got)
	}
}

func TestEventsMayComeTwice(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetNamespace("shop", map[string]string{"team": "blue"})
	b.SetPod(pod("1", "a"))
	before := b.state(pod("probe", ""))
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "a"))
	b.SetNamespace("shop", map[string]string{"team": "blue"})
	if after := b.state(pod("probe", "")); after != before {
		t.Errorf("the second time changed\n%sto\n%s", before, after)
	}
	b.DeletePod("1")
	b.DeletePod("1")
	b.DeleteNamespace("shop")
	b.DeleteNamespace("shop")
	b.DeleteNode("a")
	b.DeleteNode("a")
	b.expectPods(0, "after everything has gone twice")
	if stats := b.Stats(); stats.Engines != 1 || stats.Failures != 0 {
		t.Errorf("%+v, %v", stats, b.failures)
	}
}

func TestAssumedPodsAreBoundOrForgotten(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetNode(node("b", "z"))
	b.expectPods(0, "at first")
	b.Assume(pod("1", ""), "a")
	b.Assume(pod("2", ""), "a")
	b.Assume(pod("3", ""), "a")
	b.SetPod(pod("1", "")) // an update of the pod's object while it is being bound
	b.expectPods(3, "with three assumed pods")
	b.SetPod(pod("1", "a"))
	b.Forget("1")
	b.Forget("2")
	b.Forget("2")
	b.Confirm("3")
	b.Forget("3")
	b.Forget("4")
	b.expectPods(2, "with one bound, one forgotten, one confirmed")
	b.Assume(pod("1", ""), "b")
	if text := b.state(); !strings.Contains(text, "b: cpu 0/4000") {
		t.Errorf("what is bound was moved by what was assumed too late:\n%s", text)
	}
	b.Assume(pod("5", ""), "a")
	b.SetPod(pod("5", "b"))
	if text := b.state(); !strings.Contains(text, "b: cpu 1000/4000") {
		t.Errorf("a pod that is bound elsewhere than assumed:\n%s", text)
	}
	b.Assume(pod("6", ""), "a")
	b.DeletePod("6")
	b.expectPods(3, "after an assumed pod was deleted")
}

func TestNodesLeaveAndComeBackWithTheirPods(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetNode(node("b", "y"))
	b.SetPod(pod("1", "a"))
	b.Assume(pod("2", ""), "a")
	before := b.state(pod("probe", ""))
	b.DeleteNode("a")
	b.expectPods(0, "without their node")
	b.SetNode(node("a", "z"))
	if after := b.state(pod("probe", "")); after != before {
		t.Errorf("leaving and coming back changed\n%sto\n%s", before, after)
	}
	b.DeleteNode("a")
	b.DeletePod("1")
	b.Forget("2")
	b.SetNode(node("a", "z"))
	b.expectPods(0, "after the pods left, too")
}

func TestPodsChangeInPlace(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "a"))
	resized := pod("1", "a")
	resized.Requests = map[string]int64{ResourceCPU: 3000, ResourceMemory: gib}
	resized.NonZero.MilliCPU = 3000
	b.expectPods(1, "at first")
	b.SetPod(resized)
	if text := b.state(); !strings.Contains(text, " cpu 3000/4000") || !strings.Contains(text, "scored/cpu 3000/4000") {
		t.Errorf("after a resize:\n%s", text)
	}
	// A pod that is being deleted holds its place, and is not counted by topology spread.
	spread := pod("probe", "")
	spread.SpreadConstraints = []SpreadConstraint{{TopologyKey: zoneKey, MaxSkew: 1, MinDomains: 2,
		Selector:          &Selector{[]berth.Requirement{{Key: "app", Operator: berth.In, Values: []string{"web"}}}},
		WhenUnsatisfiable: berth.DoNotSchedule}}
	if got := b.choose(spread, 1); len(got) != 0 {
		t.Errorf("with a pod in one zone of two, another fits: %v", got)
	}
	ending := *resized
	ending.Terminating = true
	b.SetPod(&ending)
	if got := b.choose(spread, 1); len(got) != 1 {
		t.Errorf("beside a pod that is being deleted, none fits")
	}
	b.expectPods(1, "while the pod ends")
}

// Whatever the order of events, and however often they come, what is left is what a scheduler that starts now sees; and
// so it is for an engine that is made anew.
func TestStateDependsOnTheLastWordsOnly(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 4))
		b, fresh := newBed(t), newBed(t)
		nodes, pods, assumed := map[string]*Node{}, map[string]*Pod{}, map[string]*Pod{}
		for range 150 {
			name, uid := fmt.Sprint("n", random.IntN(6)), fmt.Sprint("p", random.IntN(20))
			switch random.IntN(10) {
			case 0, 1, 2:
				told := randomNode(random, name)
				nodes[name] = told
				b.SetNode(told)
			case 3:
				delete(nodes, name)
				b.DeleteNode(name)
			case 4, 5, 6:
				told := randomPod(random, uid)
				if old := pods[uid]; old != nil {
					told.NodeName = old.NodeName // a pod is bound once
				} else if old := assumed[uid]; old != nil {
					told.NodeName = old.NodeName
				} else {
					told.NodeName = name
				}
				pods[uid] = told
				delete(assumed, uid)
				b.SetPod(told)
			case 7:
				delete(pods, uid)
				delete(assumed, uid)
				b.DeletePod(uid)
			case 8:
				told := randomPod(random, uid)
				b.Assume(told, name)
				if pods[uid] == nil {
					told.NodeName = name
					assumed[uid] = told
				}
			case 9:
				b.Forget(uid)
				delete(assumed, uid)
			}
			if random.IntN(20) == 0 {
				b.state()
			}
		}
		for _, name := range sortedKeys(nodes) {
			fresh.SetNode(nodes[name])
		}
		for _, uid := range sortedKeys(pods) {
			fresh.SetPod(pods[uid])
		}
		for _, uid := range sortedKeys(assumed) {
			fresh.Assume(assumed[uid], assumed[uid].NodeName)
		}
		var probes []*Pod
		for i := range 8 {
			probes = append(probes, randomPod(random, fmt.Sprint("probe", i)))
		}
		got, want := b.state(probes...), fresh.state(probes...)
		if got != want {
			t.Fatalf("seed %d: after all events\n%sbut a fresh start gives\n%s", seed, got, want)
		}
		b.Close()
		if got := b.state(probes...); got != want {
			t.Fatalf("seed %d: made anew\n%swant\n%s", seed, got, want)
		}
		if len(b.failures)+len(fresh.failures) > 0 {
			t.Fatalf("seed %d: %v %v", seed, b.failures, fresh.failures)
		}
	}
}

func randomNode(random *rand.Rand, name string) *Node {
	n := node(name, []string{"", "y", "z"}[random.IntN(3)])
	n.Unschedulable = random.IntN(5) == 0
	if random.IntN(3) == 0 {
		n.Taints = []berth.Taint{{Key: "gpu", Effect: berth.EffectNoSchedule}}
		n.Allocatable["example.com/gpu"] = 4
	}
	if random.IntN(4) == 0 {
		delete(n.Labels, hostnameKey)
	}
	return n
}

func randomPod(random *rand.Rand, uid string) *Pod {
	p := pod(uid, "")
	p.Labels = map[string]string{"app": []string{"web", "cache"}[random.IntN(2)]}
	p.Terminating = random.IntN(6) == 0
	some := &Selector{[]berth.Requirement{{Key: "app", Operator: berth.In, Values: []string{"web"}}}}
	if random.IntN(3) == 0 {
		p.HostPorts = []berth.HostPort{{Port: 8080}}
	}
	if random.IntN(3) == 0 {
		p.PodAffinity = []PodAffinityTerm{{Kind: berth.PodAntiAffinityRequired,
			TopologyKey: []string{hostnameKey, zoneKey, "example.com/instance-id"}[random.IntN(3)], Selector: some}}
	}
	if random.IntN(3) == 0 {
		p.PodAffinity = append(p.PodAffinity, PodAffinityTerm{Kind: berth.PodAffinityPreferred, Weight: 10,
			TopologyKey: zoneKey, Selector: some, NamespaceSelector: &Selector{}})
	}
	if random.IntN(3) == 0 {
		p.Requests["example.com/gpu"] = 1
		p.Tolerations = []berth.Toleration{{Key: "gpu", Operator: berth.TolerationExists}}
	}
	if random.IntN(3) == 0 {
		p.DefaultSelector = some
	}
	return p
}
