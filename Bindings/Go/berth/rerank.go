package berth

/*
#include "berth.h"

// Defined in callback.go.
extern uint32_t berthGoRank(uintptr_t ranking, berth_rerank_batch *batch, int32_t *order);

// The context is a number to C, and never a pointer to Go's collector.
static uint32_t berth_go_rerank(void *context, const berth_rerank_batch *batch, int32_t *order_out) {
	return berthGoRank((uintptr_t)context, (berth_rerank_batch *)batch, order_out);
}

static berth_status berth_go_set_rerank(berth_engine *engine, berth_rerank_options *options, uintptr_t ranking) {
	options->callback = berth_go_rerank;
	options->context = (void *)ranking;
	return berth_engine_set_rerank(engine, options);
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"runtime/cgo"
	"weak"
)

// FeatureKind is something that re-ranking can be told of a candidate.
type FeatureKind uint32

const (
	FeatureTerm        FeatureKind = C.BERTH_FEATURE_TERM        // weighted score of the profile's term number Argument
	FeatureFree        FeatureKind = C.BERTH_FEATURE_FREE        // free of resource Argument before placing
	FeatureAllocatable FeatureKind = C.BERTH_FEATURE_ALLOCATABLE // allocatable of resource Argument
	FeatureRequest     FeatureKind = C.BERTH_FEATURE_REQUEST     // the pod's request of resource Argument
	FeaturePrice       FeatureKind = C.BERTH_FEATURE_PRICE       // price of the node; Argument 0 here and below
	FeatureSlot        FeatureKind = C.BERTH_FEATURE_SLOT        // place in topology order
	FeatureDomain      FeatureKind = C.BERTH_FEATURE_DOMAIN      // the node's domain on level Argument, 1 being the first
	FeatureLabels      FeatureKind = C.BERTH_FEATURE_LABELS      // label set id
	FeaturePriority    FeatureKind = C.BERTH_FEATURE_PRIORITY    // the pod's priority
)

// Feature is a column of what re-ranking sees. It has the layout of berth_feature.
type Feature struct {
	Kind     FeatureKind
	Argument uint32 // as Kind says
}

// Rerank lets the host choose among the best nodes of each pod.
type Rerank struct {
	CandidateLimit uint32    // at most this many candidates for each pod; 0: 8
	BatchLimit     uint32    // pods in one call of Rank; 0: 1, so that each pod sees what those before it left over
	Features       []Feature // what Rank is told of each candidate, at most 64

	// Rank reorders the candidates of the batch's pods. With an error, the call that places is refused with
	// [BadCallback], everything it did is taken back, and errors.Is finds the error in the refusal. So it is with a
	// panic, which [RankPanic] then tells of. Calls on the engine from inside are refused with [Busy]; Close is done
	// when the placement is over. Rank must not end its goroutine (runtime.Goexit, testing.T.FailNow): the engine
	// would be busy for ever.
	Rank func(batch *RerankBatch) error
}

// RankPanic is the error of a placement whose ranking panicked.
type RankPanic struct {
	Value any // of the panic
	Stack []byte
}

func (p *RankPanic) Error() string {
	return fmt.Sprintf("the ranking panicked: %v\n%s", p.Value, p.Stack)
}

// Unwrap gives the panic's value if it is an error.
func (p *RankPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// RerankBatch is what a ranking sees: some pods, each with its best candidates. It is
// valid until the ranking returns: the next call overwrites it.
type RerankBatch struct {
	Classes []ClassID // of each pod
	Round   int       // 0; higher where pods come again because others of their batch took what they wanted

	limit        int
	featureCount int
	counts       []uint32
	candidates   []Candidate
	features     []int64
	order        []int32
}

// Candidates of a pod, best first; there is one at least.
func (b *RerankBatch) Candidates(pod int) []Candidate {
	return b.candidates[pod*b.limit:][:b.counts[pod]]
}

// Features of a pod's candidate, in the order in which they were asked for.
func (b *RerankBatch) Features(pod, candidate int) []int64 {
	_ = b.Candidates(pod)[candidate] // a candidate that is not there panics
	return b.features[(pod*b.limit+candidate)*b.featureCount:][:b.featureCount]
}

// Order of a pod's candidates, for the ranking to write to: their indexes, best first, and it comes as 0, 1, 2 ... A -1
// ends it: candidates that are left out are refused for this pod.
func (b *RerankBatch) Order(pod int) []int32 {
	return b.order[pod*b.limit:][:b.counts[pod]]
}

// ranking is what the callback's context leads to. Only its engine keeps it, so that a ranking that refers to the
// engine does not keep both alive for ever. It is used by the one who is inside the engine.
type ranking struct {
	rank    func(*RerankBatch) error
	batch   RerankBatch // Go's own memory, which outlives what the library shows
	pods    int         // the most that come in one batch
	failure error       // of the last call
}

// SetRerank lets the host choose among the best nodes of each pod from now on. With the zero value, it no longer does.
// A fork, and an engine that is read from files, begins without.
func (e *Engine) SetRerank(options Rerank) error {
	if options.Rank == nil {
		if options.CandidateLimit != 0 || options.BatchLimit != 0 || options.Features != nil {
			return &Error{BadArgument, "Rank is nil: set it, or pass Rerank{} to switch re-ranking off"}
		}
		return e.setRanking(nil, func(h cEngine) cStatus { return C.berth_engine_set_rerank(h, nil) })
	}
	f := newFrame()
	defer f.end()
	c := record[C.berth_rerank_options](f)
	C.berth_rerank_options_init(c)
	if options.CandidateLimit != 0 {
		c.candidate_limit = C.uint32_t(options.CandidateLimit)
	}
	if options.BatchLimit != 0 {
		c.batch_limit = C.uint32_t(options.BatchLimit)
	}
	c.features, c.feature_count = pinned[C.berth_feature](f, options.Features), C.uint32_t(len(options.Features))

	next := &ranking{rank: options.Rank, pods: int(c.batch_limit)}
	handle := cgo.NewHandle(weak.Make(next))
	runtime.AddCleanup(next, cgo.Handle.Delete, handle)
	return e.setRanking(next, func(h cEngine) cStatus { return C.berth_go_set_rerank(h, c, C.uintptr_t(handle)) })
}

// setRanking keeps what the engine has been told.
func (e *Engine) setRanking(next *ranking, tell func(cEngine) cStatus) error {
	defer runtime.KeepAlive(next)
	return e.with(func(h cEngine) error {
		err := refusal(h, tell(h))
		if err == nil {
			e.ranking = next
		}
		return err
	})
}

// withCause adds what the ranking said to a refusal of its result.
func (e *Engine) withCause(refused error) error {
	if e.ranking == nil || e.ranking.failure == nil {
		return refused
	}
	cause := e.ranking.failure
	e.ranking.failure = nil
	return fmt.Errorf("%w: %w", refused, cause)
}
