package kubescheduler

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"berth"
)

// gpuNode has four GPUs of 81,920 MiB, two and two below a switch.
func gpuNode(name string, changes ...func(*Node)) *Node {
	n := node(name, "z")
	n.Allocatable[resourceGPU] = 4
	n.Labels[labelProduct], n.Labels[labelCount], n.Labels[labelMemory] = "NVIDIA-A100-PCIE-80GB", "4", "81920"
	n.Annotations = map[string]string{annotationMachine: "pcie-4"}
	for _, change := range changes {
		change(n)
	}
	return n
}

func said(name, text string) func(*Node) { return func(n *Node) { n.Annotations[name] = text } }

func gpuPod(uid, on string, requests map[string]int64, annotations ...string) *Pod {
	p := pod(uid, on)
	p.Requests[ResourceCPU], p.NonZero.MilliCPU, p.Scored.MilliCPU = 10, 10, 10
	maps.Copy(p.Requests, requests)
	for i := 0; i < len(annotations); i += 2 {
		if p.Annotations == nil {
			p.Annotations = map[string]string{}
		}
		p.Annotations[annotations[i]] = annotations[i+1]
	}
	return p
}

func whole(count int64) map[string]int64 { return map[string]int64{resourceGPU: count} }

// gpus are a node's: free milli, and a ! behind those that are sick.
func (b *bed) gpus(name string) string {
	b.t.Helper()
	b.state() // makes and validates the engine
	states, err := b.mirror.engine.ReadDevices(b.mirror.nodes[name].id)
	if err != nil {
		b.t.Fatal(err)
	}
	if states.Machine == berth.NoMachine {
		return "none"
	}
	var words []string
	for _, gpu := range states.GPUs[:len(b.mirror.nodes[name].machine.gpus)] {
		words = append(words, fmt.Sprint(gpu.FreeMilli)+map[bool]string{true: "!"}[gpu.IsSick()])
	}
	return strings.Join(words, " ")
}

func (b *bed) expectGPUs(name, want, when string) {
	b.t.Helper()
	if got := b.gpus(name); got != want {
		b.t.Errorf("%s, the GPUs of %s are %s, not %s", when, name, got, want)
	}
	if len(b.failures) > 0 {
		b.t.Errorf("%s, the engine failed: %v", when, b.failures)
	}
}

func TestNodesHaveTheMachinesThatTheySay(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("plain", "z"))
	b.SetNode(gpuNode("a", said(annotationSick, "3")))
	b.expectGPUs("plain", "none", "at first")
	b.expectGPUs("a", "1000 1000 1000 1000!", "at first")
	if gpu := b.mirror.nodes["a"].machine.gpus[0]; gpu.Model != "A100-PCIE-80GB" || gpu.MemoryMiB != 81920 {
		t.Errorf("a GPU is %+v", gpu)
	}
	b.SetPod(gpuPod("1", "a", whole(1), annotationGPUs, "1"))
	b.SetNode(gpuNode("a", said(annotationSick, "0,1"), func(n *Node) { n.Allocatable[resourceGPU] = 2 }))
	b.expectGPUs("a", "1000! 0! 1000 1000", "after other GPUs became sick, one under a pod")
	b.SetNode(gpuNode("a"))
	b.expectGPUs("a", "1000 0 1000 1000", "after they recovered")
	b.SetNode(gpuNode("a", func(n *Node) { n.Annotations, n.Labels[labelCount] = nil, "2" }))
	b.expectGPUs("a", "1000 0", "as another machine under a pod")
	b.SetNode(node("a", "z"))
	b.expectGPUs("a", "none", "without GPUs")
	if stats := b.Stats(); stats.Unheld != 1 {
		t.Errorf("%+v", stats)
	}
	b.SetNode(gpuNode("a"))
	b.expectGPUs("a", "1000 0 1000 1000", "with GPUs again")
	b.DeleteNode("a")
	b.settled()
	if len(b.mirror.equipped) != 0 || len(b.mirror.unclear) != 0 {
		t.Errorf("%v, %v are kept", b.mirror.equipped, b.mirror.unclear)
	}
}

