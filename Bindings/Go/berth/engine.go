package berth

// #include "berth.h"
import "C"

import (
	"runtime"
	"sync/atomic"
)

// The ids that an engine gives out. Node and pod ids carry a generation, so that a stale one is recognised.
type (
	NodeID     uint64
	PodID      uint64
	ResourceID uint32
	DomainID   uint32
	LabelSetID uint32
	TaintSetID uint32
	ImageSetID uint32
	SelectorID uint32
	ProfileID  uint32
	ClassID    uint32
)

const (
	NoNode      NodeID     = C.BERTH_NO_NODE      // a pod that fits nowhere
	NoPod       PodID      = C.BERTH_NO_POD       // nothing was placed
	RootDomain  DomainID   = C.BERTH_ROOT_DOMAIN  // the cluster itself
	NoLabels    LabelSetID = C.BERTH_EMPTY_SET    // the empty label set
	NoTaints    TaintSetID = C.BERTH_EMPTY_SET    // the empty taint set
	NoImages    ImageSetID = C.BERTH_EMPTY_SET    // the empty image set
	NoSelector  SelectorID = C.BERTH_NO_SELECTOR  // selects nothing, as null does in Kubernetes
	AnyResource ResourceID = C.BERTH_ANY_RESOURCE // a reason that is not about a resource
)

// Allocator is where an engine's memory comes from.
type Allocator uint32

const (
	AllocatorAuto     Allocator = C.BERTH_ALLOCATOR_AUTO     // jemalloc if the process has it, else mmap
	AllocatorJemalloc Allocator = C.BERTH_ALLOCATOR_JEMALLOC // jemalloc, or New is refused
	AllocatorMmap     Allocator = C.BERTH_ALLOCATOR_MMAP     // pages of the operating system's
)

func (a Allocator) String() string {
	return name(uint32(a), "auto", "jemalloc", "mmap")
}

// CPULevel is the instruction set that the kernels use. Every level decides the same.
type CPULevel uint32

const (
	CPUAuto     CPULevel = C.BERTH_CPU_AUTO     // the best that this CPU has
	CPUScalar   CPULevel = C.BERTH_CPU_SCALAR   // plain loops: the reference
	CPUBaseline CPULevel = C.BERTH_CPU_BASELINE // x86-64-v2, or the compiler's vectors on arm64
	CPUV3       CPULevel = C.BERTH_CPU_V3       // x86-64-v3: AVX2
	CPUV4       CPULevel = C.BERTH_CPU_V4       // x86-64-v4: AVX-512
)

func (l CPULevel) String() string {
	return name(uint32(l), "auto", "scalar", "baseline", "v3", "v4")
}

func name(value uint32, names ...string) string {
	if int(value) < len(names) {
		return names[value]
	}
	return "unknown"
}

// TieRule says which of several nodes with the same score is taken.
type TieRule uint32

const (
	TieTopology TieRule = C.BERTH_TIE_TOPOLOGY // the first in topology order
	TieKey      TieRule = C.BERTH_TIE_KEY      // the smallest Node.TieKey, then the first in topology order
)

// Path is a way to search a decision; every path gives the same node.
type Path uint32

const (
	PathAuto  Path = C.BERTH_PATH_AUTO  // the planner chooses
	PathTree  Path = C.BERTH_PATH_TREE  // branch and bound in the state trees
	PathScan  Path = C.BERTH_PATH_SCAN  // a scan over all leaves
	PathRows  Path = C.BERTH_PATH_ROWS  // one node after the other
	PathSlots Path = C.BERTH_PATH_SLOTS // the class's own index
)

func (p Path) String() string { return name(uint32(p), "auto", "tree", "scan", "rows", "slots") }

// Options of a new engine; the zero value is good.
type Options struct {
	Levels    []string // label key of each topology level, widest first
	Allocator Allocator
	CPULevel  CPULevel // one that this CPU lacks is refused
	TieRule   TieRule  // of nodes with the same score
}

