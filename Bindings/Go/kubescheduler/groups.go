package kubescheduler

import (
	"fmt"
	"strconv"
	"time"
)

// Group is what a pod says of the gang it belongs to.
type Group struct {
	Name       string
	MinMembers int           // so many start together; 0: an object says it, or nobody
	Timeout    time.Duration // how long members wait for the others; 0: the options' GangTimeout
	// Native says that it is a PodGroup of scheduling.k8s.io. kube-scheduler's own plugin GangScheduling holds those
	// and lets them go; here they are planned only.
	Native bool
}

// GroupKey names a gang.
type GroupKey struct {
	Namespace, Name string
	Native          bool
}

func (k GroupKey) String() string { return k.Namespace + "/" + k.Name }

// conventions are the labels and annotations by which schedulers that came before PodGroups in Kubernetes tell gangs.
// The first that names a group counts.
var conventions = []struct {
	name, minMembers, timeout string
	isLabel                   bool // both are labels; else annotations
}{
	// kubernetes-sigs/scheduler-plugins, whose PodGroup object says minMember, and its predecessor, which had labels
	// alone.
	{"scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io/min-available", "", true},
	{"pod-group.scheduling.sigs.k8s.io/name", "pod-group.scheduling.sigs.k8s.io/min-available", "", true},
	{"pod-group.scheduling.sigs.k8s.io", "pod-group.scheduling.sigs.k8s.io/min-available", "", true},
	// Koordinator
	{"gang.scheduling.koordinator.sh/name", "gang.scheduling.koordinator.sh/min-available",
		"gang.scheduling.koordinator.sh/waiting-time", false},
	// Volcano
	{"scheduling.k8s.io/group-name", "scheduling.volcano.sh/group-min-member", "", false},
	{"scheduling.volcano.sh/group-name", "scheduling.volcano.sh/group-min-member", "", false},
}

// GroupOf reads of which gang a pod is from its labels and annotations; the zero value if of none. The least number of
// members may stand among either. An error says which of them is no number.
func GroupOf(labels, annotations map[string]string) (group Group, err error) {
	for _, words := range conventions {
		said := annotations
		if words.isLabel {
			said = labels
		}
		if group.Name = said[words.name]; group.Name == "" {
			continue
		}
		text, there := labels[words.minMembers]
		if !there {
			text, there = annotations[words.minMembers]
		}
		if there {
			if group.MinMembers, err = strconv.Atoi(text); err != nil || group.MinMembers < 1 {
				return Group{}, fmt.Errorf("%s is '%s', which is no number of pods", words.minMembers, text)
			}
		}
		if text := annotations[words.timeout]; words.timeout != "" && text != "" {
			if group.Timeout, err = time.ParseDuration(text); err != nil || group.Timeout <= 0 {
				return Group{}, fmt.Errorf("%s is '%s', which is no duration", words.timeout, text)
			}
		}
		return group, nil
	}
	return Group{}, nil
}

// SetPodGroup tells of a PodGroup object: minMembers of its pods start together, 0 for one that is no gang. It gives
// the pods that the scheduler may look at now, for their gang has become complete.
func (c *Cluster) SetPodGroup(key GroupKey, minMembers int) (ready []*Pod) {
	c.lock.Lock()
	defer c.lock.Unlock()
	g := c.gang(key)
	g.declared, g.isDeclared = minMembers, true
	return g.ready()
}

// DeletePodGroup tells that it has gone.
func (c *Cluster) DeletePodGroup(key GroupKey) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if g := c.gangs[key]; g != nil {
		g.declared, g.isDeclared = 0, false
		c.tidy(g)
	}
}

// gang gives the gang of a name, which is made with its first mention.
func (c *Cluster) gang(key GroupKey) *gang {
	if c.gangs[key] == nil {
		c.gangs[key] = &gang{key: key, members: map[string]*member{}}
	}
	return c.gangs[key]
}

// join makes a pod that is not bound a member of its gang, and says whether it is a new one.
func (c *Cluster) join(pod *Pod) (*gang, bool) {
	if pod.Group.Name == "" {
		return nil, false
	}
	key := GroupKey{pod.Namespace, pod.Group.Name, pod.Group.Native}
	g := c.gang(key)
	c.memberOf[pod.UID] = key
	if there := g.members[pod.UID]; there != nil {
		there.pod = pod
		return g, false
	}
	g.members[pod.UID] = &member{pod: pod}
	return g, true
}

// joinBound makes a bound pod a member of its gang. Nobody is bound before all are let go, by this scheduler or by the one
// before, so that whoever comes later is placed alone: a worker that was lost, while others of its Job have ended already.
func (c *Cluster) joinBound(pod *Pod) {
	if g, _ := c.join(pod); g != nil {
		g.bind(g.members[pod.UID])
	}
}

func (g *gang) bind(m *member) { m.stage, g.released, g.started = bound, true, true }

// leave takes a pod out of its gang.
func (c *Cluster) leave(uid string) {
	if g, _ := c.memberNamed(uid); g != nil {
		delete(g.members, uid)
		delete(c.memberOf, uid)
		c.tidy(g)
	}
}

// tidy forgets a gang that nobody speaks of any more.
func (c *Cluster) tidy(g *gang) {
	if len(g.members) == 0 {
		g.released, g.started, g.alone, g.returning = false, false, false, false
	}
	if len(g.members) == 0 && !g.isDeclared {
		delete(c.gangs, g.key)
		delete(c.planned, g.key)
	}
}

func (c *Cluster) memberNamed(uid string) (*gang, *member) {
	key, there := c.memberOf[uid]
	if !there {
		return nil, nil
	}
	g := c.gangs[key]
	return g, g.members[uid]
}
