package kubescheduler

import (
	"fmt"
	"slices"
	"strings"

	"berth"
)

// Names of kube-scheduler's plugins that the engine stands for.
const (
	nodeUnschedulable  = "NodeUnschedulable"
	nodeName           = "NodeName"
	taintToleration    = "TaintToleration"
	nodeAffinity       = "NodeAffinity"
	nodePorts          = "NodePorts"
	nodeResourcesFit   = "NodeResourcesFit"
	podTopologySpread  = "PodTopologySpread"
	interPodAffinity   = "InterPodAffinity"
	balancedAllocation = "NodeResourcesBalancedAllocation"
	imageLocality      = "ImageLocality"
)

// filters are the plugins whose Filter the engine does, whatever the profile: without one of them, it would refuse
// nodes that the scheduler accepts.
var filters = []string{nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit,
	podTopologySpread, interPodAffinity}

// silent are kube-scheduler's plugins that score nothing, or nothing of pods that the engine honours.
var silent = []string{nodeUnschedulable, nodeName, nodePorts, "SchedulingGates", "PrioritySort", "VolumeRestrictions",
	"NodeVolumeLimits", "VolumeBinding", "VolumeZone", "DynamicResources", "NodeDeclaredFeatures", "GangScheduling",
	"TopologyPlacementGenerator", "PodGroupPodsCount", "DefaultPreemption", "DefaultBinder"}

// ResourceWeight is a resource of a score.
type ResourceWeight struct {
	Name   string
	Weight uint32
}

// Profile is what of a profile in KubeSchedulerConfiguration decides placements, after defaulting.
type Profile struct {
	Name    string           // schedulerName
	Filters []string         // plugins that are enabled at Filter
	Weights map[string]int32 // of the plugins that are enabled at Score

	// NodeResourcesFitArgs
	Strategy              berth.TermKind // LeastAllocated, MostAllocated or RequestedToCapacityRatio
	FitResources          []ResourceWeight
	Shape                 []berth.ShapePoint
	IgnoredResources      []string
	IgnoredResourceGroups []string

	BalancedResources         []string // NodeResourcesBalancedAllocationArgs
	HardPodAffinityWeight     uint16   // InterPodAffinityArgs, and the next
	IgnoreExistingPreferences bool

	SystemDefaultConstraints bool // PodTopologySpreadArgs: defaultingType System
	DefaultConstraints       []SpreadConstraint
	AddedAffinity            bool // NodeAffinityArgs has addedAffinity
}

// DefaultProfile is kube-scheduler's own.
func DefaultProfile(name string) Profile {
	return Profile{
		Name:    name,
		Filters: slices.Clone(filters),
		Weights: map[string]int32{taintToleration: 3, nodeAffinity: 2, nodeResourcesFit: 1, podTopologySpread: 2,
			interPodAffinity: 2, balancedAllocation: 1, imageLocality: 1},
		Strategy:                 berth.LeastAllocated,
		FitResources:             []ResourceWeight{{ResourceCPU, 1}, {ResourceMemory, 1}},
		BalancedResources:        []string{ResourceCPU, ResourceMemory},
		HardPodAffinityWeight:    1,
		SystemDefaultConstraints: true,
	}
}

// honoured says what of the profile the engine cannot stand for. own is the name under which this plugin is registered.
func (p *Profile) honoured(own string) error {
	for _, filter := range filters {
		if !slices.Contains(p.Filters, filter) {
			return fmt.Errorf("profile %s: the engine filters as %s does, which is not enabled", p.Name, filter)
		}
	}
	scores := false
	for _, plugin := range sortedKeys(p.Weights) { // the same sentence each time
		switch {
		case p.Weights[plugin] == 0 || plugin == own || slices.Contains(silent, plugin):
		case slices.Contains(scorers, plugin):
			scores = true
		default:
			return fmt.Errorf("profile %s: the engine does not know the score of %s", p.Name, plugin)
		}
	}
	if !scores {
		return fmt.Errorf("profile %s: no score is enabled that the engine knows", p.Name)
	}
	if p.AddedAffinity {
		return fmt.Errorf("profile %s: addedAffinity is not honoured", p.Name)
	}
	return nil
}

