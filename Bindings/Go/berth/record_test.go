package berth

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func digest(t *testing.T, engine *Engine) uint64 {
	t.Helper()
	digest, err := engine.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestEnginesComeBackFromFiles(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	snapshot, journal := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "calls")
	if err := engine.OpenJournal(journal, JournalBuffered); err != nil {
		t.Fatal(err)
	}
	place(t, engine, class)
	if err := engine.WriteSnapshot(snapshot); err != nil {
		t.Fatal(err)
	}
	atSnapshot := digest(t, engine)
	place(t, engine, class, class)
	pod := place(t, engine, class)[0].Pod
	if err := errors.Join(engine.Release(pod), engine.SyncJournal()); err != nil {
		t.Fatal(err)
	}

	read, err := ReadSnapshot(snapshot, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if digest(t, read) != atSnapshot || atSnapshot == digest(t, engine) {
		t.Error("the snapshot is not the state that it was taken of")
	}
	recovered, recovery, err := Recover(snapshot, journal, Options{Allocator: AllocatorJemalloc, CPULevel: CPUScalar})
	if err != nil {
		t.Fatal(err)
	}
	defer recovered.Close()
	if digest(t, recovered) != digest(t, engine) {
		t.Error("what was recovered is not the state that there was")
	}
	if recovery.Skipped != 1 || recovery.Replayed != 3 || recovery.Discarded != 0 || recovery.TornBytes != 0 {
		t.Errorf("%+v", recovery)
	}
	if info, err := recovered.Info(); err != nil || info.CPULevel != CPUScalar {
		t.Errorf("the CPU level that was asked for is not there: %v, %v", info.CPULevel, err)
	}
	if here, there := place(t, engine, class)[0], place(t, recovered, class)[0]; here != there {
		t.Errorf("the next decision is %+v here and %+v there", here, there)
	}

	if err := recovered.OpenJournal(journal, 0); !errors.Is(err, IO) {
		t.Errorf("a journal that another engine has open gives %v", err)
	}
	if err := errors.Join(engine.CloseJournal(), recovered.OpenJournal(journal, JournalSynced)); err != nil {
		t.Errorf("the recovered engine does not continue the journal: %v", err)
	}
}

func TestFilesThatAreNotRightAreRefused(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	path := filepath.Join(t.TempDir(), "state")
	if _, err := engine.Begin(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a snapshot": engine.WriteSnapshot(path), "a journal": engine.OpenJournal(path, 0),
	} {
		if !errors.Is(err, WrongState) {
			t.Errorf("%s inside of a statement gives %v", name, err)
		}
	}
	_, missing := ReadSnapshot(path, Options{})
	_, _, nothing := Recover("", "", Options{})
	_, zero := ReadSnapshot("a\x00b", Options{})
	if err := os.WriteFile(path, []byte("not a snapshot at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, foreign := ReadSnapshot(path, Options{})
	_, _, foreignJournal := Recover("", path, Options{})
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"no file", missing, IO},
		{"neither file", nothing, BadArgument},
		{"a zero byte", zero, BadText},
		{"a foreign snapshot", foreign, BadFile},
		{"a foreign journal", foreignJournal, BadFile},
		{"no journal to sync", engine.SyncJournal(), WrongState},
		{"no journal to close", engine.CloseJournal(), WrongState},
		{"unknown flags", engine.OpenJournal(path, 99), BadArgument},
	} {
		var refused *Error
		if !errors.As(c.err, &refused) || refused.Status != c.want || len(refused.Message) < 10 {
			t.Errorf("%s: got %v, want %v with a sentence", c.name, c.err, c.want)
		}
	}
	place(t, engine, class)
}
