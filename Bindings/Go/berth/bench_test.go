package berth

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// cluster is an engine with that many nodes of four shapes, and 32 classes of pods that pack them.
func cluster(t testing.TB, nodeCount int) (*Engine, []ClassID) {
	t.Helper()
	engine, err := New(Options{Levels: []string{"zone"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	random := rand.New(rand.NewPCG(1, 2))
	var batch Nodes
	for i, kind := range []ResourceKind{ResourceCPU, ResourceMemory, ResourcePods} {
		id, err := engine.AddResource([]string{"cpu", "memory", "pods"}[i], kind)
		if err != nil {
			t.Fatal(err)
		}
		batch.Resources = append(batch.Resources, id)
	}
	var zones []DomainID
	for i := range 3 {
		zone, err := engine.AddDomain(RootDomain, fmt.Sprint("zone-", i))
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	for i := range nodeCount {
		cores := int64(16) << random.IntN(4)
		batch.Nodes = append(batch.Nodes, Node{Domain: zones[i%len(zones)]})
		batch.Allocatable = append(batch.Allocatable, cores*1000, cores*4096, 250)
		batch.Names = append(batch.Names, fmt.Sprint("node-", i))
	}
	if _, err := engine.AddNodes(batch); err != nil {
		t.Fatal(err)
	}
	profile, err := engine.AddProfile("packing", Term{Kind: Binpack, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	specs := make([]PodSpec, 32)
	for i := range specs {
		specs[i] = PodSpec{Profile: profile, Requests: map[ResourceID]int64{
			batch.Resources[0]: 100 * int64(1+random.IntN(20)), batch.Resources[1]: 128 * int64(1+random.IntN(32)),
			batch.Resources[2]: 1}}
	}
	classes, err := engine.InternClasses(specs)
	if err != nil {
		t.Fatal(err)
	}
	return engine, classes
}

// inside is the time that the engine itself took for its decisions, by its own clock.
func decisionNanoseconds(t testing.TB, engine *Engine) (sum, count float64) {
	t.Helper()
	for _, kind := range []DecisionKind{DecisionTree, DecisionScan, DecisionRows, DecisionSlots} {
		histogram, err := engine.Histogram(kind)
		if err != nil {
			t.Fatal(err)
		}
		sum, count = sum+float64(histogram.Sum), count+float64(histogram.Count)
	}
	return sum, count
}

// BenchmarkPlace places pods on 100,000 nodes, and reports what each took inside of the engine beside what it took in
// all. Every 100,000 pods leave again, off the clock.
func BenchmarkPlace(b *testing.B) {
	engine, classes := cluster(b, 100_000)
	order, placements := make([]ClassID, 100_000), make([]Placement, 100_000)
	for i := range order {
		order[i] = classes[i%len(classes)]
	}
	pods := make([]PodID, 0, len(order))
	leave := func(b *testing.B, count int) {
		b.StopTimer()
		pods = pods[:0]
		for _, placement := range placements[:count] {
			pods = append(pods, placement.Pod)
		}
		if err := engine.Release(pods...); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	report := func(b *testing.B, run func()) {
		sum, count := decisionNanoseconds(b, engine)
		b.ReportAllocs()
		b.ResetTimer()
		run()
		b.StopTimer()
		after, decisions := decisionNanoseconds(b, engine)
		b.ReportMetric((after-sum)/(decisions-count), "inside-ns/op")
	}
	for _, size := range []int{1, 16, 1024} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			report(b, func() {
				for done := 0; done < b.N; {
					count := 0
					for ; count+size <= len(order) && done < b.N; done, count = done+size, count+size {
						if err := engine.PlaceInto(order[count:count+size], placements[count:count+size]); err != nil {
							b.Fatal(err)
						}
					}
					leave(b, count)
				}
			})
		})
	}
	b.Run("one", func(b *testing.B) {
		report(b, func() {
			for done := 0; done < b.N; {
				count := 0
				for ; count < len(order) && done < b.N; done, count = done+1, count+1 {
					var err error
					if placements[count], err = engine.PlaceOne(order[count]); err != nil {
						b.Fatal(err)
					}
				}
				leave(b, count)
			}
		})
	})
}

func BenchmarkInternClass(b *testing.B) {
	engine, _, _ := small(b)
	defer engine.Close()
	spec := PodSpec{Requests: map[ResourceID]int64{0: 1000}, Labels: map[string]string{"app": "web", "tier": "front"},
		Images:      []string{"registry/web:1"},
		Tolerations: []Toleration{{Key: "spot", Operator: TolerationExists}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.InternClass(spec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAddNodes(b *testing.B) {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprint("node-", i)
	}
	for b.Loop() {
		engine, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		cpu, _ := engine.AddResource("cpu", ResourceCPU)
		_, err = engine.AddNodes(Nodes{Nodes: make([]Node, len(names)), Resources: []ResourceID{cpu},
			Allocatable: make([]int64, len(names)), Names: names})
		if err != nil {
			b.Fatal(err)
		}
		engine.Close()
	}
}
