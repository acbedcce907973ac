package berth

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func newEvents(t *testing.T, reader *EventReader) (events []Event) {
	t.Helper()
	for event, err := range reader.New() {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func TestReadersFollowEvents(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	reader := engine.Events()
	for event, err := range reader.New() {
		if !errors.Is(err, WrongState) {
			t.Errorf("while events are off, a reader gets %+v, %v", event, err)
		}
	}
	if err := engine.EnableEvents(1024); err != nil {
		t.Fatal(err)
	}
	if err := engine.SetTime(7); err != nil {
		t.Fatal(err)
	}
	pod := place(t, engine, class)[0].Pod
	if _, err := engine.DryRun(class); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(engine.Confirm(pod), engine.CordonNodes(nodes[1:], true), engine.Release(pod)); err != nil {
		t.Fatal(err)
	}
	for event, err := range reader.New() { // one only: the others are for the next loop
		if err != nil || event != (Event{1, 7, pod, nodes[0], 0, PodAssumed, class}) {
			t.Errorf("the first event is %+v, %v", event, err)
		}
		break
	}
	want := []Event{
		{2, 7, pod, nodes[0], 1, PodBound, class},
		{3, 7, NoPod, nodes[1], 0, NodeCordoned, NoClass},
		{4, 7, pod, nodes[0], 0, PodReleased, class},
	}
	rest := newEvents(t, reader)
	if len(rest) != len(want) {
		t.Fatalf("the other events are %+v", rest)
	}
	for i, event := range rest {
		if event != want[i] {
			t.Errorf("event %d is %+v (%v), want %+v", i, event, event.Kind, want[i])
		}
	}
	if rest := newEvents(t, reader); len(rest) != 0 {
		t.Errorf("nothing is new, and it gives %+v", rest)
	}
}

func TestSlowReadersAreToldOfGaps(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	if err := engine.EnableEvents(4); err != nil {
		t.Fatal(err)
	}
	reader := engine.Events()
	pod := place(t, engine, class)[0].Pod
	if events := newEvents(t, reader); len(events) != 1 {
		t.Fatalf("%+v", events)
	}
	for range 5 {
		if err := engine.Release(pod); err != nil {
			t.Fatal(err)
		}
		pod = place(t, engine, class)[0].Pod
	}
	events := newEvents(t, reader)
	if len(events) != 5 || events[0].Kind != EventGap || events[0].Sequence != 2 || events[0].Other != 6 {
		t.Errorf("10 events went through a ring of 4: %+v", events)
	}
	if err := engine.EnableEvents(5); !errors.Is(err, BadArgument) {
		t.Errorf("a ring of 5 gives %v", err)
	}
	if err := engine.EnableEvents(-1); !errors.Is(err, BadArgument) {
		t.Errorf("a ring of -1 gives %v", err)
	}
	if err := engine.EnableEvents(1 << 30); !errors.Is(err, Limit) {
		t.Errorf("a ring of 2^30 gives %v", err)
	}
}

// More events than a reader takes at once.
func TestReadersTakeAllThereIs(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	if err := engine.EnableEvents(4096); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if err := engine.Forget(place(t, engine, class)[0].Pod); err != nil {
			t.Fatal(err)
		}
	}
	events := newEvents(t, engine.Events())
	if len(events) != 1000 || events[999].Sequence != 1000 || events[999].Kind != PodForgotten {
		t.Errorf("%d events, the last one %+v", len(events), events[len(events)-1])
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestMetricsCount(t *testing.T) {
	engine, _, class := small(t)
	defer engine.Close()
	place(t, engine, class, class)
	if err := engine.Forget(NoPod); err == nil {
		t.Fatal("a pod that never was is forgotten")
	}
	if err := engine.Try(func(s *Statement) error { place(t, engine, class); return s.Discard() }); err != nil {
		t.Fatal(err)
	}
	metrics, err := engine.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	var decisions, timed uint64
	for kind, count := range metrics.Decisions {
		decisions += count
		histogram, err := engine.Histogram(DecisionKind(kind))
		if err != nil && kind <= int(DecisionReranked) {
			t.Fatal(err)
		}
		timed += histogram.Count
		if count != histogram.Count || count > 0 && histogram.Sum <= 0 {
			t.Errorf("kind %d: %d decisions, the histogram has %d in %v", kind, count, histogram.Count, histogram.Sum)
		}
		for i := 1; i < len(histogram.Buckets); i++ {
			if histogram.Buckets[i].Upper <= histogram.Buckets[i-1].Upper {
				t.Errorf("bucket %d ends at %v", i, histogram.Buckets[i].Upper)
			}
		}
	}
	if decisions != 3 || timed != 3 || metrics.Placed != 3 || metrics.Refusals[UnknownID] != 1 ||
		metrics.StatementsBegun != 1 || metrics.StatementsDiscarded != 1 || metrics.StatementsCommitted != 0 {
		t.Errorf("%+v", metrics)
	}
	var text bytes.Buffer
	if err := engine.WriteMetrics(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"# TYPE berth_pods gauge\n", "\nberth_pods 2\n", "\nberth_placements_total{outcome=\"placed\"} 3\n",
		"\nberth_statements_total{state=\"discarded\"} 1\n",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("the text lacks %q", line)
		}
	}
	if !strings.HasSuffix(text.String(), "\n") || strings.Contains(text.String(), "\x00") {
		t.Error("the text has a zero, or no last line's end")
	}
	if err := engine.WriteMetrics(brokenPipe{}); err == nil {
		t.Error("a writer's error is lost")
	}
	if _, err := engine.Histogram(99); !errors.Is(err, BadArgument) {
		t.Errorf("decisions of kind 99 give %v", err)
	}
}
