package berth

// #include "berth.h"
import "C"

import (
	"io"
	"math"
	"time"
	"unsafe"
)

// DecisionKind says how a decision was made.
type DecisionKind uint32

const (
	DecisionTree     DecisionKind = C.BERTH_DECISION_TREE     // in the state trees
	DecisionScan     DecisionKind = C.BERTH_DECISION_SCAN     // by a scan over all leaves
	DecisionRows     DecisionKind = C.BERTH_DECISION_ROWS     // node by node
	DecisionReserved DecisionKind = C.BERTH_DECISION_RESERVED // on a place that a reservation holds
	DecisionReranked DecisionKind = C.BERTH_DECISION_RERANKED // among candidates that the host ranked anew
	DecisionSlots    DecisionKind = C.BERTH_DECISION_SLOTS    // with the class's slot index
)

// Metrics are counters since New, or since the fork. They are never taken back. It has the layout of berth_metrics.
type Metrics struct {
	structSize          uint32
	reserved            uint32
	Decisions           [C.BERTH_DECISION_KINDS]uint64 // by DecisionKind; dry runs are decisions, too
	Refusals            [C.BERTH_STATUSES]uint64       // refused calls by Status, all but BadEngine and Busy
	Placed              uint64                         // decisions that found a node
	NoFit               uint64                         // decisions that did not
	RefusedByHost       uint64                         // decisions that the ranking turned down
	Relabellings        uint64                         // slots dealt anew
	BulkBuilds          uint64                         // state trees loaded in bulk
	StatementsBegun     uint64
	StatementsCommitted uint64
	StatementsDiscarded uint64
	Rollbacks           uint64 // to a checkpoint
	ChangesUndone       uint64 // by rollbacks, discards, refusals and dry runs
	Forks               uint64 // made of this engine
	JournalRecords      uint64
	JournalBytes        uint64
	EventsWritten       uint64 // that readers could see
	EventsLost          uint64 // told to readers by gaps
}

// Metrics reads the counters.
func (e *Engine) Metrics() (Metrics, error) {
	metrics := Metrics{structSize: C.sizeof_berth_metrics}
	err := e.do(func(h cEngine) cStatus {
		return C.berth_metrics_read(h, (*C.berth_metrics)(unsafe.Pointer(&metrics)))
	})
	if err != nil {
		return Metrics{}, err
	}
	return metrics, nil
}

// Histogram says how long decisions took.
type Histogram struct {
	Count   uint64
	Sum     time.Duration
	Buckets []Bucket // in ascending order
}

// Bucket counts the decisions that took at most Upper, and longer than the bucket before. The last one has no bound.
type Bucket struct {
	Upper time.Duration
	Count uint64
}

// Histogram reads how long decisions of a kind took.
func (e *Engine) Histogram(kind DecisionKind) (Histogram, error) {
	var c C.berth_histogram
	c.struct_size = C.sizeof_berth_histogram
	if err := e.do(func(h cEngine) cStatus { return C.berth_histogram_read(h, C.uint32_t(kind), &c) }); err != nil {
		return Histogram{}, err
	}
	histogram := Histogram{Count: uint64(c.count), Sum: duration(c.sum_ns), Buckets: make([]Bucket, len(c.counts))}
	for i := range histogram.Buckets {
		histogram.Buckets[i] = Bucket{duration(c.upper_ns[i]), uint64(c.counts[i])}
	}
	return histogram, nil
}

func duration(ns C.uint64_t) time.Duration { return time.Duration(min(uint64(ns), math.MaxInt64)) }

// WriteMetrics writes all counters, histograms and figures in the Prometheus text format, version 0.0.4.
func (e *Engine) WriteMetrics(w io.Writer) error {
	text := make([]byte, 16<<10)
	for {
		var length C.size_t
		err := e.do(func(h cEngine) cStatus {
			return C.berth_metrics_text(h, (*C.char)(unsafe.Pointer(&text[0])), C.size_t(len(text)), &length)
		})
		if err != nil {
			return err
		}
		if int(length) < len(text) { // with the zero at its end
			_, err = w.Write(text[:length])
			return err
		}
		text = make([]byte, length+4096) // it may grow until the next call
	}
}
