package berth

// #include "berth.h"
import "C"

import "unsafe"

// Backfill says who may start behind a gang that waits.
type Backfill uint32

const (
	BackfillNone Backfill = C.BERTH_BACKFILL_NONE // nobody
	BackfillEasy Backfill = C.BERTH_BACKFILL_EASY // who delays no protected gang
	BackfillAny  Backfill = C.BERTH_BACKFILL_ANY  // whoever fits
)

// QueueOptions are how a pass over a queue decides.
type QueueOptions struct {
	Backfill     Backfill
	AgingMS      int64  // the priority rises by one for so long a time of waiting; 0: never
	MostTried    uint64 // gangs that are tried in a pass; 0: all
	Reservations uint32 // BackfillEasy: gangs that are protected, 1..64
}

// DefaultQueueOptions are EASY with one reservation, no aging, all gangs tried.
func DefaultQueueOptions() QueueOptions {
	var c C.berth_queue_options
	C.berth_queue_options_init(&c)
	return QueueOptions{Backfill(c.backfill), int64(c.aging_ms), uint64(c.most_tried), uint32(c.reservations)}
}

// WaitingGang is a gang in the caller's queue. Times are milliseconds of the engine's time.
type WaitingGang struct {
	Gang      Gang
	SubmitMS  int64 // not in the future
	RunMS     int64 // how long it runs once started, at least 1; Never: not known
	TimeoutMS int64 // given up when it has waited so long; 0: never
	Priority  int32
}

// RunningPod is a pod that is expected to end.
type RunningPod struct {
	Pod   PodID
	EndMS int64 // Never: as if it were not told
}

// QueueOutcome is what a pass decided about a gang.
type QueueOutcome uint32

const (
	QueueStarted    QueueOutcome = C.BERTH_QUEUE_STARTED    // and no gang before it waits
	QueueBackfilled QueueOutcome = C.BERTH_QUEUE_BACKFILLED // started, though one before it waits or is impossible
	QueueWaiting    QueueOutcome = C.BERTH_QUEUE_WAITING
	QueueTimedOut   QueueOutcome = C.BERTH_QUEUE_TIMED_OUT
	QueueImpossible QueueOutcome = C.BERTH_QUEUE_IMPOSSIBLE // would not fit even if all had left that is known to end
)

func (o QueueOutcome) String() string {
	return name(uint32(o), "none", "started", "backfilled", "waiting", "timed out", "impossible")
}

// QueueResult is what a pass decided about a gang.
type QueueResult struct {
	Outcome QueueOutcome
	Order   uint32 // its place in the queue
	StartMS int64  // now, if it was started; its reserved start, if it is protected; else Never
	// Of its placement, or why there was none: GangWithdrawn if it would delay, or is blocked by, another. Its outcome is
	// 0 where it was not looked at.
	Gang GangResult
}

// Started tells whether the gang has its pods.
func (r *QueueResult) Started() bool {
	return r.Outcome == QueueStarted || r.Outcome == QueueBackfilled
}

// ScheduleGangs decides a pass over a queue and starts gangs: results in the order of waiting. It keeps nothing but the
// pods it places.
func (e *Engine) ScheduleGangs(options QueueOptions, waiting []WaitingGang, running []RunningPod) ([]QueueResult, error) {
	var f frame
	defer f.end()
	var c C.berth_queue_options
	C.berth_queue_options_init(&c)
	c.backfill, c.aging_ms = C.uint32_t(options.Backfill), C.int64_t(options.AgingMS)
	c.most_tried, c.reservations = C.uint64_t(options.MostTried), C.uint32_t(options.Reservations)
	room := 0
	gangs, queue := records[C.berth_gang](&f, len(waiting)), records[C.berth_waiting_gang](&f, len(waiting))
	for i := range waiting {
		if err := f.gang(&waiting[i].Gang, &gangs[i]); err != nil {
			return nil, err
		}
		room += waiting[i].Gang.most()
		queue[i].gang, queue[i].priority = &gangs[i], C.int32_t(waiting[i].Priority)
		queue[i].submit_ms, queue[i].run_ms = C.int64_t(waiting[i].SubmitMS), C.int64_t(waiting[i].RunMS)
		queue[i].timeout_ms = C.int64_t(waiting[i].TimeoutMS)
	}
	ending := records[C.berth_running_pod](&f, len(running))
	for i, pod := range running {
		ending[i].pod, ending[i].end_ms = C.berth_pod_id(pod.Pod), C.int64_t(pod.EndMS)
	}
	told := records[C.berth_queue_result](&f, len(waiting))
	placements, roles := make([]Placement, room), make([]uint32, room)
	err := e.placing(C.berth_gangs_schedule(e.handle, &c, first(queue), C.size_t(len(queue)), first(ending),
		C.size_t(len(ending)), C.size_t(room), (*C.berth_placement)(unsafe.Pointer(first(placements))),
		(*C.uint32_t)(unsafe.Pointer(first(roles))), first(told)))
	if err != nil {
		return nil, err
	}
	results := make([]QueueResult, len(told))
	for i := range told {
		results[i] = QueueResult{Outcome: QueueOutcome(told[i].outcome), Order: uint32(told[i].order),
			StartMS: int64(told[i].start_ms)}
		if told[i].gang.outcome == 0 {
			continue
		}
		if results[i].Gang, err = e.gangResult(&told[i].gang); err != nil {
			return nil, err
		}
		start := int(told[i].first)
		end := start + int(told[i].members)
		results[i].Gang.Placements, results[i].Gang.Roles = placements[start:end:end], roles[start:end:end]
	}
	return results, nil
}
