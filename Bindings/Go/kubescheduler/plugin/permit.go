package plugin

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
)

// Permit holds the members of a gang until enough of them have reserved, and then lets all go.
func (p *Plugin) Permit(ctx context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) (*fwk.Status, time.Duration) {
	permission := p.source.cluster.Permit(string(pod.UID))
	if permission.Wait > 0 {
		p.source.activate(klog.FromContext(ctx), permission.Activate)
		return fwk.NewStatus(fwk.Wait, "the rest of its gang is to come"), permission.Wait
	}
	for _, uid := range permission.Allow {
		if waiting := p.handle.GetWaitingPod(types.UID(uid)); waiting != nil {
			waiting.Allow(Name)
		}
	}
	return nil, 0
}