func TestNodesWhoseGPUsAreNotUnderstoodLeavePodsToTheScheduler(t *testing.T) {
	for want, change := range map[string]func(*Node){
		"nothing-like-it":      said(annotationMachine, "nothing-like-it"),
		"slices the time":      func(n *Node) { n.Labels[labelReplicas] = "4" },
		"GPU5 is said":         said(annotationSick, "5"),
		"no list of indices":   said(annotationSick, "one"),
		"has 4 GPUs, and it":   func(n *Node) { n.Labels[labelCount] = "8" },
		"'many'":               func(n *Node) { n.Labels[labelCount] = "many" },
		"contradict":           said(annotationTopology, "GPU0"),
		"at most 16 are":       func(n *Node) { n.Annotations, n.Labels[labelCount] = nil, "32" },
		"no label nvidia.com/": func(n *Node) { delete(n.Labels, labelCount); n.Allocatable[resourceMIG+"1g.10gb"] = 7 },
	} {
		b := newBed(t)
		b.SetNode(gpuNode("good"))
		b.SetNode(gpuNode("odd", change))
		b.expectGPUs("odd", "none", want)
		_, err := b.Choose(profileName, gpuPod("1", "", whole(1)), 1)
		if !errors.Is(err, ErrNotHonoured) || !strings.Contains(err.Error(), want) {
			t.Errorf("with a node that %s, a pod is given %v", want, err)
		}
		elsewhere := gpuPod("2", "", whole(1))
		elsewhere.NodeSelector = map[string]string{hostnameKey: "good"}
		if got := b.choose(elsewhere, 2); len(got) != 1 || got[0].Node != "good" {
			t.Errorf("a pod that cannot go to the node that %s is given %v", want, got)
		}
		b.choose(pod("3", ""), 1)
		b.SetNode(gpuNode("odd"))
		if got := b.choose(gpuPod("1", "", whole(1)), 3); len(got) != 2 {
			t.Errorf("after %s was put right, a pod is given %v", want, got)
		}
	}
}

