// Package plugin is the kube-scheduler plugin Berth: the thin layer between Kubernetes' scheduling framework and package
// kubescheduler, which has the logic and its tests.
package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// Name under which the plugin is registered.
const Name = "Berth"

// Args of the plugin in KubeSchedulerConfiguration.
type Args struct {
	// Candidates is how many nodes the scheduler is given for a pod, 1..100; 4 if it is not said. The first one is
	// the answer; the others are for the case that an event has come to the scheduler and not yet to the plugin, or
	// the other way about.
	Candidates int `json:"candidates,omitempty"`
}

func argsOf(configuration runtime.Object) (Args, error) {
	args := Args{Candidates: 4}
	if unknown, ok := configuration.(*runtime.Unknown); ok && len(unknown.Raw) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(unknown.Raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&args); err != nil {
			return args, fmt.Errorf("args of %s: %w", Name, err)
		}
	}
	if args.Candidates < 1 || args.Candidates > int(fwk.MaxNodeScore) {
		return args, fmt.Errorf("args of %s: candidates is %d, it must be 1..%d", Name, args.Candidates, fwk.MaxNodeScore)
	}
	return args, nil
}

// Plugin narrows a scheduling cycle to the best nodes.
type Plugin struct {
	source     *source
	handle     fwk.Handle
	candidates int
}

var (
	_ fwk.PreFilterPlugin   = &Plugin{}
	_ fwk.PostFilterPlugin  = &Plugin{}
	_ fwk.PreScorePlugin    = &Plugin{}
	_ fwk.ScorePlugin       = &Plugin{}
	_ fwk.ReservePlugin     = &Plugin{}
	_ fwk.PreBindPlugin     = &Plugin{}
	_ fwk.PostBindPlugin    = &Plugin{}
	_ fwk.SignPlugin        = &Plugin{}
	_ fwk.EnqueueExtensions = &Plugin{}
)

// Name is the plugin's.
func (p *Plugin) Name() string { return Name }

// ranks are a pod's nodes in this cycle, 0 the best.
type ranks map[string]int

const ranksKey fwk.StateKey = Name

// Clone shares what is never changed.
func (r ranks) Clone() fwk.StateData { return r }

func ranksOf(state fwk.CycleState) ranks {
	data, err := state.Read(ranksKey)
	if err != nil {
		return nil
	}
	return data.(ranks)
}

// PreFilter gives the best nodes as all that there is to look at. Where no node fits it gives none, so that the
// scheduler finds out for itself, says why, and looks for pods to evict.
func (p *Plugin) PreFilter(ctx context.Context, state fwk.CycleState, pod *v1.Pod, _ []fwk.NodeInfo) (*fwk.PreFilterResult, *fwk.Status) {
	choices, err := p.source.choose(p.handle, pod, p.candidates)
	if err != nil {
		klog.FromContext(ctx).V(4).Info("Berth leaves the pod to the scheduler", "pod", klog.KObj(pod), "reason", err.Error())
	}
	if len(choices) == 0 {
		return nil, fwk.NewStatus(fwk.Skip)
	}
	nodes, ranks := sets.New[string](), ranks{}
	for rank, choice := range choices {
		nodes.Insert(choice.Node)
		ranks[choice.Node] = rank
	}
	state.Write(ranksKey, ranks)
	return &fwk.PreFilterResult{NodeNames: nodes}, nil
}

// PreFilterExtensions has nothing to keep: what is chosen is not chosen again in a cycle.
func (p *Plugin) PreFilterExtensions() fwk.PreFilterExtensions { return nil }

// PostFilter comes when the scheduler could put the pod on none of the nodes it was given. The pod's next cycle is to
// look at all nodes, at once; that no pods are evicted in this one, for want of the other nodes, is why this plugin
// goes before DefaultPreemption, which its status ends.
func (p *Plugin) PostFilter(ctx context.Context, state fwk.CycleState, pod *v1.Pod, _ fwk.NodeToStatusReader) (*fwk.PostFilterResult, *fwk.Status) {
	if ranksOf(state) == nil {
		return nil, fwk.NewStatus(fwk.Unschedulable)
	}
	p.source.cluster.Widen(string(pod.UID))
	p.handle.Activate(klog.FromContext(ctx), map[string]*v1.Pod{pod.Namespace + "/" + pod.Name: pod})
	return nil, fwk.NewStatus(fwk.UnschedulableAndUnresolvable, "none of the best nodes passed; all are looked at next")
}

// PreScore leaves scoring out where the nodes are the scheduler's own.
func (p *Plugin) PreScore(_ context.Context, state fwk.CycleState, _ *v1.Pod, _ []fwk.NodeInfo) *fwk.Status {
	if ranksOf(state) == nil {
		return fwk.NewStatus(fwk.Skip)
	}
	return nil
}

