// Command berth-scheduler is kube-scheduler with the plugin Berth.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	feature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	"k8s.io/kubernetes/pkg/features"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"

	"berth"
	"berth/kubescheduler"
	"berth/kubescheduler/plugin"
	"berth/kubescheduler/plugin/stock"
)

func main() {
	profiles, err := profilesOf(configFile(os.Args[1:]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-scheduler:", err)
		os.Exit(1)
	}
	factory := plugin.NewFactory(profiles)
	factory.PodGroups = func() bool { return feature.DefaultFeatureGate.Enabled(features.GenericWorkload) }
	plugins := []app.Option{app.WithPlugin(plugin.Name, factory.New)}
	for name, made := range stock.Registry() {
		plugins = append(plugins, app.WithPlugin(name, made))
	}
	command := app.NewSchedulerCommand(plugins...)
	command.Use = "berth-scheduler"
	os.Exit(cli.Run(command))
}

// configFile is the file that --config names. The plugin must know the weights of the others, and the framework does
// not tell it: so the file is read here as well as by the scheduler.
func configFile(arguments []string) string {
	file := ""
	for i, argument := range arguments {
		if value, ok := strings.CutPrefix(argument, "--config="); ok {
			file = value
		} else if argument == "--config" && i+1 < len(arguments) {
			file = arguments[i+1]
		}
	}
	return file
}

func profilesOf(file string) (map[string]kubescheduler.Profile, error) {
	if file == "" {
		return nil, nil // without a file the plugin is in no profile
	}
	configuration, err := options.LoadConfigFromFile(klog.Background(), file)
	if err != nil {
		return nil, err
	}
	profiles := map[string]kubescheduler.Profile{}
	for _, profile := range configuration.Profiles {
		if profile.Plugins == nil {
			continue
		}
		translated, err := profileOf(profile)
		if err != nil {
			return nil, fmt.Errorf("%s: profile %s: %w", file, profile.SchedulerName, err)
		}
		profiles[translated.Name] = translated
	}
	return profiles, nil
}

func profileOf(profile config.KubeSchedulerProfile) (kubescheduler.Profile, error) {
	translated := kubescheduler.DefaultProfile(profile.SchedulerName)
	multiPoint := setOf(profile.Plugins.MultiPoint)
	translated.Weights = kubescheduler.Enabled(multiPoint, setOf(profile.Plugins.Score))
	translated.Filters = nil
	for name := range kubescheduler.Enabled(multiPoint, setOf(profile.Plugins.Filter)) {
		translated.Filters = append(translated.Filters, name)
	}
	_, narrows := kubescheduler.Enabled(multiPoint, setOf(profile.Plugins.PreFilter))[plugin.Name]
	first := profile.Plugins.PostFilter.Enabled
	if narrows && (len(first) == 0 || first[0].Name != plugin.Name) {
		return translated, errors.New("postFilter must enable " + plugin.Name +
			" first, so that no pods are evicted for want of nodes that were not looked at")
	}
	for _, configured := range profile.PluginConfig {
		args := configured.Args
		if name := kubescheduler.StockName(configured.Name); name != configured.Name {
			var err error
			if args, err = stock.Args(name, args); err != nil {
				return translated, err
			}
		}
		switch args := args.(type) {
		case *config.NodeResourcesFitArgs:
			fit(&translated, args)
		case *config.NodeResourcesBalancedAllocationArgs:
			translated.BalancedResources = nil
			for _, resource := range args.Resources {
				translated.BalancedResources = append(translated.BalancedResources, resource.Name)
			}
		case *config.InterPodAffinityArgs:
			translated.HardPodAffinityWeight = uint16(args.HardPodAffinityWeight)
			translated.IgnoreExistingPreferences = args.IgnorePreferredTermsOfExistingPods
		case *config.PodTopologySpreadArgs:
			translated.SystemDefaultConstraints = args.DefaultingType == config.SystemDefaulting
			for _, constraint := range args.DefaultConstraints {
				translated.DefaultConstraints = append(translated.DefaultConstraints, plugin.SpreadConstraintOf(constraint))
			}
		case *config.NodeAffinityArgs:
			translated.AddedAffinity = args.AddedAffinity != nil
		}
	}
	return translated, nil
}

func fit(profile *kubescheduler.Profile, args *config.NodeResourcesFitArgs) {
	profile.IgnoredResources = args.IgnoredResources
	profile.IgnoredResourceGroups = args.IgnoredResourceGroups
	strategy := args.ScoringStrategy
	if strategy == nil {
		return
	}
	profile.Strategy = map[config.ScoringStrategyType]berth.TermKind{
		config.LeastAllocated:           berth.LeastAllocated,
		config.MostAllocated:            berth.MostAllocated,
		config.RequestedToCapacityRatio: berth.RequestedToCapacityRatio,
	}[strategy.Type]
	profile.FitResources = nil
	for _, resource := range strategy.Resources {
		profile.FitResources = append(profile.FitResources,
			kubescheduler.ResourceWeight{Name: resource.Name, Weight: uint32(max(1, resource.Weight))})
	}
	if ratio := strategy.RequestedToCapacityRatio; ratio != nil && strategy.Type == config.RequestedToCapacityRatio {
		for _, point := range ratio.Shape {
			profile.Shape = append(profile.Shape,
				berth.ShapePoint{UtilizationPercent: uint32(point.Utilization), Score: uint32(point.Score)})
		}
	}
}

func setOf(set config.PluginSet) (translated kubescheduler.PluginSet) {
	for _, enabled := range set.Enabled {
		translated.Enabled = append(translated.Enabled, kubescheduler.PluginWeight{Name: enabled.Name, Weight: enabled.Weight})
	}
	for _, disabled := range set.Disabled {
		translated.Disabled = append(translated.Disabled, disabled.Name)
	}
	return translated
}
