package berth

// #include "berth.h"
import "C"

import "runtime"

// The ids that an engine gives out. Node and pod ids carry a generation, so that a stale one is recognised.
type (
	NodeID     uint64
	PodID      uint64
	ResourceID uint32
	DomainID   uint32
	LabelSetID uint32
	TaintSetID uint32
	ProfileID  uint32
	ClassID    uint32
)

const (
	NoNode      NodeID     = C.BERTH_NO_NODE      // a pod that fits nowhere
	NoPod       PodID      = C.BERTH_NO_POD       // nothing was placed
	RootDomain  DomainID   = C.BERTH_ROOT_DOMAIN  // the cluster itself
	NoLabels    LabelSetID = C.BERTH_EMPTY_SET    // the empty label set
	NoTaints    TaintSetID = C.BERTH_EMPTY_SET    // the empty taint set
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
}

// New makes an empty engine.
func New(options Options) (*Engine, error) {
	var f frame
	defer f.end()
	levels := records[*C.char](&f, len(options.Levels))
	for i, level := range options.Levels {
		levels[i] = f.text(level)
	}
	if f.err != nil {
		return nil, f.err
	}
	settings := records[C.berth_engine_options](&f, 1)
	C.berth_engine_options_init(&settings[0])
	settings[0].allocator = C.uint32_t(options.Allocator)
	settings[0].cpu_level = C.uint32_t(options.CPULevel)
	settings[0].tie_rule = C.uint32_t(options.TieRule)
	settings[0].level_count = C.uint32_t(len(levels))
	settings[0].level_keys = first(levels)

	runtime.LockOSThread() // a failed create leaves its sentence with the thread
	defer runtime.UnlockOSThread()
	var handle *C.berth_engine
	if status := C.berth_engine_create(&settings[0], &handle); status != C.BERTH_OK {
		return nil, refusal(nil, status)
	}
	engine := &Engine{handle: handle}
	engine.cleanup = runtime.AddCleanup(engine, func(handle *C.berth_engine) {
		// a copy of the handle may still be inside a call: the engine goes when that is over
		for C.berth_engine_destroy(handle) == C.BERTH_BUSY {
			runtime.Gosched()
		}
	}, handle)
	return engine, nil
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

// Info are figures and counters of an engine.
type Info struct {
	Allocator      Allocator
	CPULevel       CPULevel
	Nodes          uint64
	Pods           uint64
	Classes        uint64
	BytesAllocated uint64 // what the engine holds, as the allocator counts it
	BytesMapped    uint64 // what the allocator has mapped for it
	Decisions      uint64 // since New
}

// Info reads figures and counters.
func (e *Engine) Info() (Info, error) {
	var info C.berth_engine_info
	info.struct_size = C.sizeof_berth_engine_info
	if err := e.refusal(C.berth_engine_read_info(e.handle, &info)); err != nil {
		return Info{}, err
	}
	return Info{
		Allocator:      Allocator(info.allocator),
		CPULevel:       CPULevel(info.cpu_level),
		Nodes:          uint64(info.nodes),
		Pods:           uint64(info.pods),
		Classes:        uint64(info.classes),
		BytesAllocated: uint64(info.bytes_allocated),
		BytesMapped:    uint64(info.bytes_mapped),
		Decisions:      uint64(info.decisions),
	}, nil
}
