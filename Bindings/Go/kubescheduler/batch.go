package kubescheduler

// changes are names of objects that the engine has not been told of as they are now, each once, in the order of
// telling.
type changes struct {
	names []string
	known map[string]struct{}
}

func (c *changes) add(name string) {
	if _, there := c.known[name]; there {
		return
	}
	if c.known == nil {
		c.known = map[string]struct{}{}
	}
	c.known[name] = struct{}{}
	c.names = append(c.names, name)
}

func (c *changes) take() []string {
	names := c.names
	*c = changes{}
	return names
}

// pending are all changes since the last flush. Informers tell of single objects, thousands of them after a relist; the
// engine hears of them in batches, when it is asked next, and of an object that changed ten times once.
type pending struct {
	namespaces, nodes, pods changes
}

func (p *pending) count() int {
	return len(p.namespaces.names) + len(p.nodes.names) + len(p.pods.names)
}

// flush makes the engine have what was told. What it refuses makes it useless: without all objects its choices would
// not be the scheduler's.
func (c *Cluster) flush() error {
	count := c.pending.count()
	if c.mirror == nil || count == 0 {
		return nil
	}
	c.stats.Batches++
	c.stats.Events += uint64(count)
	if err := c.tell(c.mirror); err != nil {
		c.fail(err)
		return err
	}
	return nil
}

func (c *Cluster) tell(m *mirror) error {
	for _, name := range c.pending.namespaces.take() {
		var err error
		if labels, there := c.namespaces[name]; there {
			err = m.engine.SetNamespace(name, labels)
		} else {
			err = m.engine.RemoveNamespace(name)
		}
		if err != nil {
			return err
		}
	}
	// What has gone first, so that there is room for what has come.
	uids := c.pending.pods.take()
	for _, uid := range uids {
		now := c.pods[uid]
		if before, there := m.pods[uid]; there && (now == nil || now.node != before.node) {
			if err := m.deletePod(uid); err != nil {
				return err
			}
		}
	}
	var added, updated []*Node
	for _, name := range c.pending.nodes.take() {
		switch node := c.nodes[name]; {
		case node == nil:
			if err := m.deleteNode(name, c.podsOn(name)); err != nil {
				return err
			}
		case m.nodes[name] == nil:
			added = append(added, node)
		default:
			updated = append(updated, node)
		}
	}
	if len(updated) > 0 {
		if err := m.updateNodes(updated); err != nil {
			return err
		}
	}
	if len(added) > 0 {
		if err := m.addNodes(added); err != nil {
			return err
		}
	}
	var pods []*runningPod
	told := map[string]struct{}{}
	tell := func(pod *runningPod) {
		if _, again := told[pod.UID]; !again {
			told[pod.UID] = struct{}{}
			pods = append(pods, pod)
		}
	}
	for _, node := range added {
		for _, pod := range c.podsOn(node.Name) { // they may have come before it
			tell(pod)
		}
	}
	for _, uid := range uids {
		if pod := c.pods[uid]; pod != nil {
			tell(pod)
		}
	}
	return m.setPods(pods)
}
