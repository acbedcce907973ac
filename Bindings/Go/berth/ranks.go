package berth

// #include "berth.h"
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// RankLink is what a level of the network carries between two places. It has the layout of berth_rank_link.
type RankLink struct {
	BytesPerSecond int64 // 1..10^15
	LatencyNS      int64 // of each message
}

// RankNetwork are places, one GPU each as a rule, in a tree of domains.
type RankNetwork struct {
	Domains []uint32   // [places][levels], widest level first
	Levels  int        // 1..8
	Links   []RankLink // levels + 1: Links[0] joins places without a common domain, the last one those of an innermost one
}

// CollectiveKind is an operation of a group of ranks; berth.h says what each of them sends.
type CollectiveKind uint32

const (
	// RingAllReduce: to the next in a closed ring, twice around
	RingAllReduce CollectiveKind = C.BERTH_RING_ALL_REDUCE
	// RingAllGather: to the next in a closed ring, once around
	RingAllGather CollectiveKind = C.BERTH_RING_ALL_GATHER
	// RingReduceScatter: to the next in a closed ring, once around
	RingReduceScatter CollectiveKind = C.BERTH_RING_REDUCE_SCATTER
	// TreeAllReduce: between a rank and its parent in a binomial tree, both ways
	TreeAllReduce CollectiveKind = C.BERTH_TREE_ALL_REDUCE
	// TreeBroadcast: from parent to child in a binomial tree
	TreeBroadcast CollectiveKind = C.BERTH_TREE_BROADCAST
	// AllToAll: from everyone to everyone
	AllToAll CollectiveKind = C.BERTH_ALL_TO_ALL
	// HalvingDoublingAllReduce: between ranks that differ in one bit; groups are powers of two
	HalvingDoublingAllReduce CollectiveKind = C.BERTH_HALVING_DOUBLING_ALL_REDUCE
	// Pipeline: between neighbours, both ways, not closed
	Pipeline CollectiveKind = C.BERTH_PIPELINE
)

// AllDimensions makes one group of all ranks.
const AllDimensions = ^uint32(0)

// Collective is an operation of all groups of ranks that differ in some dimensions only. It has the layout of
// berth_collective.
type Collective struct {
	Kind       CollectiveKind
	Dimensions uint32 // bit i: dimension i varies within a group
	Bytes      int64  // 0..2^61
	Times      int64  // in a step, at least 1
}

// Flow is what a rank sends to another one in a step. It has the layout of berth_flow.
type Flow struct {
	From, To uint32
	Bytes    int64 // 0..2^61
	Messages int64 // 0 or more
}

// RankJob is the traffic of a job: collectives over its dimensions, or flows, with one dimension.
type RankJob struct {
	Dimensions  []uint32 // sizes, the fastest varying first
	Collectives []Collective
	Flows       []Flow
}

func (j RankJob) ranks() int {
	product := 1
	for _, size := range j.Dimensions {
		// What is too large is refused by the library, before anything is written.
		product = min(product*int(size), C.BERTH_MAX_RANKS)
	}
	return product
}

// RankOptions bound the search. [DefaultRankOptions] has what is usual.
type RankOptions struct {
	Iterations      uint32 // exchanges that may be weighed
	ExhaustiveRanks uint32 // jobs of up to so many ranks are solved by trying all that could be better; at most 10
}

// DefaultRankOptions are 20,000 iterations, and 8 ranks.
func DefaultRankOptions() RankOptions {
	var c C.berth_rank_options
	C.berth_rank_options_init(&c)
	return RankOptions{Iterations: uint32(c.iterations), ExhaustiveRanks: uint32(c.exhaustive_ranks)}
}

// RankAssignment is where ranks go and what that costs, in picoseconds; bytes are by link, widest first.
type RankAssignment struct {
	Places      []uint32 // by rank
	Cost        int64
	CostBefore  int64 // of the order as given; 0 after a failure
	LowerBound  int64 // no assignment costs less
	Exact       bool  // proven: nothing is cheaper
	Bytes       []int64
	BytesBefore []int64
	Iterations  uint64 // exchanges that were weighed
}

