package kubescheduler

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// stage says how far a member of a gang has come.
type stage uint8

const (
	waiting  stage = iota
	planned        // a place is held for it, and its own cycle is to come
	reserved       // the scheduler took the place; Permit may hold it
	bound
)

type member struct {
	pod   *Pod
	stage stage
	node  string // of one that is planned
}

// gang is a group of pods that start together: all that are needed, or none.
type gang struct {
	key        GroupKey
	declared   int // its PodGroup's minMember
	isDeclared bool
	members    map[string]*member // by UID
	until      time.Time          // when places held for planned members are given back
	released   bool               // so many had reserved that all were let go
	started    bool               // one is bound, so that all were let go once
	alone      bool               // the scheduler refused the plan: members are chosen one by one until it stands
	returning  bool               // reserved members are on their way back
}

// GangEvent is what can come of a gang, as a label of a metric.
type GangEvent string

// All events of gangs.
const (
	GangPlanned  GangEvent = "planned"  // places for all were found at once and are held
	GangNoPlace  GangEvent = "no_place" // proven: the cluster has no place for it now
	GangNoPlan   GangEvent = "no_plan"  // it could not be planned whole; its members are chosen one by one
	GangRefused  GangEvent = "refused"  // the scheduler refused a planned node, and the plan was given up
	GangAdmitted GangEvent = "admitted" // enough had reserved, and all were let go
	GangReturned GangEvent = "returned" // one failed or the time was up, and all gave their places back
	GangExpired  GangEvent = "expired"  // places were held, and the members' own cycles did not come in time
)

// GangEvents are all of them, in the order of a table.
var GangEvents = []GangEvent{GangPlanned, GangNoPlace, GangNoPlan, GangRefused, GangAdmitted, GangReturned, GangExpired}

// Held says why a member of a gang is to wait. It is no reason to look at all nodes.
type Held struct {
	Gang   GroupKey
	Reason string
}

func (h *Held) Error() string { return fmt.Sprintf("gang %s: %s", h.Gang, h.Reason) }

// min is how many members start together; 0: it is no gang.
func (g *gang) min() (least int) {
	if g.isDeclared {
		return g.declared
	}
	for _, m := range g.members {
		least = max(least, m.pod.Group.MinMembers)
	}
	return least
}

func (g *gang) count(from stage) (count int) {
	for _, m := range g.members {
		if m.stage >= from {
			count++
		}
	}
	return count
}

// standing is how many members have a place that the scheduler took.
func (g *gang) standing() int { return g.count(reserved) }

func (g *gang) holds() bool {
	return slices.ContainsFunc(g.at(), func(m *member) bool { return m.stage == planned || m.stage == reserved })
}

// at gives the members at stages, or all, by name.
func (g *gang) at(stages ...stage) (members []*member) {
	for _, m := range g.members {
		if stages == nil || slices.Contains(stages, m.stage) {
			members = append(members, m)
		}
	}
	slices.SortFunc(members, func(a, b *member) int {
		if order := strings.Compare(a.pod.Name, b.pod.Name); order != 0 {
			return order
		}
		return strings.Compare(a.pod.UID, b.pod.UID)
	})
	return members
}

// ready gives the members that wait, if there are enough of them now.
func (g *gang) ready() (pods []*Pod) {
	if least := g.min(); least < 1 || len(g.members) < least || g.key.Native {
		return nil
	}
	for _, m := range g.at(waiting, planned) {
		pods = append(pods, m.pod)
	}
	return pods
}

// Gate says why a pod is not to come into the scheduler's queue yet: its gang lacks members. Nil: it may.
func (c *Cluster) Gate(pod *Pod) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if g, _ := c.join(pod); g != nil {
		return g.lacking()
	}
	return nil
}

func (g *gang) lacking() error {
	if least := g.min(); len(g.members) < least && !g.key.Native && !g.released {
		return &Held{g.key, fmt.Sprintf("%d of %d members are there", len(g.members), least)}
	}
	return nil
}

// Permission is what Permit says of a pod that has reserved.
type Permission struct {
	Wait     time.Duration // 0: it may go
	Allow    []string      // UIDs of members that wait in Permit and may go now
	Activate []*Pod        // members that are to come to their turn soon
}

// Permit holds members of a gang until enough have reserved, and then lets all go.
func (c *Cluster) Permit(uid string) (permission Permission) {
	c.lock.Lock()
	defer c.lock.Unlock()
	g, me := c.memberNamed(uid)
	if g == nil || g.key.Native || g.min() < 1 {
		return permission
	}
	if !g.released && g.standing() < g.min() {
		permission.Wait = me.pod.Group.Timeout
		if permission.Wait == 0 {
			permission.Wait = c.options.GangTimeout
		}
		for _, m := range g.at(waiting, planned) {
			permission.Activate = append(permission.Activate, m.pod)
		}
		return permission
	}
	if !g.released {
		g.released = true
		c.stats.Gangs[GangAdmitted]++
	}
	g.alone = false
	for _, m := range g.at(reserved) {
		if m != me {
			permission.Allow = append(permission.Allow, m.pod.UID)
		}
	}
	return permission
}

// reserved says that the scheduler took a place for a pod.
func (c *Cluster) reserved(uid string) {
	if g, m := c.memberNamed(uid); g != nil && m.stage < reserved {
		m.stage = reserved
	}
}

// Unreserve takes back what was assumed of a pod, as [Cluster.Forget], and with it its gang, if that was not let go
// yet: it gives the UIDs of the members that wait in Permit and are to be rejected.
func (c *Cluster) Unreserve(uid string) (reject []string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.forget(uid)
	g, me := c.memberNamed(uid)
	if g == nil || me.stage == bound {
		return nil
	}
	me.stage = waiting
	if g.key.Native {
		return nil // the scheduler tries a whole group and takes it back before it places it
	}
	if !g.released && !g.returning {
		for _, m := range g.at(reserved) {
			reject = append(reject, m.pod.UID)
		}
		c.giveBack(g)
		c.stats.Gangs[GangReturned]++
		g.returning, g.alone = true, false
	}
	if g.standing() == 0 {
		g.returning, g.released = false, g.started
	}
	return reject
}

// giveBack gives up the places that are held for planned members.
func (c *Cluster) giveBack(g *gang) {
	for _, m := range g.at(planned) {
		c.forget(m.pod.UID)
		m.stage, m.node = waiting, ""
	}
	delete(c.planned, g.key)
}

// giveUpPlan is for a member whose planned node the scheduler refused.
func (c *Cluster) giveUpPlan(uid string) {
	if g, m := c.memberNamed(uid); g != nil && m.stage == planned {
		c.giveBack(g)
		g.alone = true
		c.stats.Gangs[GangRefused]++
	}
}

// expire gives back places that members did not come for.
func (c *Cluster) expire() {
	for key := range c.planned {
		if g := c.gangs[key]; !c.options.Now().Before(g.until) {
			c.giveBack(g)
			c.stats.Gangs[GangExpired]++
		}
	}
}
