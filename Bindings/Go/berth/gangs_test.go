package berth

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const (
	rackLevel = 2
	nodeLevel = 3
)

// gangScene is zone-a with racks a1 and a2 of two nodes, zone-b with rack b1 of three; a node takes four workers.
type gangScene struct {
	*Engine
	t              *testing.T
	cpu            ResourceID
	zones, racks   []DomainID
	nodes          []NodeID
	worker, master ClassID
}

func ok[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func newGangScene(t *testing.T) *gangScene {
	t.Helper()
	s := &gangScene{Engine: ok[*Engine](t)(New(Options{Levels: []string{"zone", "rack"}})), t: t}
	t.Cleanup(func() { s.Close() })
	s.cpu = ok[ResourceID](t)(s.AddResource("cpu", ResourceCPU))
	for _, zone := range []string{"zone-a", "zone-b"} {
		s.zones = append(s.zones, ok[DomainID](t)(s.AddDomain(RootDomain, zone)))
	}
	for i, rack := range []string{"a1", "a2", "b1"} {
		s.racks = append(s.racks, ok[DomainID](t)(s.AddDomain(s.zones[i/2], rack)))
	}
	batch := Nodes{Resources: []ResourceID{s.cpu}, Allocatable: slices.Repeat([]int64{4000}, 7)}
	for _, rack := range []int{0, 0, 1, 1, 2, 2, 2} {
		batch.Nodes = append(batch.Nodes, Node{Domain: s.racks[rack]})
	}
	s.nodes = ok[[]NodeID](t)(s.AddNodes(batch))
	profile := ok[ProfileID](t)(s.AddProfile("packing", Term{Kind: Binpack, Weight: 1}))
	for priority, class := range []*ClassID{&s.worker, &s.master} {
		*class = ok[ClassID](t)(s.InternClass(PodSpec{Profile: profile, Priority: int32(priority),
			Requests: map[ResourceID]int64{s.cpu: 1000}}))
	}
	return s
}

func (s *gangScene) workers(count uint32) Gang {
	return Gang{Roles: []GangRole{{Class: s.worker, Min: count, Max: count}}, Required: rackLevel}
}

// on gives the numbers of the nodes of placements.
func (s *gangScene) on(placements []Placement) []int {
	var numbers []int
	for _, placement := range placements {
		numbers = append(numbers, slices.Index(s.nodes, placement.Node))
	}
	return numbers
}

func podsOf(placements []Placement) []PodID {
	var pods []PodID
	for _, placement := range placements {
		pods = append(pods, placement.Pod)
	}
	return pods
}

func TestGangsArePackedShrunkAndGrown(t *testing.T) {
	s := newGangScene(t)
	found := ok[GangResult](t)(s.PlaceGang(s.workers(8)))
	if found.Outcome != GangPlaced || found.Limits != 0 || found.Limits.String() != "proven" ||
		!slices.Equal(s.on(found.Placements), []int{0, 0, 0, 0, 1, 1, 1, 1}) ||
		!slices.Equal(found.Domains, []uint32{1, 1, 1, 2}) || !slices.Equal(found.DomainsBound, found.Domains) ||
		!slices.Equal(found.LeftOver, []int64{20, 8, 0, 0}) || found.CommonLevel != rackLevel ||
		found.CommonDomain != s.racks[0] || !found.PreferredMet || found.Score != found.ScoreBound ||
		!slices.Equal(found.Roles, make([]uint32, 8)) || found.Proof != (GangProof{}) ||
		found.Sentence != "8 members placed in zone-a/a1: 2 nodes" {
		t.Errorf("PlaceGang gives %+v", found)
	}
	pods := podsOf(found.Placements)
	released := ok[[]PodID](t)(s.ShrinkGang(pods, 4))
	slices.Sort(released)
	if !slices.Equal(released, slices.Sorted(slices.Values(pods[4:]))) {
		t.Errorf("ShrinkGang releases %v of %v", released, pods)
	}
	grown := ok[GangResult](t)(s.PlaceGang(Gang{Required: rackLevel,
		Roles: []GangRole{{Class: s.worker, Min: 1, Max: 16, Running: pods[:4]}}}))
	if !slices.Equal(s.on(grown.Placements), []int{1, 1, 1, 1}) || !slices.Equal(grown.Domains, []uint32{1, 1, 1, 2}) {
		t.Errorf("grown to %+v", grown)
	}
	one := s.workers(1)
	one.Required = nodeLevel
	if found := ok[GangResult](t)(s.PlaceGang(one)); found.CommonLevel != nodeLevel || found.CommonDomain != NoDomain {
		t.Errorf("one member is in %+v", found)
	}
}

func TestGangsThatCannotBeAreProven(t *testing.T) {
	s := newGangScene(t)
	before := ok[uint64](t)(s.Digest())
	found := ok[GangResult](t)(s.PlaceGang(s.workers(13)))
	wanted := GangProof{Role: 0, Level: rackLevel, Needed: 13, Available: 12, BestDomain: s.racks[2], EnoughDomains: 2,
		Resource: s.cpu}
	if found.Outcome != GangNoFit || found.Outcome.String() != "no fit" || found.Proof != wanted ||
		len(found.Placements) != 0 || !strings.HasPrefix(found.Sentence, "no domain of rack holds 13 members of role 0") {
		t.Errorf("PlaceGang gives %+v", found)
	}
	preferred := s.workers(13)
	preferred.Required, preferred.Preferred, preferred.Domain = 0, rackLevel, s.zones[0]
	if found := ok[GangResult](t)(s.DryRunGang(preferred)); found.Outcome != GangPlaced || found.PreferredMet ||
		found.Placements[0].Pod != NoPod {
		t.Errorf("DryRunGang gives %+v", found)
	}
	if ok[uint64](t)(s.Digest()) != before {
		t.Error("the engine has changed")
	}
}

func TestGangsStartTogetherOrNotAtAll(t *testing.T) {
	s := newGangScene(t)
	both := ok[[]GangResult](t)(s.PlaceGangs(s.workers(12), s.workers(9)))
	if both[0].Outcome != GangWithdrawn || both[1].Outcome != GangNoFit || both[0].Proof != (GangProof{}) {
		t.Errorf("PlaceGangs gives %+v", both)
	}
	both = ok[[]GangResult](t)(s.PlaceGangs(s.workers(12), s.workers(8)))
	if !slices.Equal(s.on(both[0].Placements), []int{4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6}) ||
		!slices.Equal(s.on(both[1].Placements), []int{0, 0, 0, 0, 1, 1, 1, 1}) {
		t.Errorf("PlaceGangs gives %+v", both)
	}
	if none, err := s.PlaceGangs(); err != nil || len(none) != 0 {
		t.Errorf("no gangs: %v, %v", none, err)
	}
}

func TestGangsOfRolesSlicesLimitsAndFabrics(t *testing.T) {
	s := newGangScene(t)
	sliced := Gang{Roles: []GangRole{{Class: s.worker, Min: 16, Max: 16, Slices: []GangSlice{{rackLevel, 8}}}}}
	if found := ok[GangResult](t)(s.DryRunGang(sliced)); !slices.Equal(found.Domains, []uint32{1, 1, 2, 4}) {
		t.Errorf("slices: %+v", found)
	}
	spread := Gang{Roles: []GangRole{{Class: s.worker, Min: 6, Max: 6, SpreadLevel: nodeLevel, SpreadMembers: 2}}}
	if found := ok[GangResult](t)(s.DryRunGang(spread)); !slices.Equal(s.on(found.Placements), []int{4, 4, 5, 5, 6, 6}) {
		t.Errorf("a limit by node: %+v", found)
	}
	apart := Gang{Roles: []GangRole{{Class: s.master, Min: 1, Max: 1}, {Class: s.worker, Min: 8, Max: 8}},
		Required: 1, Separate: rackLevel}
	if found := ok[GangResult](t)(s.DryRunGang(apart)); !slices.Equal(found.Domains, []uint32{1, 1, 2, 3}) ||
		!slices.Equal(found.Roles, []uint32{0, 1, 1, 1, 1, 1, 1, 1, 1}) {
		t.Errorf("roles apart: %+v", found)
	}
	around := s.workers(2)
	around.Required, around.Fabrics = 0, []Fabric{Ring{s.nodes[0], s.nodes[2], NoNode, s.nodes[4]}}
	if found := ok[GangResult](t)(s.DryRunGang(around)); found.Outcome != GangPlaced || found.Domains[nodeLevel] != 2 {
		t.Errorf("a ring: %+v", found)
	}
	around.Fabrics = []Fabric{Torus{X: 2, Y: 2, Z: 1, Nodes: s.nodes[:4], Boxes: [][3]uint32{{2, 1, 1}}}}
	if found := ok[GangResult](t)(s.DryRunGang(around)); !slices.Equal(s.on(found.Placements), []int{0, 1}) {
		t.Errorf("a torus: %+v", found)
	}
}

func TestRefusedGangsSayWhy(t *testing.T) {
	s := newGangScene(t)
	role := GangRole{Class: s.worker, Min: 1, Max: 1}
	before := ok[uint64](t)(s.Digest())
	for _, refused := range []struct {
		status Status
		words  string
		gang   Gang
	}{
		{BadArgument, "role_count is 0", Gang{}},
		{BadArgument, "min_members 2 is more", Gang{Roles: []GangRole{{Class: s.worker, Min: 2, Max: 1}}}},
		{BadArgument, "required_level 4", Gang{Roles: []GangRole{role}, Required: 4}},
		{BadArgument, "min_members", Gang{Roles: []GangRole{role}, MinMembers: 2}},
		{UnknownID, "class 99", Gang{Roles: []GangRole{{Class: 99, Min: 1, Max: 1}}}},
		{UnknownID, "running member 0", Gang{Roles: []GangRole{{Class: s.worker, Min: 1, Max: 1, Running: []PodID{NoPod}}}}},
		{Limit, "at most", Gang{Roles: []GangRole{{Class: s.worker, Max: 1 << 31}}}},
		{Limit, "4 slices", Gang{Roles: []GangRole{{Class: s.worker, Slices: make([]GangSlice, 4)}}}},
		{BadArgument, "2 x 2 x 1", Gang{Roles: []GangRole{role}, Fabrics: []Fabric{Torus{X: 2, Y: 2, Z: 1, Nodes: s.nodes}}}},
	} {
		if _, err := s.PlaceGang(refused.gang); !errors.Is(err, refused.status) ||
			!strings.Contains(err.Error(), refused.words) {
			t.Errorf("%+v is refused with %v, wanted %v and %q", refused.gang, err, refused.status, refused.words)
		}
	}
	if _, err := s.ShrinkGang(nil, 1); !errors.Is(err, BadArgument) {
		t.Errorf("one of no members is kept: %v", err)
	}
	if _, err := s.ShrinkGang([]PodID{NoPod}, 0); !errors.Is(err, UnknownID) {
		t.Errorf("no pod is released: %v", err)
	}
	if ok[uint64](t)(s.Digest()) != before {
		t.Error("a refused call changed the engine")
	}
}

func TestGangLimitsHaveNames(t *testing.T) {
	if text := (GangLimitSteps | GangLimitScores | GangLimitOrder).String(); text != "steps, scores, order" {
		t.Errorf("limits are %q", text)
	}
}
