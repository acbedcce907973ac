package berth

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// small is an engine with two nodes and one class of pods.
func small(t testing.TB) (*Engine, []NodeID, ClassID) {
	t.Helper()
	engine, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := engine.AddResource("cpu", ResourceCPU)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := engine.AddNodes(Nodes{
		Nodes:       make([]Node, 2),
		Resources:   []ResourceID{cpu},
		Allocatable: []int64{4000, 4000},
		Names:       []string{"a", ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := engine.AddProfile("packing", Term{Kind: Binpack, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	class, err := engine.InternClass(PodSpec{Profile: profile, Requests: map[ResourceID]int64{cpu: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	return engine, nodes, class
}

func TestEngineTakesItsMemoryFromJemalloc(t *testing.T) {
	engine, _, _ := small(t)
	defer engine.Close()
	info, err := engine.Info()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("berth %s, allocator %s, CPU level %s", LibraryVersion(), info.Allocator, info.CPULevel)
	if info.Allocator != AllocatorJemalloc {
		t.Errorf("allocator %s, want jemalloc", info.Allocator)
	}
}

func TestPodsLiveThroughTheirStates(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	placements, err := engine.Place(class, class, class)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Confirm(placements[0].Pod); err != nil {
		t.Fatal(err)
	}
	if err := engine.Forget(placements[0].Pod); !errors.Is(err, WrongState) {
		t.Errorf("forgetting a bound pod gives %v", err)
	}
	if err := engine.Forget(placements[1].Pod); err != nil {
		t.Fatal(err)
	}
	if err := engine.Release(placements[0].Pod, placements[2].Pod); err != nil {
		t.Fatal(err)
	}
	if err := engine.Release(placements[0].Pod); !errors.Is(err, StaleID) {
		t.Errorf("releasing twice gives %v", err)
	}
	if _, err := engine.Bind([]ClassID{class}, nodes[1:]); err != nil {
		t.Fatal(err)
	}
	if err := engine.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestNodesChangeInBatches(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	if id, err := engine.FindNode("a"); err != nil || id != nodes[0] {
		t.Errorf("FindNode gives %v, %v", id, err)
	}
	if _, err := engine.FindNode("b"); !errors.Is(err, UnknownID) {
		t.Errorf("an unknown name gives %v", err)
	}
	if err := engine.CordonNodes(nodes[:1], true); err != nil {
		t.Fatal(err)
	}
	dry, err := engine.DryRun(class)
	if err != nil || dry[0].Node != nodes[1] || dry[0].Pod != NoPod {
		t.Errorf("with the first node cordoned, a dry run gives %+v, %v", dry, err)
	}
	if err := engine.UpdateNodes(nodes[1:], Nodes{Nodes: make([]Node, 1), Resources: []ResourceID{0},
		Allocatable: []int64{500}}); err != nil {
		t.Fatal(err)
	}
	allocatable, requested, err := engine.ReadNodes(nodes, []ResourceID{0})
	if err != nil || !slices.Equal(allocatable, []int64{4000, 500}) || !slices.Equal(requested, []int64{0, 0}) {
		t.Errorf("ReadNodes gives %v, %v, %v", allocatable, requested, err)
	}
	explanation, err := engine.Explain(class)
	if err != nil || explanation.Feasible != 0 || len(explanation.Reasons) != 2 {
		t.Errorf("Explain gives %+v, %v", explanation, err)
	}
	if explanation.NearestNode != nodes[1] || explanation.NearestShortfall != 500 {
		t.Errorf("the nearest miss is %+v", explanation)
	}
	if err := engine.RemoveNodes(nodes[:1]); err != nil {
		t.Fatal(err)
	}
	list, err := engine.ListNodes(0, 10)
	if err != nil || !slices.Equal(list, nodes[1:]) {
		t.Errorf("ListNodes gives %v, %v", list, err)
	}
	if err := engine.RemoveNodes(nodes[:1]); !errors.Is(err, StaleID) {
		t.Errorf("removing twice gives %v", err)
	}
}

func TestCandidatesComeBestFirst(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	if _, err := engine.Bind([]ClassID{class}, nodes[1:]); err != nil {
		t.Fatal(err)
	}
	candidates, err := engine.Candidates(class, 5)
	if err != nil || len(candidates) != 2 || candidates[0].Node != nodes[1] ||
		candidates[0].Score <= candidates[1].Score {
		t.Errorf("Candidates gives %v, %v", candidates, err)
	}
}

func TestSpecsWithEveryPartBecomeClasses(t *testing.T) {
	engine, nodes, _ := small(t)
	defer engine.Close()
	profile, err := engine.AddProfile("ratio",
		Term{Kind: RequestedToCapacityRatio, Weight: 2, Resources: []TermResource{{Resource: 0, Weight: 1}},
			Points: []ShapePoint{{0, 0}, {100, 10}}},
		Term{Kind: NodeAffinity, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	disks, err := engine.InternLabels(map[string]string{"disk": "ssd", "generation": "7"})
	if err != nil {
		t.Fatal(err)
	}
	old, err := engine.InternTaints([]Taint{{Key: "old", Effect: EffectNoExecute}})
	if err != nil {
		t.Fatal(err)
	}
	added, err := engine.AddNodes(Nodes{Nodes: []Node{{Labels: disks, Taints: old, Price: 5}},
		Resources: []ResourceID{0}, Allocatable: []int64{4000}, Requested: []int64{1000}})
	if err != nil {
		t.Fatal(err)
	}
	spec := PodSpec{
		Profile:      profile,
		Priority:     -3,
		Requests:     map[ResourceID]int64{0: 2000},
		NodeSelector: map[string]string{"disk": "ssd"},
		Required: []SelectorTerm{{Requirements: []Requirement{
			{Key: "generation", Operator: Gt, Values: []string{"6"}},
			{Key: "metadata.name", Operator: NotIn, Values: []string{"a"}, Field: true},
		}}},
		Preferred:   []SelectorTerm{{Weight: 10, Requirements: []Requirement{{Key: "disk", Operator: Exists}}}},
		Tolerations: []Toleration{{Key: "old", Operator: TolerationEqual, Effect: EffectNoExecute}},
	}
	class, err := engine.InternClass(spec)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := engine.InternClass(spec); err != nil || again != class {
		t.Errorf("an equal spec gives %v, %v; want %v", again, err, class)
	}
	// The shape gives 75 at 3000 of 4000, the affinity all of 100: 2 x 75 + 100.
	placements, err := engine.Place(class, class)
	if err != nil || placements[0].Node != added[0] || placements[0].Score != 250 || placements[1].Outcome != NoFit {
		t.Errorf("Place gives %+v, %v (first nodes %v)", placements, err, nodes)
	}
}

func TestErrorsNameCauseAndStatus(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	_, unknown := engine.Place(class + 1000)
	_, zero := engine.AddResource("g\x00pu", ResourceGPU)
	_, empty := engine.AddResource("", ResourceGPU)
	_, short := engine.AddNodes(Nodes{Nodes: make([]Node, 2), Resources: []ResourceID{0}, Allocatable: []int64{1}})
	_, negative := engine.AddNodes(Nodes{Nodes: make([]Node, 1), Resources: []ResourceID{0}, Allocatable: []int64{-1}})
	_, many := engine.Candidates(class, 1<<20)
	_, level := New(Options{Levels: []string{"zone", "zone"}})
	_, bound := engine.Bind([]ClassID{class}, nil)
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"unknown class", unknown, UnknownID},
		{"zero byte", zero, BadText},
		{"empty name", empty, BadText},
		{"short column", short, BadArgument},
		{"negative quantity", negative, BadQuantity},
		{"too many candidates", many, Limit},
		{"level twice", level, Duplicate},
		{"classes without nodes", bound, BadArgument},
	} {
		var refused *Error
		if !errors.As(c.err, &refused) || !errors.Is(c.err, c.want) || len(refused.Message) < 10 {
			t.Errorf("%s: got %v, want %v with a sentence", c.name, c.err, c.want)
		}
	}
	if !strings.Contains(negative.Error(), "-1") {
		t.Errorf("%v does not name the quantity", negative)
	}
	placements, err := engine.Place(class)
	if err != nil || placements[0].Node != nodes[0] {
		t.Errorf("after the refusals, Place gives %v, %v", placements, err)
	}
}

func TestClosedEngineIsRefused(t *testing.T) {
	engine, _, class := small(t)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Place(class); !errors.Is(err, ErrClosed) || !errors.Is(err, BadEngine) {
		t.Errorf("a closed engine gives %v", err)
	}
	if err := engine.Close(); err != nil {
		t.Errorf("closing twice gives %v", err)
	}
}

func TestForgottenEnginesAreClosed(t *testing.T) {
	areClosed(t, func() *Engine {
		engine, _, _ := small(t)
		return engine
	})
}

// areClosed forgets engines, of which only tokens are left, and waits until the collector has found most of them. The
// last one may still be somewhere on a stack, and a cleanup that comes while the test looks at its engine is refused:
// nobody else has a second token that could be inside.
func areClosed(t *testing.T, open func() *Engine) {
	t.Helper()
	tokens := [8]*Engine{}
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		for i := range tokens {
			tokens[i] = &Engine{handle: open().handle}
		}
	}()
	wait.Wait()
	closed := 0
	for range 1000 { // cleanups run some time after a collection
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		closed = 0
		for _, token := range tokens {
			if err := token.Validate(); errors.Is(err, BadEngine) {
				closed++
			}
		}
		if closed > len(tokens)/2 {
			return
		}
	}
	t.Errorf("%d of %d engines are closed after 1000 collections", closed, len(tokens))
}

// Enough goroutines on one engine meet each other: each call is served whole or refused with Busy.
func TestGoroutinesOnOneEngineAreServedOrBusy(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	var wait sync.WaitGroup
	for range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range 2000 {
				placements, err := engine.DryRun(class, class, class)
				if err != nil && !errors.Is(err, Busy) {
					t.Error(err)
				}
				if err == nil && placements[2].Outcome != Placed {
					t.Errorf("%+v", placements)
				}
			}
		}()
	}
	wait.Wait()
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPlacingIntoASliceAllocatesNothingInGo(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	classes, placements, pods := []ClassID{class}, make([]Placement, 1), make([]PodID, 1)
	if n := testing.AllocsPerRun(100, func() {
		if err := engine.PlaceInto(classes, placements); err != nil {
			t.Fatal(err)
		}
		pods[0] = placements[0].Pod
		if err := engine.Release(pods...); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per placement and release", n)
	}
}

func BenchmarkPlaceAndRelease(b *testing.B) {
	engine, _, class := small(b)
	defer engine.Close()
	classes, placements, pods := []ClassID{class}, make([]Placement, 1), make([]PodID, 1)
	for b.Loop() {
		if err := engine.PlaceInto(classes, placements); err != nil {
			b.Fatal(err)
		}
		pods[0] = placements[0].Pod
		if err := engine.Release(pods...); err != nil {
			b.Fatal(err)
		}
	}
}
