package plugin

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// assignment needs of a pod no more than this.
func (p *Plugin) assignment(pod *v1.Pod) map[string]*string {
	return p.source.cluster.Assignment(&kubescheduler.Pod{UID: string(pod.UID), Annotations: pod.Annotations})
}

// PreBindPreFlight leaves PreBind out for pods that need no annotations.
func (p *Plugin) PreBindPreFlight(_ context.Context, _ fwk.CycleState, pod *v1.Pod,
	_ string) (*fwk.PreBindPreFlightResult, *fwk.Status) {
	if len(p.assignment(pod)) == 0 {
		return nil, fwk.NewStatus(fwk.Skip)
	}
	return &fwk.PreBindPreFlightResult{}, nil
}

// PreBind says on the pod which GPUs it has got, before any kubelet sees it. Without that its containers could get
// others, so a patch that fails ends the cycle.
func (p *Plugin) PreBind(ctx context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) *fwk.Status {
	annotations := p.assignment(pod)
	if len(annotations) == 0 {
		return nil
	}
	// The uid keeps the patch from a pod of the same name that has come since.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID, "annotations": annotations}})
	if err != nil {
		return fwk.AsStatus(err)
	}
	_, err = p.handle.ClientSet().CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch,
		metav1.PatchOptions{})
	if err != nil {
		return fwk.AsStatus(fmt.Errorf("annotating the pod with its GPUs: %w", err))
	}
	return nil
}
