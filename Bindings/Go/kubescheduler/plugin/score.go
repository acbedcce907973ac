package plugin

import (
	"context"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
)

// PreScore leaves scoring out where the nodes are the scheduler's own.
func (p *Plugin) PreScore(_ context.Context, state fwk.CycleState, _ *v1.Pod, _ []fwk.NodeInfo) *fwk.Status {
	if narrowedBy(state) == nil {
		return fwk.NewStatus(fwk.Skip)
	}
	return nil
}

// Score keeps the engine's order. The scheduler's own scores cannot: some are normalised over the nodes that are looked
// at, which are few.
func (p *Plugin) Score(_ context.Context, state fwk.CycleState, _ *v1.Pod, node fwk.NodeInfo) (int64, *fwk.Status) {
	cycle := narrowedBy(state)
	if cycle == nil {
		return 0, nil
	}
	rank, there := cycle.ranks[node.Node().Name]
	switch count := int64(len(cycle.ranks)); {
	case !there:
		return 0, nil // a node of an earlier pod like this one
	case count <= fwk.MaxNodeScore:
		return fwk.MaxNodeScore - int64(rank), nil
	default:
		return fwk.MaxNodeScore - int64(rank)*fwk.MaxNodeScore/count, nil
	}
}

// ScoreExtensions has nothing to normalise.
func (p *Plugin) ScoreExtensions() fwk.ScoreExtensions { return nil }