func (f *frame) rankNetwork(n RankNetwork) *C.berth_rank_network {
	c := record[C.berth_rank_network](f)
	C.berth_rank_network_init(c)
	if n.Levels < 1 || len(n.Domains)%n.Levels != 0 || len(n.Links) != n.Levels+1 {
		f.err = &Error{BadArgument, "a network has levels domains for each place, and levels + 1 links"}
		return c
	}
	c.level_count, c.place_count = C.uint32_t(n.Levels), C.uint32_t(len(n.Domains)/n.Levels)
	c.domains = pinned[C.uint32_t](f, n.Domains)
	c.links = pinned[C.berth_rank_link](f, n.Links)
	return c
}

func (f *frame) rankJob(j RankJob) *C.berth_rank_job {
	c := record[C.berth_rank_job](f)
	C.berth_rank_job_init(c)
	c.dimension_count, c.dimensions = C.uint32_t(len(j.Dimensions)), pinned[C.uint32_t](f, j.Dimensions)
	c.collective_count, c.collectives = C.uint32_t(len(j.Collectives)), pinned[C.berth_collective](f, j.Collectives)
	c.flow_count, c.flows = C.uint64_t(len(j.Flows)), pinned[C.berth_flow](f, j.Flows)
	return c
}

func (f *frame) rankOptions(o RankOptions) *C.berth_rank_options {
	c := record[C.berth_rank_options](f)
	C.berth_rank_options_init(c)
	c.iterations, c.exhaustive_ranks = C.uint32_t(o.Iterations), C.uint32_t(o.ExhaustiveRanks)
	return c
}

// withoutEngine makes a call that keeps its sentence for the thread, and reads it there.
func withoutEngine(call func() cStatus) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return refusal(nil, call())
}

// AssignRanks finds the cheapest order of ranks that it can, never dearer than order (nil: rank r at place r), which is
// kept where nothing cheaper is found. It needs no engine.
func AssignRanks(network RankNetwork, job RankJob, order []uint32, options RankOptions) (RankAssignment, error) {
	return AssignRanksContext(context.Background(), network, job, order, options)
}

// AssignRanksContext is [AssignRanks], whose caller need not wait for its end. When ctx is done first, it returns the
// context's cause at once. The search cannot be interrupted: it goes on in a goroutine of its own to the end of its
// iterations.
func AssignRanksContext(
	ctx context.Context, network RankNetwork, job RankJob, order []uint32, options RankOptions,
) (RankAssignment, error) {
	if order != nil && len(order) != job.ranks() {
		return RankAssignment{}, &Error{BadArgument, "order has another length than the job has ranks"}
	}
	f := newFrameFor(ctx)
	given := pinned[C.uint32_t](f, order)
	return f.rankAssignment(ctx, network, job, options, func(n *C.berth_rank_network, j *C.berth_rank_job,
		o *C.berth_rank_options, places *C.uint32_t, report *C.berth_rank_report) cStatus {
		return C.berth_ranks_assign(n, j, given, o, places, report)
	})
}

// ReplaceRanks gives lost ranks places among the replacements, at least as many, and moves no other. It needs no
// engine.
func ReplaceRanks(network RankNetwork, job RankJob, places, lost, replacements []uint32,
	options RankOptions) (RankAssignment, error) {
	if len(places) != job.ranks() {
		return RankAssignment{}, &Error{BadArgument, "places has another length than the job has ranks"}
	}
	f := newFrame()
	given, gone := pinned[C.uint32_t](f, places), pinned[C.uint32_t](f, lost)
	spare := pinned[C.uint32_t](f, replacements)
	return f.rankAssignment(context.Background(), network, job, options, func(n *C.berth_rank_network,
		j *C.berth_rank_job, o *C.berth_rank_options, out *C.uint32_t, report *C.berth_rank_report) cStatus {
		return C.berth_ranks_replace(n, j, given, gone, C.size_t(len(lost)), spare, C.size_t(len(replacements)), o, out,
			report)
	})
}

