package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Outcome of a placement.
type Outcome uint32

const (
	Placed Outcome = C.BERTH_PLACED
	NoFit  Outcome = C.BERTH_NO_FIT // no node fits now; Explain says why

	// RefusedByHost: nodes fit, but the ranking left out every candidate it was shown.
	RefusedByHost Outcome = C.BERTH_REFUSED
)

// Placement is a decision. It has the layout of berth_placement.
type Placement struct {
	Pod     PodID  // NoPod when nothing fits or in a dry run
	Node    NodeID // NoNode when nothing fits
	Score   int64
	Class   ClassID
	Outcome Outcome
}

// Place places pods one after the other, each seeing those before it. Placed pods are assumed until they are confirmed
// or forgotten.
func (e *Engine) Place(classes ...ClassID) ([]Placement, error) { return e.place(classes, 0) }

// DryRun decides like Place, then takes everything back.
func (e *Engine) DryRun(classes ...ClassID) ([]Placement, error) {
	return e.place(classes, C.BERTH_PLACE_DRY_RUN)
}

func (e *Engine) place(classes []ClassID, flags C.uint32_t) ([]Placement, error) {
	placements := make([]Placement, len(classes))
	if err := e.placeInto(classes, flags, placements); err != nil {
		return nil, err
	}
	return placements, nil
}

// PlaceInto is Place without an allocation: it writes to placements, which must be as long as classes.
func (e *Engine) PlaceInto(classes []ClassID, placements []Placement) error {
	if len(placements) != len(classes) {
		return &Error{BadArgument, fmt.Sprintf("%d placements for %d classes", len(placements), len(classes))}
	}
	return e.placeInto(classes, 0, placements)
}

func (e *Engine) placeInto(classes []ClassID, flags C.uint32_t, placements []Placement) error {
	return e.placing(C.berth_pods_place(e.handle, classIDs(classes), C.size_t(len(classes)), flags,
		(*C.berth_placement)(unsafe.Pointer(first(placements)))))
}

// placing is the refusal of a call that may have asked the ranking.
func (e *Engine) placing(status C.berth_status) error {
	err := e.refusal(status)
	if status == C.BERTH_BAD_CALLBACK {
		return e.withCause(err)
	}
	return err
}

// Bind records pods that run already, classes[i] on nodes[i], all or none.
func (e *Engine) Bind(classes []ClassID, nodes []NodeID) ([]PodID, error) {
	if len(classes) != len(nodes) {
		return nil, &Error{BadArgument, fmt.Sprintf("%d classes for %d nodes", len(classes), len(nodes))}
	}
	pods := make([]PodID, len(classes))
	err := e.refusal(C.berth_pods_bind(e.handle, classIDs(classes), nodeIDs(nodes), C.size_t(len(classes)),
		podIDs(pods)))
	if err != nil {
		return nil, err
	}
	return pods, nil
}

// Confirm makes assumed pods bound, all or none.
func (e *Engine) Confirm(pods ...PodID) error {
	return e.refusal(C.berth_pods_confirm(e.handle, podIDs(pods), C.size_t(len(pods))))
}

// Forget takes assumed pods back, all or none.
func (e *Engine) Forget(pods ...PodID) error {
	return e.refusal(C.berth_pods_forget(e.handle, podIDs(pods), C.size_t(len(pods))))
}

// Release lets pods leave, assumed or bound, all or none.
func (e *Engine) Release(pods ...PodID) error {
	return e.refusal(C.berth_pods_release(e.handle, podIDs(pods), C.size_t(len(pods))))
}

// Candidate is a node that fits.
type Candidate struct {
	Node  NodeID
	Score int64
}

// Candidates gives the k best nodes that fit, best first. It changes nothing.
func (e *Engine) Candidates(class ClassID, k int) ([]Candidate, error) {
	if k < 0 {
		return nil, &Error{BadArgument, fmt.Sprintf("k is %d, it must not be negative", k)}
	}
	if k > C.BERTH_MAX_CANDIDATES {
		return nil, &Error{Limit, fmt.Sprintf("k is %d, the limit is %d", k, int(C.BERTH_MAX_CANDIDATES))}
	}
	candidates := make([]Candidate, k)
	var count C.size_t
	err := e.refusal(C.berth_candidates_read(e.handle, C.berth_class_id(class), C.size_t(k),
		(*C.berth_candidate)(unsafe.Pointer(first(candidates))), nil, &count))
	if err != nil {
		return nil, err
	}
	return candidates[:count], nil
}

// ReasonKind says why nodes are refused. A node counts under the first that applies.
type ReasonKind uint32

const (
	Unschedulable        ReasonKind = C.BERTH_REASON_UNSCHEDULABLE
	UntoleratedTaint     ReasonKind = C.BERTH_REASON_TAINT
	AffinityMismatch     ReasonKind = C.BERTH_REASON_AFFINITY
	InsufficientResource ReasonKind = C.BERTH_REASON_INSUFFICIENT_RESOURCE // once for every resource that lacks
)

// Reason counts the nodes that are refused for it.
type Reason struct {
	Kind     ReasonKind
	Resource ResourceID // AnyResource unless InsufficientResource
	Nodes    uint64
}

// Explanation says where a class fits and why not elsewhere.
type Explanation struct {
	Nodes    uint64 // all nodes
	Feasible uint64
	Reasons  []Reason // most nodes first

	NearestNode      NodeID // the nearest miss among nodes refused for resources only; NoNode if there is none
	NearestResource  ResourceID
	NearestShortfall int64
}

// Explain says where pods of a class fit and why not elsewhere, in time that grows with the nodes.
func (e *Engine) Explain(class ClassID) (Explanation, error) {
	const enough = C.BERTH_MAX_RESOURCES_PER_POD + 3 // each requested resource, and the other reasons
	reasons := make([]Reason, enough)
	var c C.berth_explanation
	c.struct_size = C.sizeof_berth_explanation
	err := e.refusal(C.berth_class_explain(e.handle, C.berth_class_id(class), &c,
		(*C.berth_reason)(unsafe.Pointer(first(reasons))), enough))
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		Nodes:            uint64(c.nodes),
		Feasible:         uint64(c.feasible),
		Reasons:          reasons[:min(int(c.reason_count), enough)],
		NearestNode:      NodeID(c.nearest_node),
		NearestResource:  ResourceID(c.nearest_resource),
		NearestShortfall: int64(c.nearest_shortfall),
	}, nil
}

func classIDs(classes []ClassID) *C.berth_class_id {
	return (*C.berth_class_id)(unsafe.Pointer(first(classes)))
}

func podIDs(pods []PodID) *C.berth_pod_id { return (*C.berth_pod_id)(unsafe.Pointer(first(pods))) }
