package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"iter"
	"unsafe"
)

// EventKind says what happened.
type EventKind uint32

const (
	// EventGap is not an event: Other events from Sequence on are lost to this reader.
	EventGap EventKind = C.BERTH_EVENT_GAP

	PodAssumed     EventKind = C.BERTH_EVENT_POD_ASSUMED     // placed on Node
	PodBound       EventKind = C.BERTH_EVENT_POD_BOUND       // Other: 1 if it was assumed before, 0 if it came bound
	PodForgotten   EventKind = C.BERTH_EVENT_POD_FORGOTTEN   // Node: where it was, NoNode if that was lost before
	PodReleased    EventKind = C.BERTH_EVENT_POD_RELEASED    // likewise
	NodeAdded      EventKind = C.BERTH_EVENT_NODE_ADDED      // by AddNodes
	NodeResized    EventKind = C.BERTH_EVENT_NODE_RESIZED    // replaced by UpdateNodes
	NodeLost       EventKind = C.BERTH_EVENT_NODE_LOST       // removed; its pods follow as evicted
	NodeCordoned   EventKind = C.BERTH_EVENT_NODE_CORDONED   // by CordonNodes; none for a node that is so already
	NodeUncordoned EventKind = C.BERTH_EVENT_NODE_UNCORDONED // likewise
	PodEvicted     EventKind = C.BERTH_EVENT_POD_EVICTED     // its node was removed
	PodTerminating EventKind = C.BERTH_EVENT_POD_TERMINATING // by Terminate
	PodMoved       EventKind = C.BERTH_EVENT_POD_MOVED       // by Move, to Node; Other: the node that it left

	// NodeDevicesChanged: its machine or the health of its devices was told.
	NodeDevicesChanged EventKind = C.BERTH_EVENT_NODE_DEVICES

	ReservationMade    EventKind = C.BERTH_EVENT_RESERVATION_MADE    // on Node; Other: its id, here and below
	ReservationChanged EventKind = C.BERTH_EVENT_RESERVATION_CHANGED // resized, handed over, or given another expiry
	ReservationEnded   EventKind = C.BERTH_EVENT_RESERVATION_ENDED   // removed, lapsed, or its node is lost
)

func (k EventKind) String() string {
	return name(uint32(k), "unknown", "gap", "pod assumed", "pod bound", "pod forgotten", "pod released", "node added",
		"node resized", "node lost", "node cordoned", "node uncordoned", "reservation made", "reservation changed",
		"reservation ended", "pod evicted", "pod terminating", "pod moved", "node devices")
}

// NoClass is the class of an event that is of no pod.
const NoClass ClassID = C.BERTH_NO_CLASS

// Event tells what happened. It has the layout of berth_event.
type Event struct {
	Sequence uint64 // 1, 2, 3 ...
	TimeMS   int64  // what SetTime told last; 0 in a gap
	Pod      PodID  // NoPod where the event is of no pod
	Node     NodeID // NoNode where it is of no node
	Other    uint64 // by kind
	Kind     EventKind
	Class    ClassID // the pod's
}

// EnableEvents keeps the last `capacity` events from now on, a power of two: more than one call or statement can bring,
// so that a reader that keeps up misses none. 0 switches events off and drops them.
func (e *Engine) EnableEvents(capacity int) error {
	if capacity < 0 {
		return &Error{BadArgument, fmt.Sprintf("capacity is %d, it must not be negative", capacity)}
	}
	return e.do(func(h cEngine) cStatus { return C.berth_events_enable(h, C.size_t(capacity)) })
}

// EventReader follows an engine's events. Readers are independent of each other; one belongs to one goroutine.
type EventReader struct {
	engine  *Engine
	cursor  uint64
	buffer  [256]Event
	pending []Event // in the buffer, read from the engine and not yet seen
}

// Events is a new reader, which begins with the oldest event that is kept.
func (e *Engine) Events() *EventReader { return &EventReader{engine: e} }

// New gives the events that this reader has not seen, oldest first, until nothing is new; what it was too slow for
// comes as an [EventGap]. A loop that ends early is continued by the next one. The error is not nil only for the last
// turn of the loop, which has no event: [WrongState] while events are off.
func (r *EventReader) New() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			if len(r.pending) == 0 {
				if err := r.fill(); err != nil {
					yield(Event{}, err)
					return
				}
				if len(r.pending) == 0 {
					return
				}
			}
			event := r.pending[0]
			r.pending = r.pending[1:]
			if !yield(event, nil) {
				return
			}
		}
	}
}

func (r *EventReader) fill() error {
	var count C.size_t
	var next C.uint64_t
	err := r.engine.do(func(h cEngine) cStatus {
		return C.berth_events_read(h, C.uint64_t(r.cursor), C.size_t(len(r.buffer)),
			(*C.berth_event)(unsafe.Pointer(&r.buffer[0])), &count, &next)
	})
	if err != nil {
		return err
	}
	r.pending, r.cursor = r.buffer[:count], uint64(next)
	return nil
}
