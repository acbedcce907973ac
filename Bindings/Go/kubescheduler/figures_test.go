package kubescheduler

import (
	"errors"
	"regexp"
	"testing"
	"time"
)

func figure(t *testing.T, c *Cluster, name, of string) float64 {
	t.Helper()
	for _, figure := range c.Figures() {
		if figure.Name == name && figure.Of == of {
			return figure.Value
		}
	}
	t.Fatalf("there is no %s of '%s'", name, of)
	return 0
}

// Prometheus refuses a figure twice, one without a description, and a label that is now there and now not.
func TestFiguresAreThoseThatAreDescribed(t *testing.T) {
	b := newBed(t)
	for _, when := range []string{"without an engine", "with an engine"} {
		seen, kinds := map[[2]string]bool{}, map[string]bool{}
		for _, figure := range b.Figures() {
			key := [2]string{figure.Name, figure.Of}
			if figure.Name == "" || seen[key] || (figure.Label == "") != (figure.Of == "") {
				t.Errorf("%s: %+v", when, figure)
			}
			seen[key], kinds[figure.Name] = true, true
		}
		for _, kind := range FigureKinds {
			if !kinds[kind.Name] || kind.Help == "" || !regexp.MustCompile(`^[a-z_]+$`).MatchString(kind.Name) ||
				kind.IsCounter != regexp.MustCompile(`_total$`).MatchString(kind.Name) {
				t.Errorf("%s: %+v", when, kind)
			}
		}
		b.SetNode(node("a", "z"))
		b.choose(pod("1", ""), 1)
	}
}

func TestFiguresCount(t *testing.T) {
	b := newBed(t)
	var took []time.Duration
	b.options.Observe = func(d time.Duration) { took = append(took, d) }
	b.NotSynced()
	b.SetNode(node("a", "z"))
	b.SetPod(pod("1", "a"))
	b.choose(pod("2", ""), 1)
	huge := pod("3", "")
	huge.Requests[ResourceCPU] = 1 << 20
	b.choose(huge, 1)
	odd := pod("4", "")
	odd.NotHonoured = "something"
	if _, err := b.Choose(profileName, odd, 1); !errors.Is(err, ErrNotHonoured) {
		t.Error(err)
	}
	b.Widen("2")
	for name, of := range map[string]string{"decisions_total": "narrowed", "fallbacks_total": "not_synced",
		"widenings_total": "", "engine_nodes": "", "engine_pods": "", "engines_total": ""} {
		if got := figure(t, b.Cluster, name, of); got != 1 {
			t.Errorf("%s of '%s' is %v, want 1", name, of, got)
		}
	}
	if got := figure(t, b.Cluster, "decisions_total", "fallback"); got != 2 {
		t.Errorf("%v fallbacks, want 2", got)
	}
	if got := figure(t, b.Cluster, "decisions_total", "none_fit"); got != 1 {
		t.Errorf("%v none fit, want 1", got)
	}
	if len(took) != 3 {
		t.Errorf("%d durations for three choices", len(took))
	}
}
