package berth

// #include "berth.h"
import "C"

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// frame holds what one call shows the library: texts and records with pointers inside, in blocks of Go memory, and pins
// on these and on the caller's own slices. The library copies what it keeps, so that the frame ends with the call.
//
// Blocks have no pointers as the collector sees it. What the records in them point to lives by its pin.
type frame struct {
	block []uint64
	used  int // of block, in bytes
	pins  runtime.Pinner
	owns  bool  // copies the caller's slices instead of pinning them, for a call that may be abandoned
	err   error // the first text that C cannot hold
}

// Bytes of a frame's first block, and of the largest that waits for the next call.
const (
	firstBlock = 4 << 10
	keptBlock  = 256 << 10
)

var frames = sync.Pool{New: func() any { return new(frame) }}

func newFrame() *frame { return frames.Get().(*frame) }

// newFrameFor is a frame of a call whose caller may not wait for its end.
func newFrameFor(ctx context.Context) *frame {
	f := newFrame()
	f.owns = ctx.Done() != nil
	return f
}

func (f *frame) end() {
	f.pins.Unpin()
	f.used, f.owns, f.err = 0, false, nil
	if 8*len(f.block) > keptBlock {
		f.block = nil
	}
	frames.Put(f)
}

// room is memory for the library to read, which is as it was left. It stays in place until the frame ends.
func (f *frame) room(bytes, alignment int) unsafe.Pointer {
	start := (f.used + alignment - 1) &^ (alignment - 1)
	if start+bytes > 8*len(f.block) {
		f.block = make([]uint64, (max(bytes, 2*8*len(f.block), firstBlock)+7)/8)
		start, f.used = 0, 0
	}
	if f.used == 0 {
		f.pins.Pin(unsafe.SliceData(f.block))
	}
	f.used = start + bytes
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(f.block)), start)
}

// text copies a string. C would end it at a zero byte, so that such a string is refused rather than cut.
func (f *frame) text(s string) *C.char {
	if strings.IndexByte(s, 0) >= 0 && f.err == nil {
		f.err = &Error{BadText, "a text has a zero byte inside: " + strings.ReplaceAll(s, "\x00", "\\0")}
	}
	room := f.room(len(s)+1, 1)
	bytes := unsafe.Slice((*byte)(room), len(s)+1)
	bytes[copy(bytes, s)] = 0
	return (*C.char)(room)
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
	words := (n*int(unsafe.Sizeof(record)) + 7) / 8
	room := f.room(8*words, 8)
	clear(unsafe.Slice((*uint64)(room), words))
	return unsafe.Slice((*T)(room), n)
}

// record makes one zeroed C record.
func record[T any](f *frame) *T { return &records[T](f, 1)[0] }

// first is the address of a slice's elements, as C wants it.
func first[T any](s []T) *T { return unsafe.SliceData(s) }

// pinned is the address of Go memory without pointers inside that a C record may point to during the call.
func pinned[C, T any](f *frame, s []T) *C {
	if len(s) == 0 {
		return nil
	}
	if f.owns {
		room := unsafe.Slice((*T)(f.room(len(s)*int(unsafe.Sizeof(s[0])), 8)), len(s))
		copy(room, s)
		return (*C)(unsafe.Pointer(first(room)))
	}
	f.pins.Pin(&s[0])
	return (*C)(unsafe.Pointer(&s[0]))
}
