package plugin

import (
	"context"
	"errors"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// narrowed is what PreFilter chose in this cycle.
type narrowed struct {
	ranks map[string]int // of the nodes, 0 the best
	fits  bool           // the engine has just found that the pod fits on all of them
}

const narrowedKey fwk.StateKey = Name

// Clone shares what is never changed.
func (n *narrowed) Clone() fwk.StateData { return n }

// narrowedBy is what was chosen in a cycle, nil where the nodes are the scheduler's own.
func narrowedBy(state fwk.CycleState) *narrowed {
	data, err := state.Read(narrowedKey)
	if err != nil {
		return nil
	}
	return data.(*narrowed)
}

// Fits says whether the engine has found in this cycle that the pod fits on a node, by all filters it stands for; an
// empty name: on all nodes that the cycle was narrowed to.
func Fits(state fwk.CycleState, node string) bool {
	cycle := narrowedBy(state)
	if cycle == nil || !cycle.fits {
		return false
	}
	_, there := cycle.ranks[node]
	return there || node == ""
}

// PreFilter gives the best nodes as all that there is to look at. Where no node fits it gives none, so that the
// scheduler finds out for itself, says why, and looks for pods to evict.
func (p *Plugin) PreFilter(ctx context.Context, state fwk.CycleState, pod *v1.Pod,
	nodes []fwk.NodeInfo) (*fwk.PreFilterResult, *fwk.Status) {
	p.source.compare(nodes)
	choices, err := p.source.choose(p.handle, pod, p.args)
	var held *kubescheduler.Held
	if errors.As(err, &held) {
		return nil, fwk.NewStatus(fwk.UnschedulableAndUnresolvable, held.Error())
	}
	if err != nil {
		if logger := klog.FromContext(ctx).V(4); logger.Enabled() {
			logger.Info("Berth leaves the pod to the scheduler", "pod", klog.KObj(pod), "reason", err.Error())
		}
	}
	if len(choices) == 0 {
		return nil, fwk.NewStatus(fwk.Skip)
	}
	names, cycle := sets.New[string](), &narrowed{make(map[string]int, len(choices)), true}
	for rank, choice := range choices {
		names.Insert(choice.Node)
		cycle.ranks[choice.Node] = rank
		cycle.fits = cycle.fits && choice.Fits
	}
	state.Write(narrowedKey, cycle)
	return &fwk.PreFilterResult{NodeNames: names}, nil
}

// PreFilterExtensions has nothing to keep: what is chosen is not chosen again in a cycle.
func (p *Plugin) PreFilterExtensions() fwk.PreFilterExtensions { return nil }
