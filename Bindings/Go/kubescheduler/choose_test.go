package kubescheduler

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
)

func TestWhatIsNotHonouredIsLeftToTheScheduler(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	volumes := pod("1", "")
	volumes.NotHonoured = "volumes"
	if _, err := b.Choose(profileName, volumes, 1); !errors.Is(err, ErrNotHonoured) || !strings.Contains(err.Error(), "volumes") {
		t.Errorf("a pod with volumes gives %v", err)
	}
	if _, err := b.Choose("other", pod("1", ""), 1); !errors.Is(err, ErrProfile) {
		t.Errorf("another profile gives %v", err)
	}
	// What the engine refuses of a pod to be placed is that pod's matter alone.
	wide := pod("2", "")
	for i := range 20 {
		wide.Requests[fmt.Sprint("example.com/", i)] = 1
	}
	if _, err := b.Choose(profileName, wide, 1); !errors.Is(err, berth.Limit) || !strings.Contains(err.Error(), "pod shop/2") {
		t.Errorf("a pod with 20 resources gives %v", err)
	}
	if got := b.choose(pod("1", ""), 1); len(got) != 1 {
		t.Errorf("after that, a pod is given %v", got)
	}
	stats := b.Stats()
	fallbacks := map[Reason]uint64{ErrNotHonoured: 1, ErrProfile: 1, ErrRefused: 1}
	if !maps.Equal(stats.Fallbacks, fallbacks) || stats.Narrowed != 1 || stats.Engines != 1 {
		t.Errorf("%+v, want fallbacks %v", stats, fallbacks)
	}
}

func TestChoicesComeBestFirst(t *testing.T) {
	b := newBed(t)
	for i := range 5 {
		b.SetNode(node(fmt.Sprint("n", i), "z"))
		for j := range i {
			b.SetPod(pod(fmt.Sprint(i, "-", j), fmt.Sprint("n", i)))
		}
	}
	choices := b.choose(pod("1", ""), 3)
	if len(choices) != 3 || choices[0].Node != "n0" || choices[1].Node != "n1" || choices[2].Node != "n2" ||
		choices[0].Score <= choices[1].Score {
		t.Errorf("the three best are %v", choices)
	}
	if all := b.choose(pod("1", ""), 10); len(all) != 4 {
		t.Errorf("there are %v", all)
	}
	huge := pod("1", "")
	huge.Requests[ResourceCPU] = 5000
	if got := b.choose(huge, 3); len(got) != 0 {
		t.Errorf("a pod that fits nowhere is given %v", got)
	}
}

func TestFailuresLeaveAllToTheSchedulerForAWhile(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "a"))
	before := b.state(pod("probe", ""))
	odd := node("odd", "z")
	for i := range 20 {
		odd.Allocatable[fmt.Sprint("example.com/", i)] = 1
	}
	b.SetNode(odd)
	if _, err := b.Choose(profileName, pod("2", ""), 1); !errors.Is(err, ErrFailed) {
		t.Errorf("with a node that the engine refuses: %v", err)
	}
	if len(b.failures) != 1 || !errors.Is(b.failures[0], berth.Limit) {
		t.Fatalf("a node with 20 resources gives %v", b.failures)
	}
	if _, err := b.Choose(profileName, pod("2", ""), 1); !errors.Is(err, ErrNoEngine) {
		t.Errorf("right after the failure: %v", err)
	}
	b.now = b.now.Add(time.Minute)
	if _, err := b.Choose(profileName, pod("2", ""), 1); !errors.Is(err, berth.Limit) {
		t.Errorf("with the node still there: %v", err)
	}
	b.SetPod(pod("2", "a")) // while there is no engine
	b.DeletePod("2")
	b.DeleteNode("odd")
	b.now = b.now.Add(time.Minute)
	if after := b.state(pod("probe", "")); after != before {
		t.Errorf("after the failure\n%swant\n%s", after, before)
	}
	stats := b.Stats()
	fallbacks := map[Reason]uint64{ErrFailed: 2, ErrNoEngine: 1}
	if !maps.Equal(stats.Fallbacks, fallbacks) || stats.Engines != 2 || stats.Failures != 2 {
		t.Errorf("%+v, want fallbacks %v", stats, fallbacks)
	}
}

// Jobs come and go, each with labels of its own. The engine keeps their classes; the cluster does not keep the engine.
func TestEnginesDoNotGrowForEver(t *testing.T) {
	b := newBed(t)
	b.growth = growth{every: 8, classes: 50, bytes: 1 << 40}
	b.SetNode(node("a", "z"))
	for i := range 1000 {
		job := pod(fmt.Sprint("job-", i), "")
		job.Labels = map[string]string{"controller-uid": job.UID}
		if got := b.choose(job, 1); len(got) != 1 {
			t.Fatalf("job %d is given %v", i, got)
		}
		b.Assume(job, "a")
		job.NodeName = "a"
		b.SetPod(job)
		b.DeletePod(job.UID)
	}
	stats := b.Stats()
	if stats.Engines < 10 || stats.Failures != 0 {
		t.Errorf("%+v", stats)
	}
	info, err := b.mirror.engine.Info()
	if err != nil || info.Classes > 100 {
		t.Errorf("%d classes are left, %v", info.Classes, err)
	}
}

