package kubescheduler

import (
	"errors"
	"slices"

	"berth"
)

// mirror is an engine in step with a cluster, and the ids that it gave out. It is changed under the cluster's lock only.
// An error from one of its methods says that it is in step no more, except where the method says otherwise.
type mirror struct {
	engine    *berth.Engine
	profiles  map[string]berth.ProfileID
	resources map[string]berth.ResourceID
	columns   []berth.ResourceID // all resources, in the order of addition
	domains   map[string]berth.DomainID
	nodes     map[string]*mirroredNode
	names     map[berth.NodeID]string
	pods      map[string]mirroredPod // by UID; those whose node is there
	keys      map[string]struct{}    // labels of nodes that somebody asks for
	counted   map[string]string      // resources that are scored by another: its name
	images    bool                   // a profile scores them

	choices uint64
	first   berth.Info // when it was made
}

var resourceKinds = map[string]berth.ResourceKind{
	ResourceCPU:              berth.ResourceCPU,
	ResourceMemory:           berth.ResourceMemory,
	ResourceEphemeralStorage: berth.ResourceEphemeralStorage,
	ResourcePods:             berth.ResourcePods,
}

// newMirror makes an engine without nodes for profiles.
func newMirror(profiles map[string]*Profile) (*mirror, error) {
	// Zones are a level, so that the engine keeps them apart and counts by zone without looking at nodes.
	engine, err := berth.New(berth.Options{Levels: []string{zoneKey}})
	if err != nil {
		return nil, err
	}
	m := &mirror{
		engine:    engine,
		profiles:  map[string]berth.ProfileID{},
		resources: map[string]berth.ResourceID{},
		domains:   map[string]berth.DomainID{},
		nodes:     map[string]*mirroredNode{},
		names:     map[berth.NodeID]string{},
		pods:      map[string]mirroredPod{},
		keys:      map[string]struct{}{hostnameKey: {}},
		counted:   map[string]string{},
	}
	for _, name := range sortedKeys(profiles) {
		m.images = m.images || profiles[name].Weights[imageLocality] != 0
		if err = m.addProfile(profiles[name]); err != nil {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return m, nil
}

func (m *mirror) addProfile(profile *Profile) error {
	// NodeResourcesFit scores cpu and memory by what is counted beside the requests: NonZeroRequested. What it ignores
	// as a filter and scores all the same must be counted, too.
	for _, name := range append([]string{ResourceCPU, ResourceMemory}, profile.scoredAndIgnored()...) {
		if m.counted[name] != "" {
			continue
		}
		m.counted[name] = "kube-scheduler/scored/" + name
		if err := m.addResource(m.counted[name], berth.ResourceCounted); err != nil {
			return err
		}
	}
	terms, err := profile.terms(m.resource, func(name string) (berth.ResourceID, error) {
		if name == ResourceCPU || name == ResourceMemory || profile.ignores(name) {
			name = m.counted[name]
		}
		return m.resource(name)
	})
	if err != nil {
		return err
	}
	m.profiles[profile.Name], err = m.engine.AddProfile(profile.Name, terms...)
	return err
}

// resource gives the id of a resource, which is added with its first mention. A failure leaves the mirror in step.
func (m *mirror) resource(name string) (berth.ResourceID, error) {
	if id, there := m.resources[name]; there {
		return id, nil
	}
	err := m.addResource(name, resourceKinds[name])
	return m.resources[name], err
}

func (m *mirror) addResource(name string, kind berth.ResourceKind) error {
	id, err := m.engine.AddResource(name, kind)
	if err != nil {
		return err
	}
	m.resources[name] = id
	m.columns = append(m.columns, id)
	return nil
}

// askFor says that somebody asks for labels of nodes, and gives those that nobody asked for before.
func (m *mirror) askFor(keys []string) (news []string) {
	for _, key := range keys {
		if _, there := m.keys[key]; !there && key != zoneKey {
			m.keys[key] = struct{}{}
			news = append(news, key)
		}
	}
	return news
}

// ask makes sure that the engine knows labels of nodes. A failure leaves the mirror in step.
func (m *mirror) ask(keys []string) error {
	news := m.askFor(keys)
	if len(news) == 0 {
		return nil
	}
	var names []string
	for _, name := range sortedKeys(m.nodes) {
		if slices.ContainsFunc(news, func(key string) bool { _, has := m.nodes[name].Labels[key]; return has }) {
			names = append(names, name)
		}
	}
	if err := m.describeAgain(names); err != nil {
		for _, key := range news {
			delete(m.keys, key)
		}
		return err
	}
	return nil
}

func (m *mirror) describeAgain(names []string) error {
	nodes := make([]*Node, len(names))
	for i, name := range names {
		nodes[i] = m.nodes[name].Node
	}
	return m.updateNodes(nodes)
}
