package berth

// #include "berth.h"
import "C"

import "unsafe"

// Slices of these types go to the library as they are. An array of a negative length does not compile: each line says
// that a size or a place is the same on both sides.
var (
	_ [unsafe.Sizeof(Node{}) - C.sizeof_berth_node]struct{}
	_ [C.sizeof_berth_node - unsafe.Sizeof(Node{})]struct{}
	_ [unsafe.Offsetof(Node{}.Price) - unsafe.Offsetof(C.berth_node{}.price)]struct{}
	_ [unsafe.Sizeof(Placement{}) - C.sizeof_berth_placement]struct{}
	_ [C.sizeof_berth_placement - unsafe.Sizeof(Placement{})]struct{}
	_ [unsafe.Offsetof(Placement{}.Outcome) - unsafe.Offsetof(C.berth_placement{}.outcome)]struct{}
	_ [unsafe.Sizeof(Candidate{}) - C.sizeof_berth_candidate]struct{}
	_ [C.sizeof_berth_candidate - unsafe.Sizeof(Candidate{})]struct{}
	_ [unsafe.Sizeof(Reason{}) - C.sizeof_berth_reason]struct{}
	_ [C.sizeof_berth_reason - unsafe.Sizeof(Reason{})]struct{}
)
