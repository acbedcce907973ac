package kubescheduler

import (
	"fmt"
	"testing"
	"time"
)

func TestMoreMembersThanNeededComeAlong(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 4)
	s := newScheduler(b)
	pods := b.members("g", 6, 3) // four fit
	placed := 0
	for _, p := range pods {
		if got := s.place(p); got != "" && len(s.given[len(s.given)-1]) > 0 {
			placed++
		}
	}
	if placed != 4 {
		t.Errorf("%d members are placed, want 4", placed)
	}
}

func TestMembersMayDiffer(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 5)
	s := newScheduler(b)
	pods := b.members("g", 4, 5)
	leader := gangPod("leader", "g", 5)
	leader.Requests[ResourceMemory] = 12 * gib
	b.SetPod(leader)
	nodes := map[string]int{}
	for _, p := range append(pods, leader) {
		node, err := s.cycle(p)
		if err != nil {
			t.Fatal(err)
		}
		nodes[node]++
	}
	if b.Stats().Gangs[GangPlanned] != 1 || len(s.given) != 5 {
		t.Errorf("%+v, %v", b.Stats(), nodes)
	}
}

// A gang with more kinds of members than are planned whole is placed one by one, and held in Permit all the same.
func TestWhatCannotBePlannedIsPlacedOneByOne(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 20)
	s := newScheduler(b)
	var pods []*Pod
	for i := range maxGangRoles + 1 {
		p := gangPod(fmt.Sprint("g-", i), "g", maxGangRoles+1)
		p.Labels = map[string]string{"rank": fmt.Sprint(i)}
		pods = append(pods, p)
		b.SetPod(p)
	}
	for i, p := range pods {
		if got := s.place(p); got == "" {
			t.Fatalf("member %d is not placed", i)
		}
		if permission := b.Permit(p.UID); (permission.Wait == 0) != (i == maxGangRoles) {
			t.Errorf("member %d: %+v", i, permission)
		}
	}
	b.expectGangs("at the end", map[GangEvent]uint64{GangNoPlan: 1, GangAdmitted: 1})
}

func TestMembersGetCertainGPUs(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a"))
	b.SetNode(gpuNode("b"))
	s := newScheduler(b)
	var pods []*Pod
	for i := range 4 {
		p := gpuPod(fmt.Sprint(i), "", whole(2))
		p.Group, p.Profile = Group{Name: "g", MinMembers: 4}, profileName
		pods = append(pods, p)
		b.SetPod(p)
	}
	got := map[string]int{}
	for _, p := range pods {
		node, err := s.cycle(p)
		if err != nil {
			t.Fatal(err)
		}
		text := b.Assignment(p)[annotationGPUs]
		if text == nil {
			t.Fatalf("pod %s is told nothing", p.UID)
		}
		got[node+" "+*text]++
	}
	if len(got) != 4 {
		t.Errorf("four members with two GPUs each have %v", got)
	}
	b.expectGPUs("a", "0 0 0 0", "under the gang")
	b.expectGPUs("b", "0 0 0 0", "under the gang")
}

// PodGroups of scheduling.k8s.io are kube-scheduler's to hold: it tries a whole group, takes it back, and places it.
func TestNativeGroupsArePlannedOnly(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 3)
	s := newScheduler(b)
	b.SetPodGroup(GroupKey{"shop", "g", true}, 3)
	var pods []*Pod
	for i := range 3 {
		p := gangPod(fmt.Sprint(i), "g", 0)
		p.Group.Native = true
		p.Requests[ResourceCPU] = 3000
		pods = append(pods, p)
		b.SetPod(p)
		if err := b.Gate(p); err != nil {
			t.Errorf("PreEnqueue is the stock plugin's: %v", err)
		}
	}
	where := map[string]string{}
	for _, p := range pods {
		node, err := s.cycle(p)
		if err != nil {
			t.Fatal(err)
		}
		where[p.UID] = node
		if permission := b.Permit(p.UID); permission.Wait != 0 {
			t.Errorf("Permit is the stock plugin's: %+v", permission)
		}
	}
	for _, p := range pods {
		if reject := b.Unreserve(p.UID); reject != nil {
			t.Errorf("%v are to be rejected", reject)
		}
	}
	b.expectPods(0, "after the scheduler has taken its trial back")
	for _, p := range pods {
		b.Assume(p, where[p.UID])
		b.Confirm(p.UID)
	}
	b.expectPods(3, "at the end")
	b.expectGangs("at the end", map[GangEvent]uint64{GangPlanned: 1})
	// A group without a place is the scheduler's matter as well, which may evict others for it.
	more := gangPod("more", "wide", 0)
	more.Group.Native = true
	more.Requests[ResourceCPU] = 3000
	b.SetPodGroup(GroupKey{"shop", "wide", true}, 1)
	b.SetPod(more)
	if got := b.choose(more, 1); len(got) != 0 {
		t.Errorf("without a place: %v", got)
	}
}

func TestHeldPlacesExpire(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 2)
	s := newScheduler(b)
	pods := b.members("g", 2, 2)
	if _, err := s.cycle(pods[0]); err != nil {
		t.Fatal(err)
	}
	if b.Stats().GangsPlaced != 1 {
		t.Errorf("%+v", b.Stats())
	}
	b.now = b.now.Add(5 * time.Minute)
	b.Unreserve(pods[0].UID)
	b.expectPods(0, "after the time was up")
	if _, err := s.cycle(pods[1]); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(5 * time.Minute) // the first does not come
	b.choose(pod("anyone", ""), 1)
	b.expectPods(1, "with the place given back that nobody came for")
	b.expectGangs("at the end", map[GangEvent]uint64{GangPlanned: 2, GangReturned: 1, GangExpired: 1})
}

// The API server refuses all bindings of a gang that was let go: it is whole again, or not at all.
func TestAGangThatCouldNotBeBoundBeginsAnew(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 2)
	s := newScheduler(b)
	pods := b.members("g", 2, 2)
	for range 2 {
		for i, p := range pods {
			if _, err := s.cycle(p); err != nil {
				t.Fatal(err)
			}
			if permission := b.Permit(p.UID); (permission.Wait == 0) != (i == 1) {
				t.Errorf("member %d: %+v", i, permission)
			}
		}
		for _, p := range pods {
			if reject := b.Unreserve(p.UID); reject != nil {
				t.Errorf("%v are to be rejected", reject)
			}
		}
	}
	b.expectGangs("at the end", map[GangEvent]uint64{GangPlanned: 2, GangAdmitted: 2})
}
