package berth

import (
	"context"
	"testing"
)

// What is called for every pod, or every batch of them, allocates nothing in Go once its slices are there.
func TestSteadyCallsAllocateNothing(t *testing.T) {
	engine, classes := cluster(t, 200)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	order, placements, pods := repeated(classes, 3000), make([]Placement, 3000), make([]PodID, 3000)
	claims, class := make([]Claim, 3000), classes[0]
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	release := func() {
		for i, placement := range placements {
			pods[i] = placement.Pod
		}
		must(engine.Release(pods...))
	}
	for name, call := range map[string]func(){
		"a batch": func() {
			must(engine.PlaceInto(order, placements))
			release()
		},
		"a batch with a context": func() {
			_, err := engine.PlaceContext(ctx, order, placements)
			must(err)
			release()
		},
		"one pod": func() {
			placement, err := engine.PlaceOne(class)
			must(err)
			must(engine.ReadClaimsInto(pods[:0], claims[:0]))
			must(engine.Confirm(placement.Pod))
			must(engine.Terminate(placement.Pod))
			must(engine.Release(placement.Pod))
		},
		"an assumption": func() {
			placement, err := engine.PlaceOne(class)
			must(err)
			must(engine.Forget(placement.Pod))
		},
		"a statement": func() {
			checkpoint := CheckpointID(0)
			must(engine.Try(func(*Statement) (err error) {
				checkpoint, err = engine.Checkpoint()
				return err
			}))
			_ = checkpoint
		},
		"the time": func() { _, err := engine.Time(); must(err) },
		"figures":  func() { _, err := engine.Info(); must(err) },
	} {
		allowed := map[string]float64{"a statement": 1}[name] // the Statement itself
		if n := testing.AllocsPerRun(20, call); n > allowed {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
