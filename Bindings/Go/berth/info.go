package berth

// #include "berth.h"
import "C"

import "unsafe"

// Info are figures and counters of an engine. It has the layout of berth_engine_info.
type Info struct {
	structSize     uint32
	Allocator      Allocator
	CPULevel       CPULevel
	Shapes         uint32 // distinct capacities
	Trees          uint32
	Pools          uint32 // distinct (labels, taints, cordon, zone)
	Nodes          uint64
	Pods           uint64
	Classes        uint64
	BytesAllocated uint64 // what the engine and its forks hold together, as the allocator counts it
	BytesMapped    uint64 // what the allocator has mapped for them
	NodeBytes      uint64 // rows, ids, names, groups; like the next three, shared with other engines or not
	IndexBytes     uint64 // the state trees
	ClassBytes     uint64 // classes, profiles, label and taint sets
	PodBytes       uint64

	// Counters since New, or since the fork.
	Decisions     uint64
	TreeQueries   uint64
	ScanQueries   uint64
	RowQueries    uint64
	LeavesOpened  uint64
	InnersOpened  uint64
	ExactScores   uint64 // nodes scored one by one after the kernels' bound
	ScanFallbacks uint64 // tree searches that reached their limit and were finished by a scan
	NodeChanges   uint64 // length of the change log
	LeafSplits    uint64
	LeafMerges    uint64
	SlotMoves     uint64 // nodes that got another slot because their neighbourhood was full
	Allocations   uint64 // blocks asked from the allocator, by the engine and its forks together

	FamilyEngines    uint64 // live engines that come from one another by forking, this one included
	BytesOwned       uint64 // what closing this engine gives back at least
	Reservations     uint64
	ReservationBytes uint64

	ConstraintBytes   uint64 // counts by domain, lists of nodes' pods
	SlotIndexes       uint64 // classes that have one now
	SlotIndexBytes    uint64
	SlotQueries       uint64
	SlotBuilds        uint64
	SlotChangesRead   uint64 // entries of the change log that indexes caught up with
	SlotGroupsScored  uint64 // groups of nodes whose best was computed anew
	DomainCountsBuilt uint64 // counts that were made by looking at all pods, once for each new kind of count

	Machines        uint64 // distinct ones, NoMachine not counted
	DeviceBytes     uint64 // what nodes have of devices, and pods of claims
	PotentialMisses uint64 // states of nodes that a fragmentation policy weighed anew
}

// Info reads figures and counters.
func (e *Engine) Info() (info Info, err error) {
	err = e.with(func(h cEngine) (err error) {
		info, err = readInfo(h)
		return err
	})
	return info, err
}

func readInfo(h cEngine) (Info, error) {
	info := Info{structSize: C.sizeof_berth_engine_info}
	if err := refusal(h, C.berth_engine_read_info(h, (*C.berth_engine_info)(unsafe.Pointer(&info)))); err != nil {
		return Info{}, err
	}
	return info, nil
}
