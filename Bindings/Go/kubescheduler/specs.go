package kubescheduler

import (
	"fmt"

	"berth"
)

// classOfRunning is the class of a pod as others see it. What it once asked of its node does not count any more, and
// would only make more classes.
func (m *mirror) classOfRunning(pod *Pod) (berth.ClassID, error) { return m.classWith(pod, nil) }

// classWith is that class with the devices that it has of its node.
func (m *mirror) classWith(pod *Pod, devices *berth.DeviceDemand) (berth.ClassID, error) {
	spec, err := m.running(pod, func(string) bool { return false })
	if err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	spec.Profile, spec.Devices = m.settled, devices
	return m.intern(pod, spec, pod.nodeKeys())
}

// classToPlace is the class of a pod that looks for a node. A failure leaves the mirror in step.
func (m *mirror) classToPlace(pod *Pod, profile *Profile) (berth.ClassID, error) {
	spec, err := m.running(pod, profile.ignores)
	if err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if spec.Profile, err = m.profile(profile, pod); err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	spec.NodeSelector, spec.Required, spec.Preferred = pod.NodeSelector, pod.Required, pod.Preferred
	spec.Tolerations, spec.Images = pod.Tolerations, pod.Images
	if spec.Devices, err = m.demandToPlace(pod); err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w: %w", pod.Namespace, pod.Name, err, ErrNotHonoured)
	}
	if pod.Scored != pod.NonZero {
		spec.Scored = map[berth.ResourceID]int64{}
		m.count(spec.Scored, pod.Scored)
	}
	constraints, defaulted := profile.spreadOf(pod)
	spec.DefaultSpread = defaulted
	keys := pod.nodeKeys()
	for _, constraint := range constraints {
		keys = append(keys, constraint.TopologyKey)
		selector, err := m.selector(constraint.Selector)
		if err != nil {
			return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		spec.SpreadConstraints = append(spec.SpreadConstraints, berth.SpreadConstraint{
			TopologyKey:        constraint.TopologyKey,
			Selector:           selector,
			MaxSkew:            constraint.MaxSkew,
			MinDomains:         constraint.MinDomains,
			WhenUnsatisfiable:  constraint.WhenUnsatisfiable,
			NodeAffinityPolicy: constraint.NodeAffinityPolicy,
			NodeTaintsPolicy:   constraint.NodeTaintsPolicy,
			MatchLabelKeys:     constraint.MatchLabelKeys,
		})
	}
	return m.intern(pod, spec, keys)
}

func (m *mirror) intern(pod *Pod, spec berth.PodSpec, keys []string) (berth.ClassID, error) {
	if err := m.ask(keys); err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	class, err := m.engine.InternClass(spec)
	if err != nil {
		return 0, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return class, nil
}

// running is the part of a pod's spec that other pods see.
func (m *mirror) running(pod *Pod, ignored func(resource string) bool) (spec berth.PodSpec, err error) {
	spec.Namespace, spec.Labels, spec.HostPorts = pod.Namespace, pod.Labels, pod.HostPorts
	spec.Requests = map[berth.ResourceID]int64{}
	request := func(name string, quantity int64) error {
		if quantity == 0 || ignored(name) {
			return nil
		}
		id, err := m.resource(name)
		spec.Requests[id] = quantity
		return err
	}
	for _, name := range sortedKeys(pod.Requests) {
		if counted := m.counted[name]; counted != "" {
			spec.Requests[m.resources[counted]] = pod.Requests[name] // cpu and memory are counted below
		}
		if err := request(name, pod.Requests[name]); err != nil {
			return spec, err
		}
	}
	if err := request(ResourcePods, 1); err != nil {
		return spec, err
	}
	m.count(spec.Requests, pod.NonZero)
	for _, term := range pod.PodAffinity {
		selector, err := m.selector(term.Selector)
		if err != nil {
			return spec, err
		}
		namespaces, err := m.selector(term.NamespaceSelector)
		if err != nil {
			return spec, err
		}
		spec.PodAffinity = append(spec.PodAffinity, berth.PodAffinityTerm{
			Kind:              term.Kind,
			Weight:            term.Weight,
			TopologyKey:       term.TopologyKey,
			Selector:          selector,
			Namespaces:        term.Namespaces,
			NamespaceSelector: namespaces,
		})
	}
	return spec, nil
}

// count adds what a pod counts as in NodeResourcesFit's scores to quantities, zeros as well.
func (m *mirror) count(quantities map[berth.ResourceID]int64, nonZero NonZero) {
	quantities[m.resources[m.counted[ResourceCPU]]] = nonZero.MilliCPU
	quantities[m.resources[m.counted[ResourceMemory]]] = nonZero.Memory
}

func (m *mirror) selector(selector *Selector) (berth.SelectorID, error) {
	if selector == nil {
		return berth.NoSelector, nil
	}
	return m.engine.InternSelector(selector.Requirements...)
}

// nodeKeys are the labels of nodes that a pod asks for.
func (p *Pod) nodeKeys() []string {
	keys := sortedKeys(p.NodeSelector)
	for _, terms := range [][]berth.SelectorTerm{p.Required, p.Preferred} {
		for _, term := range terms {
			for _, requirement := range term.Requirements {
				if !requirement.Field {
					keys = append(keys, requirement.Key)
				}
			}
		}
	}
	for _, term := range p.PodAffinity {
		keys = append(keys, term.TopologyKey)
	}
	return keys
}
