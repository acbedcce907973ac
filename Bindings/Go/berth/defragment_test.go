package berth

import "testing"

// scattered is an engine whose nodes have a half GPU taken each, and the pods that have them.
func scattered(t *testing.T) (equipped, []PodID) {
	t.Helper()
	e := newEquipped(t)
	half := e.class(DeviceDemand{GPUs: 1, ShareMilli: 500})
	claim := Claim{GPUs: Devices(0), ShareMilli: 500}
	pods, err := e.BindClaims([]ClassID{half, half}, e.nodes, []Claim{claim, claim})
	if err != nil {
		t.Fatal(err)
	}
	return e, pods
}

func (e equipped) digest() uint64 {
	e.t.Helper()
	digest, err := e.Digest()
	if err != nil {
		e.t.Fatal(err)
	}
	return digest
}

// free counts wholly free GPUs and nodes.
func (e equipped) free() (gpus, nodes uint64) {
	for node := range e.nodes {
		here := uint64(0)
		for _, milli := range e.freeMilli(node) {
			here += uint64(milli / 1000)
		}
		gpus += here
		if here == 4 {
			nodes++
		}
	}
	return gpus, nodes
}

func TestPlansFreeWhatTheyReport(t *testing.T) {
	for _, goal := range []DefragmentGoal{FreeGPUs, FreeNodes} {
		e, pods := scattered(t)
		defer e.Close()
		before := e.digest()
		options := DefaultDefragment()
		options.Goal, options.MostMoves, options.Iterations = goal, 1, 1000
		plan, report, err := e.Defragment(options)
		if err != nil {
			t.Fatal(err)
		}
		if e.digest() != before {
			t.Error("planning changed the engine")
		}
		wanted := DefragmentReport{structSize: report.structSize, Moves: 1, FreeGPUsBefore: 6, FreeGPUsAfter: 7,
			FreeNodesAfter: 1}
		if report != wanted || len(plan) != 1 {
			t.Fatalf("goal %d: the report is %+v, the plan %+v", goal, report, plan)
		}
		from := 0
		if plan[0].Pod == pods[1] {
			from = 1
		}
		if plan[0] != (Migration{pods[from], e.nodes[from], e.nodes[1-from]}) {
			t.Errorf("goal %d: the plan is %+v", goal, plan)
		}
		if err := e.Migrate(plan); err != nil {
			t.Fatal(err)
		}
		if gpus, nodes := e.free(); gpus != report.FreeGPUsAfter || nodes != report.FreeNodesAfter {
			t.Errorf("goal %d: %d GPUs and %d nodes are free, %+v was reported", goal, gpus, nodes, report)
		}
		if plan, _, err := e.Defragment(options); err != nil || len(plan) != 0 {
			t.Errorf("goal %d: nothing is left to gain, and the plan is %+v, %v", goal, plan, err)
		}
		e.valid()
	}
}

func TestOnlyWhatIsMovableMoves(t *testing.T) {
	e, pods := scattered(t)
	defer e.Close()
	options := DefaultDefragment()
	for _, pod := range pods {
		options.Movable = []PodID{pod}
		if plan, _, err := e.Defragment(options); err != nil || len(plan) != 1 || plan[0].Pod != pod {
			t.Errorf("of pod %d alone the plan is %+v, %v", pod, plan, err)
		}
	}
	options.Movable = []PodID{}
	if plan, report, err := e.Defragment(options); err != nil || len(plan) != 0 || report.FreeGPUsBefore != 6 {
		t.Errorf("of no pod the plan is %+v, %+v, %v", plan, report, err)
	}
}

func TestPlansThatAreNotRightAreRefused(t *testing.T) {
	e, pods := scattered(t)
	defer e.Close()
	bare, err := e.InternClass(PodSpec{Profile: e.profile, Requests: map[ResourceID]int64{e.cpu: 1}})
	if err != nil {
		t.Fatal(err)
	}
	bares := e.pods(bare, 1)
	before := e.digest()
	plan := func(change func(*DefragmentOptions)) error {
		options := DefaultDefragment()
		change(&options)
		plan, report, err := e.Defragment(options)
		if plan != nil || report != (DefragmentReport{}) {
			t.Errorf("a refused call gives %+v, %+v", plan, report)
		}
		return err
	}
	refused(t, []refusedCall{
		{"unknown goal", plan(func(o *DefragmentOptions) { o.Goal = 2 }), BadArgument, "goal 2"},
		{"no moves", plan(func(o *DefragmentOptions) { o.MostMoves = 0 }), BadArgument, "most_moves 0"},
		{"too many", plan(func(o *DefragmentOptions) { o.MostMoves = MaxMigrations + 1 }), BadArgument, "most_moves 65537"},
		{"far too many", plan(func(o *DefragmentOptions) { o.MostMoves = 1<<32 - 1 }), BadArgument, "most_moves"},
		{"too long", plan(func(o *DefragmentOptions) { o.Iterations = 1e9 + 1 }), Limit, "iterations"},
		{"no GPU", plan(func(o *DefragmentOptions) { o.Movable = bares }), WrongState, "holds no GPU"},
		{"twice", plan(func(o *DefragmentOptions) { o.Movable = append(pods[:1:1], pods[0]) }), Duplicate, "entry 1"},
		{"no pod", plan(func(o *DefragmentOptions) { o.Movable = []PodID{NoPod} }), UnknownID, "entry 0"},
	})
	if e.digest() != before {
		t.Error("a refused call changed the engine")
	}
}
