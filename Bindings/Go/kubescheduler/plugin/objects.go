package plugin

import (
	"maps"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	resourcehelper "k8s.io/component-helpers/resource"

	"berth"
	"berth/kubescheduler"
)

func nodeOf(node *v1.Node) *kubescheduler.Node {
	translated := &kubescheduler.Node{
		Name:          node.Name,
		Labels:        node.Labels,
		Annotations:   node.Annotations,
		Unschedulable: node.Spec.Unschedulable,
		Allocatable:   quantitiesOf(node.Status.Allocatable),
	}
	for _, taint := range node.Spec.Taints {
		translated.Taints = append(translated.Taints,
			berth.Taint{Key: taint.Key, Value: taint.Value, Effect: effects[taint.Effect]})
	}
	for _, image := range node.Status.Images {
		for _, name := range image.Names {
			translated.Images = append(translated.Images, berth.Image{Name: name, SizeBytes: image.SizeBytes})
		}
	}
	return translated
}

// runningPodOf is a pod as others see it.
func runningPodOf(pod *v1.Pod) *kubescheduler.Pod {
	requests := resourcehelper.PodRequests(pod, requestOptions(nil))
	return &kubescheduler.Pod{
		UID:         string(pod.UID),
		Namespace:   pod.Namespace,
		Name:        pod.Name,
		NodeName:    pod.Spec.NodeName,
		Terminating: pod.DeletionTimestamp != nil,
		Labels:      pod.Labels,
		Annotations: pod.Annotations,
		Requests:    quantitiesOf(requests),
		NonZero:     nonZero(resourcehelper.PodRequests(pod, requestOptions(missing(pod, requests)))),
		HostPorts:   hostPortsOf(pod),
		PodAffinity: podAffinityOf(pod.Spec.Affinity),
		Group:       groupOf(pod),
	}
}

// requestOptions are the scheduler's with its feature gates at their defaults.
func requestOptions(nonMissing v1.ResourceList) resourcehelper.PodResourcesOptions {
	return resourcehelper.PodResourcesOptions{
		UseStatusResources: true,
		InPlacePodLevelResourcesVerticalScalingEnabled: true,
		NonMissingContainerRequests:                    nonMissing,
	}
}

// scoreOptions are those of NodeResourcesFit's score, which does not look at a pod's own resources, only at its
// containers'.
func scoreOptions() resourcehelper.PodResourcesOptions {
	options := requestOptions(nonZeroDefaults())
	options.SkipPodLevelResources = true
	return options
}

// What a container without requests counts as in NodeResourcesFit's scores.
func nonZeroDefaults() v1.ResourceList {
	return v1.ResourceList{
		v1.ResourceCPU:    *resource.NewMilliQuantity(100, resource.DecimalSI),
		v1.ResourceMemory: *resource.NewQuantity(200<<20, resource.BinarySI),
	}
}

// missing are the defaults that apply to a pod: with resources of its own, only those that it requests nowhere.
func missing(pod *v1.Pod, requests v1.ResourceList) v1.ResourceList {
	defaults := nonZeroDefaults()
	if resourcehelper.IsPodLevelRequestsSet(pod) {
		maps.DeleteFunc(defaults, func(name v1.ResourceName, _ resource.Quantity) bool {
			_, requested := requests[name]
			return requested
		})
	}
	return defaults
}

func nonZero(requests v1.ResourceList) kubescheduler.NonZero {
	cpu, memory := requests[v1.ResourceCPU], requests[v1.ResourceMemory]
	return kubescheduler.NonZero{MilliCPU: cpu.MilliValue(), Memory: memory.Value()}
}

// quantitiesOf leaves out what the scheduler does not look at.
func quantitiesOf(list v1.ResourceList) map[string]int64 {
	quantities := make(map[string]int64, len(list))
	for name, quantity := range list {
		switch {
		case name == v1.ResourceCPU:
			quantities[kubescheduler.ResourceCPU] = quantity.MilliValue()
		case name == v1.ResourceMemory, name == v1.ResourcePods, name == v1.ResourceEphemeralStorage,
			strings.Contains(string(name), "/"), strings.HasPrefix(string(name), v1.ResourceHugePagesPrefix):
			quantities[string(name)] = quantity.Value()
		}
	}
	return quantities
}

