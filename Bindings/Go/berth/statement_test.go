package berth

import (
	"errors"
	"testing"
)

func podCount(t *testing.T, engine *Engine) uint64 {
	t.Helper()
	info, err := engine.Info()
	if err != nil {
		t.Fatal(err)
	}
	return info.Pods
}

func place(t *testing.T, engine *Engine, classes ...ClassID) []Placement {
	t.Helper()
	placements, err := engine.Place(classes...)
	if err != nil {
		t.Fatal(err)
	}
	return placements
}

func TestStatementsAreKeptOrTakenBack(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	outer, err := engine.Begin()
	if err != nil {
		t.Fatal(err)
	}
	first := place(t, engine, class)[0]
	checkpoint, err := engine.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	second := place(t, engine, class)[0]
	if err := engine.Rollback(checkpoint); err != nil {
		t.Fatal(err)
	}
	if again := place(t, engine, class)[0]; again != second {
		t.Errorf("after a rollback the same call gives %+v, not %+v", again, second)
	}
	inner, err := engine.Begin()
	if err != nil {
		t.Fatal(err)
	}
	place(t, engine, class)
	if err := outer.Commit(); !errors.Is(err, WrongState) {
		t.Errorf("committing the outer statement first gives %v", err)
	}
	if err := inner.Discard(); err != nil {
		t.Fatal(err)
	}
	if err := inner.Commit(); !errors.Is(err, StaleID) {
		t.Errorf("closing a statement twice gives %v", err)
	}
	if err := outer.Commit(); err != nil || podCount(t, engine) != 2 {
		t.Errorf("two pods were committed, there are %d (%v)", podCount(t, engine), err)
	}
	if _, err := engine.Checkpoint(); !errors.Is(err, WrongState) {
		t.Errorf("a checkpoint outside of statements gives %v", err)
	}
	if err := engine.Rollback(checkpoint); !errors.Is(err, StaleID) && !errors.Is(err, WrongState) {
		t.Errorf("a checkpoint of a closed statement gives %v", err)
	}
	if err := engine.Release(first.Pod); err != nil {
		t.Error(err)
	}
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}

func TestTryKeepsWhatSucceeds(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	if err := engine.Try(func(*Statement) error { place(t, engine, class); return nil }); err != nil {
		t.Fatal(err)
	}
	halfway := errors.New("half of the gang")
	if err := engine.Try(func(*Statement) error { place(t, engine, class); return halfway }); err != halfway {
		t.Errorf("a failed attempt gives %v", err)
	}
	func() {
		defer func() {
			if value := recover(); value != "oops" {
				t.Errorf("the attempt panicked with oops, Try with %v", value)
			}
		}()
		engine.Try(func(*Statement) error { place(t, engine, class); panic("oops") })
	}()
	if err := engine.Try(func(look *Statement) error { place(t, engine, class); return look.Discard() }); err != nil {
		t.Errorf("an attempt that discards itself gives %v", err)
	}
	if pods := podCount(t, engine); pods != 1 {
		t.Errorf("one attempt succeeded, there are %d pods", pods)
	}

	// Whoever leaves a statement open inside hears of it, and can close both.
	var inner, outer *Statement
	err := engine.Try(func(statement *Statement) (err error) {
		outer = statement
		inner, err = engine.Begin()
		return err
	})
	if !errors.Is(err, WrongState) {
		t.Errorf("a statement left open inside gives %v", err)
	}
	if err := errors.Join(inner.Discard(), outer.Discard()); err != nil {
		t.Error(err)
	}
}

func TestForksGoTheirOwnWays(t *testing.T) {
	engine, nodes, class := small(t)
	place(t, engine, class)
	fork, err := engine.Fork()
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	if info, err := fork.Info(); err != nil || info.FamilyEngines != 2 || info.Pods != 1 {
		t.Errorf("the fork has %+v, %v", info, err)
	}
	if err := fork.CordonNodes(nodes[:1], true); err != nil {
		t.Fatal(err)
	}
	if here, there := place(t, engine, class)[0], place(t, fork, class)[0]; here.Node == there.Node {
		t.Errorf("the first node is cordoned in the fork only, and both place on %d", here.Node)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Fork(); !errors.Is(err, BadEngine) {
		t.Errorf("forking a closed engine gives %v", err)
	}
	if place(t, fork, class); podCount(t, fork) != 3 {
		t.Errorf("the fork does not live on: %d pods", podCount(t, fork))
	}
	if err := fork.Validate(); err != nil {
		t.Error(err)
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	engine, _, _ := small(t)
	defer engine.Close()
	if err := engine.SetTime(5); err != nil {
		t.Fatal(err)
	}
	if err := engine.SetTime(4); !errors.Is(err, BadArgument) {
		t.Errorf("going back gives %v", err)
	}
	if now, err := engine.Time(); err != nil || now != 5 {
		t.Errorf("it is %d, %v", now, err)
	}
}
