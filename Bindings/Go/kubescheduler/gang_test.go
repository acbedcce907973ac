package kubescheduler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// gangPod is a member of a gang of so many.
func gangPod(uid, group string, least int) *Pod {
	p := pod(uid, "")
	p.Group, p.Profile = Group{Name: group, MinMembers: least}, profileName
	return p
}

// gangs are members of a gang that takes a whole node each.
func (b *bed) members(group string, count, least int) (pods []*Pod) {
	for i := range count {
		p := gangPod(fmt.Sprint(group, "-", i), group, least)
		p.Requests[ResourceCPU] = 3000
		pods = append(pods, p)
		b.SetPod(p)
	}
	return pods
}

func (b *bed) expectGangs(when string, want map[GangEvent]uint64) {
	b.t.Helper()
	got := b.Stats().Gangs
	for _, event := range GangEvents {
		if got[event] != want[event] {
			b.t.Errorf("%s: %d times %s, want %d", when, got[event], event, want[event])
		}
	}
}

func TestGangsAreReadFromEachConvention(t *testing.T) {
	for _, c := range []struct {
		labels, annotations map[string]string
		want                Group
		wrong               string
	}{
		{nil, nil, Group{}, ""},
		{map[string]string{"scheduling.x-k8s.io/pod-group": "g"}, nil, Group{Name: "g"}, ""},
		{map[string]string{"pod-group.scheduling.sigs.k8s.io/name": "g", "pod-group.scheduling.sigs.k8s.io/min-available": "3"}, nil,
			Group{Name: "g", MinMembers: 3}, ""},
		{map[string]string{"pod-group.scheduling.sigs.k8s.io": "g"},
			map[string]string{"pod-group.scheduling.sigs.k8s.io/min-available": "3"}, Group{Name: "g", MinMembers: 3}, ""},
		{nil, map[string]string{"gang.scheduling.koordinator.sh/name": "g", "gang.scheduling.koordinator.sh/min-available": "2",
			"gang.scheduling.koordinator.sh/waiting-time": "30s"}, Group{Name: "g", MinMembers: 2, Timeout: 30 * time.Second}, ""},
		{nil, map[string]string{"scheduling.k8s.io/group-name": "g", "scheduling.volcano.sh/group-min-member": "4"},
			Group{Name: "g", MinMembers: 4}, ""},
		{map[string]string{"gang.scheduling.koordinator.sh/name": "g"}, nil, Group{}, ""},
		{nil, map[string]string{"gang.scheduling.koordinator.sh/name": "g", "gang.scheduling.koordinator.sh/min-available": "0"},
			Group{}, "'0', which is no number of pods"},
		{nil, map[string]string{"gang.scheduling.koordinator.sh/name": "g", "gang.scheduling.koordinator.sh/waiting-time": "5"},
			Group{}, "'5', which is no duration"},
	} {
		got, err := GroupOf(c.labels, c.annotations)
		if got != c.want && err == nil || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%v, %v: %+v, %v; want %+v, %s", c.labels, c.annotations, got, err, c.want, c.wrong)
		}
	}
}

func TestGangsArePlannedWhole(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 6)
	s := newScheduler(b)
	pods := b.members("g", 4, 4)
	first, err := s.cycle(pods[2])
	if err != nil {
		t.Fatal(err)
	}
	b.expectGangs("after the first member", map[GangEvent]uint64{GangPlanned: 1})
	b.expectPods(4, "after the plan")
	// Nobody else gets the places that are held, though the members' own cycles are still to come.
	for i := range 2 {
		other := pod(fmt.Sprint("other", i), "")
		other.Requests[ResourceCPU] = 3000
		if got := s.place(other); got == "" {
			t.Fatal("there is room for two more")
		}
	}
	if got := b.choose(pod("small", ""), 6); len(got) != 6 {
		t.Errorf("a small pod fits beside all: %v", got)
	}
	big := pod("big", "")
	big.Requests[ResourceCPU] = 3000
	if got := b.choose(big, 6); len(got) != 0 {
		t.Errorf("a third pod of that size is given %v", got)
	}
	if got := b.Permit(pods[2].UID); got.Wait != 5*time.Minute || len(got.Activate) != 3 || got.Allow != nil {
		t.Errorf("the first is to wait 5 minutes and the three others to come: %+v", got)
	}
	nodes := map[string]bool{first: true}
	for _, i := range []int{3, 0, 1} {
		got, err := s.cycle(pods[i])
		if err != nil {
			t.Fatal(err)
		}
		nodes[got] = true
		permission := b.Permit(pods[i].UID)
		if isLast := i == 1; (permission.Wait == 0) != isLast || isLast && len(permission.Allow) != 3 {
			t.Errorf("member %d: %+v", i, permission)
		}
	}
	if len(nodes) != 4 {
		t.Errorf("four members are on %v", nodes)
	}
	if !slices.Equal(s.sizes(), []int{1, 1, 1, 1, 1, 1}) {
		t.Errorf("cycles with %v nodes", s.sizes())
	}
	b.expectGangs("when all have reserved", map[GangEvent]uint64{GangPlanned: 1, GangAdmitted: 1})
	for _, p := range pods {
		b.Confirm(p.UID)
		if reject := b.Unreserve(p.UID); reject != nil {
			t.Errorf("after its binding, %v are to be rejected", reject)
		}
	}
	b.expectPods(6, "at the end")
}

