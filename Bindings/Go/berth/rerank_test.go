package berth

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func backwards(batch *RerankBatch) error {
	for pod := range batch.Classes {
		slices.Reverse(batch.Order(pod))
	}
	return nil
}

func TestRankingSeesCandidatesAndHasItsSay(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	var seen []Candidate
	var features [][]int64
	err := engine.SetRerank(Rerank{
		CandidateLimit: 3,
		BatchLimit:     2,
		Features:       []Feature{{Kind: FeatureFree, Argument: 0}, {Kind: FeatureRequest, Argument: 0}},
		Rank: func(batch *RerankBatch) error {
			if len(batch.Classes) != 2 || batch.Classes[1] != class || batch.Round != 0 {
				t.Errorf("the batch has classes %v, round %d", batch.Classes, batch.Round)
			}
			seen = slices.Clone(batch.Candidates(1))
			for i := range seen {
				features = append(features, slices.Clone(batch.Features(1, i)))
			}
			if order := batch.Order(1); !slices.Equal(order, []int32{0, 1}) {
				t.Errorf("the order comes as %v", order)
			}
			batch.Order(0)[0] = -1 // refuses all: what is behind must be -1, too
			batch.Order(0)[1] = -1
			slices.Reverse(batch.Order(1))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	placements := place(t, engine, class, class)
	if placements[0].Outcome != RefusedByHost || placements[1].Node != nodes[1] {
		t.Errorf("the first pod is to be refused, the second on the last node: %+v", placements)
	}
	if len(seen) != 2 || seen[0].Node != nodes[0] || seen[1].Node != nodes[1] {
		t.Errorf("the ranking saw %v", seen)
	}
	if !slices.EqualFunc(features, [][]int64{{4000, 1000}, {4000, 1000}}, slices.Equal) {
		t.Errorf("the ranking saw features %v", features)
	}
	if err := engine.SetRerank(Rerank{}); err != nil {
		t.Fatal(err)
	}
	if placement := place(t, engine, class)[0]; placement.Outcome != Placed {
		t.Errorf("without the ranking: %+v", placement)
	}
}

func TestRankingsThatFailChangeNothing(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	sour := errors.New("the model is gone")
	for _, c := range []struct {
		name  string
		rank  func(*RerankBatch) error
		cause error
		text  string
	}{
		{"error", func(*RerankBatch) error { return sour }, sour, "the model is gone"},
		{"panic", func(*RerankBatch) error { panic(sour) }, sour, "panicked: the model is gone"},
		{"no pod", func(b *RerankBatch) error { b.Order(99)[0] = 0; return nil }, nil, "out of range"},
		{"no candidate", func(b *RerankBatch) error { b.Order(0)[0] = 7; return nil }, nil, "candidate 7"},
		{"twice", func(b *RerankBatch) error { b.Order(0)[0] = 1; return nil }, nil, "twice"},
		{"busy", func(*RerankBatch) error { _, err := engine.DryRun(class); return err }, Busy, "another"},
		{"switching off", func(*RerankBatch) error { return engine.SetRerank(Rerank{}) }, Busy, "another"},
	} {
		if err := engine.SetRerank(Rerank{Rank: c.rank}); err != nil {
			t.Fatal(err)
		}
		_, err := engine.Place(class, class)
		if !errors.Is(err, BadCallback) || c.cause != nil && !errors.Is(err, c.cause) ||
			!strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want BERTH_BAD_CALLBACK with %q", c.name, err, c.text)
		}
		var refused *Error
		if !errors.As(err, &refused) || refused.Status != BadCallback {
			t.Errorf("%s: %v is no *Error", c.name, err)
		}
		var panicked *RankPanic
		if errors.As(err, &panicked) && !strings.Contains(string(panicked.Stack), "rerank_test.go") {
			t.Errorf("%s: the stack does not lead here: %s", c.name, panicked.Stack)
		}
	}
	if podCount(t, engine) != 0 {
		t.Errorf("%d pods after nothing but refusals", podCount(t, engine))
	}
	if err := engine.SetRerank(Rerank{}); err != nil {
		t.Fatal(err)
	}
	place(t, engine, class)
}

func TestRankingOptionsAreChecked(t *testing.T) {
	engine, _, _ := small(t)
	defer engine.Close()
	for _, c := range []struct {
		name    string
		options Rerank
		want    Status
	}{
		{"no func", Rerank{CandidateLimit: 3}, BadArgument},
		{"too many", Rerank{CandidateLimit: 1 << 20, Rank: backwards}, Limit},
		{"unknown kind", Rerank{Features: []Feature{{Kind: 99}}, Rank: backwards}, BadArgument},
		{"unknown resource", Rerank{Features: []Feature{{FeatureFree, 99}}, Rank: backwards}, UnknownID},
		{"too many features", Rerank{Features: make([]Feature, 65), Rank: backwards}, Limit},
	} {
		if err := engine.SetRerank(c.options); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// A ranking commonly refers to its engine; that must not keep both alive.
func TestForgottenEnginesWithARankingAreClosed(t *testing.T) {
	areClosed(t, func() *Engine {
		engine, _, class := small(t)
		err := engine.SetRerank(Rerank{Rank: func(*RerankBatch) error { return engine.Validate() }})
		if err != nil {
			t.Error(err)
		}
		if _, err := engine.Place(class); !errors.Is(err, Busy) {
			t.Errorf("a call from inside gives %v", err)
		}
		return engine
	})
}

// The collector moves and frees what it can while the engine holds nothing but the ranking's number.
func TestRankingsOutliveCollections(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	for range 20 {
		if err := engine.SetRerank(Rerank{Rank: backwards}); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		placement := place(t, engine, class)[0]
		if placement.Node != nodes[1] {
			t.Errorf("%+v", placement)
		}
		if err := engine.Release(placement.Pod); err != nil {
			t.Fatal(err)
		}
	}
}

// Whichever ranking is in force when a call is let in decides it; none is freed under it.
func TestRankingsChangeWhileOthersPlace(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	sour := errors.New("sour")
	ranks := []func(*RerankBatch) error{
		backwards,
		func(*RerankBatch) error { return sour },
		func(*RerankBatch) error { panic(sour) },
	}
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for turn := range 300 {
				if _, err := engine.DryRun(class); err != nil && !errors.Is(err, Busy) && !errors.Is(err, BadCallback) {
					t.Error(err)
				}
				if err := engine.SetRerank(Rerank{Rank: ranks[(i+turn)%3]}); err != nil && !errors.Is(err, Busy) {
					t.Error(err)
				}
				if turn%100 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	wait.Wait()
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}
