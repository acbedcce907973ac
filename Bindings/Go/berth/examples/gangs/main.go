// Gangs, in Go: place whole or not at all, shrink, grow, prove, start together, on seven nodes in three racks.
//
//	CGO_LDFLAGS="-L$DIR -Wl,-rpath,$DIR" go run ./examples/gangs
package main

import (
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"

	"berth"
)

const (
	zone = 1 + iota
	rack
	node
)

// must ends the program with the engine's own sentence. A scheduler would handle the error instead.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// scene is two racks of two nodes in zone-a, one of three in zone-b; a node takes four pods.
type scene struct {
	engine         *berth.Engine
	nodes          []berth.NodeID
	names          map[berth.NodeID]string
	worker, master berth.ClassID
}

func describe() *scene {
	s := &scene{
		engine: must(berth.New(berth.Options{Levels: []string{"zone", "rack"}})),
		names:  map[berth.NodeID]string{},
	}
	cpu := must(s.engine.AddResource("cpu", berth.ResourceCPU))
	packing := must(s.engine.AddProfile("packing", berth.Term{Kind: berth.Binpack, Weight: 1}))
	zoneA := must(s.engine.AddDomain(berth.RootDomain, "zone-a"))
	zoneB := must(s.engine.AddDomain(berth.RootDomain, "zone-b"))
	a1, a2 := must(s.engine.AddDomain(zoneA, "a1")), must(s.engine.AddDomain(zoneA, "a2"))
	b1 := must(s.engine.AddDomain(zoneB, "b1"))
	batch := berth.Nodes{
		Names:       []string{"a1-1", "a1-2", "a2-1", "a2-2", "b1-1", "b1-2", "b1-3"},
		Resources:   []berth.ResourceID{cpu},
		Allocatable: slices.Repeat([]int64{4000}, 7), // millicores
	}
	for _, domain := range []berth.DomainID{a1, a1, a2, a2, b1, b1, b1} {
		batch.Nodes = append(batch.Nodes, berth.Node{Domain: domain})
	}
	s.nodes = must(s.engine.AddNodes(batch))
	for i, id := range s.nodes {
		s.names[id] = batch.Names[i]
	}
	class := func(priority int32) berth.ClassID {
		return must(s.engine.InternClass(berth.PodSpec{
			Profile: packing, Priority: priority, Requests: map[berth.ResourceID]int64{cpu: 1000},
		}))
	}
	s.worker, s.master = class(0), class(1)
	return s
}

// on names members by node, "a1-1 x4, a1-2 x4".
func (s *scene) on(placements []berth.Placement) string {
	var names []string
	for len(placements) > 0 {
		same := 1
		for same < len(placements) && placements[same].Node == placements[0].Node {
			same++
		}
		names = append(names, fmt.Sprintf("%s x%d", s.names[placements[0].Node], same))
		placements = placements[same:]
	}
	return strings.Join(names, ", ")
}

func counts(byLevel []uint32) string { return strings.Trim(fmt.Sprint(byLevel[zone:]), "[]") }

func (s *scene) place(what string, gang berth.Gang) berth.GangResult {
	result := must(s.engine.PlaceGang(gang))
	fmt.Printf("%s: %s\n", what, result.Sentence)
	if result.Outcome == berth.GangPlaced {
		proven := "proven"
		if result.Limits != 0 {
			proven = "not all of it proven"
		}
		fmt.Printf("  opened %s, no placement opens less than %s, %s\n", counts(result.Domains),
			counts(result.DomainsBound), proven)
		fmt.Println("  on:", s.on(result.Placements))
	}
	return result
}

// workers are a gang of one role.
func (s *scene) workers(count uint32) berth.Gang {
	return berth.Gang{Roles: []berth.GangRole{{Class: s.worker, Min: count, Max: count}}}
}

func (s *scene) inRack(count uint32) berth.Gang {
	gang := s.workers(count)
	gang.Required = rack
	return gang
}

// separate places a master and eight workers in one zone, but not in one rack.
func (s *scene) separate() {
	result := must(s.engine.DryRunGang(berth.Gang{
		Roles:    []berth.GangRole{{Class: s.master, Min: 1, Max: 1}, {Class: s.worker, Min: 4, Max: 8}},
		Required: zone,
		Separate: rack,
	}))
	fmt.Println("a master and its workers:", result.Sentence)
}

// train places eight workers in a rack, keeps four of them, and adds as many as the rack takes.
func (s *scene) train() {
	placements := s.place("training", s.inRack(8)).Placements
	var pods []berth.PodID
	for _, placement := range placements {
		pods = append(pods, placement.Pod)
	}
	released := must(s.engine.ShrinkGang(pods, 4))
	var left []berth.Placement
	var running []berth.PodID
	for _, placement := range placements {
		if !slices.Contains(released, placement.Pod) {
			left, running = append(left, placement), append(running, placement.Pod)
		}
	}
	fmt.Println("shrunk to 4:", s.on(left))
	s.place("grown", berth.Gang{
		Roles:    []berth.GangRole{{Class: s.worker, Min: 1, Max: 16, Running: running}},
		Required: rack,
	})
}

// askTooMuch asks for more than a rack holds: required, that is proven not to be; preferred, it is placed as close
// together as can be.
func (s *scene) askTooMuch() {
	s.place("13 in a rack", s.inRack(13))
	gang := s.workers(13)
	gang.Preferred = rack
	result := must(s.engine.DryRunGang(gang))
	fmt.Println("13, better in a rack:", result.Sentence)
	if result.PreferredMet {
		fmt.Println("  in one")
	} else {
		fmt.Println("  in more than one")
	}
}

// ring places two neighbours of a ring of five nodes, the first of which is taken.
func (s *scene) ring() {
	gang := s.workers(2)
	gang.Fabrics = []berth.Fabric{berth.Ring{s.nodes[0], s.nodes[2], s.nodes[3], s.nodes[4], s.nodes[6]}}
	fmt.Println("two neighbours of a ring:", s.on(must(s.engine.DryRunGang(gang)).Placements))
}

// startTogether places four workers in pairs on nodes, and more in a rack: all of them, or none.
func (s *scene) startTogether(members uint32) {
	pairs := s.workers(4)
	pairs.Roles[0].Slices = []berth.GangSlice{{Level: node, Members: 2}}
	fmt.Printf("4 and %d together\n", members)
	for _, result := range must(s.engine.PlaceGangs(pairs, s.inRack(members))) {
		fmt.Println("  one:", result.Sentence)
		if result.Outcome == berth.GangPlaced {
			fmt.Println("    on:", s.on(result.Placements))
		}
	}
}

func main() {
	log.SetFlags(0)
	s := describe()
	defer s.engine.Close()
	var refused *berth.Error
	_, err := s.engine.PlaceGang(berth.Gang{Roles: []berth.GangRole{{Class: s.worker, Min: 2, Max: 1}}})
	if errors.As(err, &refused) {
		fmt.Println("at least 2, at most 1:", refused.Status)
	}
	s.separate()
	s.train()
	s.askTooMuch()
	s.ring()
	s.startTogether(13)
	s.startTogether(12)
}
