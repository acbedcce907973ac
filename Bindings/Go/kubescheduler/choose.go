package kubescheduler

import (
	"errors"
	"fmt"
)

// Choice is a node for a pod.
type Choice struct {
	Node  string
	Score int64 // what the profile's plugins give in all, weighted
}

// Why a pod is left to the scheduler.
var (
	ErrNotHonoured = errors.New("the engine does not honour it")
	ErrWidened     = errors.New("the scheduler found the last choice wanting")
	ErrNoEngine    = errors.New("the engine failed and is not tried again yet")
)

// Choose gives the k best nodes for a pod under a profile, best first; none if it fits nowhere now. An error says why
// the pod is left to the scheduler, which then looks at all nodes.
func (c *Cluster) Choose(profile string, pod *Pod, k int) ([]Choice, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	choices, err := c.choose(profile, pod, k)
	switch {
	case err != nil:
		c.stats.Declined++
	case len(choices) == 0:
		c.stats.NoneFit++
	default:
		c.stats.Narrowed++
	}
	return choices, err
}

func (c *Cluster) choose(profile string, pod *Pod, k int) ([]Choice, error) {
	if _, widened := c.widened[pod.UID]; widened {
		delete(c.widened, pod.UID)
		return nil, ErrWidened
	}
	if c.profiles[profile] == nil {
		return nil, fmt.Errorf("profile %s: %w", profile, ErrNotHonoured)
	}
	if pod.NotHonoured != "" {
		return nil, fmt.Errorf("%s: %w", pod.NotHonoured, ErrNotHonoured)
	}
	m, err := c.current()
	if err != nil {
		return nil, err
	}
	class, err := m.classToPlace(pod, c.profiles[profile])
	if err != nil {
		return nil, err // a refused class changes nothing: the engine is still in step
	}
	candidates, err := m.engine.Candidates(class, k)
	if err != nil {
		return nil, err
	}
	choices := make([]Choice, len(candidates))
	for i, candidate := range candidates {
		choices[i] = Choice{m.names[candidate.Node], candidate.Score}
	}
	return choices, nil
}

// Widen says that the scheduler put a pod nowhere among the nodes it was given, say because an event had come to one of
// the two only. The pod's next choice is left to it.
func (c *Cluster) Widen(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stats.Widened++
	c.widened[uid] = struct{}{}
}

// growth says when an engine is made anew because of what has gone: it keeps all classes that it ever saw, and each Job
// and each image that a node pulls brings new ones.
type growth struct {
	every   uint64 // choices between two looks
	classes uint64 // more than double of what there were at first, and this
	bytes   uint64
}

var defaultGrowth = growth{every: 1024, classes: 65_536, bytes: 64 << 20}

// current gives the engine in step, and makes one if there is none.
func (c *Cluster) current() (*mirror, error) {
	if m := c.mirror; m != nil {
		m.choices++
		if m.choices%c.growth.every != 0 || !m.outgrown(c.growth) {
			return m, nil
		}
		c.drop()
	} else if c.options.Now().Before(c.retryAt) {
		return nil, ErrNoEngine
	}
	m, err := c.build()
	if err != nil {
		c.fail(err)
		return nil, err
	}
	c.mirror = m
	c.stats.Engines++
	return m, nil
}

// build makes an engine from what was told, in an order that does not depend on how it was told.
func (c *Cluster) build() (*mirror, error) {
	m, err := newMirror(c.profiles)
	if err != nil {
		return nil, err
	}
	if err := c.fill(m); err != nil {
		return nil, errors.Join(err, m.engine.Close())
	}
	return m, nil
}

func (c *Cluster) fill(m *mirror) error {
	for _, name := range sortedKeys(c.namespaces) {
		if err := m.engine.SetNamespace(name, c.namespaces[name]); err != nil {
			return err
		}
	}
	pods := make([]*runningPod, 0, len(c.pods))
	for _, uid := range sortedKeys(c.pods) {
		pods = append(pods, c.pods[uid])
		m.askFor(c.pods[uid].nodeKeys()) // before there are nodes, so that each is described once
	}
	nodes := make([]*Node, 0, len(c.nodes))
	for _, name := range sortedKeys(c.nodes) {
		nodes = append(nodes, c.nodes[name])
	}
	if err := m.addNodes(nodes); err != nil {
		return err
	}
	if err := m.setPods(pods); err != nil {
		return err
	}
	info, err := m.engine.Info()
	m.first = info
	return err
}

func (m *mirror) outgrown(limit growth) bool {
	info, err := m.engine.Info()
	return err != nil || info.Classes > 2*m.first.Classes+limit.classes || info.ClassBytes > 2*m.first.ClassBytes+limit.bytes
}
