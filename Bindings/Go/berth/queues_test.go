package berth

import (
	"errors"
	"slices"
	"testing"
)

const queueNow = 100_000

// newQueueScene is a gangScene whose last rack, of twelve workers, is full; its pods end in 50 ms.
func newQueueScene(t *testing.T) (*gangScene, []RunningPod) {
	t.Helper()
	s := newGangScene(t)
	if err := s.SetTime(queueNow); err != nil {
		t.Fatal(err)
	}
	var running []RunningPod
	for _, pod := range podsOf(ok[GangResult](t)(s.PlaceGang(s.workers(12))).Placements) {
		running = append(running, RunningPod{pod, queueNow + 50})
	}
	return s, running
}

func (s *gangScene) waiting(count uint32, submit int64) WaitingGang {
	return WaitingGang{Gang: s.workers(count), SubmitMS: submit, RunMS: Never}
}

func outcomes(results []QueueResult) []QueueOutcome {
	var list []QueueOutcome
	for _, result := range results {
		list = append(list, result.Outcome)
	}
	return list
}

func TestGangsStartBehindOneThatIsProtected(t *testing.T) {
	s, running := newQueueScene(t)
	queue := []WaitingGang{s.waiting(9, 0), s.waiting(8, 1), s.waiting(13, 2), s.waiting(1, 3)}
	queue[3].TimeoutMS = 10
	results := ok[[]QueueResult](t)(s.ScheduleGangs(DefaultQueueOptions(), queue, running))
	if got := outcomes(results); !slices.Equal(got, []QueueOutcome{QueueWaiting, QueueBackfilled, QueueImpossible,
		QueueTimedOut}) {
		t.Fatal(got)
	}
	wide, narrow := results[0], results[1]
	if wide.StartMS != queueNow+50 || wide.Started() || wide.Gang.Proof.Available != 8 || wide.Order != 0 {
		t.Errorf("%+v", wide)
	}
	if narrow.StartMS != queueNow || !narrow.Started() || len(narrow.Gang.Roles) != 8 ||
		!slices.Equal(s.on(narrow.Gang.Placements), []int{0, 0, 0, 0, 1, 1, 1, 1}) {
		t.Errorf("%+v", narrow)
	}
	if results[2].StartMS != Never || results[2].Gang.Outcome != GangNoFit || results[3].Gang.Outcome != 0 {
		t.Errorf("%+v", results[2:])
	}
}

func TestStrictOrderAndAging(t *testing.T) {
	s, running := newQueueScene(t)
	queue := []WaitingGang{s.waiting(1, queueNow), s.waiting(9, queueNow-600)}
	queue[0].Priority = 5
	options := DefaultQueueOptions()
	options.Backfill, options.AgingMS = BackfillNone, 100
	results := ok[[]QueueResult](t)(s.ScheduleGangs(options, queue, running))
	if got := outcomes(results); !slices.Equal(got, []QueueOutcome{QueueWaiting, QueueWaiting}) ||
		results[0].Gang.Outcome != GangWithdrawn || results[1].Order != 0 {
		t.Errorf("%v: %+v", got, results)
	}
	if got := QueueTimedOut.String(); got != "timed out" {
		t.Error(got)
	}
}

func TestQueuesAreRefused(t *testing.T) {
	s, running := newQueueScene(t)
	late, unrun := s.waiting(1, queueNow+1), s.waiting(1, 0)
	unrun.RunMS = 0
	var pods []PodID
	for _, pod := range running {
		pods = append(pods, pod.Pod)
	}
	gone := []RunningPod{{ok[[]PodID](t)(s.ShrinkGang(pods, 11))[0], queueNow}}
	running = slices.DeleteFunc(running, func(pod RunningPod) bool { return pod.Pod == gone[0].Pod })
	for _, refused := range []struct {
		what    string
		options QueueOptions
		waiting []WaitingGang
		running []RunningPod
		status  Status
	}{
		{"no options", QueueOptions{}, nil, nil, BadArgument},
		{"in the future", DefaultQueueOptions(), []WaitingGang{late}, nil, BadArgument},
		{"that does not run", DefaultQueueOptions(), []WaitingGang{unrun}, nil, BadArgument},
		{"pods twice", DefaultQueueOptions(), nil, append(running, running[0]), Duplicate},
		{"pods that are gone", DefaultQueueOptions(), nil, gone, StaleID},
	} {
		_, err := s.ScheduleGangs(refused.options, refused.waiting, refused.running)
		var failure *Error
		if !errors.As(err, &failure) || failure.Status != refused.status {
			t.Errorf("%s: %v", refused.what, err)
		}
	}
}