// Engine is one cluster's state. Close it; one that is forgotten is closed when the garbage collector finds it.
//
// Goroutines may share an engine, but it serves one call at a time: what comes while another call is inside is refused
// with [Busy] at once, and nothing happens. Guard it with a mutex where calls are to wait for each other.
type Engine struct {
	handle  cEngine       // a token that C never follows either; nil in the zero Engine only
	gate    atomic.Uint32 // gateInside, gateClosed
	cleanup runtime.Cleanup

	// For the one who is inside.
	ranking *ranking // what SetRerank told the engine last
	one     struct { // of PlaceOne
		class     C.berth_class_id
		placement Placement
	}
}

// New makes an empty engine.
func New(options Options) (*Engine, error) {
	f := newFrame()
	defer f.end()
	return f.create(options, func(settings *C.berth_engine_options, out *cEngine) cStatus {
		return C.berth_engine_create(settings, out)
	})
}

// create makes an engine by a call that leaves the sentence of its refusal with the thread.
func (f *frame) create(
	options Options, call func(*C.berth_engine_options, *cEngine) cStatus,
) (*Engine, error) {
	levels, levelCount := f.texts(options.Levels)
	if f.err != nil {
		return nil, f.err
	}
	settings := records[C.berth_engine_options](f, 1)
	C.berth_engine_options_init(&settings[0])
	settings[0].allocator = C.uint32_t(options.Allocator)
	settings[0].cpu_level = C.uint32_t(options.CPULevel)
	settings[0].tie_rule = C.uint32_t(options.TieRule)
	settings[0].level_count, settings[0].level_keys = levelCount, levels

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var handle cEngine
	if status := call(&settings[0], &handle); status != C.BERTH_OK {
		return nil, refusal(nil, status)
	}
	return owned(handle), nil
}

// owned is a new engine of the library, which is destroyed when it is forgotten here. Whoever is inside a call has not
// forgotten it.
func owned(handle cEngine) *Engine {
	engine := &Engine{handle: handle}
	engine.cleanup = runtime.AddCleanup(engine, func(handle cEngine) { C.berth_engine_destroy(handle) }, handle)
	return engine
}

// Fork makes an independent engine that is what this one is now: without its open statements, its journal, its events
// and its ranking. The two share what neither has changed since, so that a fork costs neither the time nor the memory
// of a copy. They may be used by different goroutines at the same time, and closed in any order.
func (e *Engine) Fork() (*Engine, error) {
	var fork cEngine
	if err := e.do(func(h cEngine) cStatus { return C.berth_engine_fork(h, &fork) }); err != nil {
		return nil, err
	}
	return owned(fork), nil
}

// Validate checks every invariant of the engine, in time that grows with nodes and pods.
func (e *Engine) Validate() error {
	return e.do(func(h cEngine) cStatus { return C.berth_engine_validate(h) })
}

// SetPath forces one way of searching, for tests and measurements. A class that it cannot serve takes the next one that
// can.
func (e *Engine) SetPath(path Path) error {
	return e.do(func(h cEngine) cStatus { return C.berth_engine_set_path(h, C.uint32_t(path)) })
}

// Never is an expiry that does not come.
const Never int64 = C.BERTH_NEVER

// SetTime tells the engine what time it is, in milliseconds of the caller's clock (time.Time.UnixMilli, for one), which
// starts at 0 and may not go back. Whatever expires until then lapses now. The engine reads no clock of its own to
// decide anything.
func (e *Engine) SetTime(nowMS int64) error {
	return e.do(func(h cEngine) cStatus { return C.berth_engine_set_time(h, C.int64_t(nowMS)) })
}

// Time is what SetTime told last, 0 at first.
func (e *Engine) Time() (nowMS int64, err error) {
	var now C.int64_t
	err = e.do(func(h cEngine) cStatus { return C.berth_engine_read_time(h, &now) })
	return int64(now), err
}
