package kubescheduler

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// patched is a pod as PreBind leaves it.
func (b *bed) patched(pod *Pod) *Pod {
	b.t.Helper()
	result := *pod
	if result.Annotations = maps.Clone(pod.Annotations); result.Annotations == nil {
		result.Annotations = map[string]string{}
	}
	for name, text := range b.Assignment(pod) {
		if text == nil {
			delete(result.Annotations, name)
		} else {
			result.Annotations[name] = *text
		}
	}
	return &result
}

func TestClaimsBecomeAnnotations(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a", said(annotationSick, "0")))
	b.SetPod(gpuPod("0", "a", whole(1), annotationGPUs, "1"))
	b.state()
	pair := gpuPod("1", "", whole(2))
	b.Assume(pair, "a")
	b.expectGPUs("a", "1000! 0 0 0", "with a pod assumed")
	bound := b.patched(pair)
	wholeGPU := `"resources":{"koordinator.sh/gpu-core":"100","koordinator.sh/gpu-memory":"81920Mi","koordinator.sh/gpu-memory-ratio":"100"}`
	want := map[string]string{annotationGPUs: "2,3",
		annotationAllocated: `{"gpu":[{"minor":2,` + wholeGPU + `},{"minor":3,` + wholeGPU + `}]}`}
	if !maps.Equal(bound.Annotations, want) {
		t.Errorf("a pair is annotated %v", bound.Annotations)
	}
	// The same as before in an engine that is made anew, and when the event comes that the pod is bound.
	b.Close()
	b.expectGPUs("a", "1000! 0 0 0", "in another engine")
	bound.NodeName = "a"
	b.SetPod(bound)
	b.Forget("1")
	b.expectGPUs("a", "1000! 0 0 0", "with the pod bound")
	if again := b.Assignment(bound); len(again) != 0 {
		t.Errorf("a pod that says it all is patched with %v", again)
	}
	b.DeletePod("1")
	shared := gpuPod("2", "", map[string]int64{resourceCore: 40, resourceRatio: 60}, annotationGPUs, "1", annotationMIGSlices, "3")
	b.Assume(shared, "a")
	share := b.patched(shared)
	want = map[string]string{annotationGPUs: "2", annotationAllocated: `{"gpu":[{"minor":2,"resources":` +
		`{"koordinator.sh/gpu-core":"40","koordinator.sh/gpu-memory":"49152Mi","koordinator.sh/gpu-memory-ratio":"60"}}]}`}
	if !maps.Equal(share.Annotations, want) {
		t.Errorf("a share is annotated %v", share.Annotations)
	}
	b.expectGPUs("a", "1000! 0 600 1000", "with a share")
	b.Forget("2")
	b.expectGPUs("a", "1000! 0 1000 1000", "with the share forgotten")
	instance := gpuPod("3", "", map[string]int64{resourceMIG + "2g.20gb": 1})
	b.Assume(instance, "a")
	got := b.patched(instance)
	if len(got.Annotations) != 2 || got.Annotations[annotationGPUs] == "" || got.Annotations[annotationMIGSlices] == "" {
		t.Errorf("a MIG instance is annotated %v", got.Annotations)
	}
	got.NodeName = "a"
	b.SetPod(got)
	if stats := b.Stats(); stats.Unheld != 0 || stats.Failures != 0 {
		t.Errorf("%+v", stats)
	}
	// What a binding that failed has left goes where nothing takes its place.
	none := gpuPod("4", "", map[string]int64{resourceGPU: 2, "rdma/hca": 1}, annotationGPUs, "0,1")
	b.Assume(none, "a")
	if left := b.patched(none).Annotations; len(left) != 0 || b.Assignment(none)[annotationGPUs] != nil {
		t.Errorf("a pod that the engine does not choose for is annotated %v", left)
	}
	if b.Assignment(gpuPod("5", "", whole(1))) != nil {
		t.Error("a pod that is not assumed gets a patch")
	}
}

func TestRunningPodsHoldWhatTheySay(t *testing.T) {
	b := newBed(t)
	b.SetNode(gpuNode("a"))
	b.state()
	b.SetPod(gpuPod("1", "a", whole(1)))
	b.expectGPUs("a", "0 1000 1000 1000", "with a pod that says nothing")
	b.SetPod(gpuPod("2", "a", whole(2), annotationGPUs, "0,3"))
	b.expectGPUs("a", "0 0 1000 0", "with a pod that says it has the GPU that was guessed")
	b.SetPod(gpuPod("3", "a", whole(1), annotationAllocated, `{"gpu":[{"minor":1}]}`))
	b.expectGPUs("a", "0 0 0 0", "with another in Koordinator's words")
	if stats := b.Stats(); stats.Unheld != 1 {
		t.Errorf("%+v", stats)
	}
	b.SetPod(gpuPod("4", "a", whole(1), annotationGPUs, "0"))
	if stats := b.Stats(); stats.Unheld != 2 || stats.Failures != 0 {
		t.Errorf("with one GPU said twice: %+v, %v", stats, b.failures)
	}
	b.expectPods(4, "with one GPU said twice")
	b.DeletePod("2")
	b.expectGPUs("a", "0 0 0 1000", "after its other pod has gone")
	odd := gpuPod("5", "a", whole(1), annotationGPUs, "0,1,2", annotationAllocated, "{")
	b.SetPod(odd)
	terminating := *odd
	terminating.Terminating = true
	b.SetPod(&terminating)
	b.expectGPUs("a", "0 0 0 0", "with a pod that says what it did not ask for, on its way out")
	b.SetPod(pod("5", "a"))
	b.expectGPUs("a", "0 0 0 1000", "after that asks for nothing")
	b.SetPod(gpuPod("6", "a", whole(1), annotationModels, "H100"))
	b.expectGPUs("a", "0 0 0 1000", "with a pod that asked for what the node has not")
}

func TestWhoHasWhichGPUDoesNotDependOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		b := newBed(t)
		b.SetNode(gpuNode("a"))
		b.state()
		for range 60 {
			uid := fmt.Sprint(random.IntN(8))
			switch random.IntN(5) {
			case 0:
				b.DeletePod(uid)
			case 1:
				b.SetNode(gpuNode("a", said(annotationSick, []string{"", "1", "0,2"}[random.IntN(3)])))
			case 2:
				b.SetPod(gpuPod(uid, "a", map[string]int64{resourceCore: 30, resourceRatio: 30}))
			case 3:
				b.SetPod(gpuPod(uid, "a", whole(1), annotationGPUs, fmt.Sprint(random.IntN(4))))
			case 4:
				b.SetPod(gpuPod(uid, "a", whole(int64(1+random.IntN(2)))))
			}
		}
		if len(b.failures) > 0 {
			t.Fatal(b.failures)
		}
		followed, unheld := b.gpus("a"), b.Stats().Unheld
		b.Close()
		if made := b.gpus("a"); made != followed || b.Stats().Unheld != unheld {
			t.Fatalf("an engine that followed has %s, one made anew %s", followed, made)
		}
	}
}