// rankAssignment makes a call and ends the frame.
func (f *frame) rankAssignment(ctx context.Context, network RankNetwork, job RankJob, options RankOptions,
	call func(*C.berth_rank_network, *C.berth_rank_job, *C.berth_rank_options, *C.uint32_t,
		*C.berth_rank_report) cStatus) (RankAssignment, error) {
	n, j, o := f.rankNetwork(network), f.rankJob(job), f.rankOptions(options)
	err := context.Cause(ctx)
	if f.err != nil {
		err = f.err
	}
	if err != nil {
		f.end()
		return RankAssignment{}, err
	}
	places, links := make([]uint32, max(job.ranks(), 1)), len(network.Links)
	return await(ctx, func(func() bool) (RankAssignment, error) {
		defer f.end()
		report := record[C.berth_rank_report](f)
		report.struct_size = C.sizeof_berth_rank_report
		out := (*C.uint32_t)(unsafe.Pointer(first(places)))
		if err := withoutEngine(func() cStatus { return call(n, j, o, out, report) }); err != nil {
			return RankAssignment{}, err
		}
		found := RankAssignment{Places: places, Cost: int64(report.cost_ps), CostBefore: int64(report.cost_before_ps),
			LowerBound: int64(report.lower_bound_ps), Exact: report.is_exact == 1, Iterations: uint64(report.iterations)}
		for level := range links {
			found.Bytes = append(found.Bytes, int64(report.bytes[level]))
			found.BytesBefore = append(found.BytesBefore, int64(report.bytes_before[level]))
		}
		return found, nil
	})
}

// CostOfRanks is what an assignment costs, in picoseconds, and the bytes over each link, widest first.
func CostOfRanks(network RankNetwork, job RankJob, places []uint32) (int64, []int64, error) {
	if len(places) != job.ranks() {
		return 0, nil, &Error{BadArgument, "places has another length than the job has ranks"}
	}
	f := newFrame()
	defer f.end()
	n, j := f.rankNetwork(network), f.rankJob(job)
	if f.err != nil {
		return 0, nil, f.err
	}
	var cost C.int64_t
	bytes := make([]int64, len(network.Links))
	given, sums := pinned[C.uint32_t](f, places), pinned[C.int64_t](f, bytes)
	if err := withoutEngine(func() cStatus { return C.berth_ranks_cost(n, j, given, &cost, sums) }); err != nil {
		return 0, nil, err
	}
	return int64(cost), bytes, nil
}

// NoLevel is that of a multiple for which no domain is large enough.
const NoLevel = ^uint32(0)

// RankMultiple are pods that are best placed in one domain together. It has the layout of berth_rank_multiple.
type RankMultiple struct {
	Pods       uint32
	Ranks      uint32
	Dimensions uint32 // bit i: groups over dimension i are whole in it
	Level      uint32 // the innermost with a domain that is large enough, 0 the widest, or NoLevel
}

// RankMultiples are up to three sizes, the smallest first. domainPods may be nil, else it has what the largest domain
// of each level can take.
func RankMultiples(job RankJob, podSize uint32, links []RankLink, domainPods []uint32) ([]RankMultiple, error) {
	levels := len(links) - 1
	if levels < 1 || (domainPods != nil && len(domainPods) != levels) {
		return nil, &Error{BadArgument, "there are levels + 1 links and, if any, as many domainPods as levels"}
	}
	f := newFrame()
	defer f.end()
	j := f.rankJob(job)
	found := make([]RankMultiple, C.BERTH_MAX_RANK_MULTIPLES)
	var count C.uint32_t
	given, pods := pinned[C.berth_rank_link](f, links), pinned[C.uint32_t](f, domainPods)
	out := pinned[C.berth_rank_multiple](f, found)
	err := withoutEngine(func() cStatus {
		return C.berth_rank_multiples(j, C.uint32_t(podSize), given, pods, C.uint32_t(levels), out, &count)
	})
	if err != nil {
		return nil, err
	}
	return found[:count], nil
}
