package plugin

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
)

// PostFilter comes when the scheduler could put the pod on none of the nodes it was given. The pod's next cycle, which
// is to come at once, has more of them; that no pods are evicted in this one, for want of the other nodes, is why this
// plugin goes before DefaultPreemption, which its status ends. After a cycle with all nodes, preemption is the stock
// plugin's.
func (p *Plugin) PostFilter(ctx context.Context, state fwk.CycleState, pod *v1.Pod,
	_ fwk.NodeToStatusReader) (*fwk.PostFilterResult, *fwk.Status) {
	if narrowedBy(state) == nil {
		return nil, fwk.NewStatus(fwk.Unschedulable)
	}
	p.source.cluster.Widen(string(pod.UID))
	p.handle.Activate(klog.FromContext(ctx), map[string]*v1.Pod{pod.Namespace + "/" + pod.Name: pod})
	return nil, fwk.NewStatus(fwk.UnschedulableAndUnresolvable, "none of the best nodes passed; more are looked at next")
}
