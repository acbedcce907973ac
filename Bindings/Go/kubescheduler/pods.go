package kubescheduler

import "berth"

type mirroredPod struct {
	id          berth.PodID
	class       berth.ClassID
	terminating bool
}

// setPods makes the engine have pods as they are now; those whose node is not there, not at all. A pod that is known is
// on the same node: one that moves, or loses its node, is deleted first.
func (m *mirror) setPods(pods []*runningPod) error {
	var (
		bound   []*runningPod
		classes []berth.ClassID
		nodes   []berth.NodeID
		ended   []berth.PodID
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
		there, known := m.pods[pod.UID]
		if known && there.class == class && (pod.Terminating || !there.terminating) {
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
			m.pods[pod.UID] = mirroredPod{ids[i], classes[i], pod.Terminating}
			if pod.Terminating {
				ended = append(ended, ids[i])
			}
		}
	}
	if len(ended) == 0 {
		return nil
	}
	return m.engine.Terminate(ended...)
}

func (m *mirror) deletePod(uid string) error {
	pod, there := m.pods[uid]
	if !there {
		return nil
	}
	delete(m.pods, uid)
	return m.engine.Release(pod.id)
}
