package berth

/*
#include <stdlib.h>
#include "berth.h"
*/
import "C"

import (
	"runtime"
	"strings"
	"unsafe"
)

// frame holds what one call shows the library: C copies of texts and records with pointers inside, and pins on Go's own
// memory. The library copies what it keeps, so that the frame ends with the call.
type frame struct {
	blocks []unsafe.Pointer
	pins   runtime.Pinner
	err    error // the first text that C cannot hold
}

func (f *frame) end() {
	for _, block := range f.blocks {
		C.free(block)
	}
	f.pins.Unpin()
}

// text copies a string. C would end it at a zero byte, so that such a string is refused rather than cut.
func (f *frame) text(s string) *C.char {
	if strings.IndexByte(s, 0) >= 0 && f.err == nil {
		f.err = &Error{BadText, "a name has a zero byte inside: " + strings.ReplaceAll(s, "\x00", "\\0")}
	}
	block := C.CString(s)
	f.blocks = append(f.blocks, unsafe.Pointer(block))
	return block
}

// texts copies strings into an array of C's, and gives its length as records have it.
func (f *frame) texts(list []string) (**C.char, C.uint32_t) {
	array := records[*C.char](f, len(list))
	for i, s := range list {
		array[i] = f.text(s)
	}
	return first(array), C.uint32_t(len(array))
}

// optional copies a string, and an empty one is C's null.
func (f *frame) optional(s string) *C.char {
	if s == "" {
		return nil
	}
	return f.text(s)
}

// records makes a zeroed C array of n records and gives it as a slice; nil for none.
func records[T any](f *frame, n int) []T {
	if n == 0 {
		return nil
	}
	var record T
	block := C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(record)))
	f.blocks = append(f.blocks, block)
	return unsafe.Slice((*T)(block), n)
}

// first is the address of a slice's elements, as C wants it.
func first[T any](s []T) *T { return unsafe.SliceData(s) }

// pinned is the address of Go memory without pointers inside that a C record may point to during the call.
func pinned[C, T any](f *frame, s []T) *C {
	if len(s) == 0 {
		return nil
	}
	f.pins.Pin(&s[0])
	return (*C)(unsafe.Pointer(&s[0]))
}
