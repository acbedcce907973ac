package berth

// #include "berth.h"
import "C"

import (
	"context"
	"unsafe"
)

// DefragmentGoal is what defragmenting is for.
type DefragmentGoal uint32

const (
	FreeGPUs  DefragmentGoal = C.BERTH_DEFRAGMENT_GPUS  // as many wholly free GPUs as can be
	FreeNodes DefragmentGoal = C.BERTH_DEFRAGMENT_NODES // as many nodes whose GPUs are all free as can be
)

// MaxMigrations is the most that a plan may move.
const MaxMigrations = C.BERTH_MAX_MIGRATIONS

// DefragmentOptions say what a plan is for and what it may cost. [DefaultDefragment] has what is usual.
type DefragmentOptions struct {
	Goal       DefragmentGoal
	MostMoves  uint32  // the budget: 1..MaxMigrations
	Iterations uint64  // of the local search, at most 1e9: more is better and slower
	Seed       uint64  // the same one finds the same plan
	Movable    []PodID // nil: every pod that holds GPUs
}

// DefaultDefragment is for whole GPUs: 100 moves, 200,000 iterations (a quarter to half a second), all pods.
func DefaultDefragment() DefragmentOptions {
	var c C.berth_defragment_options
	C.berth_defragment_options_init(&c)
	return DefragmentOptions{Goal: DefragmentGoal(c.goal), MostMoves: uint32(c.most_moves),
		Iterations: uint64(c.iterations), Seed: uint64(c.seed)}
}

// Migration is a move of a plan. It has the layout of berth_migration.
type Migration struct {
	Pod  PodID
	From NodeID // where it is when its turn comes
	To   NodeID // where it fits then
}

// DefragmentReport is what a plan frees: GPUs that are wholly free and healthy, and nodes with GPUs, all of them free.
// It has the layout of berth_defragment_report.
type DefragmentReport struct {
	structSize      uint32
	Moves           uint32 // how many the plan has
	FreeGPUsBefore  uint64
	FreeGPUsAfter   uint64
	FreeNodesBefore uint64
	FreeNodesAfter  uint64
}

// Defragment plans migrations that free whole GPUs or nodes, and changes nothing. Each move fits when its turn comes,
// and no pod moves twice; there are none where nothing can be gained. [Engine.Migrate] carries them out.
func (e *Engine) Defragment(options DefragmentOptions) ([]Migration, DefragmentReport, error) {
	return e.DefragmentContext(context.Background(), options)
}

// DefragmentContext is [Engine.Defragment], whose caller need not wait for its end. When ctx is done first, it returns
// the context's cause at once. The search cannot be interrupted: it goes on in a goroutine of its own to the end of its
// iterations, with the engine [Busy] meanwhile.
func (e *Engine) DefragmentContext(
	ctx context.Context, options DefragmentOptions,
) ([]Migration, DefragmentReport, error) {
	f := newFrameFor(ctx)
	c := record[C.berth_defragment_options](f)
	C.berth_defragment_options_init(c)
	c.goal, c.most_moves = C.uint32_t(options.Goal), C.uint32_t(options.MostMoves)
	c.iterations, c.seed = C.uint64_t(options.Iterations), C.uint64_t(options.Seed)
	if options.Movable != nil {
		movable := options.Movable
		if len(movable) == 0 {
			movable = make([]PodID, 1) // an address even of none, since null is all
		}
		c.movable, c.movable_count = pinned[C.berth_pod_id](f, movable), C.size_t(len(options.Movable))
	}
	plan, err := inside(ctx, e, f, func(h cEngine, _ func() bool) (plan defragmentPlan, err error) {
		// the engine refuses a larger budget before it writes
		plan.migrations = make([]Migration, min(max(options.MostMoves, 1), MaxMigrations))
		plan.report.structSize = C.sizeof_berth_defragment_report
		err = refusal(h, C.berth_defragment(h, c, (*C.berth_migration)(unsafe.Pointer(first(plan.migrations))),
			(*C.berth_defragment_report)(unsafe.Pointer(&plan.report))))
		return plan, err
	})
	if err != nil {
		return nil, DefragmentReport{}, err
	}
	return plan.migrations[:plan.report.Moves], plan.report, nil
}

type defragmentPlan struct {
	migrations []Migration
	report     DefragmentReport
}

// Migrate carries a plan out, as [Engine.Move] does: move after move, all or none.
func (e *Engine) Migrate(plan []Migration) error {
	pods, nodes := make([]PodID, len(plan)), make([]NodeID, len(plan))
	for i, migration := range plan {
		pods[i], nodes[i] = migration.Pod, migration.To
	}
	return e.Move(pods, nodes)
}
