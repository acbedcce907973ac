package berth_test

import (
	"cmp"
	"errors"
	"fmt"
	"log"
	"slices"

	"berth"
)

// What an attempt did is taken back if it returns an error.
func ExampleEngine_Try() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	tooLarge := errors.New("not all members fit")
	startAll := func(members int) error {
		return engine.Try(func(*berth.Statement) error {
			placements, err := engine.Place(slices.Repeat([]berth.ClassID{pod}, members)...)
			if err == nil && placements[members-1].Outcome != berth.Placed {
				err = tooLarge
			}
			return err
		})
	}
	for _, members := range []int{9, 8} {
		err := startAll(members)
		info, _ := engine.Info()
		fmt.Println(members, err, info.Pods)
	}

	// Output:
	// 9 not all members fit 0
	// 8 <nil> 8
}

// A statement is looked at, partly rolled back, and committed or discarded.
func ExampleEngine_Begin() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	statement, err := engine.Begin()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Place(pod); err != nil {
		log.Fatal(err)
	}
	checkpoint, err := engine.Checkpoint()
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.RemoveNodes(nodes); err != nil {
		log.Fatal(err)
	}
	if err := engine.Rollback(checkpoint); err != nil {
		log.Fatal(err)
	}
	if err := statement.Commit(); err != nil {
		log.Fatal(err)
	}
	info, _ := engine.Info()
	fmt.Println(info.Nodes, "nodes,", info.Pods, "pod")

	// Output:
	// 2 nodes, 1 pod
}

// A fork shares what neither has changed since, and goes its own way.
func ExampleEngine_Fork() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	fork, err := engine.Fork()
	if err != nil {
		log.Fatal(err)
	}
	defer fork.Close()
	if err := fork.RemoveNodes(nodes[:1]); err != nil {
		log.Fatal(err)
	}
	for _, each := range []*berth.Engine{engine, fork} {
		candidates, err := each.Candidates(pod, 10)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(candidates))
	}

	// Output:
	// 2
	// 1
}

// Capacity is held for a gang until it lapses, by the time that the engine is told.
func ExampleEngine_Reserve() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	cpu := berth.ResourceID(0)
	const gang = 7 // the caller's own number
	_, err := engine.Reserve(berth.Reservation{
		Owner:      berth.Owner{Kind: berth.OwnerGang, ID: gang},
		Scope:      berth.ScopeNode,
		Node:       nodes[0],
		Quantities: map[berth.ResourceID]int64{cpu: 4000},
		ExpiryMS:   60_000,
	})
	if err != nil {
		log.Fatal(err)
	}
	show := func(who string, placement berth.Placement) {
		fmt.Println(who, "on", map[berth.NodeID]string{nodes[0]: "left", nodes[1]: "right"}[placement.Node])
	}
	other, _ := engine.PlaceOne(pod)
	show("another pod", other)
	members, _ := engine.PlaceAs([]berth.ClassID{pod}, []berth.PodIdentity{{Gang: gang}})
	show("a member", members[0])
	if err := engine.SetTime(60_000); err != nil {
		log.Fatal(err)
	}
	info, _ := engine.Info()
	fmt.Println(info.Reservations, "reservations")

	// Output:
	// another pod on right
	// a member on left
	// 0 reservations
}

// Among the best nodes of each pod, the host takes the cheapest.
func ExampleEngine_SetRerank() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	err := engine.SetRerank(berth.Rerank{
		CandidateLimit: 2,
		Features:       []berth.Feature{{Kind: berth.FeaturePrice}},
		Rank: func(batch *berth.RerankBatch) error {
			for i := range batch.Classes {
				slices.SortStableFunc(batch.Order(i), func(a, b int32) int {
					return cmp.Compare(batch.Features(i, int(a))[0], batch.Features(i, int(b))[0])
				})
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	placement, err := engine.PlaceOne(pod)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(placement.Node == nodes[1])

	// Output:
	// true
}
