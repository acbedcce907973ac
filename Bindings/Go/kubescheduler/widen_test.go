package kubescheduler

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"berth"
)

func manyNodes(b *bed, count int) {
	for i := range count {
		b.SetNode(node(fmt.Sprintf("n%03d", i), "z"))
	}
}

// What only the scheduler's own plugins know (where a volume is, which claims are allocated) they say of the nodes that
// they are given, and get more until one passes.
func TestPodsGetMoreNodesStepByStep(t *testing.T) {
	for _, c := range []struct {
		name, unmodelled string
		only             string
		nodes            int
		want             []int
	}{
		{"the best node has the volume", "volume data", "n000", 300, []int{16}},
		{"the volume is on the 200th node", "volume data", "n200", 300, []int{16, 64, 256}},
		{"the claim is allocated on the last node", "resource claims", "n299", 300, []int{16, 64, 256, 0}},
		{"a plugin that nobody knows refuses the first 30", "", "n030", 300, []int{1, 4, 16, 64}},
		{"no more steps than nodes", "", "n009", 10, []int{1, 4, 0}},
	} {
		b := newBed(t)
		manyNodes(b, c.nodes)
		s := newScheduler(b)
		s.refuses = func(_ *Pod, node string) bool { return node != c.only }
		p := pod("1", "")
		p.Unmodelled = c.unmodelled
		if got := s.place(p); got != c.only || !slices.Equal(s.sizes(), c.want) {
			t.Errorf("%s: placed on %q after cycles with %v nodes, want %v", c.name, got, s.sizes(), c.want)
		}
		stats := b.Stats()
		isAll := uint64(0)
		if c.want[len(c.want)-1] == 0 {
			isAll = 1
		}
		if stats.Widened != uint64(len(c.want)-1) || stats.WidenedToAll != isAll || stats.Fallbacks[ErrWidened] != isAll {
			t.Errorf("%s: %+v", c.name, stats)
		}
		if len(b.widened) != 0 {
			t.Errorf("%s: %v are kept", c.name, b.widened)
		}
	}
}

func TestAfterAllNodesWereLookedAtAPodBeginsAnew(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 10)
	s := newScheduler(b)
	s.refuses = func(*Pod, string) bool { return true }
	for range 2 {
		if got := s.place(pod("1", "")); got != "" {
			t.Errorf("placed on %s", got)
		}
	}
	if want := []int{1, 4, 0, 1, 4, 0}; !slices.Equal(s.sizes(), want) {
		t.Errorf("cycles with %v nodes, want %v", s.sizes(), want)
	}
	b.Widen("1")
	b.Assume(pod("1", ""), "n001")
	b.Widen("2")
	b.DeletePod("2")
	if len(b.widened) != 0 {
		t.Errorf("%v are kept", b.widened)
	}
}

// A DaemonSet's controller says on which node a pod is to be by its name, as a field and not as a label.
func TestDaemonSetPodsGoToTheirNode(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 50)
	daemon := func(uid, node string) *Pod {
		p := pod(uid, "")
		p.Required = []berth.SelectorTerm{{Requirements: []berth.Requirement{
			{Key: "metadata.name", Operator: berth.In, Values: []string{node}, Field: true}}}}
		p.Tolerations = []berth.Toleration{{Operator: berth.TolerationExists}}
		return p
	}
	cordoned := node("n031", "z")
	cordoned.Unschedulable = true
	b.SetNode(cordoned)
	s := newScheduler(b)
	for i, want := range []string{"n030", "n031", "n030"} {
		if got := s.place(daemon(fmt.Sprint("d", i), want)); got != want {
			t.Errorf("the pod of %s is placed on %s", want, got)
		}
	}
	if !slices.Equal(s.sizes(), []int{1, 1, 1}) {
		t.Errorf("cycles with %v nodes", s.sizes())
	}
	full := daemon("d9", "n030")
	full.Requests = map[string]int64{ResourceCPU: 4000}
	if got := b.choose(full, 4); len(got) != 0 {
		t.Errorf("on a full node, a pod gets %v", got)
	}
}

func TestNominatedPodsAreRespected(t *testing.T) {
	b := newBed(t)
	for i := range 3 {
		name := fmt.Sprint("n", i)
		b.SetNode(node(name, "z"))
		for j := range i + 1 {
			b.SetPod(pod(fmt.Sprint(i, "-", j), name)) // n0 is the emptiest
		}
	}
	evicts := pod("evicts", "")
	evicts.Priority, evicts.NominatedNode = 10, "n0"
	b.SetPod(evicts)
	first := func(priority int32) string {
		p := pod("p", "")
		p.Priority = priority
		return b.choose(p, 1)[0].Node
	}
	if got := first(0); got != "n1" {
		t.Errorf("a pod of lower priority goes to %s, which is promised to another", got)
	}
	if got := first(10); got != "n1" {
		t.Errorf("a pod of the same priority goes to %s, which is promised to another", got)
	}
	if got := first(11); got != "n0" {
		t.Errorf("a pod of higher priority goes to %s", got)
	}
	low := pod("p", "")
	if got := b.choose(low, 3); len(got) != 3 || got[2].Node != "n0" {
		t.Errorf("with all nodes as candidates, the promised one is to be last: %v", got)
	}
	// The pod itself is to go where room was made for it, if the filters let it, and that is not the best node.
	evicts.NominatedNode = "n2"
	b.SetPod(evicts)
	if got := b.choose(evicts, 2); len(got) != 2 || got[0].Node != "n2" || got[1].Node != "n0" {
		t.Errorf("the nominated pod is given %v", got)
	}
	if got := first(0); got != "n0" {
		t.Errorf("after the promise was moved, a pod goes to %s", got)
	}
	bound := pod("evicts", "n2")
	b.SetPod(bound)
	if len(b.promises) != 0 || len(b.nominated) != 0 {
		t.Errorf("%v, %v are kept", b.promises, b.nominated)
	}
	b.SetPod(evicts)
	b.DeletePod("evicts")
	if len(b.promises) != 0 {
		t.Errorf("%v are kept of a deleted pod", b.promises)
	}
}

func TestReasonsHaveSentences(t *testing.T) {
	for _, reason := range Reasons {
		if reason.Error() == "" {
			t.Errorf("%q has no sentence", string(reason))
		}
		if got := reasonOf(fmt.Errorf("pod: %w", reason)); got != reason {
			t.Errorf("%q is found as %q", string(reason), string(got))
		}
	}
	if got := reasonOf(errors.New("anything")); got != ErrFailed {
		t.Errorf("an unknown error is %q", string(got))
	}
}
