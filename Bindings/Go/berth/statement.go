package berth

// #include "berth.h"
import "C"

import (
	"errors"
	"fmt"
)

// Statement is a stretch of calls that can be taken back. Begin one, call whatever changes the engine, look at what
// came of it, then [Statement.Commit] it, or [Statement.Discard] it: the engine is what it was at the beginning.
// Statements nest; only the innermost open one can be closed.
type Statement struct {
	engine *Engine
	id     C.berth_statement_id
	closed bool
}

// Begin opens a statement, inside of the one that is open already if there is one.
func (e *Engine) Begin() (*Statement, error) {
	statement := &Statement{engine: e}
	if err := e.do(func(h cEngine) cStatus { return C.berth_statement_begin(h, &statement.id) }); err != nil {
		return nil, err
	}
	return statement, nil
}

// Commit keeps what the statement did and closes it. If it is inside of another one, that can still take it back.
func (s *Statement) Commit() error {
	return s.close(func(h cEngine) cStatus { return C.berth_statement_commit(h, s.id) })
}

// Discard takes back what the statement did and closes it. Ids that were given out since Begin are void.
func (s *Statement) Discard() error {
	return s.close(func(h cEngine) cStatus { return C.berth_statement_discard(h, s.id) })
}

func (s *Statement) close(call func(cEngine) cStatus) error {
	if s == nil {
		return ErrClosed
	}
	err := s.engine.do(call)
	s.closed = s.closed || err == nil
	return err
}

// Try makes an attempt inside of a statement, which is committed if the attempt returns nil, and discarded if it
// returns an error or panics. An attempt that only wants to look discards the statement itself.
func (e *Engine) Try(attempt func(*Statement) error) (err error) {
	statement, err := e.Begin()
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if statement.closed {
			return
		}
		if done && err == nil {
			err = statement.Commit()
			return
		}
		// The attempt's own error, or panic, is what the caller wants to hear of.
		if refused := statement.Discard(); refused != nil && done {
			err = fmt.Errorf("%w; and the statement is still open: %w", err, refused)
		}
	}()
	err = attempt(statement)
	done = true
	return err
}

// attempt is Try for the one who is inside: what is done stays if stays says so, else it is taken back.
func (e *Engine) attempt(h cEngine, stays func() bool, work func() error) error {
	var id C.berth_statement_id
	if err := refusal(h, C.berth_statement_begin(h, &id)); err != nil {
		return err
	}
	if err := work(); err != nil {
		return errors.Join(err, refusal(h, C.berth_statement_discard(h, id)))
	}
	if !stays() {
		return refusal(h, C.berth_statement_discard(h, id))
	}
	return refusal(h, C.berth_statement_commit(h, id))
}

// CheckpointID is a moment in a statement that [Engine.Rollback] returns to.
type CheckpointID uint64

// Checkpoint marks this moment of the innermost open statement; [WrongState] if none is open.
func (e *Engine) Checkpoint() (CheckpointID, error) {
	var id C.berth_checkpoint_id
	err := e.do(func(h cEngine) cStatus { return C.berth_statement_checkpoint(h, &id) })
	return CheckpointID(id), err
}

// Rollback takes back everything since a checkpoint of the innermost open statement. The checkpoint stays, and later
// ones are gone.
func (e *Engine) Rollback(checkpoint CheckpointID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_statement_rollback(h, C.berth_checkpoint_id(checkpoint))
	})
}
