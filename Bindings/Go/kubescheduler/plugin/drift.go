package plugin

import (
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// compare looks for drift in some of the scheduler's nodes now and then. nodes is the scheduler's snapshot, which
// stands still during a cycle.
func (s *source) compare(nodes []fwk.NodeInfo) {
	from, to := s.cluster.WantsFacts(len(nodes))
	if from == to {
		return
	}
	facts := make([]kubescheduler.NodeFacts, 0, to-from)
	for _, node := range nodes[from:to] {
		nonZero := node.GetNonZeroRequested()
		facts = append(facts, kubescheduler.NodeFacts{
			Name:        node.Node().Name,
			Allocatable: quantitiesIn(node.GetAllocatable()),
			Requested:   quantitiesIn(node.GetRequested()),
			NonZero:     kubescheduler.NonZero{MilliCPU: nonZero.GetMilliCPU(), Memory: nonZero.GetMemory()},
			Pods:        len(node.GetPods()),
		})
	}
	if s.cluster.Compare(facts, len(nodes)) {
		s.resync()
	}
}

func quantitiesIn(resource fwk.Resource) kubescheduler.Quantities {
	quantities := kubescheduler.Quantities{MilliCPU: resource.GetMilliCPU(), Memory: resource.GetMemory(),
		EphemeralStorage: resource.GetEphemeralStorage()}
	if scalar := resource.GetScalarResources(); len(scalar) > 0 {
		quantities.Scalar = make(map[string]int64, len(scalar))
		for name, quantity := range scalar {
			quantities.Scalar[string(name)] = quantity
		}
	}
	return quantities
}
