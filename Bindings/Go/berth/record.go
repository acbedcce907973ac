package berth

// #include "berth.h"
import "C"

import "unsafe"

// WriteSnapshot writes the whole state to a file: after a crash, either the old file or the new one is there.
// [WrongState] while a statement is open.
func (e *Engine) WriteSnapshot(path string) error {
	var f frame
	defer f.end()
	text := f.text(path)
	if f.err != nil {
		return f.err
	}
	return e.refusal(C.berth_snapshot_write(e.handle, text))
}

// ReadSnapshot makes the engine of a snapshot: the same ids, the same ids next, the same decisions. Of the options,
// allocator and CPU level count; levels and tie rule are the file's, and are left out or equal to these.
func ReadSnapshot(path string, options Options) (*Engine, error) {
	var f frame
	defer f.end()
	text := f.text(path)
	return f.create(options, func(settings *C.berth_engine_options, out **C.berth_engine) C.berth_status {
		return C.berth_snapshot_read(text, settings, out)
	})
}

// Digest is a number for everything that decides anything: engines in the same state have the same digest, on every
// machine, whatever brought them there.
func (e *Engine) Digest() (uint64, error) {
	var digest C.uint64_t
	err := e.refusal(C.berth_engine_digest(e.handle, &digest))
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
	var f frame
	defer f.end()
	text := f.text(path)
	if f.err != nil {
		return f.err
	}
	options := &records[C.berth_journal_options](&f, 1)[0]
	C.berth_journal_options_init(options)
	options.flags = C.uint32_t(flags)
	return e.refusal(C.berth_journal_open(e.handle, text, options))
}

// SyncJournal writes what is buffered, and waits until the file is on the disk.
func (e *Engine) SyncJournal() error { return e.refusal(C.berth_journal_sync(e.handle)) }

// CloseJournal synchronises and closes the journal. Closing the engine with its journal open writes what is buffered,
// and does not wait for the disk.
func (e *Engine) CloseJournal() error { return e.refusal(C.berth_journal_close(e.handle)) }

// Recovery is what was found in a journal. It has the layout of berth_recovery.
type Recovery struct {
	structSize uint32
	Discarded  uint32 // statements that were open at the end, and were discarded
	Skipped    uint64 // calls that the snapshot had already
	Replayed   uint64 // calls that were made again
	EndOffset  uint64 // where the last complete record ends
	TornBytes  uint64 // what a crash left of a record behind it
}

// Recover makes the engine of a snapshot and the journal that continues it, or of one of them alone: "" is none. Options
// are as for [ReadSnapshot]. OpenJournal continues the journal.
func Recover(snapshot, journal string, options Options) (*Engine, Recovery, error) {
	var f frame
	defer f.end()
	paths := [2]*C.char{}
	for i, path := range []string{snapshot, journal} {
		if path != "" {
			paths[i] = f.text(path)
		}
	}
	recovery := Recovery{structSize: C.sizeof_berth_recovery}
	found := (*C.berth_recovery)(unsafe.Pointer(&recovery))
	engine, err := f.create(options, func(settings *C.berth_engine_options, out **C.berth_engine) C.berth_status {
		return C.berth_engine_recover(paths[0], paths[1], settings, found, out)
	})
	if err != nil {
		return nil, Recovery{}, err
	}
	return engine, recovery, nil
}
