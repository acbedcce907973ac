package kubescheduler

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"berth"
)

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

func TestNodesChangeInPlace(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "a"))
	b.expectPods(1, "at first")
	larger := node("a", "z")
	larger.Allocatable[ResourceCPU] = 8000
	larger.Allocatable["example.com/gpu"] = 2
	b.SetNode(larger)
	if text := b.state(); !strings.Contains(text, " cpu 1000/8000") || !strings.Contains(text, "gpu 0/2") {
		t.Errorf("a larger node is\n%s", text)
	}
	b.SetNode(node("a", "z"))
	if text := b.state(); !strings.Contains(text, " cpu 1000/4000") || strings.Contains(text, "gpu") {
		t.Errorf("and as it was\n%s", text)
	}
	b.SetNode(node("a", "y"))
	inZone := pod("2", "")
	inZone.NodeSelector = map[string]string{zoneKey: "z"}
	if got := b.choose(inZone, 1); len(got) != 0 {
		t.Errorf("after the node moved, zone z has %v", got)
	}
	b.expectPods(1, "in the other zone")
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
