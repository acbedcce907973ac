package berth

import (
	"slices"
	"testing"
)

func TestDeviceMasks(t *testing.T) {
	mask := Devices(15, 0, 3)
	if mask != 0x8009 || mask.Count() != 3 || !mask.Has(3) || mask.Has(4) || mask.String() != "0,3,15" {
		t.Errorf("the mask is %#x, %d, %q", uint32(mask), mask.Count(), mask)
	}
	if got := slices.Collect(mask.All()); !slices.Equal(got, []int{0, 3, 15}) {
		t.Errorf("All gives %v", got)
	}
	if got := DeviceMask(0).String(); got != "void" {
		t.Errorf("no devices are %q", got)
	}
	for index := range Devices(1, 2).All() {
		if index != 1 {
			t.Errorf("the loop was ended, and %d came", index)
		}
		break
	}
}

func TestPodsGetDevices(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	pair := e.class(DeviceDemand{GPUs: 2, ShareMilli: 1000, PreferLinks: true})
	preview, err := e.PreviewClaim(pair, e.nodes[0])
	if err != nil || preview != (Claim{GPUs: Devices(0, 1), ShareMilli: 1000}) {
		t.Errorf("PreviewClaim gives %+v, %v", preview, err)
	}
	pods := e.pods(pair, 5)
	claims, err := e.ReadClaims(pods...)
	if err != nil || len(claims) != 4 || claims[0] != preview || claims[1].GPUs != Devices(2, 3) {
		t.Errorf("four of five pods hold %+v, %v", claims, err)
	}
	if explanation, err := e.Explain(pair); err != nil || explanation.Reasons[0].Kind != DevicesTaken {
		t.Errorf("Explain gives %+v, %v", explanation, err)
	}
	many := e.class(DeviceDemand{GPUs: 5, ShareMilli: 1000})
	if explanation, err := e.Explain(many); err != nil || explanation.Reasons[0].Kind != NoSuchDevices {
		t.Errorf("Explain gives %+v, %v", explanation, err)
	}
	if err := e.Release(pods...); err != nil {
		t.Fatal(err)
	}
	if free := e.freeMilli(0); !slices.Equal(free, []uint32{1000, 1000, 1000, 1000}) {
		t.Errorf("after their release %v is free", free)
	}
	e.valid()
}

func TestSharesAreResized(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	share := e.class(DeviceDemand{GPUs: 1, ShareMilli: 250, MemoryMiB: 1000})
	whole := e.pods(e.class(DeviceDemand{GPUs: 1, ShareMilli: 1000}), 1)
	pods := e.pods(share, 2)
	if err := e.ResizeClaim(pods[0], 750, 2000); err != nil {
		t.Fatal(err)
	}
	claims, err := e.ReadClaims(pods...)
	if err != nil || claims[0].ShareMilli != 750 || claims[0].MemoryMiB != 2000 || claims[0].GPUs != claims[1].GPUs {
		t.Errorf("ReadClaims gives %+v, %v", claims, err)
	}
	refused(t, []refusedCall{
		{"no room", e.ResizeClaim(pods[0], 751, 0), NoRoom, "0 milli"},
		{"nothing", e.ResizeClaim(pods[0], 0, 0), BadArgument, "nothing would be left"},
		{"all of it", e.ResizeClaim(pods[0], 1000, 0), BadArgument, "share_milli 1000"},
		{"a whole GPU", e.ResizeClaim(whole[0], 500, 0), WrongState, "no share"},
		{"no pod", e.ResizeClaim(NoPod, 500, 0), UnknownID, "pod"},
	})
	e.valid()
}

func TestDemandsThatAreNotRightAreRefused(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	intern := func(demand DeviceDemand) error {
		_, err := e.intern(demand)
		return err
	}
	refused(t, []refusedCall{
		{"too many", intern(DeviceDemand{GPUs: 17, ShareMilli: 1000}), Limit, "17 GPUs"},
		{"two shares", intern(DeviceDemand{GPUs: 2, ShareMilli: 500}), BadArgument, "a share is of one GPU"},
		{"unknown link", intern(DeviceDemand{GPUs: 2, ShareMilli: 1000, LinkRequired: 6}), BadArgument, "link_required 6"},
		{"links of a share", intern(DeviceDemand{GPUs: 1, ShareMilli: 1, PreferLinks: true}), BadArgument, "whole GPUs"},
		{"unknown model", intern(DeviceDemand{GPUs: 1, ShareMilli: 1000, Models: "A100-SXM4-80GB|Z"}), UnknownID, "\"Z\""},
		{"unknown profile", intern(DeviceDemand{GPUs: 1, MIGProfile: "9g"}), BadArgument, "\"9g\""},
		{"NICs by switch", intern(DeviceDemand{NICs: 1, NICsBySwitch: true}), BadArgument, "only NICs"},
		{"slices", intern(DeviceDemand{GPUs: 2, TimeSlice: true}), BadArgument, "time slice"},
		{"a zero byte", intern(DeviceDemand{GPUs: 1, ShareMilli: 1000, Models: "A\x00"}), BadText, "zero byte"},
	})
}