func hostPortsOf(pod *v1.Pod) (ports []berth.HostPort) {
	add := func(container v1.Container) {
		for _, port := range container.Ports {
			if port.HostPort > 0 {
				ports = append(ports, berth.HostPort{HostIP: port.HostIP, Port: uint32(port.HostPort),
					Protocol: protocols[port.Protocol]})
			}
		}
	}
	for _, container := range pod.Spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == v1.ContainerRestartPolicyAlways {
			add(container)
		}
	}
	for _, container := range pod.Spec.Containers {
		add(container)
	}
	return ports
}

func selectorTermOf(term v1.NodeSelectorTerm) (translated berth.SelectorTerm) {
	for i, list := range [][]v1.NodeSelectorRequirement{term.MatchExpressions, term.MatchFields} {
		for _, requirement := range list {
			translated.Requirements = append(translated.Requirements, berth.Requirement{Key: requirement.Key,
				Operator: operators[string(requirement.Operator)], Values: requirement.Values, Field: i == 1})
		}
	}
	return translated
}

// selectorOf is a label selector; null stays null.
func selectorOf(selector *metav1.LabelSelector) *kubescheduler.Selector {
	if selector == nil {
		return nil
	}
	translated := &kubescheduler.Selector{}
	for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		translated.Requirements = append(translated.Requirements,
			berth.Requirement{Key: key, Operator: berth.In, Values: []string{selector.MatchLabels[key]}})
	}
	for _, requirement := range selector.MatchExpressions {
		translated.Requirements = append(translated.Requirements, berth.Requirement{Key: requirement.Key,
			Operator: operators[string(requirement.Operator)], Values: requirement.Values})
	}
	return translated
}

// SpreadConstraintOf translates a constraint, of a pod or of a profile's defaults.
func SpreadConstraintOf(constraint v1.TopologySpreadConstraint) kubescheduler.SpreadConstraint {
	translated := kubescheduler.SpreadConstraint{
		TopologyKey:       constraint.TopologyKey,
		Selector:          selectorOf(constraint.LabelSelector),
		MaxSkew:           uint32(constraint.MaxSkew),
		WhenUnsatisfiable: berth.DoNotSchedule,
		MatchLabelKeys:    constraint.MatchLabelKeys,
	}
	if constraint.MinDomains != nil {
		translated.MinDomains = uint32(*constraint.MinDomains)
	}
	if constraint.WhenUnsatisfiable == v1.ScheduleAnyway {
		translated.WhenUnsatisfiable = berth.ScheduleAnyway
	}
	if constraint.NodeAffinityPolicy != nil {
		translated.NodeAffinityPolicy = policies[*constraint.NodeAffinityPolicy]
	}
	if constraint.NodeTaintsPolicy != nil {
		translated.NodeTaintsPolicy = policies[*constraint.NodeTaintsPolicy]
	}
	return translated
}

func podAffinityOf(affinity *v1.Affinity) (terms []kubescheduler.PodAffinityTerm) {
	add := func(kind berth.PodAffinityKind, weight int32, term v1.PodAffinityTerm) {
		terms = append(terms, kubescheduler.PodAffinityTerm{
			Kind:              kind,
			Weight:            uint32(weight),
			TopologyKey:       term.TopologyKey,
			Selector:          selectorOf(term.LabelSelector),
			Namespaces:        sets.List(sets.New(term.Namespaces...)),
			NamespaceSelector: selectorOf(term.NamespaceSelector),
		})
	}
	if affinity == nil {
		return nil
	}
	if wanted := affinity.PodAffinity; wanted != nil {
		for _, term := range wanted.RequiredDuringSchedulingIgnoredDuringExecution {
			add(berth.PodAffinityRequired, 0, term)
		}
		for _, term := range wanted.PreferredDuringSchedulingIgnoredDuringExecution {
			add(berth.PodAffinityPreferred, term.Weight, term.PodAffinityTerm)
		}
	}
	if unwanted := affinity.PodAntiAffinity; unwanted != nil {
		for _, term := range unwanted.RequiredDuringSchedulingIgnoredDuringExecution {
			add(berth.PodAntiAffinityRequired, 0, term)
		}
		for _, term := range unwanted.PreferredDuringSchedulingIgnoredDuringExecution {
			add(berth.PodAntiAffinityPreferred, term.Weight, term.PodAffinityTerm)
		}
	}
	return terms
}
