// Package plugin is the kube-scheduler plugin Berth: the thin layer between Kubernetes' scheduling framework and
// package kubescheduler, which has the logic and its tests. There is a file for each extension point.
package plugin

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// Name under which the plugin is registered.
const Name = "Berth"

// Plugin narrows a scheduling cycle to the best nodes.
type Plugin struct {
	source *source
	handle fwk.Handle
	args   kubescheduler.Args
}

var (
	_ fwk.PreEnqueuePlugin  = &Plugin{}
	_ fwk.PreFilterPlugin   = &Plugin{}
	_ fwk.PostFilterPlugin  = &Plugin{}
	_ fwk.PreScorePlugin    = &Plugin{}
	_ fwk.ScorePlugin       = &Plugin{}
	_ fwk.ReservePlugin     = &Plugin{}
	_ fwk.PermitPlugin      = &Plugin{}
	_ fwk.PreBindPlugin     = &Plugin{}
	_ fwk.PostBindPlugin    = &Plugin{}
	_ fwk.SignPlugin        = &Plugin{}
	_ fwk.EnqueueExtensions = &Plugin{}
)

// Name is the plugin's.
func (p *Plugin) Name() string { return Name }

// Factory makes the plugin for each profile of a scheduler. Profiles share a cluster.
type Factory struct {
	// PodGroups says whether the API server has PodGroups of scheduling.k8s.io, which are behind the feature gate
	// GenericWorkload. Nil: it has none.
	PodGroups func() bool

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
		if followed, err = newSource(ctx, handle, args, f.PodGroups != nil && f.PodGroups()); err != nil {
			return nil, err
		}
		f.sources[handle.SharedInformerFactory()] = followed
		figures.follow(followed.cluster)
	}
	if !followed.args.Agrees(args) {
		return nil, fmt.Errorf("%s of profile %s: profiles share an engine, so that gangTimeout, driftCheckInterval and "+
			"engineRetryInterval must be the same in all", kubescheduler.ArgsKind, handle.ProfileName())
	}
	profile, told := f.profiles[handle.ProfileName()]
	if !told {
		profile = kubescheduler.DefaultProfile(handle.ProfileName())
	}
	if err := followed.cluster.AddProfile(profile); err != nil {
		logger.Error(err, "The profile's pods are left to the scheduler", "profile", profile.Name)
	}
	followed.handles.Store(profile.Name, handle)
	return &Plugin{source: followed, handle: handle, args: args}, nil
}

// argsOf reads the arguments. Their type is none of the scheduler's own group, so that it hands them on as they stand.
func argsOf(configuration runtime.Object) (kubescheduler.Args, error) {
	switch configuration := configuration.(type) {
	case nil:
		return kubescheduler.DefaultArgs(), nil
	case *runtime.Unknown:
		return kubescheduler.ReadArgs(configuration.Raw)
	}
	return kubescheduler.Args{}, fmt.Errorf("args of %s are a %T, they must be a %s", Name, configuration,
		kubescheduler.ArgsKind)
}
