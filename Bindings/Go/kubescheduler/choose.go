package kubescheduler

import (
	"errors"
	"fmt"
	"slices"

	"berth"
)

// Choice is a node for a pod.
type Choice struct {
	Node  string
	Score int64 // what the profile's plugins give in all, weighted; 0 for a node that is chosen for another reason
	// Fits says that the engine has just found that the pod fits there, by all filters it stands for. It has not of
	// nodes that the pod is nominated for, or that were planned before.
	Fits bool
}

// Reason says why a pod is left to the scheduler, which then looks at all nodes. It is a label of a metric, and an
// error that errors.Is finds.
type Reason string

// All reasons.
const (
	ErrNotSynced   Reason = "not_synced"   // the informers have not told of everything yet
	ErrProfile     Reason = "profile"      // the profile asks for what the engine does not do
	ErrNotHonoured Reason = "not_honoured" // the pod does
	ErrRefused     Reason = "refused"      // the engine did not take the pod's description
	ErrWidened     Reason = "widened"      // the scheduler refused all candidates, again and again
	ErrNoEngine    Reason = "no_engine"    // the engine failed, and is not tried again yet
	ErrFailed      Reason = "failed"       // the engine fails now
)

// Reasons are all of them, in the order of a table.
var Reasons = []Reason{ErrNotSynced, ErrProfile, ErrNotHonoured, ErrRefused, ErrWidened, ErrNoEngine, ErrFailed}

var sentences = map[Reason]string{
	ErrNotSynced:   "the informers have not told of everything yet",
	ErrProfile:     "the engine does not honour the profile",
	ErrNotHonoured: "the engine does not honour it",
	ErrRefused:     "the engine did not take the pod",
	ErrWidened:     "the scheduler refused all candidates",
	ErrNoEngine:    "the engine failed and is not tried again yet",
	ErrFailed:      "the engine failed",
}

func (r Reason) Error() string { return sentences[r] }

// reasonOf is the reason in an error of choose.
func reasonOf(err error) Reason {
	var reason Reason
	if errors.As(err, &reason) {
		return reason
	}
	return ErrFailed
}

// Choose gives the k best nodes for a pod under a profile, best first; none if it fits nowhere now. Of a pod that the
// scheduler could put on none of them, more are given (see Widen). An error says why the pod is left to the scheduler,
// which then looks at all nodes; or it is a [Held], and the pod is to wait.
func (c *Cluster) Choose(profile string, pod *Pod, k int) ([]Choice, error) {
	start := c.options.Now()
	c.lock.Lock()
	defer c.lock.Unlock()
	choices, err := c.choose(profile, pod, k)
	var held *Held
	switch {
	case errors.As(err, &held):
		c.stats.Held++
	case err != nil:
		c.stats.Fallbacks[reasonOf(err)]++
	case len(choices) == 0:
		c.stats.NoneFit++
	default:
		c.stats.Narrowed++
	}
	c.options.Observe(c.options.Now().Sub(start))
	return choices, err
}

func (c *Cluster) choose(profile string, pod *Pod, k int) ([]Choice, error) {
	if c.profiles[profile] == nil {
		return nil, fmt.Errorf("profile %s: %w", profile, ErrProfile)
	}
	if pod.NotHonoured != "" {
		return nil, fmt.Errorf("%s: %w", pod.NotHonoured, ErrNotHonoured)
	}
	m, err := c.current()
	if err != nil {
		return nil, err
	}
	if choice, err := c.chooseInGang(m, profile, pod); choice != nil || err != nil {
		return choice, err
	}
	if k, err = c.wide(pod, k); err != nil {
		return nil, err
	}
	class, err := m.classToPlace(pod, c.profiles[profile])
	if err != nil {
		if errors.Is(err, ErrNotHonoured) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrRefused, err) // a refused class changes nothing: the engine is still in step
	}
	promised := c.promisedTo(pod)
	candidates, err := m.engine.Candidates(class, k+len(promised))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return c.order(m, pod, candidates, promised, k), nil
}

// order gives k of the candidates: first the node that the pod itself is nominated for, which the scheduler tries
// before all others, too; last nodes that are promised to pods which it must not push aside. The scheduler's filters
// count those pods, so that such a node most likely refuses.
func (c *Cluster) order(m *mirror, pod *Pod, candidates []berth.Candidate, promised map[string]struct{},
	k int) []Choice {
	choices := make([]Choice, 0, len(candidates)+1)
	var last []Choice
	if _, there := m.nodes[pod.NominatedNode]; there && pod.NominatedNode != "" {
		choices = append(choices, Choice{Node: pod.NominatedNode})
	}
	for _, candidate := range candidates {
		choice := Choice{m.names[candidate.Node], candidate.Score, true}
		if choice.Node == pod.NominatedNode {
			choices[0] = choice
		} else if _, isPromised := promised[choice.Node]; isPromised {
			last = append(last, choice)
		} else {
			choices = append(choices, choice)
		}
	}
	choices = append(choices, last...)
	return slices.Clip(choices[:min(k, len(choices))])
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
		if err := c.flush(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFailed, err)
		}
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
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
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
	return err != nil || info.Classes > 2*m.first.Classes+limit.classes ||
		info.ClassBytes > 2*m.first.ClassBytes+limit.bytes
}

// NotSynced counts a pod that came before the informers had told of everything.
func (c *Cluster) NotSynced() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stats.Fallbacks[ErrNotSynced]++
}
