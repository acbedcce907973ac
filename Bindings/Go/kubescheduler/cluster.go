package kubescheduler

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// Options of a cluster; the zero value is good.
type Options struct {
	// Own is the name under which the plugin is registered with the scheduler: its own weight is no score to honour.
	Own string
	// Report is told, with the cluster's lock held, what went wrong with the engine. Nil: nobody is.
	Report func(error)
	// RetryAfter is how long the engine is left alone after a failure; 0: 30 seconds.
	RetryAfter time.Duration
	// Now is the clock of RetryAfter; nil: time.Now.
	Now func() time.Time
}

// Cluster is what a scheduler knows of nodes and running pods, and an engine in step with it. Its methods may be called
// from several goroutines at once, and those that tell of events may tell the same thing twice or in whatever order: what
// counts is the last word on each object.
//
// The objects told are the truth, and the engine follows from them: it is made with the first [Cluster.Choose], and made
// anew after a failure, or when too much is left in it of what has gone.
type Cluster struct {
	options Options

	lock       sync.Mutex
	profiles   map[string]*Profile // those that the engine honours
	nodes      map[string]*Node
	pods       map[string]*runningPod         // by UID
	onNode     map[string]map[string]struct{} // UIDs of the pods on a node, which may not be there
	namespaces map[string]map[string]string   // labels by name
	widened    map[string]struct{}            // UIDs of pods whose next choice is to be the scheduler's
	mirror     *mirror                        // nil before the first choice and after a failure
	retryAt    time.Time                      // no new engine before this
	growth     growth
	stats      Stats
}

// runningPod is a pod that takes room on a node, bound there or assumed to be soon.
type runningPod struct {
	*Pod
	node    string
	assumed bool
}

// Stats count since NewCluster.
type Stats struct {
	Narrowed uint64 // choices with nodes
	NoneFit  uint64 // choices where no node fits
	Declined uint64 // choices left to the scheduler
	Widened  uint64 // narrowed pods that the scheduler then put nowhere
	Engines  uint64 // made, the first one included
	Failures uint64
	Unheld   uint64 // now: pods on nodes that ask for GPUs and do not hold those that they say
}

// NewCluster makes an empty cluster.
func NewCluster(options Options) *Cluster {
	if options.RetryAfter == 0 {
		options.RetryAfter = 30 * time.Second
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Report == nil {
		options.Report = func(error) {}
	}
	return &Cluster{
		options:    options,
		profiles:   map[string]*Profile{},
		nodes:      map[string]*Node{},
		pods:       map[string]*runningPod{},
		onNode:     map[string]map[string]struct{}{},
		namespaces: map[string]map[string]string{},
		widened:    map[string]struct{}{},
		growth:     defaultGrowth,
	}
}

// AddProfile tells of a profile of the scheduler, once. An error says why the engine cannot honour it: then Choose
// leaves all its pods to the scheduler.
func (c *Cluster) AddProfile(profile Profile) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, there := c.profiles[profile.Name]; there {
		return fmt.Errorf("profile %s is there already", profile.Name)
	}
	if err := profile.honoured(c.options.Own); err != nil {
		return err
	}
	c.profiles[profile.Name] = &profile
	c.drop() // what an engine counts follows from the profiles
	return nil
}

// SetNode tells of a node that is new or has changed.
func (c *Cluster) SetNode(node *Node) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.nodes[node.Name] = node
	c.follow(func(m *mirror) error {
		if err := m.setNode(node); err != nil {
			return err
		}
		return m.setPods(c.podsOn(node.Name))
	})
}

// DeleteNode tells that a node has gone. Its pods are not counted until it is back.
func (c *Cluster) DeleteNode(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.nodes, name)
	c.follow(func(m *mirror) error { return m.deleteNode(name, c.podsOn(name)) })
}

// SetPod tells of a pod that is new or has changed. Pods that are on no node yet do not count.
func (c *Cluster) SetPod(pod *Pod) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if pod.NodeName == "" {
		return // if it is assumed, what was assumed stays until the scheduler forgets it
	}
	c.setPod(&runningPod{pod.running(), pod.NodeName, false})
}

// DeletePod tells that a pod has gone, or has come to its end.
func (c *Cluster) DeletePod(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.widened, uid)
	c.deletePod(uid)
}

