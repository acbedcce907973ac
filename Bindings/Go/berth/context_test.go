package berth

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var tired = errors.New("nobody waits any more")

// countdown is a context that is done once it was asked so many times: no clock decides where a call stops.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Done() <-chan struct{} { return make(chan struct{}) }

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return tired
	}
	return nil
}

// hurried is a context that ends between the first look at it and the moment when somebody waits for it.
type hurried struct {
	context.Context
	looks int
}

func hurry() context.Context { return &hurried{Context: context.Background()} }

func (h *hurried) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (h *hurried) Err() error {
	if h.looks++; h.looks == 1 {
		return nil
	}
	return tired
}

// cancelled is a context that is done, with a cause.
func cancelled() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(tired)
	return ctx
}

func repeated(classes []ClassID, count int) []ClassID {
	return slices.Repeat(classes, count/len(classes)+1)[:count]
}

func TestPlacingWithAContextDecidesTheSame(t *testing.T) {
	engine, classes := cluster(t, 300)
	order := repeated(classes, 5*placedAtOnce+77)
	for name, options := range map[string]Rerank{
		"plain":  {},
		"ranked": {Rank: backwards, BatchLimit: 700, CandidateLimit: 4},
		"single": {Rank: backwards, CandidateLimit: 2},
	} {
		var found [2][]Placement
		for i := range found {
			fork, err := engine.Fork()
			if err != nil {
				t.Fatal(err)
			}
			defer fork.Close()
			if err := fork.SetRerank(options); err != nil {
				t.Fatal(err)
			}
			found[i] = make([]Placement, len(order))
			if i == 0 {
				err = fork.PlaceInto(order, found[i])
			} else {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				var n int
				if n, err = fork.PlaceContext(ctx, order, found[i]); n != len(order) {
					t.Errorf("%s: %d of %d", name, n, len(order))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(found[0], found[1]) {
			t.Errorf("%s: with a context the decisions are others", name)
		}
	}
}

func TestPlacingStopsWithItsContext(t *testing.T) {
	engine, classes := cluster(t, 300)
	order := repeated(classes, 10*placedAtOnce)
	placements := make([]Placement, len(order))
	n, err := engine.PlaceContext(&countdown{context.Background(), 3}, order, placements)
	if n != 3*placedAtOnce || err == nil {
		t.Fatalf("%d pods, %v", n, err)
	}
	if pods := podCount(t, engine); pods != uint64(n) || placements[n-1].Pod == 0 || placements[n].Class != 0 {
		t.Errorf("%d pods stay of %d: %+v", pods, n, placements[n-1:n+1])
	}
	if n, err := engine.PlaceContext(cancelled(), order, placements); n != 0 || !errors.Is(err, tired) {
		t.Errorf("a context that is done gives %d, %v", n, err)
	}
	if n, err := engine.PlaceContext(context.Background(), order, nil); n != 0 || !errors.Is(err, BadArgument) {
		t.Errorf("no placements: %d, %v", n, err)
	}
	order[4*placedAtOnce] = 1 << 20
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err = engine.Try(func(*Statement) error {
		n, err := engine.PlaceContext(ctx, order, placements)
		if n != 4*placedAtOnce || !errors.Is(err, UnknownID) {
			t.Errorf("an unknown class gives %d, %v", n, err)
		}
		return err
	})
	if pods := podCount(t, engine); err == nil || pods != 3*placedAtOnce {
		t.Errorf("%d pods after Try: %v", pods, err)
	}
}

func TestAbandonedCallsAreToldSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	inside, goOn := make(chan struct{}), make(chan struct{})
	answer := make(chan bool)
	go func() {
		<-inside
		cancel(tired)
	}()
	_, err := await(ctx, func(stays func() bool) (int, error) {
		close(inside)
		go func() {
			<-goOn
			answer <- stays()
		}()
		<-goOn
		return 7, nil
	})
	close(goOn)
	if !errors.Is(err, tired) || <-answer {
		t.Errorf("the caller gets %v", err)
	}
	// One that has decided already is waited for.
	ctx, cancel = context.WithCancelCause(context.Background())
	seven, err := await(ctx, func(stays func() bool) (int, error) {
		stays()
		cancel(tired)
		return 7, nil
	})
	if seven != 7 || err != nil {
		t.Errorf("the caller gets %d, %v", seven, err)
	}
}

func TestAPassIsDoneOrTakenBack(t *testing.T) {
	engine, classes := cluster(t, 50)
	waiting := make([]WaitingGang, 20)
	for i := range waiting {
		waiting[i] = WaitingGang{RunMS: Never, Gang: Gang{Roles: []GangRole{{Class: classes[i], Min: 10, Max: 10}}}}
	}
	done, abandoned := 0, 0
	for range 50 {
		results, err := engine.ScheduleGangsContext(hurry(), DefaultQueueOptions(), waiting, nil)
		waitFor(t, engine)
		switch pods := podCount(t, engine); {
		case err == nil:
			if done++; pods != 200 || len(results[19].Gang.Placements) != 10 {
				t.Fatalf("%d pods after a pass that was done", pods)
			}
			for _, result := range results {
				for _, placement := range result.Gang.Placements {
					if err := engine.Release(placement.Pod); err != nil {
						t.Fatal(err)
					}
				}
			}
		default:
			if abandoned++; pods != 0 {
				t.Fatalf("%d pods after %v", pods, err)
			}
		}
	}
	t.Logf("%d passes were done, %d abandoned", done, abandoned)
	if abandoned == 0 {
		t.Error("no pass was abandoned")
	}
	if _, err := engine.ScheduleGangsContext(cancelled(), DefaultQueueOptions(), waiting, nil); !errors.Is(err, tired) {
		t.Errorf("a context that is done gives %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	results, err := engine.ScheduleGangsContext(ctx, DefaultQueueOptions(), waiting, nil)
	if err != nil || !results[0].Started() || podCount(t, engine) != 200 {
		t.Errorf("a pass gives %+v, %v", results, err)
	}
	waiting[3].Gang.Roles[0].Class = 1 << 20
	if _, err := engine.ScheduleGangsContext(ctx, DefaultQueueOptions(), waiting, nil); !errors.Is(err, UnknownID) {
		t.Errorf("an unknown class gives %v", err)
	}
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}

// waitFor returns when nobody is inside any more.
func waitFor(t *testing.T, engine *Engine) {
	t.Helper()
	for {
		err := engine.Validate()
		if err == nil {
			return
		}
		if !errors.Is(err, Busy) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestLongCallsTakeAContext(t *testing.T) {
	engine, classes := cluster(t, 50)
	directory := t.TempDir()
	journal, snapshot := filepath.Join(directory, "journal"), filepath.Join(directory, "snapshot")
	if err := engine.OpenJournal(journal, JournalBuffered); err != nil {
		t.Fatal(err)
	}
	place(t, engine, classes...)
	network := RankNetwork{Domains: []uint32{0, 1, 0, 1}, Levels: 1, Links: []RankLink{{1e9, 1000}, {1e11, 100}}}
	job := RankJob{Dimensions: []uint32{4}, Collectives: []Collective{{RingAllReduce, 1, 1 << 20, 1}}}
	long := map[string]func(context.Context) error{
		"snapshot": func(ctx context.Context) error { return engine.WriteSnapshotContext(ctx, snapshot) },
		"sync":     engine.SyncJournalContext,
		"plan": func(ctx context.Context) error {
			_, _, err := engine.DefragmentContext(ctx, DefaultDefragment())
			return err
		},
		"recover": func(ctx context.Context) error {
			recovered, _, err := RecoverContext(ctx, snapshot, journal, Options{})
			if err == nil {
				err = recovered.Close()
			}
			return err
		},
		"ranks": func(ctx context.Context) error {
			_, err := AssignRanksContext(ctx, network, job, nil, DefaultRankOptions())
			return err
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, name := range []string{"snapshot", "sync", "plan", "recover", "ranks"} {
		if err := long[name](cancelled()); !errors.Is(err, tired) {
			t.Errorf("%s: a context that is done gives %v", name, err)
		}
		if err := long[name](ctx); err != nil {
			t.Errorf("%s gives %v", name, err)
		}
		for range 20 {
			if err := long[name](hurry()); err != nil && err != tired {
				t.Errorf("%s, abandoned, gives %v", name, err)
			}
			waitFor(t, engine)
		}
		if err := long[name](context.Background()); err != nil {
			t.Errorf("%s after that gives %v", name, err)
		}
	}
}
