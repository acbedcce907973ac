package berth

// #include "berth.h"
import "C"

import "runtime"

type (
	cEngine = *C.berth_engine
	cStatus = C.berth_status
)

// The bits of an engine's gate, which lets in one call at a time. The library refuses a second one as well; the gate
// stays closed until the sentence to a refusal has been read, so that it is never another call's.
const (
	gateInside uint32 = 1 << iota // a call is inside
	gateClosed                    // nobody is let in any more; a call that is inside frees the engine as it leaves
)

// enter lets the caller into the engine until it leaves, or says why not.
func (e *Engine) enter() error {
	if e == nil || e.handle == nil {
		return ErrClosed
	}
	if !e.gate.CompareAndSwap(0, gateInside) {
		if e.gate.Load()&gateClosed != 0 {
			return ErrClosed
		}
		return errBusy
	}
	return nil
}

// leave lets the next one in. It keeps the engine alive until then.
func (e *Engine) leave() {
	if !e.gate.CompareAndSwap(gateInside, 0) { // somebody has closed the engine meanwhile
		e.destroy()
		e.gate.Store(gateClosed)
	}
}

// Close frees the engine. While another goroutine is inside a call, the engine is freed when that call is over, and
// Close does not wait for it. Closing again does nothing; every other call on a closed engine, its statements and its
// event readers is refused with [ErrClosed]. A nil Engine and the zero Engine are closed.
//
// An open journal is written to the end, but not synchronised: [Engine.CloseJournal] does that, and says whether it
// succeeded.
func (e *Engine) Close() error {
	if e == nil || e.handle == nil {
		return nil
	}
	for {
		switch state := e.gate.Load(); {
		case state&gateClosed != 0:
			return nil
		case e.gate.CompareAndSwap(state, state|gateClosed):
			if state&gateInside == 0 {
				e.destroy()
			}
			return nil
		}
	}
}

// destroy is for the one who found the gate closed with nobody inside.
func (e *Engine) destroy() {
	e.cleanup.Stop()
	C.berth_engine_destroy(e.handle)
	e.ranking = nil
	runtime.KeepAlive(e)
}

// with makes calls into the library that nobody else's call may come between.
func (e *Engine) with(calls func(cEngine) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	err := calls(e.handle)
	e.leave()
	return err
}

// do makes one call into the library.
func (e *Engine) do(call func(cEngine) cStatus) error {
	if err := e.enter(); err != nil {
		return err
	}
	err := refusal(e.handle, call(e.handle))
	e.leave()
	return err
}
