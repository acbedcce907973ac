package kubescheduler

import (
	"maps"
	"strings"
	"testing"

	"berth"
)

func TestWeightsFollowMultiPointAndScore(t *testing.T) {
	multiPoint := PluginSet{Enabled: []PluginWeight{{"NodeAffinity", 2}, {"ImageLocality", 0}, {"Berth", 10_000}}}
	for _, c := range []struct {
		name  string
		point PluginSet
		want  map[string]int32
	}{
		{"nothing", PluginSet{}, map[string]int32{"NodeAffinity": 2, "ImageLocality": 1, "Berth": 10_000}},
		{"a weight", PluginSet{Enabled: []PluginWeight{{"NodeAffinity", 5}}},
			map[string]int32{"NodeAffinity": 5, "ImageLocality": 1, "Berth": 10_000}},
		{"one disabled", PluginSet{Disabled: []string{"ImageLocality"}},
			map[string]int32{"NodeAffinity": 2, "Berth": 10_000}},
		{"all disabled but one", PluginSet{Enabled: []PluginWeight{{"Berth", 0}}, Disabled: []string{"*"}},
			map[string]int32{"Berth": 1}},
	} {
		if got := Enabled(multiPoint, c.point); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestProfilesThatAreNotHonouredSayWhy(t *testing.T) {
	for want, change := range map[string]func(*Profile){
		"filters as NodePorts does":      func(p *Profile) { p.Filters = p.Filters[:4] },
		"the score of Weather":           func(p *Profile) { p.Weights["Weather"] = 1 },
		"no score is enabled":            func(p *Profile) { p.Weights = map[string]int32{"Berth": 7} },
		"addedAffinity":                  func(p *Profile) { p.AddedAffinity = true },
		"default-scheduler is there alr": func(p *Profile) { p.Name = profileName },
	} {
		b := newBed(t)
		profile := DefaultProfile("changed")
		change(&profile)
		if err := b.AddProfile(profile); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestProfilesDecide(t *testing.T) {
	b := newBed(t)
	b.SetNode(node("a", "z"))
	b.SetNode(node("b", "z"))
	b.SetPod(pod("1", "b"))
	b.choose(pod("2", ""), 1) // the engine is there before the other profiles
	packing := DefaultProfile("packing")
	packing.Strategy = berth.MostAllocated
	packing.Weights[nodeResourcesFit] = 5
	packing.IgnoredResources = []string{"example.com/fpga"}
	ratio := DefaultProfile("ratio")
	ratio.Strategy = berth.RequestedToCapacityRatio
	ratio.Shape = []berth.ShapePoint{{UtilizationPercent: 0, Score: 0}, {UtilizationPercent: 100, Score: 10}}
	ratio.Weights[nodeResourcesFit] = 5
	for _, profile := range []Profile{packing, ratio} {
		if err := b.AddProfile(profile); err != nil {
			t.Fatal(err)
		}
	}
	best := func(profile string, pod *Pod) string {
		choices, err := b.Choose(profile, pod, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(choices) == 0 {
			return "none"
		}
		return choices[0].Node
	}
	fpga := pod("3", "")
	fpga.Requests["example.com/fpga"] = 1
	for _, c := range []struct {
		profile string
		pod     *Pod
		want    string
	}{
		{profileName, pod("2", ""), "a"},
		{"packing", pod("2", ""), "b"},
		{"ratio", pod("2", ""), "b"},
		{profileName, fpga, "none"},
		{"packing", fpga, "b"},
	} {
		if got := best(c.profile, c.pod); got != c.want {
			t.Errorf("profile %s: the best node is %s, want %s", c.profile, got, c.want)
		}
	}
}

func TestWhatIsIgnoredAsAFilterIsScored(t *testing.T) {
	b := newBed(t)
	profile := DefaultProfile("by-fpga")
	profile.IgnoredResourceGroups = []string{"example.com"}
	profile.FitResources = []ResourceWeight{{"example.com/fpga", 1}, {ResourceCPU, 1}}
	profile.Weights[nodeResourcesFit] = 100
	if err := b.AddProfile(profile); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"none", "used", "free"} {
		n := node(name, "z")
		if i > 0 {
			n.Allocatable["example.com/fpga"] = 4
		}
		b.SetNode(n)
	}
	fpga := pod("1", "used")
	fpga.Requests["example.com/fpga"] = 4
	b.SetPod(fpga)
	fpga = pod("2", "")
	fpga.Requests["example.com/fpga"] = 1
	if got := b.choose(fpga, 5); len(got) != 1 || got[0].Node != "free" {
		t.Errorf("by default it fits on %v", got)
	}
	got, err := b.Choose("by-fpga", fpga, 5)
	if err != nil || len(got) != 3 || got[0].Node != "free" {
		t.Errorf("where it is ignored, it fits on %v, %v", got, err)
	}
	// A pod that requests none is not scored by it: all three are as good.
	got, err = b.Choose("by-fpga", pod("3", ""), 5)
	if err != nil || len(got) != 3 || got[0].Score == got[2].Score || got[1].Score-got[2].Score > 100*50 {
		t.Errorf("without requesting it, a pod fits on %v, %v", got, err)
	}
}
