package kubescheduler

import (
	"fmt"
	"time"

	"berth"
)

// Drift says in what a node of the engine differed from the scheduler's snapshot, as a label of a metric.
type Drift string

// All kinds of drift.
const (
	DriftMissing     Drift = "node_missing" // the scheduler has the node and the engine does not
	DriftExtra       Drift = "node_extra"   // the engine has more nodes than the scheduler
	DriftAllocatable Drift = "allocatable"
	DriftRequested   Drift = "requested"
	DriftPods        Drift = "pods"
)

// Drifts are all of them, in the order of a table.
var Drifts = []Drift{DriftMissing, DriftExtra, DriftAllocatable, DriftRequested, DriftPods}

// Quantities are of the resources that the scheduler keeps apart, in its units.
type Quantities struct {
	MilliCPU, Memory, EphemeralStorage int64
	Scalar                             map[string]int64 // extended resources and huge pages
}

// NodeFacts is a node as the scheduler's own snapshot has it.
type NodeFacts struct {
	Name        string
	Allocatable Quantities
	Requested   Quantities
	NonZero     NonZero
	Pods        int
}

const (
	driftWindow  = 4096            // nodes looked at in one go, so that a look costs some milliseconds at most
	driftRecheck = 2 * time.Second // an event may have come to one of the two only: what differs is looked at again
)

// driftState is how far the comparison with the scheduler has come.
type driftState struct {
	next     time.Time
	offset   int
	suspects map[string]difference // of the last look at this window
}

type difference struct {
	kind        Drift
	resource    string
	here, there int64
}

// WantsFacts says which nodes of the scheduler's snapshot, total in all, are to be compared now: from..<to, none most
// of the time. It is time every DriftEvery, and after the scheduler has refused what was chosen.
func (c *Cluster) WantsFacts(total int) (from, to int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.mirror == nil || c.options.DriftEvery == 0 || total == 0 {
		return 0, 0
	}
	now := c.options.Now()
	switch {
	case c.drift.next.IsZero():
		c.drift.next = now.Add(c.options.DriftEvery)
	case c.suspicious && now.Add(driftRecheck).Before(c.drift.next):
		c.drift.next = now.Add(driftRecheck)
	}
	if now.Before(c.drift.next) {
		return 0, 0
	}
	c.suspicious = false
	if c.drift.offset >= total {
		c.drift.offset = 0
	}
	return c.drift.offset, min(total, c.drift.offset+driftWindow)
}

// Compare compares nodes of the scheduler's snapshot, which has total nodes in all, with the engine. What differs in
// the same way at two looks is drift: it is counted, and true is returned: the engine is to be made anew with
// [Cluster.Resync].
func (c *Cluster) Compare(facts []NodeFacts, total int) (resync bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.mirror == nil || c.flush() != nil {
		return false
	}
	differences, err := c.differences(facts, total)
	if err != nil {
		c.fail(err)
		return false
	}
	c.stats.DriftChecks += uint64(len(facts))
	before := c.drift.suspects
	c.drift.suspects = differences
	for name, d := range differences {
		if old, again := before[name]; again && old == d {
			c.stats.Drift[d.kind]++
			if !resync { // one says enough
				c.options.Report(fmt.Errorf("node %s is out of step: %s %s is %d in the engine and %d in the scheduler's snapshot",
					name, d.kind, d.resource, d.here, d.there))
			}
			resync = true
		}
	}
	now := c.options.Now()
	switch {
	case resync:
		c.drift = driftState{}
	case len(differences) > 0:
		c.drift.next = now.Add(driftRecheck)
	default:
		c.drift.offset += len(facts)
		c.drift.next = now.Add(c.options.DriftEvery)
	}
	return resync
}

func (c *Cluster) differences(facts []NodeFacts, total int) (map[string]difference, error) {
	m, found := c.mirror, map[string]difference{}
	if extra := len(m.nodes) - total; extra > 0 {
		found[""] = difference{DriftExtra, "", int64(len(m.nodes)), int64(total)}
	}
	var compared []*NodeFacts
	var ids []berth.NodeID
	for i := range facts {
		switch node := m.nodes[facts[i].Name]; {
		case node == nil:
			found[facts[i].Name] = difference{kind: DriftMissing}
		case !c.isPlannedOn(facts[i].Name): // places that are held are not the scheduler's yet
			compared, ids = append(compared, &facts[i]), append(ids, node.id)
		}
	}
	allocatable, requested, err := m.engine.ReadNodes(ids, m.columns)
	if err != nil {
		return nil, err
	}
	for i, fact := range compared {
		row := i * len(m.columns)
		if d, differs := m.compare(fact, allocatable[row:row+len(m.columns)], requested[row:row+len(m.columns)]); differs {
			found[fact.Name] = d
		}
	}
	return found, nil
}

// compare compares a node's rows. What the engine has no column for, nobody lists and nobody asks for.
func (m *mirror) compare(fact *NodeFacts, allocatable, requested []int64) (difference, bool) {
	for column, name := range m.columnNames {
		var has, takes int64
		switch name {
		case ResourcePods:
			if here := requested[column]; here != int64(fact.Pods) {
				return difference{DriftPods, name, here, int64(fact.Pods)}, true
			}
			continue
		case m.counted[ResourceCPU]:
			has, takes = fact.Allocatable.MilliCPU, fact.NonZero.MilliCPU
		case m.counted[ResourceMemory]:
			has, takes = fact.Allocatable.Memory, fact.NonZero.Memory
		case ResourceCPU:
			has, takes = fact.Allocatable.MilliCPU, fact.Requested.MilliCPU
		case ResourceMemory:
			has, takes = fact.Allocatable.Memory, fact.Requested.Memory
		case ResourceEphemeralStorage:
			has, takes = fact.Allocatable.EphemeralStorage, fact.Requested.EphemeralStorage
		default:
			if m.isCounted(name) {
				continue
			}
			has, takes = fact.Allocatable.Scalar[name], fact.Requested.Scalar[name]
		}
		if allocatable[column] != has {
			return difference{DriftAllocatable, name, allocatable[column], has}, true
		}
		if requested[column] != takes {
			return difference{DriftRequested, name, requested[column], takes}, true
		}
	}
	return difference{}, false
}

func (m *mirror) isCounted(name string) bool {
	for _, counted := range m.counted {
		if counted == name {
			return true
		}
	}
	return false
}

func (c *Cluster) isPlannedOn(node string) bool {
	if len(c.planned) == 0 {
		return false
	}
	for uid := range c.onNode[node] {
		if _, m := c.memberNamed(uid); m != nil && m.stage == planned {
			return true
		}
	}
	return false
}

// Resync takes what informers have now for what there is, whatever was told before; what the scheduler has assumed
// since stays. The engine is made anew with the next choice.
func (c *Cluster) Resync(nodes []*Node, pods []*Pod, namespaces map[string]map[string]string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stats.Resyncs++
	c.drop()
	c.nodes, c.namespaces = map[string]*Node{}, namespaces
	for _, node := range nodes {
		c.nodes[node.Name] = node
	}
	assumed := c.pods
	c.pods, c.onNode = map[string]*runningPod{}, map[string]map[string]struct{}{}
	for _, pod := range pods {
		if pod.NodeName != "" {
			c.setPod(&runningPod{pod.running(), pod.NodeName, false})
		}
	}
	for _, uid := range sortedKeys(assumed) {
		if pod := assumed[uid]; pod.assumed && c.pods[uid] == nil {
			c.setPod(pod)
		}
	}
}
