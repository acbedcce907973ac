package berth

// #include "berth.h"
import "C"

import (
	"context"
	"fmt"
	"sync/atomic"
)

// How many pods PlaceContext places between two looks at its context.
const placedAtOnce = 1024

// PlaceContext is [Engine.PlaceInto], which looks at ctx now and then: it decides the same, pod after pod, and gives
// how many it has decided. If these are not all, err says why: the cause of ctx, once that is done, or a refusal. What
// has been decided until then stays placed, and is in placements[:n]; the engine is [Busy] for others until the call
// returns. To have all placed or none, call it in [Engine.Try].
//
// For the journal these are several calls, of some 1000 pods each.
func (e *Engine) PlaceContext(ctx context.Context, classes []ClassID, placements []Placement) (n int, err error) {
	if len(placements) != len(classes) {
		return 0, &Error{BadArgument, fmt.Sprintf("%d placements for %d classes", len(placements), len(classes))}
	}
	err = e.with(func(h cEngine) error {
		step := e.step(ctx)
		for {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			end := min(n+step, len(classes))
			err := e.placing(C.berth_pods_place(h, classIDs(classes[n:end]), C.size_t(end-n), 0,
				placementRecords(placements[n:end])))
			if err != nil {
				return err
			}
			if n = end; n == len(classes) {
				return nil
			}
		}
	})
	return n, err
}

// step is a number of pods that cuts no batch of the ranking.
func (e *Engine) step(ctx context.Context) int {
	switch {
	case ctx.Done() == nil:
		return 1 << 30
	case e.ranking == nil:
		return placedAtOnce
	}
	return max(placedAtOnce/e.ranking.pods, 1) * e.ranking.pods
}

// await makes a call that cannot be interrupted, and waits for its end or that of ctx, whichever comes first. An
// abandoned call goes on in its goroutine. It asks stays, once, before it does what cannot be taken back: if that says
// no, nobody waits any more; if it says yes, its result is waited for.
func await[T any](ctx context.Context, call func(stays func() bool) (T, error)) (T, error) {
	if ctx.Done() == nil {
		return call(func() bool { return true })
	}
	var isDecided atomic.Bool
	decide := func() bool { return isDecided.CompareAndSwap(false, true) }
	done := make(chan struct{})
	var result T
	var err error
	go func() {
		defer close(done)
		result, err = call(decide)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if decide() {
			var none T
			return none, context.Cause(ctx)
		}
		<-done
	}
	return result, err
}

// inside is await for calls into an engine, which nobody else enters until they are over. It ends their frame.
func inside[T any](
	ctx context.Context, e *Engine, f *frame, calls func(h cEngine, stays func() bool) (T, error),
) (T, error) {
	err := context.Cause(ctx)
	if err == nil {
		err = e.enter()
	}
	if err != nil {
		f.end()
		var none T
		return none, err
	}
	return await(ctx, func(stays func() bool) (T, error) {
		defer e.leave()
		defer f.end()
		return calls(e.handle, stays)
	})
}
