package kubescheduler

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestArgsHaveDefaults(t *testing.T) {
	args, err := ReadArgs(nil)
	if err != nil || args != DefaultArgs() {
		t.Errorf("no arguments are %+v, %v", args, err)
	}
	args, err = ReadArgs([]byte(`{"apiVersion":"berth.dev/v1","kind":"BerthArgs","candidates":8,"gangTimeout":"90s",
		"driftCheckInterval":"0s"}`))
	want := DefaultArgs()
	want.Candidates, want.GangTimeout.Duration, want.DriftCheckInterval.Duration = 8, 90*time.Second, 0
	if err != nil || args != want {
		t.Errorf("some arguments are %+v, %v; want %+v", args, err, want)
	}
	text, err := json.Marshal(DefaultArgs())
	if err != nil {
		t.Fatal(err)
	}
	if args, err = ReadArgs(text); err != nil || args != DefaultArgs() {
		t.Errorf("%s is read as %+v, %v", text, args, err)
	}
	if other := DefaultArgs(); !other.Agrees(DefaultArgs()) || want.Agrees(other) {
		t.Error("arguments agree if what the engine has of them is the same")
	}
}

func TestWrongArgsAreNamed(t *testing.T) {
	head := `"apiVersion":"berth.dev/v1","kind":"BerthArgs"`
	for _, c := range []struct{ text, want string }{
		{`{` + head + `,"candidats":1}`, `unknown field "candidats"`},
		{`{` + head + `,"candidates":0}`, "candidates is 0, it must be 1..100"},
		{`{` + head + `,"candidates":101}`, "candidates is 101"},
		{`{` + head + `,"candidates":"four"}`, "candidates is a string, it must be of type int"},
		{`{` + head + `,"unmodelledCandidates":-1}`, "unmodelledCandidates is -1"},
		{`{` + head + `,"gangTimeout":"soon"}`, `gangTimeout is "soon", it must be a duration`},
		{`{` + head + `,"gangTimeout":5}`, `gangTimeout is 5, it must be a duration`},
		{`{` + head + `,"gangTimeout":"0s"}`, "gangTimeout is 0s, it must be 1s..1h"},
		{`{` + head + `,"driftCheckInterval":"-1s"}`, "driftCheckInterval is -1s, it must be 0s..1h"},
		{`{` + head + `,"engineRetryInterval":"2h"}`, "engineRetryInterval is 2h0m0s"},
		{`{"candidates":4}`, `they must be "berth.dev/v1" and "BerthArgs"`},
		{`{"apiVersion":"berth.dev/v2","kind":"BerthArgs"}`, `"berth.dev/v2"`},
		{`{` + head + `} {}`, "more than one object"},
		{`{` + head, "unexpected EOF"},
		{`[]`, "array"},
	} {
		if _, err := ReadArgs([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), ArgsKind) {
			t.Errorf("%s gives %v, want %s", c.text, err, c.want)
		}
	}
	_, err := ReadArgs([]byte(`{` + head + `,"candidates":0,"gangTimeout":"x"}`))
	if err == nil || !strings.Contains(err.Error(), "candidates") || !strings.Contains(err.Error(), "gangTimeout") {
		t.Errorf("of two wrong fields %v is said", err)
	}
}
