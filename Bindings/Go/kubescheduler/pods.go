package kubescheduler

import "berth"

type mirroredPod struct {
	id          berth.PodID
	class       berth.ClassID
	terminating bool
	node        string
}

// setPods makes the engine have pods as they are now; those whose node is not there, not at all. A pod that is known is
// on the same node: one that moves, or loses its node, is deleted first.
func (m *mirror) setPods(pods []*runningPod) error {
	var (
		bound   []*runningPod
		classes []berth.ClassID
		nodes   []berth.NodeID
		ended   []berth.PodID
		holding = map[string]*mirroredNode{} // nodes whose GPUs are dealt anew
	)
	for _, pod := range pods {
		node := m.nodes[pod.node]
		if node == nil {
			continue
		}
		class, err := m.classOfRunning(pod.Pod)
		if err != nil {
			return err
		}
		if w, _ := wishOf(pod.Pod); w != nil {
			h := &holder{pod: pod, class: class, wish: *w, terminating: pod.Terminating}
			if old := node.holders[pod.UID]; old != nil && old.class == class && old.wish == *w && old.terminating == pod.Terminating {
				old.pod = pod
				continue
			}
			if err := m.deletePod(pod.UID); err != nil {
				return err
			}
			node.holders[pod.UID], holding[node.Name] = h, node
			continue
		}
		there, known := m.pods[pod.UID]
		if known && node.holders[pod.UID] == nil && there.class == class && (pod.Terminating || !there.terminating) {
			if pod.Terminating && !there.terminating {
				there.terminating = true
				m.pods[pod.UID] = there
				ended = append(ended, there.id)
			}
			continue
		}
		if err := m.deletePod(pod.UID); err != nil {
			return err
		}
		bound, classes, nodes = append(bound, pod), append(classes, class), append(nodes, node.id)
	}
	if len(bound) > 0 {
		ids, err := m.engine.Bind(classes, nodes)
		if err != nil {
			return err
		}
		for i, pod := range bound {
			m.pods[pod.UID] = mirroredPod{ids[i], classes[i], pod.Terminating, pod.node}
			if pod.Terminating {
				ended = append(ended, ids[i])
			}
		}
	}
	if len(ended) > 0 {
		if err := m.engine.Terminate(ended...); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(holding) {
		if err := m.settle(holding[name]); err != nil {
			return err
		}
	}
	return nil
}

func (m *mirror) deletePod(uid string) error {
	pod, there := m.pods[uid]
	if !there {
		return nil
	}
	delete(m.pods, uid)
	if err := m.engine.Release(pod.id); err != nil {
		return err
	}
	node := m.nodes[pod.node]
	if node == nil || node.holders[uid] == nil {
		return nil
	}
	delete(node.holders, uid)
	for _, other := range node.holders {
		if !other.isSettled {
			return m.settle(node) // there may be room now for what it says
		}
	}
	return nil
}