// ignores says whether NodeResourcesFit lets pods onto nodes that lack the resource. Only extended resources may be
// ignored, and a group is what stands before the slash.
func (p *Profile) ignores(resource string) bool {
	group, _, extended := strings.Cut(resource, "/")
	return extended && (slices.Contains(p.IgnoredResources, resource) || slices.Contains(p.IgnoredResourceGroups, group))
}

// scoredAndIgnored are the resources that are scored and that NodeResourcesFit does not filter by.
func (p *Profile) scoredAndIgnored() []string {
	names := slices.Clone(p.BalancedResources)
	for _, resource := range p.FitResources {
		names = append(names, resource.Name)
	}
	return slices.DeleteFunc(names, func(name string) bool { return !p.ignores(name) })
}

// scorers are the plugins whose Score the engine does, in the order of a profile's terms.
var scorers = []string{taintToleration, nodeAffinity, nodeResourcesFit, podTopologySpread, interPodAffinity,
	balancedAllocation, imageLocality}

// terms are the profile's for the engine. requested gives the id of the resource whose requests are scored, nonZero
// that of the one that NodeResourcesFit scores.
func (p *Profile) terms(requested, nonZero func(string) (berth.ResourceID, error)) ([]berth.Term, error) {
	var terms []berth.Term
	for _, plugin := range scorers {
		weight := p.Weights[plugin]
		if weight == 0 {
			continue
		}
		term := berth.Term{Weight: float64(weight)}
		switch plugin {
		case taintToleration:
			term.Kind = berth.TaintToleration
		case nodeAffinity:
			term.Kind = berth.NodeAffinity
		case podTopologySpread:
			term.Kind = berth.PodTopologySpread
		case imageLocality:
			term.Kind = berth.ImageLocality
		case interPodAffinity:
			term.Kind = berth.InterPodAffinity
			term.HardPodAffinityWeight = p.HardPodAffinityWeight
			term.IgnoreExistingPreferences = p.IgnoreExistingPreferences
		case nodeResourcesFit:
			term.Kind, term.Points = p.Strategy, p.Shape
			for _, weighted := range p.FitResources {
				id, err := nonZero(weighted.Name)
				if err != nil {
					return nil, err
				}
				term.Resources = append(term.Resources, berth.TermResource{Resource: id, Weight: weighted.Weight})
			}
		case balancedAllocation:
			term.Kind = berth.BalancedAllocation
			for _, name := range p.BalancedResources {
				id, err := requested(name)
				if err != nil {
					return nil, err
				}
				term.Resources = append(term.Resources, berth.TermResource{Resource: id, Weight: 1})
			}
		}
		terms = append(terms, term)
	}
	return terms, nil
}

// PluginSet is one of plugins in KubeSchedulerConfiguration, as a profile has it after defaulting.
type PluginSet struct {
	Enabled  []PluginWeight
	Disabled []string // "*": all that multiPoint enables
}

// PluginWeight is an enabled plugin; weight 0 is 1.
type PluginWeight struct {
	Name   string
	Weight int32
}

// Enabled gives the plugins of an extension point with their weights: what multiPoint enables and the extension point
// does not disable, and what the extension point enables itself, whose weight goes first. A plugin in multiPoint that
// does not have the extension point is among them, too. Lazy plugins have the names of those they stand for.
func Enabled(multiPoint, point PluginSet) map[string]int32 {
	weights := map[string]int32{}
	add := func(plugins []PluginWeight, wanted func(string) bool) {
		for _, plugin := range plugins {
			if wanted(plugin.Name) {
				weights[StockName(plugin.Name)] = max(1, plugin.Weight)
			}
		}
	}
	everything := slices.Contains(point.Disabled, "*")
	add(multiPoint.Enabled, func(name string) bool {
		return !everything && !slices.Contains(point.Disabled, name)
	})
	add(point.Enabled, func(string) bool { return true })
	return weights
}

// LazyName is the name of a stock plugin in the form that leaves to the engine what the engine has found out.
func LazyName(stock string) string { return "Berth" + stock }

// StockName is the name of the stock plugin that a plugin is or stands for.
func StockName(name string) string {
	for _, stock := range []string{podTopologySpread, interPodAffinity} {
		if name == LazyName(stock) {
			return stock
		}
	}
	return name
}