// Score keeps the engine's order. The scheduler's own scores cannot: some are normalised over the nodes that are looked
// at, which are a few of all.
func (p *Plugin) Score(_ context.Context, state fwk.CycleState, _ *v1.Pod, node fwk.NodeInfo) (int64, *fwk.Status) {
	rank, there := ranksOf(state)[node.Node().Name]
	if !there {
		return 0, nil
	}
	return fwk.MaxNodeScore - int64(rank), nil
}

// ScoreExtensions has nothing to normalise.
func (p *Plugin) ScoreExtensions() fwk.ScoreExtensions { return nil }

// Reserve keeps the place. It refuses nothing.
func (p *Plugin) Reserve(_ context.Context, _ fwk.CycleState, pod *v1.Pod, node string) *fwk.Status {
	p.source.cluster.Assume(runningPodOf(pod), node)
	return nil
}

// Unreserve takes it back.
func (p *Plugin) Unreserve(_ context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) {
	p.source.cluster.Forget(string(pod.UID))
}

// PreBindPreFlight leaves PreBind out for pods that need no annotations.
func (p *Plugin) PreBindPreFlight(_ context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) (*fwk.PreBindPreFlightResult, *fwk.Status) {
	if len(p.source.cluster.Assignment(runningPodOf(pod))) == 0 {
		return nil, fwk.NewStatus(fwk.Skip)
	}
	return &fwk.PreBindPreFlightResult{}, nil
}

// PreBind says on the pod which GPUs it has got, before any kubelet sees it. Without that its containers could get
// others, so a patch that fails ends the cycle.
func (p *Plugin) PreBind(ctx context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) *fwk.Status {
	annotations := p.source.cluster.Assignment(runningPodOf(pod))
	if len(annotations) == 0 {
		return nil
	}
	// The uid keeps the patch from a pod of the same name that has come since.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID, "annotations": annotations}})
	if err != nil {
		return fwk.AsStatus(err)
	}
	_, err = p.handle.ClientSet().CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fwk.AsStatus(fmt.Errorf("annotating the pod with its GPUs: %w", err))
	}
	return nil
}

// PostBind makes it last.
func (p *Plugin) PostBind(_ context.Context, _ fwk.CycleState, pod *v1.Pod, _ string) {
	p.source.cluster.Confirm(string(pod.UID))
}

// SignPod lets the scheduler reuse results for pods that are alike. What the engine looks at, the plugins it stands for
// sign themselves; labels are named here because pods' anti-affinity looks at them, annotations because they say which
// GPUs would do.
func (p *Plugin) SignPod(_ context.Context, pod *v1.Pod) ([]fwk.SignFragment, *fwk.Status) {
	return []fwk.SignFragment{
		{Key: fwk.LabelsSignerName, Value: pod.Labels},
		{Key: Name + "/devices", Value: kubescheduler.DeviceWords(pod.Annotations)},
	}, nil
}

// EventsToRegister are what may help a pod that was put nowhere: the scheduler holds this plugin to be at fault where it
// narrowed the cycle.
func (p *Plugin) EventsToRegister(context.Context) ([]fwk.ClusterEventWithHint, error) {
	return []fwk.ClusterEventWithHint{
		{Event: fwk.ClusterEvent{Resource: fwk.Node, ActionType: fwk.Add | fwk.UpdateNodeAllocatable | fwk.UpdateNodeLabel | fwk.UpdateNodeTaint |
			fwk.UpdateNodeAnnotation}},
		{Event: fwk.ClusterEvent{Resource: fwk.Pod, ActionType: fwk.All}},
	}, nil
}

// Factory makes the plugin for each profile of a scheduler. Profiles share a cluster.
type Factory struct {
	profiles map[string]kubescheduler.Profile
	sources  map[any]*source // by the informers that they follow
}

// NewFactory takes the scheduler's profiles by name; one that is not among them is taken to be as kube-scheduler has it
// by default.
func NewFactory(profiles map[string]kubescheduler.Profile) *Factory {
	return &Factory{profiles: profiles, sources: map[any]*source{}}
}

// New makes the plugin for the handle's profile. The scheduler makes its profiles one after the other.
func (f *Factory) New(ctx context.Context, configuration runtime.Object, handle fwk.Handle) (fwk.Plugin, error) {
	args, err := argsOf(configuration)
	if err != nil {
		return nil, err
	}
	logger := klog.FromContext(ctx).WithName(Name)
	followed := f.sources[handle.SharedInformerFactory()]
	if followed == nil {
		if followed, err = newSource(logger, handle.SharedInformerFactory()); err != nil {
			return nil, err
		}
		f.sources[handle.SharedInformerFactory()] = followed
	}
	profile, told := f.profiles[handle.ProfileName()]
	if !told {
		profile = kubescheduler.DefaultProfile(handle.ProfileName())
	}
	if err := followed.cluster.AddProfile(profile); err != nil {
		logger.Error(err, "The profile's pods are left to the scheduler", "profile", profile.Name)
	}
	return &Plugin{source: followed, handle: handle, candidates: args.Candidates}, nil
}
