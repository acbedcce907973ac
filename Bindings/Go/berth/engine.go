package berth

// #include "berth.h"
import "C"

import (
	"runtime"
	"sync"
	"time"
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
	AllocatorAuto     Allocator = C.BERTH_ALLOCATOR_AUTO // jemalloc if the process has it, else mmap
	AllocatorJemalloc Allocator = C.BERTH_ALLOCATOR_JEMALLOC
	AllocatorMmap     Allocator = C.BERTH_ALLOCATOR_MMAP
)

func (a Allocator) String() string {
	return name(uint32(a), "auto", "jemalloc", "mmap")
}

// CPULevel is the instruction set that the kernels use. Every level decides the same.
type CPULevel uint32

const (
	CPUAuto     CPULevel = C.BERTH_CPU_AUTO // the best that this CPU has
	CPUScalar   CPULevel = C.BERTH_CPU_SCALAR
	CPUBaseline CPULevel = C.BERTH_CPU_BASELINE
	CPUV3       CPULevel = C.BERTH_CPU_V3
	CPUV4       CPULevel = C.BERTH_CPU_V4
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
	CPULevel  CPULevel
	TieRule   TieRule
}

// Engine is one cluster's state. Close it; one that is forgotten is closed when the garbage collector finds it.
type Engine struct {
	handle  *C.berth_engine // a token that C never follows either
	cleanup runtime.Cleanup

	rankingLock sync.Mutex
	ranking     *ranking // what SetRerank told the engine last
}

// New makes an empty engine.
func New(options Options) (*Engine, error) {
	var f frame
	defer f.end()
	return f.create(options, func(settings *C.berth_engine_options, out **C.berth_engine) C.berth_status {
		return C.berth_engine_create(settings, out)
	})
}

// create makes an engine by a call that leaves the sentence of its refusal with the thread.
func (f *frame) create(
	options Options, call func(*C.berth_engine_options, **C.berth_engine) C.berth_status,
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
	var handle *C.berth_engine
	if status := call(&settings[0], &handle); status != C.BERTH_OK {
		return nil, refusal(nil, status)
	}
	return owned(handle), nil
}

// owned is a new engine of the library, which is destroyed when it is forgotten here.
func owned(handle *C.berth_engine) *Engine {
	engine := &Engine{handle: handle}
	engine.cleanup = runtime.AddCleanup(engine, func(handle *C.berth_engine) {
		if C.berth_engine_destroy(handle) != C.BERTH_BUSY {
			return
		}
		go func() { // somebody is still inside a call: the engine goes when that is over, other cleanups do not wait
			for C.berth_engine_destroy(handle) == C.BERTH_BUSY {
				time.Sleep(time.Millisecond)
			}
		}()
	}, handle)
	return engine
}

// Fork makes an independent engine that is what this one is now: without its open statements, its journal, its events
// and its ranking. The two share what neither has changed since, so that a fork costs neither the time nor the memory
// of a copy. They may be used by different goroutines at the same time, and closed in any order.
func (e *Engine) Fork() (*Engine, error) {
	var handle *C.berth_engine
	if err := e.refusal(C.berth_engine_fork(e.handle, &handle)); err != nil {
		return nil, err
	}
	return owned(handle), nil
}

// Close frees the engine. Closing again, like every other call then, is refused with [BadEngine].
func (e *Engine) Close() error {
	status := C.berth_engine_destroy(e.handle)
	if status == C.BERTH_OK {
		e.cleanup.Stop()
	}
	return e.refusal(status)
}

// refusal also keeps the engine alive until its call is over.
func (e *Engine) refusal(status C.berth_status) error {
	err := refusal(e.handle, status)
	runtime.KeepAlive(e)
	return err
}

// Validate checks every invariant of the engine, in time that grows with nodes and pods.
func (e *Engine) Validate() error { return e.refusal(C.berth_engine_validate(e.handle)) }

// SetPath forces one way of searching, for tests and measurements. A class that it cannot serve takes the next one that
// can.
func (e *Engine) SetPath(path Path) error {
	return e.refusal(C.berth_engine_set_path(e.handle, C.uint32_t(path)))
}

// Never is an expiry that does not come.
const Never int64 = C.BERTH_NEVER

// SetTime tells the engine what time it is, in milliseconds of the caller's clock (time.Time.UnixMilli, for one), which
// starts at 0 and may not go back. Whatever expires until then lapses now. The engine reads no clock of its own to
// decide anything.
func (e *Engine) SetTime(nowMS int64) error {
	return e.refusal(C.berth_engine_set_time(e.handle, C.int64_t(nowMS)))
}

// Time is what SetTime told last, 0 at first.
func (e *Engine) Time() (nowMS int64, err error) {
	var now C.int64_t
	err = e.refusal(C.berth_engine_read_time(e.handle, &now))
	return int64(now), err
}