// Assume keeps the place that the scheduler took for a pod, until it is told that the pod is bound, gone or forgotten.
func (c *Cluster) Assume(pod *Pod, node string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.widened, pod.UID)
	if there := c.pods[pod.UID]; there != nil && !there.assumed {
		return // the event that it is bound came first
	}
	c.setPod(&runningPod{c.assign(pod, node), node, true})
}

// Forget takes back what was assumed of a pod; nothing if nothing is.
func (c *Cluster) Forget(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if there := c.pods[uid]; there != nil && there.assumed {
		c.deletePod(uid)
	}
}

// Confirm says that an assumed pod is bound: Forget does nothing any more.
func (c *Cluster) Confirm(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if there := c.pods[uid]; there != nil {
		there.assumed = false
	}
}

// SetNamespace tells of a namespace that is new or has changed.
func (c *Cluster) SetNamespace(name string, labels map[string]string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if old, there := c.namespaces[name]; there && maps.Equal(old, labels) {
		return
	}
	c.namespaces[name] = labels
	c.follow(func(m *mirror) error { return m.engine.SetNamespace(name, labels) })
}

// DeleteNamespace tells that a namespace has gone.
func (c *Cluster) DeleteNamespace(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, there := c.namespaces[name]; !there {
		return
	}
	delete(c.namespaces, name)
	c.follow(func(m *mirror) error { return m.engine.RemoveNamespace(name) })
}

// Stats gives the counters.
func (c *Cluster) Stats() Stats {
	c.lock.Lock()
	defer c.lock.Unlock()
	stats := c.stats
	if c.mirror != nil {
		stats.Unheld = c.mirror.unheld()
	}
	return stats
}

// Close frees the engine. The next choice would make another.
func (c *Cluster) Close() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.drop()
}

func (c *Cluster) setPod(pod *runningPod) {
	if old := c.pods[pod.UID]; old != nil && old.node != pod.node {
		c.deletePod(pod.UID)
	}
	c.pods[pod.UID] = pod
	if c.onNode[pod.node] == nil {
		c.onNode[pod.node] = map[string]struct{}{}
	}
	c.onNode[pod.node][pod.UID] = struct{}{}
	c.follow(func(m *mirror) error { return m.setPods([]*runningPod{pod}) })
}

func (c *Cluster) deletePod(uid string) {
	pod := c.pods[uid]
	if pod == nil {
		return
	}
	delete(c.pods, uid)
	if delete(c.onNode[pod.node], uid); len(c.onNode[pod.node]) == 0 {
		delete(c.onNode, pod.node)
	}
	c.follow(func(m *mirror) error { return m.deletePod(uid) })
}

// podsOn are the pods of a node, in the order of their UIDs.
func (c *Cluster) podsOn(node string) []*runningPod {
	var pods []*runningPod
	for _, uid := range sortedKeys(c.onNode[node]) {
		pods = append(pods, c.pods[uid])
	}
	return pods
}

// follow lets the engine follow a change, if there is an engine. What it refuses makes it useless: without all objects
// its choices would not be the scheduler's.
func (c *Cluster) follow(change func(*mirror) error) {
	if c.mirror == nil {
		return
	}
	if err := change(c.mirror); err != nil {
		c.fail(err)
	}
}

func (c *Cluster) fail(err error) {
	c.drop()
	c.stats.Failures++
	c.retryAt = c.options.Now().Add(c.options.RetryAfter)
	c.options.Report(fmt.Errorf("the engine is out of step, all pods are left to the scheduler for %v: %w",
		c.options.RetryAfter, err))
}

func (c *Cluster) drop() {
	if c.mirror != nil {
		c.mirror.engine.Close()
		c.mirror = nil
	}
}

// running is what of a pod counts while it runs.
func (p *Pod) running() *Pod {
	return &Pod{UID: p.UID, Namespace: p.Namespace, Name: p.Name, NodeName: p.NodeName, Terminating: p.Terminating,
		Labels: p.Labels, Annotations: p.Annotations, Requests: p.Requests, NonZero: p.NonZero, HostPorts: p.HostPorts, PodAffinity: p.PodAffinity}
}
