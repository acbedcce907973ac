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
	Placed Outcome = C.BERTH_PLACED // on Node, assumed; or in a dry run, it would be
	NoFit  Outcome = C.BERTH_NO_FIT // no node fits now; Explain says why

	// RefusedByHost: nodes fit, but the ranking left out every candidate it was shown.
	RefusedByHost Outcome = C.BERTH_REFUSED
)

// Placement is a decision. It has the layout of berth_placement.
type Placement struct {
	Pod     PodID  // NoPod when nothing fits or in a dry run
	Node    NodeID // NoNode when nothing fits
	Score   int64  // of the class's profile; 0 when nothing fits
	Class   ClassID
	Outcome Outcome
}

// Place places pods one after the other, each seeing those before it. Placed pods are assumed until they are confirmed
// or forgotten. An unknown class refuses all of them before any is placed.
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

// PlaceOne is Place for a single pod, without an allocation.
func (e *Engine) PlaceOne(class ClassID) (Placement, error) {
	if err := e.enter(); err != nil {
		return Placement{Pod: NoPod, Node: NoNode}, err
	}
	e.one.class, e.one.placement = C.berth_class_id(class), Placement{Pod: NoPod, Node: NoNode}
	err := e.placing(C.berth_pods_place(e.handle, &e.one.class, 1, 0,
		(*C.berth_placement)(unsafe.Pointer(&e.one.placement))))
	placement := e.one.placement
	e.leave()
	return placement, err
}

func (e *Engine) placeInto(classes []ClassID, flags C.uint32_t, placements []Placement) error {
	if err := e.enter(); err != nil {
		return err
	}
	err := e.placing(C.berth_pods_place(e.handle, classIDs(classes), C.size_t(len(classes)), flags,
		placementRecords(placements)))
	e.leave()
	return err
}

// placing is the refusal of a call that may have asked the ranking, made by the one who is inside.
func (e *Engine) placing(status cStatus) error {
	err := refusal(e.handle, status)
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
	err := e.do(func(h cEngine) cStatus {
		return C.berth_pods_bind(h, classIDs(classes), nodeIDs(nodes), C.size_t(len(classes)),
			podIDs(pods))
	})
	if err != nil {
		return nil, err
	}
	return pods, nil
}

// Confirm makes assumed pods bound, all or none.
func (e *Engine) Confirm(pods ...PodID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_confirm(h, podIDs(pods), C.size_t(len(pods)))
	})
}

// Forget takes assumed pods back, all or none.
func (e *Engine) Forget(pods ...PodID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_forget(h, podIDs(pods), C.size_t(len(pods)))
	})
}

// Release lets pods leave, assumed or bound, all or none.
func (e *Engine) Release(pods ...PodID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_release(h, podIDs(pods), C.size_t(len(pods)))
	})
}

// Terminate says that pods are being deleted, all or none: topology spread counts them no more. Pods that are so
// already stay so.
func (e *Engine) Terminate(pods ...PodID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_terminate(h, podIDs(pods), C.size_t(len(pods)))
	})
}

// PodStage says how far a pod has come.
type PodStage uint16

const (
	Assumed PodStage = C.BERTH_POD_ASSUMED // placed, and not yet confirmed
	Bound   PodStage = C.BERTH_POD_BOUND   // confirmed, or known to run
)

// Terminating is a flag of PodState.
const Terminating uint16 = C.BERTH_POD_TERMINATING

// PodState is a pod as the engine has it. It has the layout of berth_pod_state.
type PodState struct {
	ID    PodID
	Node  NodeID // NoNode when the node was removed
	Class ClassID
	Stage PodStage
	Flags uint16 // Terminating
}

// ReadPods gives pods.
func (e *Engine) ReadPods(pods ...PodID) ([]PodState, error) {
	states := make([]PodState, len(pods))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_pods_read(h, podIDs(pods), C.size_t(len(pods)),
			(*C.berth_pod_state)(unsafe.Pointer(first(states))))
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

// Candidate is a node that fits.
type Candidate struct {
	Node  NodeID
	Score int64 // of the class's profile
}

// Candidates gives the k best nodes that fit, best first. It changes nothing.
func (e *Engine) Candidates(class ClassID, k int) ([]Candidate, error) {
	return e.candidates(class, k, nil)
}

// ScoredCandidates is Candidates with what each of the profile's terms gives, weight x term, row by row: terms is how
// many the class's profile has.
func (e *Engine) ScoredCandidates(class ClassID, k, terms int) ([]Candidate, []int64, error) {
	if terms < 1 || terms > C.BERTH_MAX_TERMS {
		return nil, nil, &Error{BadArgument, fmt.Sprintf("terms is %d, a profile has 1..%d", terms, int(C.BERTH_MAX_TERMS))}
	}
	// The library writes as many columns as the profile has terms, whatever is said here.
	scores := make([]int64, max(0, min(k, C.BERTH_MAX_CANDIDATES))*C.BERTH_MAX_TERMS)
	candidates, err := e.candidates(class, k, scores)
	if err != nil {
		return nil, nil, err
	}
	return candidates, scores[:len(candidates)*terms], nil
}

func (e *Engine) candidates(class ClassID, k int, termScores []int64) ([]Candidate, error) {
	if k < 0 {
		return nil, &Error{BadArgument, fmt.Sprintf("k is %d, it must not be negative", k)}
	}
	if k > C.BERTH_MAX_CANDIDATES {
		return nil, &Error{Limit, fmt.Sprintf("k is %d, the limit is %d", k, int(C.BERTH_MAX_CANDIDATES))}
	}
	candidates := make([]Candidate, k)
	var count C.size_t
	err := e.do(func(h cEngine) cStatus {
		return C.berth_candidates_read(h, C.berth_class_id(class), C.size_t(k),
			(*C.berth_candidate)(unsafe.Pointer(first(candidates))), column(termScores), &count)
	})
	if err != nil {
		return nil, err
	}
	return candidates[:count], nil
}

func placementRecords(placements []Placement) *C.berth_placement {
	return (*C.berth_placement)(unsafe.Pointer(first(placements)))
}

func podIDs(pods []PodID) *C.berth_pod_id { return (*C.berth_pod_id)(unsafe.Pointer(first(pods))) }
