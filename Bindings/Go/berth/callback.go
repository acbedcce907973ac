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
	ranking.failure = nil
	defer func() {
		if value := recover(); value != nil {
			ranking.failure = &RankPanic{value, debug.Stack()}
			result = 1
		}
	}()
	batch := &ranking.batch
	batch.read(c, order)
	if ranking.failure = ranking.rank(batch); ranking.failure != nil {
		return 1
	}
	copy(view[int32](order, len(batch.order)), batch.order)
	return 0
}

// read copies what the library shows, so that whatever a ranking keeps of it is Go's own memory.
func (b *RerankBatch) read(c *C.berth_rerank_batch, order *C.int32_t) {
	pods, limit, features := int(c.pod_count), int(c.candidate_limit), int(c.feature_count)
	b.Round, b.limit, b.featureCount = int(c.round), limit, features
	b.Classes = append(b.Classes[:0], view[ClassID](c.classes, pods)...)
	b.counts = append(b.counts[:0], view[uint32](c.candidate_counts, pods)...)
	b.candidates = append(b.candidates[:0], view[Candidate](c.candidates, pods*limit)...)
	b.features = append(b.features[:0], view[int64](c.features, pods*limit*features)...)
	b.order = append(b.order[:0], view[int32](order, pods*limit)...)
}

// view is C's array as a slice.
func view[T, C any](array *C, n int) []T { return unsafe.Slice((*T)(unsafe.Pointer(array)), n) }
