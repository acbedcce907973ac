// A first program in Go: two zones, four nodes, three pod classes; place, explain, release.
//
//	CGO_LDFLAGS="-L$DIR -Wl,-rpath,$DIR" go run ./examples/first_program
package main

import (
	"fmt"
	"log"

	"berth"
)

// must ends the program with the engine's own sentence. A scheduler would handle the error instead.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	log.SetFlags(0)
	engine := must(berth.New(berth.Options{Levels: []string{"topology.kubernetes.io/zone"}}))
	defer engine.Close()

	// What there is: three resources, two zones of two nodes, and a taint on the machine with GPUs.
	cpu := must(engine.AddResource("cpu", berth.ResourceCPU))
	memory := must(engine.AddResource("memory", berth.ResourceMemory))
	gpu := must(engine.AddResource("nvidia.com/gpu", berth.ResourceGPU))
	resourceNames := map[berth.ResourceID]string{cpu: "cpu", memory: "memory", gpu: "nvidia.com/gpu"}
	north := must(engine.AddDomain(berth.RootDomain, "north"))
	south := must(engine.AddDomain(berth.RootDomain, "south"))
	gpuOnly := must(engine.InternTaints([]berth.Taint{
		{Key: "nvidia.com/gpu", Value: "present", Effect: berth.EffectNoSchedule},
	}))
	batch := berth.Nodes{
		Names:     []string{"north-1", "north-2", "south-1", "south-gpu"},
		Nodes:     []berth.Node{{Domain: north}, {Domain: north}, {Domain: south}, {Domain: south, Taints: gpuOnly}},
		Resources: []berth.ResourceID{cpu, memory, gpu},
		Allocatable: []int64{ // millicores, MiB, GPUs
			8000, 32768, 0,
			8000, 32768, 0,
			16000, 65536, 0,
			32000, 131072, 4,
		},
	}
	nodeNames := map[berth.NodeID]string{berth.NoNode: "nowhere"}
	for i, id := range must(engine.AddNodes(batch)) {
		nodeNames[id] = batch.Names[i]
	}

	// What is asked: a profile that packs, and three classes of pods.
	packing := must(engine.AddProfile("packing", berth.Term{Kind: berth.Binpack, Weight: 1}))
	web := must(engine.InternClass(berth.PodSpec{
		Profile:  packing,
		Requests: map[berth.ResourceID]int64{cpu: 2000, memory: 4096},
	}))
	southOnly := must(engine.InternClass(berth.PodSpec{
		Profile:      packing,
		Requests:     map[berth.ResourceID]int64{cpu: 4000, memory: 8192},
		NodeSelector: map[string]string{"topology.kubernetes.io/zone": "south"},
	}))
	training := must(engine.InternClass(berth.PodSpec{
		Profile:     packing,
		Requests:    map[berth.ResourceID]int64{cpu: 8000, memory: 32768, gpu: 2},
		Tolerations: []berth.Toleration{{Key: "nvidia.com/gpu", Operator: berth.TolerationExists}},
	}))
	classNames := map[berth.ClassID]string{web: "web", southOnly: "south-only", training: "training"}

	describe := func(p berth.Placement) string {
		if p.Outcome == berth.NoFit {
			return classNames[p.Class] + " -> nowhere"
		}
		return fmt.Sprintf("%s -> %s, score %d", classNames[p.Class], nodeNames[p.Node], p.Score)
	}

	// One batch; each pod sees the ones before it.
	placements := must(engine.Place(web, web, southOnly, training, training, training))
	for _, placement := range placements {
		fmt.Println(describe(placement))
	}
	for _, class := range []berth.ClassID{web, training} {
		explanation := must(engine.Explain(class))
		fmt.Printf("%s fits on %d of %d nodes\n", classNames[class], explanation.Feasible, explanation.Nodes)
		for _, reason := range explanation.Reasons {
			switch reason.Kind {
			case berth.Unschedulable:
				fmt.Printf("  %d x unschedulable\n", reason.Nodes)
			case berth.UntoleratedTaint:
				fmt.Printf("  %d x untolerated taint\n", reason.Nodes)
			case berth.AffinityMismatch:
				fmt.Printf("  %d x node selector or affinity\n", reason.Nodes)
			case berth.InsufficientResource:
				fmt.Printf("  %d x too little %s\n", reason.Nodes, resourceNames[reason.Resource])
			}
		}
		if explanation.NearestNode != berth.NoNode {
			fmt.Printf("  nearest miss: %s lacks %d of %s\n", nodeNames[explanation.NearestNode],
				explanation.NearestShortfall, resourceNames[explanation.NearestResource])
		}
	}

	// The first training pod ends, and the next one finds its place.
	if err := engine.Release(placements[3].Pod); err != nil {
		log.Fatal(err)
	}
	fmt.Println("after a release:", describe(must(engine.Place(training))[0]))

	info := must(engine.Info())
	fmt.Printf("%d pods on %d nodes\n", info.Pods, info.Nodes)
	fmt.Printf("allocator %s, CPU level %s\n", info.Allocator, info.CPULevel)
}
