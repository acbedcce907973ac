package berth_test

import (
	"errors"
	"fmt"
	"log"

	"berth"
)

func Example() {
	engine, err := berth.New(berth.Options{Levels: []string{"topology.kubernetes.io/zone"}})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	cpu, _ := engine.AddResource("cpu", berth.ResourceCPU)
	north, _ := engine.AddDomain(berth.RootDomain, "north")
	south, _ := engine.AddDomain(berth.RootDomain, "south")
	nodes, err := engine.AddNodes(berth.Nodes{
		Nodes:       []berth.Node{{Domain: north}, {Domain: south}},
		Resources:   []berth.ResourceID{cpu},
		Allocatable: []int64{4000, 8000},
		Names:       []string{"north-1", "south-1"},
	})
	if err != nil {
		log.Fatal(err)
	}
	spreading, _ := engine.AddProfile("spreading", berth.Term{Kind: berth.Spread, Weight: 1})
	web, err := engine.InternClass(berth.PodSpec{
		Profile:  spreading,
		Requests: map[berth.ResourceID]int64{cpu: 3000},
	})
	if err != nil {
		log.Fatal(err)
	}

	placements, err := engine.Place(web, web, web, web)
	if err != nil {
		log.Fatal(err)
	}
	for _, placement := range placements {
		switch placement.Node {
		case nodes[0]:
			fmt.Println("north-1")
		case nodes[1]:
			fmt.Println("south-1")
		default:
			fmt.Println("no node fits")
		}
	}

	// A refused call changes nothing and says what was wrong.
	_, err = engine.AddResource("cpu", berth.ResourceOther)
	fmt.Println(errors.Is(err, berth.Duplicate))

	// Output:
	// south-1
	// north-1
	// south-1
	// no node fits
	// true
}

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
