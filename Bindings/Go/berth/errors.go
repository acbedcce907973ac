package berth

// #include "berth.h"
import "C"

import "unsafe"

// Status says which kind of refusal an error is, and is a target for errors.Is: errors.Is(err, berth.StaleID).
type Status uint32

// The statuses of berth.h. "No node fits" is not among them: it is an outcome of a placement.
const (
	NullPointer Status = C.BERTH_NULL_POINTER  // a pointer is null that must not be
	BadStruct   Status = C.BERTH_BAD_STRUCT    // a reserved field is not zero
	BadArgument Status = C.BERTH_BAD_ARGUMENT  // a value outside its range, or slices whose lengths do not agree
	BadQuantity Status = C.BERTH_BAD_QUANTITY  // negative, or a sum that leaves the 64-bit range
	BadNumber   Status = C.BERTH_BAD_NUMBER    // not a number, infinite, or not whole where it must be
	BadText     Status = C.BERTH_BAD_TEXT      // not UTF-8, empty, too long, or with a zero byte inside
	BadEngine   Status = C.BERTH_BAD_ENGINE    // closed: see ErrClosed
	UnknownID   Status = C.BERTH_UNKNOWN_ID    // never given out by this engine
	StaleID     Status = C.BERTH_STALE_ID      // given out by this engine, but what it named has gone since
	Duplicate   Status = C.BERTH_DUPLICATE     // a name that is there already, or an id twice in a batch
	WrongState  Status = C.BERTH_WRONG_STATE   // the pod, statement or journal is not in a state that allows this
	Busy        Status = C.BERTH_BUSY          // another call is inside the engine
	Sealed      Status = C.BERTH_SEALED        // too late: fixed by the first domain, node or class
	NoRoom      Status = C.BERTH_NO_ROOM       // what is to be held is not free
	BadCallback Status = C.BERTH_BAD_CALLBACK  // the ranking failed, or wrote what it must not: see Rerank
	Limit       Status = C.BERTH_LIMIT         // one of the limits of berth.h would be exceeded
	OutOfMemory Status = C.BERTH_OUT_OF_MEMORY // the allocator refused
	IO          Status = C.BERTH_IO            // a file cannot be opened, read or written, in the system's words
	Corrupt     Status = C.BERTH_CORRUPT       // Validate found a broken invariant: please report it
	BadFile     Status = C.BERTH_BAD_FILE      // a snapshot or journal that is cut, altered, foreign or of another ABI
)

// Error makes a Status a target for errors.Is.
func (s Status) Error() string { return C.GoString(C.berth_status_name(C.berth_status(s))) }

// Error is a refused call. The engine is what it was before.
type Error struct {
	Status  Status
	Message string // what was wrong, where, and what would be right
}

func (e *Error) Error() string { return "berth: " + e.Message + " (" + e.Status.Error() + ")" }

// Unwrap gives the status to errors.Is.
func (e *Error) Unwrap() error { return e.Status }

// ErrClosed refuses calls on an engine that was closed, on its statements and on its event readers. Its status is
// [BadEngine].
var ErrClosed error = &Error{BadEngine, "the engine is closed"}

var errBusy error = &Error{Busy, "another call is inside the engine: of another goroutine, or the one that ranks"}

// refusal turns a status into an error. It reads the sentence with the engine, or, without one, with the thread, to
// which the caller is locked since before the call.
func refusal(engine cEngine, status cStatus) error {
	if status == C.BERTH_OK {
		return nil
	}
	return explained(engine, Status(status))
}

func explained(engine cEngine, status Status) error {
	switch status {
	case BadEngine: // the library has its sentence with the thread: here as in errBusy the status says enough
		return ErrClosed
	case Busy:
		return errBusy
	}
	text := make([]byte, 512)
	for {
		var length C.size_t
		if C.berth_engine_last_error(engine, chars(text), C.size_t(len(text)), &length) != C.BERTH_OK {
			return &Error{status, "the sentence to the refusal cannot be read now"}
		}
		if int(length) < len(text) { // with the zero at its end
			return &Error{status, string(text[:length])}
		}
		text = make([]byte, length+1)
	}
}

// chars is a buffer for the library to write a text to.
func chars(text []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(text))) }
