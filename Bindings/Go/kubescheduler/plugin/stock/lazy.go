// Package stock has two of kube-scheduler's own plugins, made lazy: where Berth's engine has just found that a pod fits
// on the nodes that the cycle was narrowed to, they have nothing to look for, and in every other case they are what
// they are.
//
// InterPodAffinity and PodTopologySpread go through all nodes and their pods in each cycle, before a node is filtered.
// The scheduler runs their PreFilter even if the cycle is narrowed to one node, so that they would cost most of a cycle
// for an answer that is known. Under their own names they cannot be replaced: a profile disables them and enables
// these.
package stock

import (
	"context"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	feature "k8s.io/apiserver/pkg/util/feature"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	configv1 "k8s.io/kubernetes/pkg/scheduler/apis/config/v1"
	features "k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"

	"berth/kubescheduler"
	"berth/kubescheduler/plugin"
)

// stockPlugin is what both of them are.
type stockPlugin interface {
	fwk.PreFilterPlugin
	fwk.FilterPlugin
	fwk.PreScorePlugin
	fwk.ScorePlugin
	fwk.EnqueueExtensions
	fwk.SignPlugin
}

type lazy struct {
	stockPlugin
	name   string
	handle fwk.Handle
}

var _ stockPlugin = &lazy{}

// maker makes a stock plugin.
type maker func(context.Context, runtime.Object, fwk.Handle, features.Features) (fwk.Plugin, error)

// Registry has the lazy plugins by their names.
func Registry() frameworkruntime.Registry {
	registry := frameworkruntime.Registry{}
	for name, makeStock := range map[string]maker{
		names.InterPodAffinity:  interpodaffinity.New,
		names.PodTopologySpread: podtopologyspread.New,
	} {
		registry[kubescheduler.LazyName(name)] = func(ctx context.Context, configuration runtime.Object,
			handle fwk.Handle) (fwk.Plugin, error) {
			args, err := Args(name, configuration)
			if err != nil {
				return nil, err
			}
			made, err := makeStock(ctx, args, handle, features.NewSchedulerFeaturesFromGates(feature.DefaultFeatureGate))
			if err != nil {
				return nil, err
			}
			return &lazy{made.(stockPlugin), kubescheduler.LazyName(name), handle}, nil
		}
	}
	return registry
}

// Args reads the arguments of a lazy plugin, which are those of the stock plugin it stands for; nothing: its defaults.
func Args(name string, configuration runtime.Object) (runtime.Object, error) {
	kind := configv1.SchemeGroupVersion.WithKind(name + "Args")
	raw := []byte("{}")
	if unknown, ok := configuration.(*runtime.Unknown); ok && len(unknown.Raw) > 0 {
		raw = unknown.Raw
	}
	args, found, err := scheme.Codecs.UniversalDecoder().Decode(raw, &kind, nil)
	if err != nil {
		return nil, fmt.Errorf("args of %s: %w", kubescheduler.LazyName(name), err)
	}
	if found.Kind != kind.Kind {
		return nil, fmt.Errorf("args of %s are a %s, they must be a %s", kubescheduler.LazyName(name), found.Kind, kind.Kind)
	}
	return args, nil
}

func (l *lazy) Name() string { return l.name }

// late is the stock plugin's PreFilter, run when it turns out that it is needed.
type late struct {
	once   sync.Once
	status *fwk.Status
}

// Clone is for another cycle state, in which nothing may have run yet; what has run was written there as well.
func (l *late) Clone() fwk.StateData { return &late{} }

func (l *lazy) key() fwk.StateKey { return fwk.StateKey(l.name + "/late") }

// PreFilter puts the stock plugin's off where the engine knows the answer.
func (l *lazy) PreFilter(ctx context.Context, state fwk.CycleState, pod *v1.Pod,
	nodes []fwk.NodeInfo) (*fwk.PreFilterResult, *fwk.Status) {
	if !plugin.Fits(state, "") {
		return l.stockPlugin.PreFilter(ctx, state, pod, nodes)
	}
	state.Write(l.key(), &late{})
	return nil, nil
}

// putOff is what PreFilter has put off in a cycle; nil: it has run.
func (l *lazy) putOff(state fwk.CycleState) *late {
	data, err := state.Read(l.key())
	if err != nil {
		return nil
	}
	return data.(*late)
}

// catchUp runs it now.
func (l *lazy) catchUp(ctx context.Context, state fwk.CycleState, pod *v1.Pod, put *late) *fwk.Status {
	put.once.Do(func() {
		nodes, err := l.handle.SnapshotSharedLister().NodeInfos().List()
		if err != nil {
			put.status = fwk.AsStatus(err)
			return
		}
		_, put.status = l.stockPlugin.PreFilter(ctx, state, pod, nodes)
	})
	return put.status
}

// Filter asks the stock plugin only of nodes that the engine was not asked of, such as one that an earlier pod like
// this one has left over.
func (l *lazy) Filter(ctx context.Context, state fwk.CycleState, pod *v1.Pod, node fwk.NodeInfo) *fwk.Status {
	if put := l.putOff(state); put != nil {
		if plugin.Fits(state, node.Node().Name) {
			return nil
		}
		if status := l.catchUp(ctx, state, pod, put); !status.IsSuccess() {
			if status.IsSkip() {
				return nil
			}
			return status
		}
	}
	return l.stockPlugin.Filter(ctx, state, pod, node)
}

// PreScore leaves scoring to the engine's order where it chose the nodes.
func (l *lazy) PreScore(ctx context.Context, state fwk.CycleState, pod *v1.Pod, nodes []fwk.NodeInfo) *fwk.Status {
	if l.putOff(state) != nil {
		return fwk.NewStatus(fwk.Skip)
	}
	return l.stockPlugin.PreScore(ctx, state, pod, nodes)
}

// PreFilterExtensions are for nominated pods, which the engine does not know.
func (l *lazy) PreFilterExtensions() fwk.PreFilterExtensions { return l }

// AddPod judges a node with a nominated pod on it: from now on by the stock plugin, in this copy of the cycle's state.
func (l *lazy) AddPod(ctx context.Context, state fwk.CycleState, pod *v1.Pod, added fwk.PodInfo,
	node fwk.NodeInfo) *fwk.Status {
	if status, isNeeded := l.now(ctx, state, pod); !isNeeded {
		return status
	}
	return l.stockPlugin.PreFilterExtensions().AddPod(ctx, state, pod, added, node)
}

// RemovePod is AddPod the other way about.
func (l *lazy) RemovePod(ctx context.Context, state fwk.CycleState, pod *v1.Pod, removed fwk.PodInfo,
	node fwk.NodeInfo) *fwk.Status {
	if status, isNeeded := l.now(ctx, state, pod); !isNeeded {
		return status
	}
	return l.stockPlugin.PreFilterExtensions().RemovePod(ctx, state, pod, removed, node)
}

// now runs what was put off, for good. Where the stock plugin leaves itself out of the cycle there is nothing to
// update.
func (l *lazy) now(ctx context.Context, state fwk.CycleState, pod *v1.Pod) (status *fwk.Status, isNeeded bool) {
	put := l.putOff(state)
	if put == nil {
		return nil, true
	}
	status = l.catchUp(ctx, state, pod, put)
	if status.IsSkip() {
		return nil, false
	}
	if !status.IsSuccess() {
		return status, false
	}
	state.Delete(l.key())
	return nil, true
}
