// What if, in Go: try, compare, hold, choose, follow and recover, on four nodes with prices.
//
//	CGO_LDFLAGS="-L$DIR -Wl,-rpath,$DIR" go run ./examples/what_if
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"berth"
)

// must ends the program with the engine's own sentence. A scheduler would handle the error instead.
func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// scene is one cluster, a class of pods that pack and one that spread.
type scene struct {
	engine             *berth.Engine
	cpu, memory        berth.ResourceID
	nodes              []berth.NodeID
	names              map[berth.NodeID]string
	prices             map[berth.NodeID]int64 // an hour, in thousandths
	packing, spreading berth.ClassID
}

// describe makes four nodes alike but for their prices.
func describe() *scene {
	s := &scene{
		engine: must(berth.New(berth.Options{})),
		names:  map[berth.NodeID]string{berth.NoNode: "nowhere"},
		prices: map[berth.NodeID]int64{},
	}
	s.cpu = must(s.engine.AddResource("cpu", berth.ResourceCPU))
	s.memory = must(s.engine.AddResource("memory", berth.ResourceMemory))
	batch := berth.Nodes{
		Names:       []string{"north-1", "north-2", "south-1", "south-2"},
		Resources:   []berth.ResourceID{s.cpu, s.memory},
		Allocatable: slices.Repeat([]int64{8000, 32768}, 4), // millicores, MiB
	}
	prices := []int64{400, 300, 200, 100}
	for _, price := range prices {
		batch.Nodes = append(batch.Nodes, berth.Node{Price: price * 1000})
	}
	s.nodes = must(s.engine.AddNodes(batch))
	for i, id := range s.nodes {
		s.names[id], s.prices[id] = batch.Names[i], prices[i]
	}
	class := func(profile string, kind berth.TermKind) berth.ClassID {
		return must(s.engine.InternClass(berth.PodSpec{
			Profile:  must(s.engine.AddProfile(profile, berth.Term{Kind: kind, Weight: 1})),
			Requests: map[berth.ResourceID]int64{s.cpu: 3000, s.memory: 8192},
		}))
	}
	s.packing, s.spreading = class("packing", berth.Binpack), class("spreading", berth.Spread)
	return s
}

func (s *scene) place(class berth.ClassID, count int) []berth.Placement {
	return must(s.engine.Place(slices.Repeat([]berth.ClassID{class}, count)...))
}

func (s *scene) where(placements []berth.Placement) string {
	var names []string
	for _, placement := range placements {
		names = append(names, s.names[placement.Node])
	}
	return strings.Join(names, ", ")
}

func pods(engine *berth.Engine) uint64 { return must(engine.Info()).Pods }

// tryGangs looks at what came of a statement, takes some of it back, then all.
func (s *scene) tryGangs() {
	check(s.engine.Try(func(statement *berth.Statement) error {
		fmt.Println("a gang of five:", s.where(s.place(s.packing, 5)))
		checkpoint := must(s.engine.Checkpoint())
		fmt.Println("four more:", s.where(s.place(s.packing, 4)))
		check(s.engine.Rollback(checkpoint))
		fmt.Printf("not all of them fit: back to %d pods\n", pods(s.engine))
		return statement.Discard()
	}))
	fmt.Printf("only a look: back to %d pods\n", pods(s.engine))
}

// tryPolicy is in a fork of its own; the cluster itself sees nothing of it.
func (s *scene) tryPolicy(name string, class berth.ClassID) {
	fork := must(s.engine.Fork())
	defer fork.Close()
	placements := must(fork.Place(class, class, class, class))
	used := map[berth.NodeID]bool{}
	var price int64
	for _, placement := range placements {
		if !used[placement.Node] {
			used[placement.Node] = true
			price += s.prices[placement.Node]
		}
	}
	fmt.Printf("%s: %d pods on %d nodes, %d an hour\n", name, len(placements), len(used), price)
}

// holdCapacity keeps room for gang 7 on the cheapest node until the clock says a minute.
func (s *scene) holdCapacity() berth.Placement {
	held := berth.Reservation{
		Owner:      berth.Owner{Kind: berth.OwnerGang, ID: 7},
		ExpiryMS:   60_000,
		Scope:      berth.ScopeNode,
		Node:       s.nodes[3],
		Quantities: map[berth.ResourceID]int64{s.cpu: 9000, s.memory: 16384},
	}
	var refused *berth.Error
	if _, err := s.engine.Reserve(held); errors.As(err, &refused) {
		fmt.Println("nine cores of eight:", refused.Status)
	}
	held.Quantities[s.cpu] = 6000
	must(s.engine.Reserve(held))
	fmt.Println("three pods of anybody:", s.where(s.place(s.spreading, 3)))
	member := must(s.engine.PlaceAs([]berth.ClassID{s.packing}, []berth.PodIdentity{{Gang: 7}}))
	fmt.Println("one of gang 7:", s.where(member))
	s.printRequested("held there")
	check(s.engine.SetTime(60_000))
	s.printRequested("a minute later")
	return member[0]
}

