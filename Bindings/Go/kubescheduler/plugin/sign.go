package plugin

import (
	"context"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// SignPod lets the scheduler reuse results for pods that are alike. What the engine looks at, the plugins it stands for
// sign themselves; labels are named here because pods' anti-affinity looks at them, annotations because they say which
// GPUs would do. A gang's member has a node of its own, and no other's.
func (p *Plugin) SignPod(_ context.Context, pod *v1.Pod) ([]fwk.SignFragment, *fwk.Status) {
	if groupOf(pod).Name != "" {
		return nil, fwk.NewStatus(fwk.Unschedulable, "members of a gang are not signable")
	}
	return []fwk.SignFragment{
		{Key: fwk.LabelsSignerName, Value: pod.Labels},
		{Key: Name + "/devices", Value: kubescheduler.DeviceWords(pod.Annotations)},
	}, nil
}
