package berth_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"berth"
)

// twoNodes is an engine for examples: nodes "left" and "right" with four cores each, which pods fill one after the
// other, and a class of pods of one core. A program looks at each error.
func twoNodes() (engine *berth.Engine, nodes []berth.NodeID, pod berth.ClassID) {
	engine, err := berth.New(berth.Options{})
	if err != nil {
		log.Fatal(err)
	}
	cpu, _ := engine.AddResource("cpu", berth.ResourceCPU)
	nodes, _ = engine.AddNodes(berth.Nodes{
		Nodes:       []berth.Node{{Price: 30}, {Price: 20}},
		Resources:   []berth.ResourceID{cpu},
		Allocatable: []int64{4000, 4000}, // millicores
		Names:       []string{"left", "right"},
	})
	packing, _ := engine.AddProfile("packing", berth.Term{Kind: berth.Binpack, Weight: 1})
	pod, err = engine.InternClass(berth.PodSpec{
		Profile:  packing,
		Requests: map[berth.ResourceID]int64{cpu: 1000},
	})
	if err != nil {
		log.Fatal(err)
	}
	return engine, nodes, pod
}

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

// A batch crosses into the library once, and allocates nothing where its slices are used again.
func ExampleEngine_PlaceInto() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	classes := []berth.ClassID{pod, pod, pod, pod, pod}
	placements := make([]berth.Placement, len(classes))
	for range 2 {
		if err := engine.PlaceInto(classes, placements); err != nil {
			log.Fatal(err)
		}
	}
	for _, placement := range placements {
		fmt.Println(placement.Outcome == berth.Placed)
	}

	// Output:
	// true
	// true
	// true
	// false
	// false
}

// What was decided before the context ended stays; the rest was not looked at.
func ExampleEngine_PlaceContext() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	ctx, cancel := context.WithCancelCause(context.Background())
	placements := make([]berth.Placement, 3)
	n, err := engine.PlaceContext(ctx, []berth.ClassID{pod, pod, pod}, placements)
	fmt.Println(n, err)

	cancel(errors.New("shutting down"))
	n, err = engine.PlaceContext(ctx, []berth.ClassID{pod, pod, pod}, placements)
	fmt.Println(n, err)

	// Output:
	// 3 <nil>
	// 0 shutting down
}

// A pod that fits nowhere is no error; Message and Explain say why.
func ExampleEngine_Explain() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	if err := engine.CordonNodes(nodes[:1], true); err != nil {
		log.Fatal(err)
	}
	placements, err := engine.Place(pod, pod, pod, pod, pod)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(placements[4].Outcome == berth.NoFit, placements[4].Node == berth.NoNode)

	message, _ := engine.Message(pod)
	fmt.Println(message)
	explanation, err := engine.Explain(pod)
	if err != nil {
		log.Fatal(err)
	}
	for _, reason := range explanation.Reasons {
		fmt.Println(reason.Nodes, reason.Kind)
	}
	fmt.Println(explanation.NearestNode == nodes[1], "lacks", explanation.NearestShortfall)

	// Output:
	// true true
	// 0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.
	// 1 node(s) were unschedulable
	// 1 Insufficient
	// true lacks 1000
}

// A refusal has a status, which errors.Is finds, and a sentence. The engine is what it was before.
func ExampleError() {
	engine, _, pod := twoNodes()

	_, err := engine.Place(pod, 12345)
	fmt.Println(errors.Is(err, berth.UnknownID))
	var refused *berth.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Message)
	}

	engine.Close()
	_, err = engine.Place(pod)
	fmt.Println(errors.Is(err, berth.ErrClosed))

	// Output:
	// true
	// entry 1: class 12345 is unknown
	// true
}