func (s *scene) printRequested(when string) {
	_, requested, err := s.engine.ReadNodes(s.nodes[3:], []berth.ResourceID{s.cpu, s.memory})
	check(err)
	fmt.Printf("%s: %d millicores, %d MiB\n", when, requested[0], requested[1])
}

// cheapestFirst sorts each pod's candidates by their only feature, the price; equal prices stay in their order.
func cheapestFirst(batch *berth.RerankBatch) error {
	for pod := range batch.Classes {
		slices.SortStableFunc(batch.Order(pod), func(a, b int32) int {
			return cmp.Compare(batch.Features(pod, int(a))[0], batch.Features(pod, int(b))[0])
		})
	}
	return nil
}

// chooseCheapest gives the host's rule a say among the three best.
func (s *scene) chooseCheapest() berth.Placement {
	best := s.place(s.packing, 1)
	fmt.Println("the best node:", s.where(best))
	check(s.engine.Release(best[0].Pod))
	check(s.engine.SetRerank(berth.Rerank{
		CandidateLimit: 3,
		Features:       []berth.Feature{{Kind: berth.FeaturePrice}},
		Rank:           cheapestFirst,
	}))
	chosen := s.place(s.packing, 1)
	fmt.Println("the cheapest of the best three:", s.where(chosen))
	check(s.engine.SetRerank(berth.Rerank{}))
	return chosen[0]
}

// printEvents tells all that happened to pods and nodes; what was taken back did not.
func (s *scene) printEvents() {
	texts := map[berth.EventKind]string{
		berth.PodAssumed:   "assumed on",
		berth.PodBound:     "bound on",
		berth.PodReleased:  "released from",
		berth.NodeCordoned: "cordoned",
	}
	for event, err := range s.engine.Events().New() {
		check(err)
		how := ""
		if event.Kind == berth.PodBound && event.Other == 1 {
			how = " after it was assumed"
		}
		fmt.Printf("event %d at %d ms: %s %s%s\n", event.Sequence, event.TimeMS, texts[event.Kind], s.names[event.Node],
			how)
	}
}

// recover writes a snapshot and some calls into a journal, and makes the engine again from the two files.
func (s *scene) recover() {
	folder := must(os.MkdirTemp("", "what_if"))
	defer os.RemoveAll(folder)
	snapshot, journal := filepath.Join(folder, "snapshot"), filepath.Join(folder, "journal")
	check(s.engine.OpenJournal(journal, 0))
	check(s.engine.WriteSnapshot(snapshot))
	placed := s.place(s.spreading, 2)
	check(s.engine.Confirm(placed[0].Pod, placed[1].Pod))

	again, found, err := berth.Recover(snapshot, journal, berth.Options{})
	check(err)
	defer again.Close()
	same := "another"
	if must(again.Digest()) == must(s.engine.Digest()) {
		same = "the same"
	}
	fmt.Printf("recovered with %d calls of the journal: %s digest, %d pods\n", found.Replayed, same, pods(again))
	fmt.Println("next there:", s.where(must(again.Place(s.packing))))
	fmt.Println("next here:", s.where(s.place(s.packing, 1)))
	check(s.engine.CloseJournal())
}

func (s *scene) printCounters() {
	counters := []string{
		"berth_placements_total", "berth_statements_total", "berth_rollbacks_total", "berth_forks_total",
		`berth_refusals_total{status="BERTH_NO_ROOM"}`, "berth_events_total",
	}
	var text bytes.Buffer
	check(s.engine.WriteMetrics(&text))
	for line := range strings.Lines(text.String()) {
		if slices.ContainsFunc(counters, func(name string) bool { return strings.HasPrefix(line, name) }) {
			fmt.Print(line)
		}
	}
}

func main() {
	log.SetFlags(0)
	s := describe()
	defer s.engine.Close()
	check(s.engine.EnableEvents(64))

	s.tryGangs()
	s.tryPolicy("packing", s.packing)
	s.tryPolicy("spreading", s.spreading)
	fmt.Printf("the cluster has %d pods\n", pods(s.engine))

	member, chosen := s.holdCapacity(), s.chooseCheapest()
	check(s.engine.Confirm(member.Pod))
	check(s.engine.Release(chosen.Pod))
	check(s.engine.CordonNodes(s.nodes[:1], true))
	s.printEvents()
	s.recover()
	s.printCounters()
}
