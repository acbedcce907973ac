package berth

// #include "berth.h"
import "C"

import (
	"context"
	"slices"
	"unsafe"
)

// WriteSnapshot writes the whole state to a file: after a crash, either the old file or the new one is there.
// [WrongState] while a statement is open.
func (e *Engine) WriteSnapshot(path string) error {
	return e.WriteSnapshotContext(context.Background(), path)
}

// WriteSnapshotContext is [Engine.WriteSnapshot], whose caller need not wait for its end. When ctx is done first, it
// returns the context's cause at once. Writing cannot be interrupted: it goes on in a goroutine of its own, with the
// engine [Busy] meanwhile, and may succeed still.
func (e *Engine) WriteSnapshotContext(ctx context.Context, path string) error {
	f := newFrameFor(ctx)
	text := f.text(path)
	if err := f.err; err != nil {
		f.end()
		return err
	}
	_, err := inside(ctx, e, f, func(h cEngine, _ func() bool) (struct{}, error) {
		return struct{}{}, refusal(h, C.berth_snapshot_write(h, text))
	})
	return err
}

// ReadSnapshot makes the engine of a snapshot: the same ids, the same ids next, the same decisions. Of the options,
// allocator and CPU level count; levels and tie rule are the file's, and are left out or equal to these.
func ReadSnapshot(path string, options Options) (*Engine, error) {
	f := newFrame()
	defer f.end()
	text := f.text(path)
	return f.create(options, func(settings *C.berth_engine_options, out *cEngine) cStatus {
		return C.berth_snapshot_read(text, settings, out)
	})
}

// Digest is a number for everything that decides anything: engines in the same state have the same digest, on every
// machine, whatever brought them there.
func (e *Engine) Digest() (uint64, error) {
	var digest C.uint64_t
	err := e.do(func(h cEngine) cStatus { return C.berth_engine_digest(h, &digest) })
	return uint64(digest), err
}

// JournalFlags say how records reach the disk. With 0, every call is written at once, and survives the end of the
// process.
type JournalFlags uint32

const (
	JournalBuffered JournalFlags = C.BERTH_JOURNAL_BUFFERED // 64 KiB at a time: a crash loses what is not yet written
	JournalSynced   JournalFlags = C.BERTH_JOURNAL_SYNCED   // on the disk before the call returns
)

// OpenJournal records every call that changes something from now on, in a new file, or in one that ends in the present
// state. A call whose record cannot be written is refused with [IO].
func (e *Engine) OpenJournal(path string, flags JournalFlags) error {
	f := newFrame()
	defer f.end()
	text := f.text(path)
	if f.err != nil {
		return f.err
	}
	options := record[C.berth_journal_options](f)
	C.berth_journal_options_init(options)
	options.flags = C.uint32_t(flags)
	return e.do(func(h cEngine) cStatus { return C.berth_journal_open(h, text, options) })
}

// SyncJournal writes what is buffered, and waits until the file is on the disk.
func (e *Engine) SyncJournal() error { return e.SyncJournalContext(context.Background()) }

// SyncJournalContext is [Engine.SyncJournal], whose caller need not wait for its end. When ctx is done first, it
// returns the context's cause at once: nothing is known of the disk then. Synchronising cannot be interrupted: it goes
// on in a goroutine of its own, with the engine [Busy] meanwhile.
func (e *Engine) SyncJournalContext(ctx context.Context) error {
	_, err := inside(ctx, e, newFrame(), func(h cEngine, _ func() bool) (struct{}, error) {
		return struct{}{}, refusal(h, C.berth_journal_sync(h))
	})
	return err
}

// CloseJournal synchronises and closes the journal. Closing the engine with its journal open writes what is buffered,
// and does not wait for the disk.
func (e *Engine) CloseJournal() error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_journal_close(h)
	})
}

// Recovery is what was found in a journal. It has the layout of berth_recovery.
type Recovery struct {
	structSize uint32
	Discarded  uint32 // statements that were open at the end, and were discarded
	Skipped    uint64 // calls that the snapshot had already
	Replayed   uint64 // calls that were made again
	EndOffset  uint64 // where the last complete record ends
	TornBytes  uint64 // what a crash left of a record behind it
}

// Recover makes the engine of a snapshot and the journal that continues it, or of one of them alone: "" is none.
// Options are as for [ReadSnapshot]. [Engine.OpenJournal] continues the journal.
func Recover(snapshot, journal string, options Options) (*Engine, Recovery, error) {
	return RecoverContext(context.Background(), snapshot, journal, options)
}

// RecoverContext is [Recover], whose caller need not wait for its end. When ctx is done first, it returns the context's
// cause at once. Replaying cannot be interrupted: it goes on in a goroutine of its own, and its engine is closed. The
// files are only read.
func RecoverContext(ctx context.Context, snapshot, journal string, options Options) (*Engine, Recovery, error) {
	if ctx.Err() != nil {
		return nil, Recovery{}, context.Cause(ctx)
	}
	options.Levels = slices.Clone(options.Levels)
	found, err := await(ctx, func(stays func() bool) (recovered, error) {
		found, err := recoverFiles(snapshot, journal, options)
		if err == nil && !stays() {
			return recovered{}, found.engine.Close()
		}
		return found, err
	})
	if err != nil {
		return nil, Recovery{}, err
	}
	return found.engine, found.recovery, nil
}

type recovered struct {
	engine   *Engine
	recovery Recovery
}

func recoverFiles(snapshot, journal string, options Options) (recovered, error) {
	f := newFrame()
	defer f.end()
	paths := [2]*C.char{}
	for i, path := range []string{snapshot, journal} {
		if path != "" {
			paths[i] = f.text(path)
		}
	}
	found := recovered{recovery: Recovery{structSize: C.sizeof_berth_recovery}}
	recovery := (*C.berth_recovery)(unsafe.Pointer(&found.recovery))
	engine, err := f.create(options, func(settings *C.berth_engine_options, out *cEngine) cStatus {
		return C.berth_engine_recover(paths[0], paths[1], settings, recovery, out)
	})
	found.engine = engine
	return found, err
}
