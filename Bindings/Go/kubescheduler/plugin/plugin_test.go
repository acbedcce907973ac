package plugin

import (
	"context"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

func requesting(cpu, memory string) v1.Container {
	list := v1.ResourceList{}
	for name, quantity := range map[v1.ResourceName]string{v1.ResourceCPU: cpu, v1.ResourceMemory: memory} {
		if quantity != "" {
			list[name] = resource.MustParse(quantity)
		}
	}
	return v1.Container{Resources: v1.ResourceRequirements{Requests: list}}
}

func TestPodsAreTranslated(t *testing.T) {
	priority := int32(7)
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: "u", Namespace: "n", Name: "p", Labels: map[string]string{
			"pod-group.scheduling.sigs.k8s.io/name": "g", "pod-group.scheduling.sigs.k8s.io/min-available": "3"}},
		Spec: v1.PodSpec{Priority: &priority, SchedulerName: "s",
			Containers: []v1.Container{requesting("1500m", ""), requesting("", "1Gi")}},
		Status: v1.PodStatus{NominatedNodeName: "there"},
	}
	got := podOf(pod)
	if got.Requests["cpu"] != 1500 || got.Requests["memory"] != 1<<30 {
		t.Errorf("it requests %v", got.Requests)
	}
	if want := (kubescheduler.NonZero{MilliCPU: 1600, Memory: 1<<30 + 200<<20}); got.NonZero != want || got.Scored != want {
		t.Errorf("it counts as %+v and %+v, want %+v", got.NonZero, got.Scored, want)
	}
	if got.Priority != 7 || got.NominatedNode != "there" || got.Profile != "s" || got.Group.Name != "g" || got.Group.MinMembers != 3 {
		t.Errorf("%+v", got)
	}
	if got.Unmodelled != "" || got.NotHonoured != "" {
		t.Errorf("%q, %q", got.Unmodelled, got.NotHonoured)
	}
	for want, change := range map[string]func(*v1.Pod){
		"volume data": func(p *v1.Pod) {
			p.Spec.Volumes = []v1.Volume{{Name: "data", VolumeSource: v1.VolumeSource{
				PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}}}
		},
		"resource claims": func(p *v1.Pod) { p.Spec.ResourceClaims = []v1.PodResourceClaim{{Name: "gpu"}} },
	} {
		changed := pod.DeepCopy()
		change(changed)
		if got := podOf(changed); got.Unmodelled != want {
			t.Errorf("%q is judged by others alone, want %q", got.Unmodelled, want)
		}
	}
	pod.Labels["pod-group.scheduling.sigs.k8s.io/min-available"] = "three"
	if got := podOf(pod); got.Group.Name != "" || !strings.Contains(got.NotHonoured, "'three'") {
		t.Errorf("a gang that is named wrongly: %+v, %q", got.Group, got.NotHonoured)
	}
	name := "native"
	pod.Spec.SchedulingGroup = &v1.PodSchedulingGroup{PodGroupName: &name}
	if got := groupOf(pod); got != (kubescheduler.Group{Name: name, Native: true}) {
		t.Errorf("the group is %+v", got)
	}
}

func TestArgsAreReadFromWhatTheSchedulerHandsOn(t *testing.T) {
	if args, err := argsOf(nil); err != nil || args != kubescheduler.DefaultArgs() {
		t.Errorf("%+v, %v", args, err)
	}
	raw := &runtime.Unknown{Raw: []byte(`{"apiVersion":"berth.dev/v1","kind":"BerthArgs","candidates":3}`)}
	if args, err := argsOf(raw); err != nil || args.Candidates != 3 {
		t.Errorf("%+v, %v", args, err)
	}
	if _, err := argsOf(&v1.Pod{}); err == nil {
		t.Error("a pod is no arguments")
	}
}

func TestMembersOfGangsAreNotSigned(t *testing.T) {
	p := &Plugin{}
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}}
	if fragments, status := p.SignPod(context.Background(), pod); !status.IsSuccess() || len(fragments) != 2 {
		t.Errorf("%v, %v", fragments, status)
	}
	pod.Labels["scheduling.x-k8s.io/pod-group"] = "g"
	if _, status := p.SignPod(context.Background(), pod); status.Code() != fwk.Unschedulable {
		t.Errorf("%v", status)
	}
}

// state is as much of a cycle's state as is asked for.
type state struct {
	fwk.CycleState
	data map[fwk.StateKey]fwk.StateData
}

func (s *state) Read(key fwk.StateKey) (fwk.StateData, error) {
	if data, there := s.data[key]; there {
		return data, nil
	}
	return nil, fwk.ErrNotFound
}

func TestFitsIsWhatTheEngineHasJustFound(t *testing.T) {
	cycle := &narrowed{map[string]int{"a": 0, "b": 1}, true}
	s := &state{data: map[fwk.StateKey]fwk.StateData{narrowedKey: cycle}}
	for node, want := range map[string]bool{"": true, "a": true, "b": true, "c": false} {
		if got := Fits(s, node); got != want {
			t.Errorf("%q: %v", node, got)
		}
	}
	cycle.fits = false
	if Fits(s, "") || Fits(s, "a") || Fits(&state{}, "") {
		t.Error("nodes that were planned before, or are the scheduler's own, are to be judged")
	}
}
