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
	_ [unsafe.Sizeof(Feature{}) - C.sizeof_berth_feature]struct{}
	_ [C.sizeof_berth_feature - unsafe.Sizeof(Feature{})]struct{}
	_ [unsafe.Offsetof(Feature{}.Argument) - unsafe.Offsetof(C.berth_feature{}.argument)]struct{}
	_ [unsafe.Sizeof(Event{}) - C.sizeof_berth_event]struct{}
	_ [C.sizeof_berth_event - unsafe.Sizeof(Event{})]struct{}
	_ [unsafe.Offsetof(Event{}.Class) - unsafe.Offsetof(C.berth_event{}.pod_class)]struct{}
	_ [unsafe.Sizeof(Metrics{}) - C.sizeof_berth_metrics]struct{}
	_ [C.sizeof_berth_metrics - unsafe.Sizeof(Metrics{})]struct{}
	_ [unsafe.Offsetof(Metrics{}.EventsLost) - unsafe.Offsetof(C.berth_metrics{}.events_lost)]struct{}
	_ [unsafe.Sizeof(Recovery{}) - C.sizeof_berth_recovery]struct{}
	_ [C.sizeof_berth_recovery - unsafe.Sizeof(Recovery{})]struct{}
	_ [unsafe.Offsetof(Recovery{}.TornBytes) - unsafe.Offsetof(C.berth_recovery{}.torn_bytes)]struct{}
	_ [unsafe.Sizeof(Owner{}) - C.sizeof_berth_reservation_owner]struct{}
	_ [C.sizeof_berth_reservation_owner - unsafe.Sizeof(Owner{})]struct{}
	_ [unsafe.Offsetof(Owner{}.Kind) - unsafe.Offsetof(C.berth_reservation_owner{}.kind)]struct{}
	_ [unsafe.Sizeof(ReservationState{}) - C.sizeof_berth_reservation_state]struct{}
	_ [C.sizeof_berth_reservation_state - unsafe.Sizeof(ReservationState{})]struct{}
	_ [unsafe.Offsetof(ReservationState{}.Pods) - unsafe.Offsetof(C.berth_reservation_state{}.pods)]struct{}
	_ [unsafe.Sizeof(PodIdentity{}) - C.sizeof_berth_pod_identity]struct{}
	_ [C.sizeof_berth_pod_identity - unsafe.Sizeof(PodIdentity{})]struct{}
	_ [unsafe.Offsetof(PodIdentity{}.Queue) - unsafe.Offsetof(C.berth_pod_identity{}.queue)]struct{}
	_ [unsafe.Sizeof(ReservationUse{}) - C.sizeof_berth_reservation_use]struct{}
	_ [C.sizeof_berth_reservation_use - unsafe.Sizeof(ReservationUse{})]struct{}
	_ [unsafe.Offsetof(ReservationUse{}.Resource) - unsafe.Offsetof(C.berth_reservation_use{}.resource)]struct{}
	_ [unsafe.Sizeof(LoadSpec{}) - C.sizeof_berth_load_spec]struct{}
	_ [C.sizeof_berth_load_spec - unsafe.Sizeof(LoadSpec{})]struct{}
	_ [unsafe.Offsetof(LoadSpec{}.ExpiryMS) - unsafe.Offsetof(C.berth_load_spec{}.expiry_ms)]struct{}
	_ [unsafe.Sizeof(LoadReport{}) - C.sizeof_berth_load_report]struct{}
	_ [C.sizeof_berth_load_report - unsafe.Sizeof(LoadReport{})]struct{}
	_ [unsafe.Offsetof(LoadReport{}.PodCount) - unsafe.Offsetof(C.berth_load_report{}.pod_count)]struct{}
	_ [unsafe.Sizeof(LoadState{}) - C.sizeof_berth_load_state]struct{}
	_ [C.sizeof_berth_load_state - unsafe.Sizeof(LoadState{})]struct{}
	_ [unsafe.Offsetof(LoadState{}.Flags) - unsafe.Offsetof(C.berth_load_state{}.flags)]struct{}
)
