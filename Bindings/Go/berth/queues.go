package berth

// #include "berth.h"
import "C"

import "context"

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
	Priority  int32 // the highest goes first
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
	QueueWaiting    QueueOutcome = C.BERTH_QUEUE_WAITING    // not now: Gang says why
	QueueTimedOut   QueueOutcome = C.BERTH_QUEUE_TIMED_OUT  // given up, after TimeoutMS
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
func (e *Engine) ScheduleGangs(
	options QueueOptions, waiting []WaitingGang, running []RunningPod,
) ([]QueueResult, error) {
	return e.ScheduleGangsContext(context.Background(), options, waiting, running)
}

// ScheduleGangsContext is [Engine.ScheduleGangs], whose caller need not wait for its end. When ctx is done first, it
// returns the context's cause at once. A pass cannot be interrupted: it goes on in a goroutine of its own, with the
// engine [Busy] meanwhile, and at its end all that it did is taken back. So either all of the pass is done, and no
// error is returned, or nothing.
func (e *Engine) ScheduleGangsContext(
	ctx context.Context, options QueueOptions, waiting []WaitingGang, running []RunningPod,
) ([]QueueResult, error) {
	f := newFrameFor(ctx)
	pass, err := f.pass(options, waiting, running)
	if err != nil {
		f.end()
		return nil, err
	}
	return inside(ctx, e, f, func(h cEngine, stays func() bool) (results []QueueResult, err error) {
		if ctx.Done() == nil {
			return pass.run(e, h)
		}
		err = e.attempt(h, stays, func() (err error) {
			results, err = pass.run(e, h)
			return err
		})
		return results, err
	})
}

// queuePass is what a pass reads and writes.
type queuePass struct {
	options *C.berth_queue_options
	waiting []C.berth_waiting_gang
	running []C.berth_running_pod
	told    []C.berth_queue_result
	room    gangCall
}

func (f *frame) pass(options QueueOptions, waiting []WaitingGang, running []RunningPod) (*queuePass, error) {
	p := &queuePass{
		options: record[C.berth_queue_options](f),
		waiting: records[C.berth_waiting_gang](f, len(waiting)),
		running: records[C.berth_running_pod](f, len(running)),
		told:    records[C.berth_queue_result](f, len(waiting)),
	}
	C.berth_queue_options_init(p.options)
	p.options.backfill, p.options.aging_ms = C.uint32_t(options.Backfill), C.int64_t(options.AgingMS)
	p.options.most_tried = C.uint64_t(options.MostTried)
	p.options.reservations = C.uint32_t(options.Reservations)
	members := 0
	gangs := records[C.berth_gang](f, len(waiting))
	for i := range waiting {
		if err := f.gang(&waiting[i].Gang, &gangs[i]); err != nil {
			return nil, err
		}
		members += waiting[i].Gang.most()
		c := &p.waiting[i]
		c.gang, c.priority = &gangs[i], C.int32_t(waiting[i].Priority)
		c.submit_ms, c.run_ms = C.int64_t(waiting[i].SubmitMS), C.int64_t(waiting[i].RunMS)
		c.timeout_ms = C.int64_t(waiting[i].TimeoutMS)
	}
	for i, pod := range running {
		p.running[i].pod, p.running[i].end_ms = C.berth_pod_id(pod.Pod), C.int64_t(pod.EndMS)
	}
	return p, p.room.makeRoom(members)
}

func (p *queuePass) run(e *Engine, h cEngine) ([]QueueResult, error) {
	err := e.placing(C.berth_gangs_schedule(h, p.options, first(p.waiting), C.size_t(len(p.waiting)), first(p.running),
		C.size_t(len(p.running)), p.room.capacity(), p.room.placementsOut(), p.room.rolesOut(), first(p.told)))
	if err != nil {
		return nil, err
	}
	results := make([]QueueResult, len(p.told))
	for i := range p.told {
		c := &p.told[i]
		results[i] = QueueResult{Outcome: QueueOutcome(c.outcome), Order: uint32(c.order), StartMS: int64(c.start_ms)}
		if c.gang.outcome == 0 {
			continue
		}
		start, end := int(c.first), int(c.first)+int(c.members)
		results[i].Gang = gangResult(h, &c.gang, p.room.placements[start:end], p.room.roles[start:end])
	}
	return results, nil
}
