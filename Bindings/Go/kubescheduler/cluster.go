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
	// Observe is told, with the cluster's lock held, how long each choice took. Nil: nobody is.
	Observe func(time.Duration)
	// DriftEvery is how much time passes between two looks for drift; 0: none.
	DriftEvery time.Duration
	// GangTimeout is how long members wait for the rest of their gang; 0: 5 minutes.
	GangTimeout time.Duration
}

// Cluster is what a scheduler knows of nodes and running pods, and an engine in step with it. Its methods may be called
// from several goroutines at once, and those that tell of events may tell the same thing twice or in whatever order:
// what counts is the last word on each object.
//
// The objects told are the truth, and the engine follows from them: it is made with the first [Cluster.Choose], and
// made anew after a failure, or when too much is left in it of what has gone.
type Cluster struct {
	options Options

	lock       sync.Mutex
	profiles   map[string]*Profile // those that the engine honours
	nodes      map[string]*Node
	pods       map[string]*runningPod         // by UID
	onNode     map[string]map[string]struct{} // UIDs of the pods on a node, which may not be there
	namespaces map[string]map[string]string   // labels by name
	nominated  map[string]string              // of pods that are not bound, by UID: the node they are nominated for
	promises   map[string]map[string]int32    // by node: the pods that are nominated for it, and their priorities
	gangs      map[GroupKey]*gang
	memberOf   map[string]GroupKey   // by UID
	planned    map[GroupKey]struct{} // gangs for whose members places are held
	widened    map[string]int        // by UID: steps by which a pod's next choice is to be wider
	mirror     *mirror               // nil before the first choice and after a failure
	pending    pending               // what the mirror has not been told of
	drift      driftState
	suspicious bool      // the scheduler refused what was chosen: look for drift at the next opportunity
	retryAt    time.Time // no new engine before this
	growth     growth
	stats      Stats
}

// runningPod is a pod that takes room on a node, bound there or assumed to be soon.
type runningPod struct {
	*Pod
	node    string
	assumed bool
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
	if options.Observe == nil {
		options.Observe = func(time.Duration) {}
	}
	if options.GangTimeout == 0 {
		options.GangTimeout = 5 * time.Minute
	}
	return &Cluster{
		options:    options,
		profiles:   map[string]*Profile{},
		nodes:      map[string]*Node{},
		pods:       map[string]*runningPod{},
		onNode:     map[string]map[string]struct{}{},
		namespaces: map[string]map[string]string{},
		nominated:  map[string]string{},
		promises:   map[string]map[string]int32{},
		gangs:      map[GroupKey]*gang{},
		memberOf:   map[string]GroupKey{},
		planned:    map[GroupKey]struct{}{},
		widened:    map[string]int{},
		growth:     defaultGrowth,
		stats:      Stats{Fallbacks: map[Reason]uint64{}, Drift: map[Drift]uint64{}, Gangs: map[GangEvent]uint64{}},
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
	c.changed(&c.pending.nodes, node.Name)
}

// DeleteNode tells that a node has gone. Its pods are not counted until it is back.
func (c *Cluster) DeleteNode(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.nodes, name)
	c.changed(&c.pending.nodes, name)
}

// SetPod tells of a pod that is new or has changed. Pods that are on no node yet do not count, but for their gang and
// the node that they are nominated for.
//
// It gives the pods that the scheduler may look at now, for with this one their gang has become complete.
func (c *Cluster) SetPod(pod *Pod) (ready []*Pod) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if pod.NodeName == "" {
		c.promise(pod.UID, pod.NominatedNode, pod.Priority)
		// If it is assumed, what was assumed stays until the scheduler forgets it.
		if g, isNew := c.join(pod); isNew {
			return g.ready()
		}
		return nil
	}
	c.promise(pod.UID, "", 0)
	delete(c.widened, pod.UID)
	c.setPod(&runningPod{pod.running(), pod.NodeName, false})
	c.joinBound(pod)
	return nil
}

// DeletePod tells that a pod has gone, or has come to its end.
func (c *Cluster) DeletePod(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.widened, uid)
	c.promise(uid, "", 0)
	c.leave(uid)
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
	if _, m := c.memberNamed(pod.UID); m == nil || m.stage != planned || m.node != node {
		c.setPod(&runningPod{c.assign(pod, node), node, true}) // else the plan holds the very place
	}
	c.reserved(pod.UID)
}

// Forget takes back what was assumed of a pod; nothing if nothing is.
func (c *Cluster) Forget(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.forget(uid)
}

func (c *Cluster) forget(uid string) {
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
		if g, m := c.memberNamed(uid); g != nil {
			g.bind(m)
		}
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
	c.changed(&c.pending.namespaces, name)
}

// DeleteNamespace tells that a namespace has gone.
func (c *Cluster) DeleteNamespace(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, there := c.namespaces[name]; !there {
		return
	}
	delete(c.namespaces, name)
	c.changed(&c.pending.namespaces, name)
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
	c.changed(&c.pending.pods, pod.UID)
	if c.onNode[pod.node] == nil {
		c.onNode[pod.node] = map[string]struct{}{}
	}
	c.onNode[pod.node][pod.UID] = struct{}{}
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
	c.changed(&c.pending.pods, uid)
}

// podsOn are the pods of a node, in the order of their UIDs.
func (c *Cluster) podsOn(node string) []*runningPod {
	var pods []*runningPod
	for _, uid := range sortedKeys(c.onNode[node]) {
		pods = append(pods, c.pods[uid])
	}
	return pods
}

// changed keeps in mind what the engine is to be told, if there is an engine: one that is made later begins with all.
func (c *Cluster) changed(list *changes, name string) {
	if c.mirror != nil {
		list.add(name)
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
	c.pending = pending{}
}

// running is what of a pod counts while it runs.
func (p *Pod) running() *Pod {
	return &Pod{UID: p.UID, Namespace: p.Namespace, Name: p.Name, NodeName: p.NodeName, Terminating: p.Terminating,
		Labels: p.Labels, Annotations: p.Annotations, Requests: p.Requests, NonZero: p.NonZero, HostPorts: p.HostPorts, PodAffinity: p.PodAffinity}
}
