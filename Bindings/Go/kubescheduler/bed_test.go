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

// settled makes the engine have all that was told.
func (b *bed) settled() {
	b.t.Helper()
	b.lock.Lock()
	defer b.lock.Unlock()
	if _, err := b.current(); err != nil {
		b.t.Fatal(err)
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

func randomNode(random *rand.Rand, name string) *Node {
	n := node(name, []string{"", "y", "z"}[random.IntN(3)])
	n.Unschedulable = random.IntN(5) == 0
	n.Allocatable[ResourceCPU] = int64(2000 + 2000*random.IntN(3))
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
