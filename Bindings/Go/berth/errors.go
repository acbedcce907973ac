package berth

// #include "berth.h"
import "C"

import "unsafe"

// Status says which kind of refusal an error is: errors.Is(err, berth.StaleID).
type Status uint32

// The statuses of berth.h. "No node fits" is not among them: it is an outcome of a placement.
const (
	NullPointer Status = C.BERTH_NULL_POINTER
	BadStruct   Status = C.BERTH_BAD_STRUCT
	BadArgument Status = C.BERTH_BAD_ARGUMENT
	BadQuantity Status = C.BERTH_BAD_QUANTITY
	BadNumber   Status = C.BERTH_BAD_NUMBER
	BadText     Status = C.BERTH_BAD_TEXT
	BadEngine   Status = C.BERTH_BAD_ENGINE
	UnknownID   Status = C.BERTH_UNKNOWN_ID
	StaleID     Status = C.BERTH_STALE_ID
	Duplicate   Status = C.BERTH_DUPLICATE
	WrongState  Status = C.BERTH_WRONG_STATE
	Busy        Status = C.BERTH_BUSY
	Sealed      Status = C.BERTH_SEALED
	NoRoom      Status = C.BERTH_NO_ROOM
	BadCallback Status = C.BERTH_BAD_CALLBACK
	Limit       Status = C.BERTH_LIMIT
	OutOfMemory Status = C.BERTH_OUT_OF_MEMORY
	IO          Status = C.BERTH_IO
	Corrupt     Status = C.BERTH_CORRUPT
	BadFile     Status = C.BERTH_BAD_FILE
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

// refusal turns a status into an error. A caller that was not let into the engine finds the sentence with its thread,
// which Go may have changed since: the two statuses that do so explain themselves.
func refusal(handle *C.berth_engine, status C.berth_status) error {
	switch Status(status) {
	case C.BERTH_OK:
		return nil
	case BadEngine:
		return &Error{BadEngine, "the engine is closed"}
	case Busy:
		return &Error{Busy, "another goroutine is inside a call on this engine"}
	}
	return &Error{Status(status), lastError(handle)}
}

func lastError(handle *C.berth_engine) string {
	var length C.size_t
	if C.berth_engine_last_error(handle, nil, 0, &length) != C.BERTH_OK {
		return "the sentence to the refusal cannot be read now"
	}
	text := make([]byte, length+1)
	C.berth_engine_last_error(handle, (*C.char)(unsafe.Pointer(&text[0])), length+1, nil)
	return C.GoString((*C.char)(unsafe.Pointer(&text[0])))
}