func TestRequestsBecomeDemands(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a"))
	b.state()
	for _, c := range []struct {
		pod  *Pod
		want string // a demand, or a part of why not
	}{
		{gpuPod("1", "", whole(3)), "3x1000"},
		{gpuPod("1", "", whole(1), annotationModels, "T4|A100"), "1x1000 of A100-PCIE-80GB"},
		{gpuPod("1", "", whole(1), annotationTypes, "NVIDIA A100,H100"), "1x1000 of A100-PCIE-80GB"},
		{gpuPod("1", "", whole(2), annotationLinks, "pcie"), "2x1000 linked 4 preferred"},
		{gpuPod("1", "", whole(2), annotationLinks, "nvswitch,preferred"), "2x1000 preferred"},
		{gpuPod("1", "", map[string]int64{resourceMIG + "1g.10gb": 1}), "1x0 MIG 1g.10gb"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 1, resourceGPUMemory: 3000, resourceGPUCores: 30}), "1x300 3000 MiB"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 1, resourceGPURatio: 25}), "1x0 20480 MiB"},
		{gpuPod("1", "", map[string]int64{resourceGPUCores: 100}), "1x1000"},
		{gpuPod("1", "", map[string]int64{resourceCore: 40, resourceRatio: 60}), "1x400 49152 MiB"},
		{gpuPod("1", "", map[string]int64{resourceCore: 50, resourceMemory: 8 * gib}), "1x500 8192 MiB"},
		{gpuPod("1", "", map[string]int64{resourceCore: 200, resourceRatio: 200}), "2x1000"},
		{pod("1", ""), "none"},

		{gpuPod("1", "", whole(17)), "at most 16"},
		{gpuPod("1", "", whole(1), annotationModels, "H100"), "of models 'H100'"},
		{gpuPod("1", "", whole(1), annotationModels, "A100|"), "names of models"},
		{gpuPod("1", "", whole(1), annotationLinks, "wire"), "none of nvlink"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 1, resourceGPURatio: 25}, annotationLinks, "pcie"), "less than whole"},
		{gpuPod("1", "", whole(1), "nvidia.com/use-gpuuuid", "GPU-1"), "use-gpuuuid is not understood"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 1, "rdma/hca": 1}), "rdma/hca beside GPUs"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 1, resourceCore: 100}), "two ways"},
		{gpuPod("1", "", map[string]int64{resourceMIG + "1g.10gb": 2}), "must be 1"},
		{gpuPod("1", "", map[string]int64{resourceGPU: 2, resourceGPUMemory: 3000}), "a share is of one"},
		{gpuPod("1", "", map[string]int64{resourceGPUMemory: 1, resourceGPURatio: 1}), "contradict"},
		{gpuPod("1", "", map[string]int64{resourceCore: 50}), "must be asked for"},
		{gpuPod("1", "", map[string]int64{resourceCore: 150, resourceRatio: 150}), "than all of a GPU"},
		{gpuPod("1", "", map[string]int64{resourceCore: 200, resourceRatio: 100}), "not the same number"},
		{gpuPod("1", "", map[string]int64{"aliyun.com/gpu-mem": 4}), "aliyun.com/gpu-mem is a way"},
		{gpuPod("1", "", nil, annotationLinks, "pcie"), "asks for no GPUs"},
	} {
		demand, err := b.mirror.demandToPlace(c.pod)
		got := "none"
		if err != nil {
			got = err.Error()
			if _, chosen := b.Choose(profileName, c.pod, 1); !errors.Is(chosen, ErrNotHonoured) {
				t.Errorf("%v: Choose gives %v", c.pod.Requests, chosen)
			}
		} else if demand != nil {
			got = words(*demand)
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%v with %v: %s, want %s", c.pod.Requests, c.pod.Annotations, got, c.want)
		}
	}
	b.SetNode(gpuNode("small", func(n *Node) { n.Labels[labelProduct], n.Labels[labelMemory] = "A30", "24576" }))
	b.settled()
	percent := gpuPod("1", "", map[string]int64{resourceCore: 40, resourceRatio: 50})
	if _, err := b.mirror.demandToPlace(percent); err == nil || !strings.Contains(err.Error(), "not the same everywhere") {
		t.Errorf("per cent of two sizes give %v", err)
	}
	percent.Annotations = map[string]string{annotationModels: "A30"}
	if demand, err := b.mirror.demandToPlace(percent); err != nil || demand.MemoryMiB != 12288 {
		t.Errorf("per cent of one of two models give %+v, %v", demand, err)
	}
}

func words(d berth.DeviceDemand) string {
	text := fmt.Sprintf("%dx%d", d.GPUs, d.ShareMilli)
	for _, part := range []struct {
		isThere bool
		text    string
	}{
		{d.MemoryMiB > 0, fmt.Sprintf(" %d MiB", d.MemoryMiB)}, {d.Models != "", " of " + d.Models},
		{d.MIGProfile != "", " MIG " + d.MIGProfile}, {d.LinkRequired > 0, fmt.Sprint(" linked ", d.LinkRequired)},
		{d.PreferLinks, " preferred"},
	} {
		if part.isThere {
			text += part.text
		}
	}
	return text
}

func TestNodesAreChosenByTheirGPUs(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a"))
	b.SetNode(gpuNode("b"))
	b.SetPod(gpuPod("1", "a", whole(1), annotationGPUs, "0"))
	b.SetPod(gpuPod("2", "a", whole(1), annotationGPUs, "2"))
	near := gpuPod("3", "", whole(2), annotationLinks, "pcie")
	if got := b.choose(near, 3); len(got) != 1 || got[0].Node != "b" {
		t.Errorf("two GPUs below one switch are on %v", got)
	}
	if got := b.choose(gpuPod("3", "", whole(2)), 3); len(got) != 2 {
		t.Errorf("any two GPUs are on %v", got)
	}
	var names []string
	for _, choice := range b.choose(gpuPod("4", "", whole(4)), 3) {
		names = append(names, choice.Node)
	}
	if !slices.Equal(names, []string{"b"}) {
		t.Errorf("four GPUs are on %v", names)
	}
}
