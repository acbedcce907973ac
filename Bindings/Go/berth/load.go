package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// LoadKind says what a load resource derives from the reports of what nodes really use.
type LoadKind uint32

const (
	LoadUsage LoadKind = C.BERTH_LOAD_USAGE // what a node uses, to be scored
	LoadLimit LoadKind = C.BERTH_LOAD_LIMIT // refuses nodes that would be used too much
	LoadSpare LoadKind = C.BERTH_LOAD_SPARE // what best-effort pods may use: a resource that they request
)

// Prediction says what of a node LoadSpare leaves to the pods that are not best-effort.
type Prediction uint32

const (
	// PredictUsage: system and usage of the pods; by request where no report speaks of a pod
	PredictUsage   Prediction = C.BERTH_PREDICTION_USAGE
	PredictMax     Prediction = C.BERTH_PREDICTION_MAX     // the larger of request and usage of each pod
	PredictRequest Prediction = C.BERTH_PREDICTION_REQUEST // what they request, and what runs there untold
	PredictPeak    Prediction = C.BERTH_PREDICTION_PEAK    // usage in the reports' peak, which decays
)

// LoadSpec declares a load resource. [DefaultLoadSpec] has good values. It has the layout of berth_load_spec, and
// fields of other kinds are not looked at.
type LoadSpec struct {
	structSize       uint32
	Kind             LoadKind
	Resource         ResourceID // LoadUsage, LoadSpare: the measured resource; LoadLimit: a usage resource
	EstimatePercent  uint32     // LoadUsage: what a pod is expected to use of its request
	DefaultEstimate  int64      // LoadUsage: of pods that request nothing
	ThresholdPercent uint32     // LoadLimit
	RefuseExpired    uint32     // LoadLimit: 0 or 1, whether a node without a fresh report is refused
	Prediction       Prediction // LoadSpare
	MarginPercent    uint32     // LoadSpare: of allocatable that is never spare
	MostPercent      uint32     // LoadSpare: of allocatable that is spare at the most
	reserved         uint32
	HalfLifeMS       int64 // LoadSpare with PredictPeak
	SettleMS         int64 // LoadUsage, LoadSpare: pods that were assigned this long before a report are in it
	ExpiryMS         int64 // LoadUsage, LoadSpare: how long a report is fresh, or Never
}

// DefaultLoadSpec has Koordinator's defaults for cpu in millicores; set Kind and Resource.
func DefaultLoadSpec() LoadSpec {
	var spec LoadSpec
	C.berth_load_spec_init(spec.c())
	return spec
}

func (s *LoadSpec) c() *C.berth_load_spec { return (*C.berth_load_spec)(unsafe.Pointer(s)) }

// AddLoadResource declares a load resource, before there are nodes or classes.
func (e *Engine) AddLoadResource(name string, spec LoadSpec) (ResourceID, error) {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return 0, f.err
	}
	spec.structSize = C.sizeof_berth_load_spec
	var id C.berth_resource_id
	err := e.do(func(h cEngine) cStatus { return C.berth_load_resource_add(h, text, spec.c(), &id) })
	return ResourceID(id), err
}

// LoadReport says that a node's usage was measured. It has the layout of berth_load_report.
type LoadReport struct {
	Node         NodeID
	MeasuredAtMS int64 // 0..the engine's time
	Flags        LoadFlags
	PodCount     uint32 // how many of the batch's pods belong to this report: 0 unless LoadListsPods
}

// LoadFlags of a report.
type LoadFlags uint32

// LoadListsPods says that a report lists the pods of its node: of others, it says nothing.
const LoadListsPods LoadFlags = C.BERTH_LOAD_LISTS_PODS

// Load is a batch of reports as columns; the pods of one follow those of the one before.
type Load struct {
	Reports   []LoadReport
	Resources []ResourceID // the measured resources, all of them, in any order
	Usage     []int64      // row by row, len(Reports) x len(Resources)
	Pods      []PodID      // each on its report's node
	PodUsage  []int64      // row by row, len(Pods) x len(Resources)
}

// UpdateLoad takes reports in, all or none. What is older than a node's last report is passed over.
func (e *Engine) UpdateLoad(load Load) error {
	if cells := len(load.Reports) * len(load.Resources); len(load.Usage) != cells {
		return &Error{BadArgument, fmt.Sprintf("Usage has %d entries, %d reports x %d resources need %d",
			len(load.Usage), len(load.Reports), len(load.Resources), cells)}
	}
	if cells := len(load.Pods) * len(load.Resources); len(load.PodUsage) != cells {
		return &Error{BadArgument, fmt.Sprintf("PodUsage has %d entries, %d pods x %d resources need %d",
			len(load.PodUsage), len(load.Pods), len(load.Resources), cells)}
	}
	f := newFrame()
	defer f.end()
	batch := record[C.berth_load_batch](f)
	C.berth_load_batch_init(batch)
	batch.count, batch.reports = C.size_t(len(load.Reports)), pinned[C.berth_load_report](f, load.Reports)
	batch.resource_count = C.uint32_t(len(load.Resources))
	batch.resources = pinned[C.berth_resource_id](f, load.Resources)
	batch.usage = pinned[C.int64_t](f, load.Usage)
	batch.pod_count, batch.pods = C.size_t(len(load.Pods)), pinned[C.berth_pod_id](f, load.Pods)
	batch.pod_usage = pinned[C.int64_t](f, load.PodUsage)
	return e.do(func(h cEngine) cStatus { return C.berth_load_update(h, batch) })
}

// RemoveLoad forgets the reports of nodes, all or none: they are as if they had never reported.
func (e *Engine) RemoveLoad(nodes ...NodeID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_load_remove(h, nodeIDs(nodes), C.size_t(len(nodes)))
	})
}

// UpdateLoadPods says when pods were assigned, if not when they were bound here.
func (e *Engine) UpdateLoadPods(pods []PodID, assignedAtMS []int64) error {
	if len(pods) != len(assignedAtMS) {
		return &Error{BadArgument, fmt.Sprintf("%d pods for %d times", len(pods), len(assignedAtMS))}
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_load_pods_update(h, podIDs(pods), column(assignedAtMS), C.size_t(len(pods)))
	})
}

// LoadState is a node's last report. It has the layout of berth_load_state.
type LoadState struct {
	Node         NodeID
	MeasuredAtMS int64 // -1 if there is no report
	AgeMS        int64 // -1
	Flags        LoadFlags
	reserved     uint32
}

// ReadLoad gives nodes' last reports, and row by row, len(nodes) x len(resources): of a measured resource what the
// report says, of a usage or limit resource what is in use with what pending pods are estimated to add, of a spare
// resource what best-effort pods may use on the whole; -1 without a report, or a fresh one.
func (e *Engine) ReadLoad(nodes []NodeID, resources []ResourceID) (states []LoadState, values []int64, err error) {
	if err := checkColumns(resources); err != nil {
		return nil, nil, err
	}
	states, values = make([]LoadState, len(nodes)), make([]int64, len(nodes)*len(resources))
	err = e.do(func(h cEngine) cStatus {
		return C.berth_load_read(h, nodeIDs(nodes), C.size_t(len(nodes)),
			resourceIDs(resources), C.uint32_t(len(resources)),
			(*C.berth_load_state)(unsafe.Pointer(first(states))), column(values))
	})
	if err != nil {
		return nil, nil, err
	}
	return states, values, nil
}
