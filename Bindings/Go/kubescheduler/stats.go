package kubescheduler

import (
	"maps"

	"berth"
)

// Stats count since NewCluster.
type Stats struct {
	Narrowed     uint64            // choices with nodes
	NoneFit      uint64            // choices where no node fits
	Held         uint64            // choices of gang members that are to wait
	Fallbacks    map[Reason]uint64 // choices left to the scheduler, by reason
	Widened      uint64            // narrowed pods that the scheduler then put nowhere
	WidenedToAll uint64            // those of them that no step but all nodes was left for
	Batches      uint64            // of events, told to the engine in one go
	Events       uint64            // in these batches
	Engines      uint64            // made, the first one included
	Failures     uint64
	DriftChecks  uint64           // nodes compared with the scheduler's snapshot
	Drift        map[Drift]uint64 // nodes that were out of step, by what differed
	Resyncs      uint64           // engines made anew for drift, or on demand
	Gangs        map[GangEvent]uint64

	Unheld      uint64 // now: pods on nodes that ask for GPUs and do not hold those that they say
	GangsPlaced uint64 // now: gangs that hold places and are not let go yet
}

// Stats gives the counters.
func (c *Cluster) Stats() Stats {
	c.lock.Lock()
	defer c.lock.Unlock()
	stats := c.stats
	stats.Fallbacks, stats.Drift = maps.Clone(stats.Fallbacks), maps.Clone(stats.Drift)
	stats.Gangs = maps.Clone(stats.Gangs)
	if c.flush() == nil && c.mirror != nil {
		stats.Unheld = c.mirror.unheld()
	}
	for _, g := range c.gangs {
		if g.holds() && !g.released {
			stats.GangsPlaced++
		}
	}
	return stats
}

// Engine gives the engine's own figures and counters; false if there is none now. They begin anew with each engine.
func (c *Cluster) Engine() (info berth.Info, metrics berth.Metrics, there bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.mirror == nil {
		return info, metrics, false
	}
	var err error
	if info, err = c.mirror.engine.Info(); err != nil {
		return info, metrics, false
	}
	metrics, err = c.mirror.engine.Metrics()
	return info, metrics, err == nil
}
