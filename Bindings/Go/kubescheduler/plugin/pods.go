package plugin

import (
	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	fwk "k8s.io/kube-scheduler/framework"

	"berth"
	"berth/kubescheduler"
)

// podOf is a pod that is to be placed, but for what others say of it.
func podOf(pod *v1.Pod) *kubescheduler.Pod {
	translated := runningPodOf(pod)
	translated.Scored = nonZero(resourcehelper.PodRequests(pod, scoreOptions()))
	translated.NodeSelector = pod.Spec.NodeSelector
	if pod.Spec.Affinity != nil && pod.Spec.Affinity.NodeAffinity != nil {
		affinity := pod.Spec.Affinity.NodeAffinity
		if affinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			for _, term := range affinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
				translated.Required = append(translated.Required, selectorTermOf(term))
			}
		}
		for _, preferred := range affinity.PreferredDuringSchedulingIgnoredDuringExecution {
			term := selectorTermOf(preferred.Preference)
			term.Weight = uint32(preferred.Weight)
			translated.Preferred = append(translated.Preferred, term)
		}
	}
	for _, toleration := range pod.Spec.Tolerations {
		translated.Tolerations = append(translated.Tolerations, berth.Toleration{
			Key: toleration.Key, Value: toleration.Value,
			Operator: tolerationOperators[toleration.Operator], Effect: effects[toleration.Effect],
		})
	}
	for _, containers := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range containers {
			translated.Images = append(translated.Images, container.Image)
		}
	}
	for _, constraint := range pod.Spec.TopologySpreadConstraints {
		translated.SpreadConstraints = append(translated.SpreadConstraints, SpreadConstraintOf(constraint))
	}
	translated.Priority = priorityOf(pod)
	translated.NominatedNode = pod.Status.NominatedNodeName
	translated.Profile = pod.Spec.SchedulerName
	translated.Unmodelled, translated.NotHonoured = unmodelled(pod), notHonoured(pod)
	return translated
}

func priorityOf(pod *v1.Pod) int32 {
	if pod.Spec.Priority == nil {
		return 0
	}
	return *pod.Spec.Priority
}

// groupOf is the gang that a pod names; one that it names wrongly is none, and keeps it from being honoured.
func groupOf(pod *v1.Pod) kubescheduler.Group {
	if group := pod.Spec.SchedulingGroup; group != nil && group.PodGroupName != nil {
		return kubescheduler.Group{Name: *group.PodGroupName, Native: true}
	}
	group, _ := kubescheduler.GroupOf(pod.Labels, pod.Annotations)
	return group
}

// unmodelled says what of a pod only the scheduler's own plugins judge, on the nodes that they are given.
func unmodelled(pod *v1.Pod) string {
	for _, volume := range pod.Spec.Volumes {
		source := volume.VolumeSource
		if source.ConfigMap == nil && source.Secret == nil && source.EmptyDir == nil && source.Projected == nil &&
			source.DownwardAPI == nil && source.HostPath == nil {
			return "volume " + volume.Name
		}
	}
	if len(pod.Spec.ResourceClaims) > 0 {
		return "resource claims"
	}
	return ""
}

// notHonoured says what of a pod the engine would get wrong.
func notHonoured(pod *v1.Pod) string {
	for _, toleration := range pod.Spec.Tolerations {
		if _, known := tolerationOperators[toleration.Operator]; !known {
			return "the toleration operator " + string(toleration.Operator) // alpha in v1.36, and off
		}
	}
	if _, err := kubescheduler.GroupOf(pod.Labels, pod.Annotations); err != nil {
		return err.Error()
	}
	return ""
}

// podOf is a pod that is to be placed. Resources that a device class serves are no node's, and not the engine's matter.
func (s *source) podOf(handle fwk.Handle, pod *v1.Pod) *kubescheduler.Pod {
	translated := podOf(pod)
	if handle != nil {
		for name := range translated.Requests {
			if servesDevices(handle, name) {
				delete(translated.Requests, name)
				translated.Unmodelled = "an extended resource that a device class serves"
			}
		}
	}
	if len(translated.SpreadConstraints) == 0 {
		translated.DefaultSelector = s.defaultSelector(pod)
	}
	return translated
}

// servesDevices says whether a resource is served by a device class, and not by what nodes say they have.
func servesDevices(handle fwk.Handle, name string) bool {
	manager := handle.SharedDRAManager()
	return manager != nil && manager.DeviceClassResolver() != nil &&
		manager.DeviceClassResolver().GetDeviceClass(v1.ResourceName(name)) != nil
}
