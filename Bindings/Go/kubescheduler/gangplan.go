package kubescheduler

import (
	"fmt"

	"berth"
)

// maxGangRoles is how many kinds of pods a gang may have to be planned whole.
const maxGangRoles = 16

// chooseInGang gives the node that is planned for a member of a gang; the whole gang is planned with the first that
// asks. No choice and no error: the pod is chosen as any other.
func (c *Cluster) chooseInGang(m *mirror, profile string, pod *Pod) ([]Choice, error) {
	c.expire()
	g, _ := c.join(pod)
	if g == nil {
		return nil, nil
	}
	me := g.members[pod.UID]
	if me.stage == planned {
		if m.nodes[me.node] != nil {
			return []Choice{{Node: me.node}}, nil
		}
		c.giveBack(g) // the node has gone
	}
	least := g.min()
	if least < 1 || g.alone || g.released || g.standing() >= least {
		return nil, nil
	}
	if err := g.lacking(); err != nil {
		return nil, err
	}
	result, roles, err := c.plan(m, profile, g, me)
	switch {
	case err != nil:
		return nil, err
	case result.Outcome == berth.GangPlaced:
		c.stats.Gangs[GangPlanned]++
		return c.hold(m, g, me, result, roles)
	case result.Outcome == berth.GangNoFit && !g.key.Native:
		c.stats.Gangs[GangNoPlace]++
		return nil, &Held{g.key, result.Sentence}
	}
	c.stats.Gangs[GangNoPlan]++
	g.alone = true
	return nil, nil
}

// plan looks for places for all waiting members at once, and for so many at least as the gang lacks. The result's
// outcome is 0 where the gang cannot be put in the engine's words.
func (c *Cluster) plan(m *mirror, profile string, g *gang, me *member) (berth.GangResult, [][]*member, error) {
	var (
		none  berth.GangResult
		roles [][]*member
		index = map[berth.ClassID]int{}
		gang  berth.Gang
		count int
	)
	add := func(who *member) bool {
		class, err := m.classToPlace(who.pod, c.profiles[profile])
		if err != nil {
			return false
		}
		role, there := index[class]
		if !there {
			role = len(roles)
			index[class], roles = role, append(roles, nil)
			gang.Roles = append(gang.Roles, berth.GangRole{Class: class})
		}
		roles[role] = append(roles[role], who)
		gang.Roles[role].Max++
		count++
		return true
	}
	if !add(me) {
		return none, nil, nil
	}
	gang.Roles[0].Min = 1 // whose turn it is must be among them
	for _, other := range g.at(waiting) {
		if other != me && other.pod.Profile == me.pod.Profile && other.pod.NotHonoured == "" && count < berth.MaxGangMembers {
			if !add(other) {
				return none, nil, nil
			}
		}
	}
	needed := g.min() - g.standing()
	if count < needed || len(roles) > maxGangRoles {
		return none, nil, nil
	}
	gang.MinMembers = uint32(needed)
	result, err := m.engine.DryRunGang(gang)
	if err != nil {
		if isRefusal(err) {
			return none, nil, nil
		}
		return none, nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return result, roles, nil
}

// hold takes the planned places, so that nobody else gets them until the members come to their turn.
func (c *Cluster) hold(m *mirror, g *gang, me *member, result berth.GangResult, roles [][]*member) ([]Choice, error) {
	nodes := make([]string, len(result.Placements))
	for i, placement := range result.Placements {
		nodes[i] = m.names[placement.Node]
	}
	for i, node := range nodes {
		role := result.Roles[i]
		who := roles[role][0]
		roles[role] = roles[role][1:]
		c.setPod(&runningPod{c.assign(who.pod, node), node, true})
		who.stage, who.node = planned, node
	}
	if me.stage != planned {
		return nil, fmt.Errorf("gang %s: the plan leaves out pod %s: %w", g.key, me.pod.Name, ErrFailed)
	}
	g.until = c.options.Now().Add(c.options.GangTimeout)
	c.planned[g.key] = struct{}{}
	return []Choice{{Node: me.node}}, nil
}
