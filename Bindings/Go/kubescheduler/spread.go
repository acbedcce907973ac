package kubescheduler

import (
	"maps"

	"berth"
)

// systemDefaultConstraints are kube-scheduler's where a profile's PodTopologySpreadArgs say defaultingType System,
// which is the default.
var systemDefaultConstraints = []SpreadConstraint{
	{TopologyKey: hostnameKey, MaxSkew: 3, WhenUnsatisfiable: berth.ScheduleAnyway},
	{TopologyKey: zoneKey, MaxSkew: 5, WhenUnsatisfiable: berth.ScheduleAnyway},
}

// DefaultSelector is what the cluster's default spread constraints count: the pods of the services that the pod belongs
// to and of its owner. services are the selectors of the services in its namespace, in whatever order; owner is the
// selector of the ReplicationController, ReplicaSet or StatefulSet that controls it, or nil. The result is nil where
// there are neither: then there is nothing to spread.
func DefaultSelector(labels map[string]string, services []map[string]string, owner *Selector) *Selector {
	merged := map[string]string{}
	for _, selector := range services {
		if len(selector) > 0 && includes(labels, selector) {
			maps.Copy(merged, selector) // they all match the pod, and so agree
		}
	}
	var requirements []berth.Requirement
	for _, key := range sortedKeys(merged) {
		requirements = append(requirements,
			berth.Requirement{Key: key, Operator: berth.In, Values: []string{merged[key]}})
	}
	if owner != nil {
		requirements = append(requirements, owner.Requirements...)
	}
	if len(requirements) == 0 {
		return nil
	}
	return &Selector{requirements}
}

func includes(labels, selector map[string]string) bool {
	for key, value := range selector {
		if found, ok := labels[key]; !ok || found != value {
			return false
		}
	}
	return true
}

// spreadOf gives the constraints that count for a pod, and whether they are the cluster's defaults.
func (p *Profile) spreadOf(pod *Pod) (constraints []SpreadConstraint, defaulted bool) {
	if len(pod.SpreadConstraints) > 0 {
		return pod.SpreadConstraints, false
	}
	if pod.DefaultSelector == nil {
		return nil, false
	}
	defaults := p.DefaultConstraints
	if p.SystemDefaultConstraints {
		defaults = systemDefaultConstraints
	}
	for _, constraint := range defaults {
		constraint.Selector = pod.DefaultSelector
		constraints = append(constraints, constraint)
	}
	return constraints, p.SystemDefaultConstraints
}
