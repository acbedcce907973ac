package kubescheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ArgsAPIVersion and ArgsKind are what the plugin's arguments in KubeSchedulerConfiguration begin with.
const (
	ArgsAPIVersion = "berth.dev/v1"
	ArgsKind       = "BerthArgs"
)

// Args are the plugin's arguments, version v1. A change that a file of today would not survive is another version.
type Args struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	// Candidates is how many nodes the scheduler is given for a pod that the engine knows all of: 1..100, default 1.
	// With one node no plugin scores, which saves most of a cycle; more make room for plugins that refuse.
	Candidates int `json:"candidates"`
	// UnmodelledCandidates is the same for a pod with volumes, resource claims or whatever else only the scheduler's
	// own plugins judge: 1..100, default 16.
	UnmodelledCandidates int `json:"unmodelledCandidates"`
	// GangTimeout is how long reserved members of a gang wait for the others, unless their annotation says it: "5m".
	GangTimeout Duration `json:"gangTimeout"`
	// DriftCheckInterval is how much time passes between two comparisons with the scheduler's snapshot: "1m"; "0s"
	// turns them off.
	DriftCheckInterval Duration `json:"driftCheckInterval"`
	// EngineRetryInterval is how long all pods are left to the scheduler after the engine has failed: "30s".
	EngineRetryInterval Duration `json:"engineRetryInterval"`
}

// Duration is a time.Duration that stands in JSON as "1m30s".
type Duration struct {
	time.Duration
	wrong string // what stood there, if it is none
}

// UnmarshalJSON reads it. What is wrong is said later, with the name of the field.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var said string
	err := json.Unmarshal(text, &said)
	if err == nil {
		d.Duration, err = time.ParseDuration(said)
	}
	if d.wrong = ""; err != nil {
		d.wrong = string(text)
	}
	return nil
}

// MarshalJSON writes it.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// DefaultArgs are those of a plugin without any.
func DefaultArgs() Args {
	return Args{
		APIVersion:           ArgsAPIVersion,
		Kind:                 ArgsKind,
		Candidates:           1,
		UnmodelledCandidates: 16,
		GangTimeout:          Duration{Duration: 5 * time.Minute},
		DriftCheckInterval:   Duration{Duration: time.Minute},
		EngineRetryInterval:  Duration{Duration: 30 * time.Second},
	}
}

// ReadArgs reads arguments from JSON; none at all are the defaults. An error names the field and says what it may be.
func ReadArgs(text []byte) (Args, error) {
	args := DefaultArgs()
	if len(bytes.TrimSpace(text)) == 0 {
		return args, nil
	}
	args.APIVersion, args.Kind = "", ""
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&args); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			err = fmt.Errorf("%s is a %s, it must be of type %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return args, fmt.Errorf("%s: %w", ArgsKind, plain(err))
	}
	if _, err := decoder.Token(); err != io.EOF {
		return args, fmt.Errorf("%s: more than one object", ArgsKind)
	}
	return args, args.validate()
}

// plain leaves out the decoder's name.
func plain(err error) error {
	if text, cut := strings.CutPrefix(err.Error(), "json: "); cut {
		return errors.New(text)
	}
	return err
}

// validate names all that is wrong.
func (a *Args) validate() error {
	var wrong []error
	refuse := func(format string, values ...any) { wrong = append(wrong, fmt.Errorf(ArgsKind+": "+format, values...)) }
	if a.APIVersion != ArgsAPIVersion || a.Kind != ArgsKind {
		refuse("apiVersion and kind are %q and %q, they must be %q and %q", a.APIVersion, a.Kind, ArgsAPIVersion, ArgsKind)
	}
	for _, count := range []struct {
		field string
		value int
	}{{"candidates", a.Candidates}, {"unmodelledCandidates", a.UnmodelledCandidates}} {
		if count.value < 1 || count.value > 100 {
			refuse("%s is %d, it must be 1..100", count.field, count.value)
		}
	}
	for _, duration := range []struct {
		field string
		value Duration
		from  time.Duration
	}{
		{"gangTimeout", a.GangTimeout, time.Second},
		{"driftCheckInterval", a.DriftCheckInterval, 0},
		{"engineRetryInterval", a.EngineRetryInterval, time.Second},
	} {
		if duration.value.wrong != "" {
			refuse("%s is %s, it must be a duration such as \"1m30s\"", duration.field, duration.value.wrong)
		} else if value := duration.value.Duration; value < duration.from || value > time.Hour {
			refuse("%s is %v, it must be %v..1h", duration.field, value, duration.from)
		}
	}
	return errors.Join(wrong...)
}

// Agrees says whether a second profile's arguments can share an engine with these.
func (a Args) Agrees(other Args) bool {
	return a.GangTimeout == other.GangTimeout && a.DriftCheckInterval == other.DriftCheckInterval &&
		a.EngineRetryInterval == other.EngineRetryInterval
}

// CandidatesFor is how many nodes the scheduler is given for a pod at first.
func (a Args) CandidatesFor(pod *Pod) int {
	if pod.Unmodelled != "" {
		return a.UnmodelledCandidates
	}
	return a.Candidates
}
