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
