package berth

// #include "berth.h"
import "C"

import "unsafe"

// Records of these types go to the library as they are. Arrays of different lengths are different types: each line says
// that a size, or the place of a last field, is the same on both sides, or does not compile.
var (
	_ [C.sizeof_berth_node]struct{}                                     = [unsafe.Sizeof(Node{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_node{}.price)]struct{}                   = [unsafe.Offsetof(Node{}.Price)]struct{}{}
	_ [C.sizeof_berth_node_state]struct{}                               = [unsafe.Sizeof(NodeState{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_node_state{}.images)]struct{}            = [unsafe.Offsetof(NodeState{}.Images)]struct{}{}
	_ [C.sizeof_berth_pod_state]struct{}                                = [unsafe.Sizeof(PodState{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_pod_state{}.flags)]struct{}              = [unsafe.Offsetof(PodState{}.Flags)]struct{}{}
	_ [C.sizeof_berth_engine_info]struct{}                              = [unsafe.Sizeof(Info{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_engine_info{}.owned_bytes)]struct{}      = [unsafe.Offsetof(Info{}.BytesOwned)]struct{}{}
	_ [unsafe.Offsetof(C.berth_engine_info{}.potential_misses)]struct{} = [unsafe.Offsetof(Info{}.PotentialMisses)]struct{}{}
	_ [C.sizeof_berth_placement]struct{}                                = [unsafe.Sizeof(Placement{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_placement{}.outcome)]struct{}            = [unsafe.Offsetof(Placement{}.Outcome)]struct{}{}
	_ [C.sizeof_berth_candidate]struct{}                                = [unsafe.Sizeof(Candidate{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_candidate{}.score)]struct{}              = [unsafe.Offsetof(Candidate{}.Score)]struct{}{}
	_ [C.sizeof_berth_reason]struct{}                                   = [unsafe.Sizeof(Reason{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_reason{}.nodes)]struct{}                 = [unsafe.Offsetof(Reason{}.Nodes)]struct{}{}
	_ [C.sizeof_berth_feature]struct{}                                  = [unsafe.Sizeof(Feature{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_feature{}.argument)]struct{}             = [unsafe.Offsetof(Feature{}.Argument)]struct{}{}
	_ [C.sizeof_berth_event]struct{}                                    = [unsafe.Sizeof(Event{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_event{}.pod_class)]struct{}              = [unsafe.Offsetof(Event{}.Class)]struct{}{}
	_ [C.sizeof_berth_metrics]struct{}                                  = [unsafe.Sizeof(Metrics{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_metrics{}.events_lost)]struct{}          = [unsafe.Offsetof(Metrics{}.EventsLost)]struct{}{}
	_ [C.sizeof_berth_recovery]struct{}                                 = [unsafe.Sizeof(Recovery{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_recovery{}.torn_bytes)]struct{}          = [unsafe.Offsetof(Recovery{}.TornBytes)]struct{}{}
	_ [C.sizeof_berth_reservation_owner]struct{}                        = [unsafe.Sizeof(Owner{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_reservation_owner{}.kind)]struct{}       = [unsafe.Offsetof(Owner{}.Kind)]struct{}{}
	_ [C.sizeof_berth_reservation_state]struct{}                        = [unsafe.Sizeof(ReservationState{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_reservation_state{}.pods)]struct{}       = [unsafe.Offsetof(ReservationState{}.Pods)]struct{}{}
	_ [C.sizeof_berth_pod_identity]struct{}                             = [unsafe.Sizeof(PodIdentity{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_pod_identity{}.queue)]struct{}           = [unsafe.Offsetof(PodIdentity{}.Queue)]struct{}{}
	_ [C.sizeof_berth_reservation_use]struct{}                          = [unsafe.Sizeof(ReservationUse{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_reservation_use{}.resource)]struct{}     = [unsafe.Offsetof(ReservationUse{}.Resource)]struct{}{}
	_ [C.sizeof_berth_load_spec]struct{}                                = [unsafe.Sizeof(LoadSpec{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_load_spec{}.expiry_ms)]struct{}          = [unsafe.Offsetof(LoadSpec{}.ExpiryMS)]struct{}{}
	_ [C.sizeof_berth_load_report]struct{}                              = [unsafe.Sizeof(LoadReport{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_load_report{}.pod_count)]struct{}        = [unsafe.Offsetof(LoadReport{}.PodCount)]struct{}{}
	_ [C.sizeof_berth_load_state]struct{}                               = [unsafe.Sizeof(LoadState{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_load_state{}.flags)]struct{}             = [unsafe.Offsetof(LoadState{}.Flags)]struct{}{}
	_ [C.sizeof_berth_nic]struct{}                                      = [unsafe.Sizeof(NIC{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_nic{}.virtual_functions)]struct{}        = [unsafe.Offsetof(NIC{}.VirtualFunctions)]struct{}{}
	_ [C.sizeof_berth_gpu_state]struct{}                                = [unsafe.Sizeof(GPUState{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_gpu_state{}.is_sick)]struct{}            = [unsafe.Offsetof(GPUState{}.isSick)]struct{}{}
	_ [C.sizeof_berth_claim]struct{}                                    = [unsafe.Sizeof(Claim{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_claim{}.mig_slices)]struct{}             = [unsafe.Offsetof(Claim{}.MIGSlices)]struct{}{}
	_ [C.sizeof_berth_machine_id]struct{}                               = [unsafe.Sizeof(MachineID(0))]struct{}{}
)

var (
	_ [C.sizeof_berth_migration]struct{}                                      = [unsafe.Sizeof(Migration{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_migration{}.to_node)]struct{}                  = [unsafe.Offsetof(Migration{}.To)]struct{}{}
	_ [C.sizeof_berth_defragment_report]struct{}                              = [unsafe.Sizeof(DefragmentReport{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_defragment_report{}.free_nodes_after)]struct{} = [unsafe.Offsetof(DefragmentReport{}.FreeNodesAfter)]struct{}{}
)

var (
	_ [C.sizeof_berth_rank_link]struct{}                       = [unsafe.Sizeof(RankLink{})]struct{}{}
	_ [C.sizeof_berth_collective]struct{}                      = [unsafe.Sizeof(Collective{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_collective{}.times)]struct{}    = [unsafe.Offsetof(Collective{}.Times)]struct{}{}
	_ [C.sizeof_berth_flow]struct{}                            = [unsafe.Sizeof(Flow{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_flow{}.messages)]struct{}       = [unsafe.Offsetof(Flow{}.Messages)]struct{}{}
	_ [C.sizeof_berth_rank_multiple]struct{}                   = [unsafe.Sizeof(RankMultiple{})]struct{}{}
	_ [unsafe.Offsetof(C.berth_rank_multiple{}.level)]struct{} = [unsafe.Offsetof(RankMultiple{}.Level)]struct{}{}
)
