package kubescheduler

import (
	"fmt"
	"sync"
	"testing"
)

// A scheduler that starts, or takes over from another, is told by its informers of what there is. What the one before
// had assumed and not bound, nobody has heard of.
func TestANewLeaderPlacesNothingTwice(t *testing.T) {
	old := newBed(t)
	manyNodes(old, 6)
	s := newScheduler(old)
	informers := map[string]*Pod{} // what the API server has
	for i := range 12 {
		p := pod(fmt.Sprint(i), "")
		informers[p.UID] = p
		node := s.place(p)
		if i%3 != 2 { // every third binding does not get through
			bound := pod(p.UID, node)
			informers[p.UID] = bound
			old.Confirm(p.UID)
			old.SetPod(bound)
		}
	}
	start := func() *bed {
		b := newBed(t)
		manyNodes(b, 6)
		for _, uid := range sortedKeys(informers) {
			b.SetPod(informers[uid])
		}
		return b
	}
	fresh := start()
	fresh.expectPods(8, "of the new leader, told of those that are bound")
	s = newScheduler(fresh)
	for _, uid := range sortedKeys(informers) {
		if informers[uid].NodeName == "" {
			if s.place(informers[uid]) == "" {
				t.Errorf("pod %s is not placed", uid)
			}
		}
	}
	fresh.expectPods(12, "after the rest was placed")
	// A binding of the old leader gets through after all: the pod is where the API server says, and nowhere else.
	late := pod("2", "n005")
	fresh.SetPod(late)
	fresh.expectPods(12, "after a late binding")
	if got := fresh.pods["2"].node; got != "n005" {
		t.Errorf("the pod is on %s", got)
	}
	fresh.Assume(pod("2", ""), "n001")
	fresh.Forget("2")
	if got := fresh.pods["2"].node; got != "n005" {
		t.Errorf("a bound pod was assumed again, and is on %s", got)
	}
	// Two that start from the same are the same.
	informers["2"] = late
	for _, uid := range sortedKeys(informers) {
		if informers[uid].NodeName == "" {
			delete(informers, uid)
		}
	}
	probe := pod("probe", "")
	if one, other := start().state(probe), start().state(probe); one != other {
		t.Errorf("%s and\n%s", one, other)
	}
}

func TestANewLeaderCompletesAGang(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 3)
	for i := range 2 { // bound by the one before
		p := gangPod(fmt.Sprint("g-", i), "g", 3)
		p.NodeName = fmt.Sprintf("n%03d", i)
		b.SetPod(p)
	}
	s := newScheduler(b)
	last := gangPod("g-2", "g", 3)
	b.SetPod(last)
	if err := b.Gate(last); err != nil {
		t.Error(err)
	}
	if _, err := s.cycle(last); err != nil {
		t.Fatal(err)
	}
	if permission := b.Permit("g-2"); permission.Wait != 0 {
		t.Errorf("the last of three is to wait: %+v", permission)
	}
	b.expectPods(3, "of the whole gang")
	// Two end, one is lost and made anew: it does not wait for those that have ended.
	for i := range 3 {
		b.DeletePod(fmt.Sprint("g-", i))
		if i == 1 {
			b.SetPod(gangPod("g-3", "g", 3))
		}
	}
	again := gangPod("g-3", "g", 3)
	if err := b.Gate(again); err != nil {
		t.Error(err)
	}
	if _, err := s.cycle(again); err != nil {
		t.Fatal(err)
	}
	if permission := b.Permit("g-3"); permission.Wait != 0 {
		t.Errorf("a worker that was lost is to wait: %+v", permission)
	}
	b.DeletePod("g-3")
	if len(b.gangs) != 0 {
		t.Errorf("%v are kept", b.gangs)
	}
}

func TestANewLeaderKnowsWhoHasWhichGPU(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a"))
	b.SetPod(gpuPod("1", "a", whole(2), annotationGPUs, "1,3"))
	next := gpuPod("2", "", whole(2))
	if got := newScheduler(b).place(next); got != "a" {
		t.Fatalf("placed on %q", got)
	}
	if got := b.Assignment(next)[annotationGPUs]; got == nil || *got != "0,2" {
		t.Errorf("the second pod gets %v", got)
	}
}

// Informers, scheduling cycles and binding cycles come from goroutines of their own.
func TestGoroutinesMayCallAtOnce(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 20)
	var all sync.WaitGroup
	run := func(each func(i int)) {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range 60 {
				each(i)
			}
		}()
	}
	reports := make(chan string, 1000)
	run(func(i int) { // scheduling cycles
		p := gangPod(fmt.Sprint("p", i), fmt.Sprint("g", i/2), 2)
		b.SetPod(gangPod(fmt.Sprint("p", i^1), fmt.Sprint("g", i/2), 2))
		choices, err := b.Choose(profileName, p, 1)
		if err != nil || len(choices) == 0 {
			b.Widen(p.UID)
			return
		}
		b.Assume(p, choices[0].Node)
		permission := b.Permit(p.UID)
		go func() { // and its binding cycle
			if permission.Wait > 0 && i%5 == 0 {
				b.Unreserve(p.UID)
			} else {
				b.Confirm(p.UID)
			}
		}()
	})
	run(func(i int) { // informers
		b.SetPod(pod(fmt.Sprint("q", i), fmt.Sprintf("n%03d", i%20)))
		b.DeletePod(fmt.Sprint("q", i-5))
		b.SetNode(node(fmt.Sprintf("n%03d", i%25), "y"))
		b.DeleteNode(fmt.Sprintf("n%03d", 20+i%5))
		b.SetNamespace("shop", map[string]string{"i": fmt.Sprint(i)})
		b.SetPodGroup(GroupKey{Namespace: "shop", Name: fmt.Sprint("g", i)}, 2)
	})
	run(func(int) { // Prometheus
		for _, figure := range b.Figures() {
			if figure.Value < 0 {
				reports <- figure.Name
			}
		}
		b.Compare(nil, 25)
	})
	all.Wait()
	if len(reports) > 0 {
		t.Errorf("%s is negative", <-reports)
	}
	if stats := b.Stats(); stats.Failures != 0 {
		t.Errorf("%+v", stats)
	}
	b.state()
}
