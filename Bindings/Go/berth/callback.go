package berth

/*
#include <stdint.h>
#include "berth.h"
*/
import "C"

import (
	"runtime/cgo"
	"runtime/debug"
	"unsafe"
	"weak"
)

// The engine's call into Go. No panic may cross the C frames between here and the placement.
//
//export berthGoRank
func berthGoRank(context C.uintptr_t, c *C.berth_rerank_batch, order *C.int32_t) (result C.uint32_t) {
	ranking := cgo.Handle(context).Value().(weak.Pointer[ranking]).Value()
	fail := func(err error) {
		ranking.failure.Store(&err)
		result = 1
	}
	defer func() {
		if value := recover(); value != nil {
			fail(&RankPanic{value, debug.Stack()})
		}
	}()
	pods, limit, features := int(c.pod_count), int(c.candidate_limit), int(c.feature_count)
	ranking.failure.Store(nil)
	err := ranking.rank(&RerankBatch{
		Classes:      view[ClassID](c.classes, pods),
		Round:        int(c.round),
		limit:        limit,
		featureCount: features,
		counts:       view[uint32](c.candidate_counts, pods),
		candidates:   view[Candidate](c.candidates, pods*limit),
		features:     view[int64](c.features, pods*limit*features),
		order:        view[int32](order, pods*limit),
	})
	if err != nil {
		fail(err)
	}
	return result
}

// view is C's array as a slice.
func view[T, C any](array *C, n int) []T { return unsafe.Slice((*T)(unsafe.Pointer(array)), n) }
