package berth

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A ranking keeps its placement inside the engine for as long as the test wants.
func TestWhoComesMeanwhileIsBusy(t *testing.T) {
	engine, _, class := small(t)
	var inside error
	err := engine.SetRerank(Rerank{Rank: func(*RerankBatch) error {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, inside = engine.Place(class)
		}()
		<-done
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if placement, err := engine.PlaceOne(class); err != nil || placement.Outcome != Placed {
		t.Errorf("the one inside gets %+v, %v", placement, err)
	}
	if !errors.Is(inside, Busy) || errors.Is(inside, ErrClosed) {
		t.Errorf("the other one gets %v", inside)
	}
	if placement, err := engine.PlaceOne(class); err != nil || placement.Outcome != Placed {
		t.Errorf("after that: %+v, %v", placement, err)
	}
	engine.Close()
}

func TestClosingWaitsForNobody(t *testing.T) {
	engine, _, class := small(t)
	token := &Engine{handle: engine.handle} // without the gate: the library itself answers
	var closing, after error
	err := engine.SetRerank(Rerank{Rank: func(*RerankBatch) error {
		closing = engine.Close()
		_, after = engine.Place(class)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if placement, err := engine.PlaceOne(class); err != nil || placement.Outcome != Placed {
		t.Errorf("the one inside gets %+v, %v", placement, err)
	}
	if closing != nil || !errors.Is(after, ErrClosed) {
		t.Errorf("closing gives %v, and a call after it %v", closing, after)
	}
	if err := token.Validate(); !errors.Is(err, BadEngine) {
		t.Errorf("the engine is not freed: %v", err)
	}
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
}

// What is refused in one goroutine is never explained by another's sentence.
func TestSentencesAreOnesOwn(t *testing.T) {
	engine, _, _ := small(t)
	defer engine.Close()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			class := ClassID(1_000_000 + i)
			for range 500 {
				_, err := engine.PlaceOne(class)
				if !errors.Is(err, Busy) && !strings.Contains(err.Error(), fmt.Sprint(uint32(class))) {
					t.Errorf("class %d: %v", class, err)
				}
			}
		}()
	}
	wait.Wait()
}

// Engines of their own, a shared one, forks, rankings and statements, with a collection at every turn, and engines that
// are closed under calls or forgotten.
func TestStress(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	shared, nodes, class := small(t)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for round := range rounds {
				stressOwn(t, i+round)
				if _, err := shared.DryRun(class, class); err != nil && !errors.Is(err, Busy) {
					t.Error(err)
				}
				if verdicts, err := shared.Check(class, nodes...); err == nil && len(verdicts) != 2 || err != nil &&
					!errors.Is(err, Busy) {
					t.Error(verdicts, err)
				}
				if fork, err := shared.Fork(); err == nil {
					go fork.Close()
					if _, err := fork.Place(class); err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, Busy) {
						t.Error(err)
					}
				}
				runtime.GC()
			}
		}()
	}
	wait.Wait()
	if err := shared.Validate(); err != nil {
		t.Error(err)
	}
	if err := shared.Close(); err != nil {
		t.Error(err)
	}
}

// stressOwn uses an engine that nobody else has.
func stressOwn(t *testing.T, variant int) {
	engine, _, class := small(t)
	if variant%3 == 0 { // else it is forgotten
		defer engine.Close()
	}
	if variant%2 == 0 {
		var kept *RerankBatch
		err := engine.SetRerank(Rerank{Features: []Feature{{Kind: FeaturePriority}}, Rank: func(b *RerankBatch) error {
			kept = b
			runtime.GC() // the stack may move, the batch may not
			return backwards(b)
		}})
		if err != nil {
			t.Error(err)
		}
		defer func() {
			if len(kept.Candidates(0)) == 0 || len(kept.Features(0, 0)) != 1 { // late, but Go's own memory
				t.Error("the ranking saw nothing")
			}
		}()
	}
	labels := map[string]string{"round": fmt.Sprint(variant), "long": strings.Repeat("x", 60)}
	named, err := engine.InternClass(PodSpec{Requests: map[ResourceID]int64{0: 500}, Labels: labels,
		Images: []string{strings.Repeat("image", 30), "b"}, NodeSelector: map[string]string{"no": "where"}})
	if err != nil {
		t.Error(err)
	}
	err = engine.Try(func(*Statement) error {
		placements, err := engine.Place(class, class, named)
		if err == nil && (placements[0].Outcome != Placed || placements[2].Outcome != NoFit) {
			t.Errorf("%+v", placements)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if message, err := engine.Message(named); err != nil || !strings.HasPrefix(message, "0/2 nodes") {
		t.Error(message, err)
	}
}

// Lists and tables are as large as what there is, whatever is asked for.
func TestHugeListsAreOnlyAsLongAsWhatThereIs(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	if list, err := engine.ListNodes(1, math.MaxInt); err != nil || len(list) != 1 || list[0] != nodes[1] {
		t.Errorf("ListNodes gives %v, %v", list, err)
	}
	if list, err := engine.ListNodes(math.MaxInt, math.MaxInt); err != nil || len(list) != 0 {
		t.Errorf("beyond the end, ListNodes gives %v, %v", list, err)
	}
	if list, err := engine.ListReservations(0, math.MaxInt); err != nil || len(list) != 0 {
		t.Errorf("ListReservations gives %v, %v", list, err)
	}
	if _, _, err := engine.ReadNodes(make([]NodeID, 1<<20), make([]ResourceID, 1<<20)); !errors.Is(err, Limit) {
		t.Errorf("a table of 2^40 cells gives %v", err)
	}
	role := GangRole{Class: class, Min: 1, Max: MaxGangMembers}
	gangs := slices.Repeat([]Gang{{Roles: []GangRole{role}}}, 300)
	if _, err := engine.PlaceGangs(gangs...); !errors.Is(err, Limit) {
		t.Errorf("gangs of 2^28 members and more give %v", err)
	}
	if _, err := engine.PlaceGang(Gang{Roles: gangs[0].Roles, Fabrics: []Fabric{nil}}); !errors.Is(err, BadArgument) {
		t.Errorf("a fabric that is nil gives %v", err)
	}
	results, err := engine.DryRunGangs(gangs[0])
	if err != nil || results[0].Outcome != GangPlaced || len(results[0].Placements) != 8 || podCount(t, engine) != 0 {
		t.Errorf("a dry run gives %+v, %v", results, err)
	}
}
