package kubescheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// snapshot is what the scheduler would have, if it was told the same.
func (b *bed) snapshot() (facts []NodeFacts) {
	b.lock.Lock()
	defer b.lock.Unlock()
	quantities := func(list map[string]int64) Quantities {
		q := Quantities{MilliCPU: list[ResourceCPU], Memory: list[ResourceMemory],
			EphemeralStorage: list[ResourceEphemeralStorage], Scalar: map[string]int64{}}
		for name, quantity := range list {
			if strings.Contains(name, "/") {
				q.Scalar[name] = quantity
			}
		}
		return q
	}
	for _, name := range sortedKeys(b.nodes) {
		fact := NodeFacts{Name: name, Allocatable: quantities(b.nodes[name].Allocatable)}
		sum := map[string]int64{}
		for _, p := range b.podsOn(name) {
			if _, m := b.memberNamed(p.UID); m != nil && m.stage == planned {
				continue
			}
			for resource, quantity := range p.Requests {
				sum[resource] += quantity
			}
			fact.NonZero.MilliCPU += p.NonZero.MilliCPU
			fact.NonZero.Memory += p.NonZero.Memory
			fact.Pods++
		}
		fact.Requested = quantities(sum)
		facts = append(facts, fact)
	}
	return facts
}

func newDriftBed(t *testing.T) *bed {
	b := newBed(t)
	b.options.DriftEvery = time.Minute
	manyNodes(b, 5)
	for i := range 8 {
		p := pod(fmt.Sprint(i), fmt.Sprintf("n%03d", i%3))
		if i == 7 {
			p.Requests["example.com/gpu"] = 2
		}
		b.SetPod(p)
	}
	b.choose(pod("probe", ""), 1)
	b.WantsFacts(5) // the first look is to come a minute from now
	return b
}

// look compares if it is time.
func (b *bed) look(facts []NodeFacts) (looked, resync bool) {
	from, to := b.WantsFacts(len(facts))
	if from == to {
		return false, false
	}
	return true, b.Compare(facts[from:to], len(facts))
}

func TestAnEngineInStepHasNoDrift(t *testing.T) {
	b := newDriftBed(t)
	pods := b.members("g", 2, 2)
	if _, err := newScheduler(b).cycle(pods[0]); err != nil {
		t.Fatal(err)
	}
	if looked, _ := b.look(b.snapshot()); looked {
		t.Error("a look before it is time")
	}
	for range 3 {
		b.now = b.now.Add(time.Minute)
		if looked, resync := b.look(b.snapshot()); !looked || resync {
			t.Errorf("looked %v, resync %v, %v", looked, resync, b.drift.suspects)
		}
	}
	if stats := b.Stats(); stats.DriftChecks != 15 || len(stats.Drift) != 0 || len(b.failures) != 0 {
		t.Errorf("%+v, %v", stats, b.failures)
	}
}

func TestDriftIsWhatLasts(t *testing.T) {
	for kind, change := range map[Drift]func(facts []NodeFacts) []NodeFacts{
		DriftPods:        func(facts []NodeFacts) []NodeFacts { facts[1].Pods++; return facts },
		DriftRequested:   func(facts []NodeFacts) []NodeFacts { facts[2].Requested.MilliCPU -= 1; return facts },
		DriftAllocatable: func(facts []NodeFacts) []NodeFacts { facts[3].Allocatable.Memory++; return facts },
		DriftMissing:     func(facts []NodeFacts) []NodeFacts { facts[4].Name = "unknown"; return facts },
		DriftExtra:       func(facts []NodeFacts) []NodeFacts { return facts[:4] },
	} {
		b := newDriftBed(t)
		b.now = b.now.Add(time.Minute)
		if looked, resync := b.look(change(b.snapshot())); !looked || resync {
			t.Errorf("%s: at the first look, which may be an event on its way: looked %v, resync %v", kind, looked, resync)
		}
		if looked, _ := b.look(b.snapshot()); looked {
			t.Errorf("%s: the second look comes at once", kind)
		}
		b.now = b.now.Add(driftRecheck)
		if _, resync := b.look(change(b.snapshot())); !resync {
			t.Errorf("%s: at the second look, no drift", kind)
		}
		stats := b.Stats()
		if stats.Drift[kind] != 1 || len(stats.Drift) != 1 {
			t.Errorf("%s: %+v", kind, stats.Drift)
		}
		if len(b.failures) != 1 || !strings.Contains(b.failures[0].Error(), string(kind)) {
			t.Errorf("%s: %v is reported", kind, b.failures)
		}
	}
}

func TestWhatDoesNotLastIsNoDrift(t *testing.T) {
	b := newDriftBed(t)
	for i := range 6 {
		b.now = b.now.Add(time.Minute)
		facts := b.snapshot()
		facts[1].Requested.MilliCPU += int64(i) // a node where something is on its way each time
		if _, resync := b.look(facts); resync {
			t.Errorf("look %d: %v", i, b.failures)
		}
	}
}

func TestARefusalIsAReasonToLook(t *testing.T) {
	b := newDriftBed(t)
	b.Widen("probe")
	b.WantsFacts(5)
	b.now = b.now.Add(driftRecheck)
	if looked, _ := b.look(b.snapshot()); !looked {
		t.Error("no look after the scheduler has refused what was chosen")
	}
}

func TestLargeClustersAreLookedAtInParts(t *testing.T) {
	b := newDriftBed(t)
	seen := map[int]bool{}
	for range 4 {
		b.now = b.now.Add(time.Minute)
		from, to := b.WantsFacts(10_000)
		if to-from > driftWindow {
			t.Errorf("%d..%d in one go", from, to)
		}
		seen[from] = true
		b.drift.offset, b.drift.next = to, b.now.Add(time.Minute)
	}
	if len(seen) != 3 {
		t.Errorf("the parts begin at %v", seen)
	}
}

// An event that was lost: the informers know better.
func TestResyncTakesTheInformersWord(t *testing.T) {
	b := newDriftBed(t)
	b.Assume(pod("assumed", ""), "n004")
	lost := pod("3", "n000")
	want := newBed(t)
	manyNodes(want, 5)
	var nodes []*Node
	var pods []*Pod
	for i := range 5 {
		nodes = append(nodes, node(fmt.Sprintf("n%03d", i), "z"))
	}
	for i := range 8 {
		p := pod(fmt.Sprint(i), fmt.Sprintf("n%03d", i%3))
		if i == 7 {
			p.Requests["example.com/gpu"] = 2
		}
		if i != 3 {
			pods = append(pods, p)
			want.SetPod(p)
		}
	}
	pods = append(pods, pod("waiting", ""))
	want.Assume(pod("assumed", ""), "n004")
	b.Resync(nodes, pods, map[string]map[string]string{"shop": {"a": "b"}})
	if got, expected := b.state(pod("probe", "")), want.state(pod("probe", "")); got != expected {
		t.Errorf("after a resync without pod %s:\n%swant\n%s", lost.UID, got, expected)
	}
	if stats := b.Stats(); stats.Resyncs != 1 || stats.Engines != 2 {
		t.Errorf("%+v", stats)
	}
	b.Forget("assumed")
	b.expectPods(7, "after the assumed pod was forgotten")
}