// Labels that are each node's own cost nothing until somebody asks for them.
func TestLabelsCountOnceSomebodyAsks(t *testing.T) {
	b := newBed(t)
	for i := range 10 {
		b.SetNode(node(fmt.Sprint("n", i), "z"))
	}
	b.choose(pod("1", ""), 1)
	pools := func() uint32 {
		info, err := b.mirror.engine.Info()
		if err != nil {
			t.Fatal(err)
		}
		return info.Pools
	}
	if got := pools(); got != 1 {
		t.Errorf("there are %d pools", got)
	}
	picky := pod("1", "")
	picky.NodeSelector = map[string]string{"example.com/instance-id": "i-n7"}
	if got := b.choose(picky, 3); len(got) != 1 || got[0].Node != "n7" {
		t.Errorf("a pod for an instance is given %v", got)
	}
	if got := pools(); got < 10 {
		t.Errorf("there are %d pools", got)
	}
	b.SetNode(node("n11", "z"))
	picky.NodeSelector["example.com/instance-id"] = "i-n11"
	if got := b.choose(picky, 3); len(got) != 1 || got[0].Node != "n11" {
		t.Errorf("a pod for an instance that came later is given %v", got)
	}
}

func TestDefaultConstraintsSpreadByServiceAndOwner(t *testing.T) {
	labels := map[string]string{"app": "web", "tier": "front", "hash": "7"}
	owner := &Selector{[]berth.Requirement{{Key: "hash", Operator: berth.Exists}}}
	got := DefaultSelector(labels, []map[string]string{{"app": "web"}, {}, {"app": "cache"}, {"tier": "front"}}, owner)
	if text := fmt.Sprint(got.Requirements); text != "[{app 1 [web] false} {tier 1 [front] false} {hash 3 [] false}]" {
		t.Errorf("the selector is %s", text)
	}
	if got := DefaultSelector(labels, []map[string]string{{"app": "cache"}, nil}, nil); got != nil {
		t.Errorf("a pod of nobody is spread by %v", got)
	}
	b := newBed(t)
	for _, name := range []string{"y1", "z1", "z2"} {
		b.SetNode(node(name, name[:1]))
	}
	probe := pod("probe", "")
	probe.DefaultSelector = DefaultSelector(probe.Labels, []map[string]string{{"app": "web"}}, nil)
	cache := pod("cache", "z1") // as large, and of no service
	cache.Labels = nil
	b.SetPod(cache)
	b.SetPod(pod("1", "y1"))
	if got := b.choose(probe, 1); got[0].Node != "z2" {
		t.Errorf("the best node is %v", got)
	}
	b.SetPod(pod("2", "z2"))
	// z2 and y1 have one each, z1 none; without the default constraints y1 and z1 would do as well as each other.
	if got := b.choose(probe, 1); got[0].Node != "z1" {
		t.Errorf("then the best node is %v", got)
	}
}

func TestTheHostnameIsALabel(t *testing.T) {
	b := newBed(t)
	alias, without := node("b", "z"), node("c", "z")
	alias.Labels[hostnameKey] = "a.example.com"
	delete(without.Labels, hostnameKey)
	b.SetNode(node("a", "z"))
	b.SetNode(alias)
	b.SetNode(without)
	for _, c := range []struct {
		requirement berth.Requirement
		want        string
	}{
		{berth.Requirement{Key: hostnameKey, Operator: berth.Exists}, "ab"},
		{berth.Requirement{Key: hostnameKey, Operator: berth.In, Values: []string{"a", "b", "c"}}, "a"},
		{berth.Requirement{Key: hostnameKey, Operator: berth.In, Values: []string{"a.example.com"}}, "b"},
		{berth.Requirement{Key: "metadata.name", Operator: berth.In, Values: []string{"c"}, Field: true}, "c"},
	} {
		probe := pod("1", "")
		probe.Required = []berth.SelectorTerm{{Requirements: []berth.Requirement{c.requirement}}}
		var names []string
		for _, choice := range b.choose(probe, 3) {
			names = append(names, choice.Node)
		}
		slices.Sort(names)
		if got := strings.Join(names, ""); got != c.want {
			t.Errorf("%+v matches %q, want %q", c.requirement, got, c.want)
		}
	}
}

func TestAPodsOwnConstraintsGoBeforeDefaults(t *testing.T) {
	system, list := DefaultProfile("system"), DefaultProfile("list")
	list.SystemDefaultConstraints = false
	list.DefaultConstraints = []SpreadConstraint{{TopologyKey: "rack", MaxSkew: 1, WhenUnsatisfiable: berth.DoNotSchedule}}
	service, own := pod("1", ""), pod("2", "")
	service.DefaultSelector = &Selector{}
	own.DefaultSelector = &Selector{}
	own.SpreadConstraints = []SpreadConstraint{{TopologyKey: "row", MaxSkew: 1, WhenUnsatisfiable: berth.ScheduleAnyway}}
	for _, c := range []struct {
		profile Profile
		pod     *Pod
		keys    string
		system  bool
	}{
		{system, service, hostnameKey + " " + zoneKey, true},
		{list, service, "rack", false},
		{system, own, "row", false},
		{system, pod("3", ""), "", false},
	} {
		constraints, defaulted := c.profile.spreadOf(c.pod)
		var keys []string
		for _, constraint := range constraints {
			keys = append(keys, constraint.TopologyKey)
		}
		if strings.Join(keys, " ") != c.keys || defaulted != c.system {
			t.Errorf("profile %s, pod %s: %v, %v", c.profile.Name, c.pod.UID, keys, defaulted)
		}
	}
}
