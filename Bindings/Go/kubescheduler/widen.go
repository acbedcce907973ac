package kubescheduler

// widening is by how much more candidates a pod gets each time that the scheduler refuses all of them: 4, 16, 64, ...
const widening = 4

// mostCandidates is where the steps end: a pod that needs more is left to the scheduler.
const mostCandidates = 4096

// wide gives how many candidates a pod gets that would get k at first. The last step, all nodes, is the scheduler's own
// and is taken once: the pod's next try begins anew.
func (c *Cluster) wide(pod *Pod, k int) (int, error) {
	for range c.widened[pod.UID] {
		k *= widening
		if k >= len(c.nodes) || k > mostCandidates {
			delete(c.widened, pod.UID)
			c.stats.WidenedToAll++
			return 0, ErrWidened
		}
	}
	return k, nil
}

// Widen says that the scheduler put a pod on none of the nodes it was given: a plugin refused them that the engine
// knows nothing of (volumes, resource claims, nominated pods), or an event has come to one of the two only. The pod's
// next choice has more candidates, at last all nodes. Of a gang, the plan is given up: its members are chosen one by
// one until it stands.
func (c *Cluster) Widen(uid string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stats.Widened++
	c.suspicious = true
	c.widened[uid]++
	c.giveUpPlan(uid)
}

// promise keeps in mind for which node a pod is nominated that is not bound yet, and forgets what was before.
func (c *Cluster) promise(uid, node string, priority int32) {
	if old, there := c.nominated[uid]; there {
		if delete(c.promises[old], uid); len(c.promises[old]) == 0 {
			delete(c.promises, old)
		}
		delete(c.nominated, uid)
	}
	if node == "" {
		return
	}
	c.nominated[uid] = node
	if c.promises[node] == nil {
		c.promises[node] = map[string]int32{}
	}
	c.promises[node][uid] = priority
}

// promisedTo are the nodes that pods of the same priority or a higher one are nominated for: room was made for them
// there by evicting others, and the scheduler's filters count them as if they ran.
func (c *Cluster) promisedTo(pod *Pod) map[string]struct{} {
	var promised map[string]struct{}
	for node, pods := range c.promises {
		for uid, priority := range pods {
			if uid != pod.UID && priority >= pod.Priority {
				if promised == nil {
					promised = map[string]struct{}{}
				}
				promised[node] = struct{}{}
			}
		}
	}
	return promised
}
