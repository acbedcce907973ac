package berth_test

import (
	"fmt"
	"log"

	"berth"
)

func ExampleEngine_PlaceGang() {
	engine, err := berth.New(berth.Options{Levels: []string{"rack"}})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	cpu, _ := engine.AddResource("cpu", berth.ResourceCPU)
	left, _ := engine.AddDomain(berth.RootDomain, "left")
	right, _ := engine.AddDomain(berth.RootDomain, "right")
	_, err = engine.AddNodes(berth.Nodes{
		Nodes:       []berth.Node{{Domain: left}, {Domain: left}, {Domain: right}},
		Resources:   []berth.ResourceID{cpu},
		Allocatable: []int64{4000, 4000, 4000},
	})
	if err != nil {
		log.Fatal(err)
	}
	packing, _ := engine.AddProfile("packing", berth.Term{Kind: berth.Binpack, Weight: 1})
	worker, err := engine.InternClass(berth.PodSpec{Profile: packing, Requests: map[berth.ResourceID]int64{cpu: 2000}})
	if err != nil {
		log.Fatal(err)
	}

	for _, members := range []uint32{5, 4} {
		result, err := engine.PlaceGang(berth.Gang{
			Roles:    []berth.GangRole{{Class: worker, Min: members, Max: members}},
			Required: 1, // in one rack
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Outcome, "-", result.Sentence)
	}

	// Output:
	// no fit - no domain of rack holds 5 members of role 0, the best (left) holds 4; 2 would do together; what lacks is cpu
	// placed - 4 members placed in left: 2 nodes
}

// A pass over a queue: the first gang does not fit while another runs, so its start is reserved, and a short one that
// does not delay it goes first.
func ExampleEngine_ScheduleGangs() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	running, err := engine.Place(pod, pod, pod, pod)
	if err != nil {
		log.Fatal(err)
	}
	var ends []berth.RunningPod
	for _, placement := range running {
		ends = append(ends, berth.RunningPod{Pod: placement.Pod, EndMS: 60_000})
	}
	gang := func(members uint32) berth.Gang {
		return berth.Gang{Roles: []berth.GangRole{{Class: pod, Min: members, Max: members}}}
	}
	results, err := engine.ScheduleGangs(berth.DefaultQueueOptions(), []berth.WaitingGang{
		{Gang: gang(6), RunMS: 600_000},
		{Gang: gang(4), RunMS: 30_000},
	}, ends)
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range results {
		fmt.Println(result.Outcome, result.StartMS, len(result.Gang.Placements))
	}

	// Output:
	// waiting 60000 0
	// backfilled 0 4
}

// Four ranks on two nodes: neighbours of the ring are brought together, so that fewer bytes leave a node.
func ExampleAssignRanks() {
	network := berth.RankNetwork{
		Levels:  1,                    // a node
		Domains: []uint32{0, 1, 0, 1}, // places 0 and 2 are GPUs of one node
		Links: []berth.RankLink{
			{BytesPerSecond: 25e9, LatencyNS: 5000}, // between nodes
			{BytesPerSecond: 450e9, LatencyNS: 500}, // within one
		},
	}
	job := berth.RankJob{
		Dimensions:  []uint32{4},
		Collectives: []berth.Collective{{Kind: berth.RingAllReduce, Dimensions: 1, Bytes: 1 << 20, Times: 1}},
	}
	found, err := berth.AssignRanks(network, job, nil, berth.DefaultRankOptions())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Places, found.Exact)
	fmt.Println(found.BytesBefore[0], "bytes between nodes before,", found.Bytes[0], "now")

	// Output:
	// [0 2 1 3] true
	// 6291456 bytes between nodes before, 3145728 now
}

// A claim says which GPUs of its node a pod holds. One of the first node is sick, and nobody gets it.
func ExampleEngine_ReadClaims() {
	engine, nodes, _ := twoNodes()
	defer engine.Close()

	dgx, err := engine.StandardMachine("dgx-h100", "", 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.SetMachines(nodes, []berth.MachineID{dgx, dgx}); err != nil {
		log.Fatal(err)
	}
	if err := engine.SetHealth(nodes[0], berth.Devices(0), 0); err != nil {
		log.Fatal(err)
	}
	links, _ := engine.AddProfile("links", berth.Term{Kind: berth.GPULinks, Weight: 1})
	trainer, err := engine.InternClass(berth.PodSpec{
		Profile: links,
		Devices: &berth.DeviceDemand{GPUs: 4, ShareMilli: 1000, PreferLinks: true},
	})
	if err != nil {
		log.Fatal(err)
	}
	placements, err := engine.Place(trainer, trainer)
	if err != nil {
		log.Fatal(err)
	}
	claims, err := engine.ReadClaims(placements[0].Pod, placements[1].Pod)
	if err != nil {
		log.Fatal(err)
	}
	for i, claim := range claims {
		fmt.Printf("NVIDIA_VISIBLE_DEVICES=%v on node %d\n", claim.GPUs, 1+(placements[i].Node-nodes[0]))
	}

	// Output:
	// NVIDIA_VISIBLE_DEVICES=1,2,3,4 on node 1
	// NVIDIA_VISIBLE_DEVICES=0,1,2,3 on node 2
}