func TestBoundPodsHoldWhatTheHostSays(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	pair := e.class(DeviceDemand{GPUs: 2, ShareMilli: 1000})
	classes, nodes := []ClassID{pair, pair}, []NodeID{e.nodes[1], e.nodes[1]}
	claims := []Claim{{GPUs: Devices(1, 3), ShareMilli: 1000}, {GPUs: Devices(0, 3), ShareMilli: 1000}}
	bind := func(change func(*Claim)) error {
		wrong := slices.Clone(claims)
		wrong[1].GPUs = Devices(0, 2)
		change(&wrong[1])
		_, err := e.BindClaims(classes, nodes, wrong)
		return err
	}
	_, taken := e.BindClaims(classes, nodes, claims)
	_, short := e.BindClaims(classes, nodes[1:], claims)
	refused(t, []refusedCall{
		{"taken", taken, NoRoom, "GPU3 is taken"},
		{"short", short, BadArgument, "2 classes for 1 nodes"},
		{"another number", bind(func(c *Claim) { c.GPUs = 1 }), BadArgument, "asks for 2 GPUs"},
		{"not there", bind(func(c *Claim) { c.GPUs = Devices(0, 4) }), BadArgument, "GPU4 is not there"},
		{"no share", bind(func(c *Claim) { c.ShareMilli = 999 }), BadArgument, "1000 milli"},
		{"beyond a mask", bind(func(c *Claim) { c.NICs = 1 << 16 }), BadArgument, "more devices"},
		{"reserved", bind(func(c *Claim) { c.reserved = 1 }), BadStruct, "reserved"},
	})
	if free := e.freeMilli(1); !slices.Equal(free, []uint32{1000, 1000, 1000, 1000}) {
		t.Errorf("after refusals %v is free", free)
	}
	claims[1].GPUs = Devices(0, 2)
	pods, err := e.BindClaims(classes, nodes, claims)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := e.ReadClaims(pods...); err != nil || !slices.Equal(read, claims) {
		t.Errorf("ReadClaims gives %+v, %v", read, err)
	}
	e.valid()
}

func TestPodsMoveWithNewDevices(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	if err := e.EnableEvents(16); err != nil {
		t.Fatal(err)
	}
	triple := e.class(DeviceDemand{GPUs: 3, ShareMilli: 1000})
	pods := e.pods(triple, 1)
	if err := e.Move(pods, e.nodes[1:]); err != nil {
		t.Fatal(err)
	}
	if free := e.freeMilli(1); !slices.Equal(free, []uint32{0, 0, 0, 1000}) {
		t.Errorf("on the new node %v is free", free)
	}
	var last Event
	for event, err := range e.Events().New() {
		if err != nil {
			t.Fatal(err)
		}
		last = event
	}
	if last.Kind != PodMoved || last.Node != e.nodes[1] || NodeID(last.Other) != e.nodes[0] {
		t.Errorf("the last event is %+v", last)
	}
	pods = append(pods, e.pods(triple, 1)...)
	refused(t, []refusedCall{
		{"no room", e.Move(pods, []NodeID{e.nodes[1], e.nodes[1]}), NoRoom, "entry 1"},
		{"short", e.Move(pods, e.nodes[:1]), BadArgument, "1 nodes for 2 pods"},
		{"twice", e.Move([]PodID{pods[0], pods[0]}, e.nodes), Duplicate, "entry 1"},
	})
	if free := e.freeMilli(0); !slices.Equal(free, []uint32{0, 0, 0, 1000}) {
		t.Errorf("after refusals %v is free", free)
	}
	e.valid()
}

func TestBatchesAllocateNothingPerPod(t *testing.T) {
	e := newEquipped(t)
	defer e.Close()
	share := e.class(DeviceDemand{GPUs: 1, ShareMilli: 100})
	const count = 40
	classes, placements := slices.Repeat([]ClassID{share}, count), make([]Placement, count)
	pods, claims, nodes := make([]PodID, count), make([]Claim, count), make([]NodeID, count)
	var states DeviceStates
	allocations := testing.AllocsPerRun(20, func() {
		if err := e.PlaceInto(classes, placements); err != nil {
			t.Fatal(err)
		}
		for i, placement := range placements {
			pods[i], nodes[i] = placement.Pod, placement.Node
		}
		if e.ReadClaimsInto(pods, claims) != nil || e.Release(pods...) != nil ||
			e.BindClaimsInto(classes, nodes, claims, pods) != nil || e.Move(pods, nodes) != nil ||
			e.ReadDevicesInto(nodes[0], &states) != nil || e.Release(pods...) != nil ||
			e.PreviewClaimInto(share, nodes[0], &claims[0]) != nil {
			t.Fatal("a call was refused")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations in a round of %d pods", allocations, count)
	}
	e.valid()
}
