package plugin

import (
	"context"

	fwk "k8s.io/kube-scheduler/framework"
)

// EventsToRegister are what may help a pod that was put nowhere: the scheduler holds this plugin to be at fault where
// it narrowed the cycle.
func (p *Plugin) EventsToRegister(context.Context) ([]fwk.ClusterEventWithHint, error) {
	return []fwk.ClusterEventWithHint{
		{Event: fwk.ClusterEvent{Resource: fwk.Node, ActionType: fwk.Add | fwk.UpdateNodeAllocatable |
			fwk.UpdateNodeLabel | fwk.UpdateNodeTaint | fwk.UpdateNodeAnnotation}},
		{Event: fwk.ClusterEvent{Resource: fwk.Pod, ActionType: fwk.All}},
	}, nil
}
