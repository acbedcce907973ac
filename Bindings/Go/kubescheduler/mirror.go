package kubescheduler

import (
	"errors"
	"slices"

	"berth"
)

// mirror is an engine in step with a cluster, and the ids that it gave out. It is changed under the cluster's lock
// only. An error from one of its methods says that it is in step no more, except where the method says otherwise.
type mirror struct {
	engine      *berth.Engine
	profiles    map[string]berth.ProfileID
	settled     berth.ProfileID // of running pods, which are not placed any more
	resources   map[string]berth.ResourceID
	columns     []berth.ResourceID // all resources, in the order of addition
	columnNames []string
	domains     map[string]berth.DomainID
	nodes       map[string]*mirroredNode
	names       map[berth.NodeID]string
	pods        map[string]mirroredPod // by UID; those whose node is there
	keys        map[string]struct{}    // labels of nodes that somebody asks for
	counted     map[string]string      // resources that are scored by another: its name
	images      bool                   // a profile scores them

	machines map[machineKind]*machine
	equipped map[*machine]int         // nodes that have it
	unclear  map[string]*mirroredNode // nodes whose GPUs cannot be placed one by one

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
		machines:  map[machineKind]*machine{},
		equipped:  map[*machine]int{},
		unclear:   map[string]*mirroredNode{},
	}
	m.settled, err = engine.AddProfile("running pods", berth.Term{Kind: berth.TaintToleration, Weight: 1})
	for _, name := range sortedKeys(profiles) {
		if err != nil {
			break
		}
		m.images = m.images || profiles[name].Weights[imageLocality] != 0
		err = m.addCounted(profiles[name])
	}
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return m, nil
}

// addCounted adds what NodeResourcesFit scores cpu and memory by, NonZeroRequested, which is counted beside the
// requests. What a profile ignores as a filter and scores all the same must be counted, too.
func (m *mirror) addCounted(profile *Profile) error {
	for _, name := range append([]string{ResourceCPU, ResourceMemory}, profile.scoredAndIgnored()...) {
		if m.counted[name] != "" {
			continue
		}
		m.counted[name] = "kube-scheduler/scored/" + name
		if err := m.addResource(m.counted[name], berth.ResourceCounted); err != nil {
			return err
		}
	}
	return nil
}

// profile gives the engine's profile for a pod. There is one for each set of resources that pods request and the
// profile ignores and scores: kube-scheduler leaves resources that a pod does not request out of its scores, other than
// cpu and memory, and so does the engine unless they are counted. A failure leaves the mirror in step.
func (m *mirror) profile(profile *Profile, pod *Pod) (berth.ProfileID, error) {
	name := profile.Name
	counts := map[string]bool{}
	for _, ignored := range profile.scoredAndIgnored() {
		if pod.Requests[ignored] != 0 && !counts[ignored] {
			counts[ignored] = true
			name += " counting " + ignored
		}
	}
	if id, there := m.profiles[name]; there {
		return id, nil
	}
	requested := func(name string) (berth.ResourceID, error) {
		if counts[name] {
			name = m.counted[name]
		}
		return m.resource(name)
	}
	terms, err := profile.terms(requested, func(name string) (berth.ResourceID, error) {
		if name == ResourceCPU || name == ResourceMemory {
			name = m.counted[name]
		}
		return requested(name)
	})
	if err != nil {
		return 0, err
	}
	id, err := m.engine.AddProfile(name, terms...)
	if err == nil {
		m.profiles[name] = id
	}
	return id, err
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
	m.columns, m.columnNames = append(m.columns, id), append(m.columnNames, name)
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
