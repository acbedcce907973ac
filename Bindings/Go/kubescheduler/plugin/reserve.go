package plugin

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	fwk "k8s.io/kube-scheduler/framework"
)

// Reserve keeps the place that the scheduler took.
func (p *Plugin) Reserve(_ context.Context, _ fwk.CycleState, pod *v1.Pod, node string) *fwk.Status {
	p.source.cluster.Assume(runningPodOf(pod), node)
	return nil
}

// Unreserve gives it back, and with it the places of a gang that cannot start without the pod.
func (p *Plugin) Unreserve(_ context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) {
	for _, uid := range p.source.cluster.Unreserve(string(pod.UID)) {
		if waiting := p.handle.GetWaitingPod(types.UID(uid)); waiting != nil {
			waiting.Reject(Name, "pod "+pod.Name+" of its gang could not be placed")
		}
	}
}
