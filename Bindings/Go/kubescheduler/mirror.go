package kubescheduler

import (
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
	images    bool                   // a profile scores them

	choices uint64
	first   berth.Info // when it was made
}

// What NodeResourcesFit scores cpu and memory by is counted beside what is requested.
var countedNames = map[string]string{
	ResourceCPU:    "kube-scheduler/non-zero-cpu",
	ResourceMemory: "kube-scheduler/non-zero-memory",
}

var resourceKinds = map[string]berth.ResourceKind{
	ResourceCPU:                  berth.ResourceCPU,
	ResourceMemory:               berth.ResourceMemory,
	ResourceEphemeralStorage:     berth.ResourceEphemeralStorage,
	ResourcePods:                 berth.ResourcePods,
	countedNames[ResourceCPU]:    berth.ResourceCounted,
	countedNames[ResourceMemory]: berth.ResourceCounted,
}

func newMirror() (*mirror, error) {
	// Zones are a level, so that the engine keeps them apart and counts by zone without looking at nodes.
	engine, err := berth.New(berth.Options{Levels: []string{zoneKey}})
	if err != nil {
		return nil, err
	}
	return &mirror{
		engine:    engine,
		profiles:  map[string]berth.ProfileID{},
		resources: map[string]berth.ResourceID{},
		domains:   map[string]berth.DomainID{},
		nodes:     map[string]*mirroredNode{},
		names:     map[berth.NodeID]string{},
		pods:      map[string]mirroredPod{},
		keys:      map[string]struct{}{hostnameKey: {}},
	}, nil
}

func (m *mirror) addProfile(profile *Profile) error {
	counted := func(name string) (berth.ResourceID, error) {
		if other, there := countedNames[name]; there {
			name = other
		}
		return m.resource(name)
	}
	terms, err := profile.terms(m.resource, counted)
	if err != nil {
		return err
	}
	id, err := m.engine.AddProfile(profile.Name, terms...)
	if err != nil {
		return err
	}
	m.profiles[profile.Name] = id
	if profile.Weights[imageLocality] == 0 || m.images {
		return nil
	}
	m.images = true
	return m.describeAgain(sortedKeys(m.nodes))
}

// resource gives the id of a resource, which is added with its first mention. A failure leaves the mirror in step.
func (m *mirror) resource(name string) (berth.ResourceID, error) {
	if id, there := m.resources[name]; there {
		return id, nil
	}
	id, err := m.engine.AddResource(name, resourceKinds[name])
	if err != nil {
		return 0, err
	}
	m.resources[name] = id
	m.columns = append(m.columns, id)
	return id, nil
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