func TestGangsWithoutAPlaceWaitWhole(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 3)
	s := newScheduler(b)
	pods := b.members("g", 4, 4)
	_, err := s.cycle(pods[0])
	var held *Held
	if !errors.As(err, &held) || held.Gang.Name != "g" || held.Reason == "" {
		t.Fatalf("a gang of four on three nodes gives %v", err)
	}
	b.expectPods(0, "of a gang without a place")
	b.expectGangs("without a place", map[GangEvent]uint64{GangNoPlace: 1})
	b.SetNode(node("n9", "z"))
	if _, err := s.cycle(pods[0]); err != nil {
		t.Errorf("with a fourth node: %v", err)
	}
	if b.Stats().Held != 1 {
		t.Errorf("%+v", b.Stats())
	}
}

func TestMembersAreGatedUntilThereAreEnough(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 3)
	first, second := gangPod("1", "g", 2), gangPod("2", "g", 2)
	if err := b.Gate(first); err == nil || !strings.Contains(err.Error(), "1 of 2 members") {
		t.Errorf("one of two gives %v", err)
	}
	if ready := b.SetPod(first); ready != nil {
		t.Errorf("after one of two, %v may be looked at", ready)
	}
	if _, err := b.Choose(profileName, first, 1); err == nil {
		t.Error("one of two is placed")
	}
	if ready := b.SetPod(second); len(ready) != 2 {
		t.Errorf("after two of two, %v may be looked at", ready)
	}
	if ready := b.SetPod(second); ready != nil {
		t.Errorf("an update of a member that is known gives %v", ready)
	}
	if err := b.Gate(first); err != nil {
		t.Errorf("two of two give %v", err)
	}
	if err := b.Gate(pod("single", "")); err != nil {
		t.Errorf("a pod without a gang gives %v", err)
	}
	b.DeletePod("2")
	if err := b.Gate(first); err == nil {
		t.Error("after a member has gone, one of two may go")
	}
	b.DeletePod("1")
	if len(b.gangs) != 0 || len(b.memberOf) != 0 {
		t.Errorf("%v, %v are kept", b.gangs, b.memberOf)
	}
}

// scheduler-plugins and Volcano say minMember in an object of their own, which may come last.
func TestAPodGroupSaysHowManyThereAreToBe(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 3)
	key := GroupKey{Namespace: "shop", Name: "g"}
	b.members("g", 2, 0)
	if ready := b.SetPodGroup(key, 2); len(ready) != 2 {
		t.Errorf("with the PodGroup, %v may be looked at", ready)
	}
	if ready := b.SetPodGroup(key, 3); ready != nil {
		t.Errorf("with a higher minMember, %v may be looked at", ready)
	}
	b.DeletePodGroup(key)
	b.DeletePod("g-0")
	b.DeletePod("g-1")
	if len(b.gangs) != 0 {
		t.Errorf("%v are kept", b.gangs)
	}
	b.DeletePodGroup(key)
}

func TestOneThatFailsGivesAllBack(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 4)
	s := newScheduler(b)
	pods := b.members("g", 4, 4)
	for _, p := range pods[:3] {
		if _, err := s.cycle(p); err != nil {
			t.Fatal(err)
		}
		b.Permit(p.UID)
	}
	reject := b.Unreserve(pods[1].UID) // its time is up
	if want := []string{pods[0].UID, pods[2].UID}; !slices.Equal(reject, want) {
		t.Errorf("%v are to be rejected, want %v", reject, want)
	}
	b.expectPods(2, "with two on their way back")
	for _, uid := range reject {
		if again := b.Unreserve(uid); again != nil {
			t.Errorf("%v are to be rejected twice", again)
		}
	}
	b.expectPods(0, "after all were given back")
	b.expectGangs("after all were given back", map[GangEvent]uint64{GangPlanned: 1, GangReturned: 1})
	// All begins anew.
	for i, p := range pods {
		if _, err := s.cycle(p); err != nil {
			t.Fatal(err)
		}
		if permission := b.Permit(p.UID); (permission.Wait == 0) != (i == 3) {
			t.Errorf("member %d: %+v", i, permission)
		}
	}
	b.expectGangs("at the end", map[GangEvent]uint64{GangPlanned: 2, GangReturned: 1, GangAdmitted: 1})
	// One whose binding fails after that is tried alone: the others are bound.
	for _, p := range pods[1:] {
		b.Confirm(p.UID)
	}
	if reject := b.Unreserve(pods[0].UID); reject != nil {
		t.Errorf("%v are to be rejected after all were let go", reject)
	}
	if _, err := s.cycle(pods[0]); err != nil {
		t.Error(err)
	}
	if permission := b.Permit(pods[0].UID); permission.Wait != 0 {
		t.Errorf("the last one is to wait: %+v", permission)
	}
}

func TestARefusedPlanIsGivenUp(t *testing.T) {
	b := newBed(t)
	manyNodes(b, 12)
	s := newScheduler(b)
	pods := b.members("g", 3, 3)
	var planned string
	s.refuses = func(p *Pod, node string) bool {
		if planned == "" {
			planned = node
		}
		return node == planned // the node that was planned for the first
	}
	if _, err := s.cycle(pods[0]); err == nil {
		t.Fatal("the planned node is refused, and the pod is placed")
	}
	b.expectPods(0, "after the plan was refused")
	for i, p := range pods {
		if got := s.place(p); got == "" || got == planned {
			t.Errorf("member %d is placed on %q", i, got)
		}
		if permission := b.Permit(p.UID); (permission.Wait == 0) != (i == 2) {
			t.Errorf("member %d: %+v", i, permission)
		}
	}
	b.expectGangs("at the end", map[GangEvent]uint64{GangPlanned: 1, GangRefused: 1, GangAdmitted: 1})
}
