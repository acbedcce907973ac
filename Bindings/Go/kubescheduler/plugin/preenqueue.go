package plugin

import (
	"context"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
)

// PreEnqueue keeps pods out of the queue whose gang lacks members. The event of the last one activates all.
func (p *Plugin) PreEnqueue(_ context.Context, pod *v1.Pod) *fwk.Status {
	if groupOf(pod).Name == "" {
		return nil
	}
	if err := p.source.cluster.Gate(p.source.podOf(p.handle, pod)); err != nil {
		return fwk.NewStatus(fwk.UnschedulableAndUnresolvable, err.Error())
	}
	return nil
}
