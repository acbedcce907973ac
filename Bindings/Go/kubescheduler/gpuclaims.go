package kubescheduler

import (
	"encoding/json"
	"errors"
	"maps"

	"berth"
)

// holder is a pod that holds GPUs of its node, as far as these are known.
type holder struct {
	pod         *runningPod
	class       berth.ClassID // without devices
	wish        wish
	terminating bool
	isSettled   bool // it has the GPUs that it says
}

// says reads which GPUs a running pod says it has, in Berth's form or in Koordinator's.
func (w *wish) says(annotations map[string]string) {
	w.slices, _ = indexList(annotations[annotationMIGSlices])
	var ok bool
	if w.gpus, ok = indexList(annotations[annotationGPUs]); ok {
		return
	}
	var allocated struct {
		GPU []struct{ Minor *int }
	}
	if json.Unmarshal([]byte(annotations[annotationAllocated]), &allocated) != nil {
		return
	}
	for _, gpu := range allocated.GPU {
		if gpu.Minor == nil || *gpu.Minor < 0 || *gpu.Minor >= berth.MaxGPUs || w.gpus.Has(*gpu.Minor) {
			w.gpus = 0
			return
		}
		w.gpus |= berth.Devices(*gpu.Minor)
	}
}

// isRefusal tells what an engine in step refuses from failures: pods and annotations say what they like.
func isRefusal(err error) bool {
	for _, status := range []berth.Status{berth.NoRoom, berth.BadArgument, berth.UnknownID, berth.Limit} {
		if errors.Is(err, status) {
			return true
		}
	}
	return false
}

// unsettle takes all GPUs of a node back.
func (m *mirror) unsettle(node *mirroredNode) error {
	for _, uid := range sortedKeys(node.holders) {
		node.holders[uid].isSettled = false
		if pod, bound := m.pods[uid]; bound {
			delete(m.pods, uid)
			if err := m.engine.Release(pod.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle gives a node's GPUs to its pods, all anew, so that who has which does not depend on what was told first: those
// that say their GPUs get these, the others what the engine chooses of the rest, and pods whose GPUs are not there
// none: kubelets have the last word, and a pod that runs is there whatever the engine thinks of it.
func (m *mirror) settle(node *mirroredNode) error {
	if err := m.unsettle(node); err != nil {
		return err
	}
	uids := sortedKeys(node.holders)
	if node.machine != nil {
		// Pods stay on GPUs that have become sick, and nobody comes to them.
		if err := m.engine.SetHealth(node.id, 0, 0); err != nil {
			return err
		}
		for _, uid := range uids {
			if err := m.bindClaim(node, node.holders[uid]); err != nil {
				return err
			}
		}
		if err := m.engine.SetHealth(node.id, node.sick, 0); err != nil {
			return err
		}
	}
	for _, uid := range uids {
		h := node.holders[uid]
		if !h.isSettled {
			if err := m.bindGuess(node, h); err != nil {
				return err
			}
		}
		if h.terminating {
			if err := m.engine.Terminate(m.pods[uid].id); err != nil {
				return err
			}
		}
	}
	return nil
}

// bindClaim binds a pod with the GPUs that it says it has. Which models and links it once asked for does not count.
func (m *mirror) bindClaim(node *mirroredNode, h *holder) error {
	w := h.wish
	if w.gpus == 0 {
		return nil
	}
	w.models, w.demand.LinkRequired, w.demand.PreferLinks = "", berth.NoLink, false
	if w.demand.ShareMilli == 1000 {
		w.demand.MemoryMiB = 0
	}
	demand, err := m.demand(&w, node)
	if err != nil {
		return nil
	}
	class, err := m.classWith(h.pod.Pod, demand)
	if err == nil {
		claim := berth.Claim{GPUs: w.gpus, MIGSlices: w.slices, ShareMilli: demand.ShareMilli, MemoryMiB: demand.MemoryMiB}
		var ids []berth.PodID
		if ids, err = m.engine.BindClaims([]berth.ClassID{class}, []berth.NodeID{node.id}, []berth.Claim{claim}); err == nil {
			m.pods[h.pod.UID] = mirroredPod{ids[0], class, h.terminating, node.Name}
			h.isSettled = true
		}
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	return nil
}

// bindGuess binds a pod whose GPUs nobody tells, or that are not there.
func (m *mirror) bindGuess(node *mirroredNode, h *holder) error {
	class := h.class
	if node.machine != nil {
		if demand, err := m.demand(&h.wish, node); err == nil {
			if with, err := m.classWith(h.pod.Pod, demand); err == nil {
				class = with
			} else if !isRefusal(err) {
				return err
			}
		}
	}
	ids, err := m.engine.Bind([]berth.ClassID{class}, []berth.NodeID{node.id})
	if err != nil && class != h.class && isRefusal(err) {
		class = h.class
		ids, err = m.engine.Bind([]berth.ClassID{class}, []berth.NodeID{node.id})
	}
	if err == nil {
		m.pods[h.pod.UID] = mirroredPod{ids[0], class, h.terminating, node.Name}
	}
	return err
}

// unheld counts running pods that ask for GPUs and do not hold those that they say.
func (m *mirror) unheld() (count uint64) {
	for _, node := range m.nodes {
		for _, h := range node.holders {
			if !h.isSettled {
				count++
			}
		}
	}
	return count
}

// preview is what a pod gets on a node now, as annotations for those who start it; nil: nothing that the engine
// chooses.
func (m *mirror) preview(pod *Pod, name string) map[string]string {
	node := m.nodes[name]
	w, err := wishOf(pod)
	if node == nil || node.machine == nil || w == nil || err != nil {
		return nil
	}
	demand, err := m.demand(w, node)
	if err != nil {
		return nil
	}
	class, err := m.classWith(pod, demand)
	if err != nil {
		return nil
	}
	claim, err := m.engine.PreviewClaim(class, node.id)
	if err != nil || claim.GPUs == 0 {
		return nil
	}
	return claimAnnotations(claim, node.machine)
}

// assign chooses the GPUs of a pod that is to be bound to a node, which from now on says so.
func (c *Cluster) assign(pod *Pod, node string) *Pod {
	said := maps.Clone(pod.Annotations)
	for _, name := range assigned {
		delete(said, name)
	}
	pod = pod.running()
	pod.Annotations = said
	if w, err := wishOf(pod); c.mirror != nil && w != nil && err == nil && c.flush() == nil {
		if got := c.mirror.preview(pod, node); got != nil {
			if said == nil {
				pod.Annotations = map[string]string{}
			}
			maps.Copy(pod.Annotations, got)
		}
	}
	return pod
}

// Assignment gives the annotations that tell kubelets and device plugins which GPUs an assumed pod has got, by name;
// nil takes one away that a binding which failed has left. None where there is nothing to say: PreBind patches the pod
// with it.
func (c *Cluster) Assignment(pod *Pod) map[string]*string {
	c.lock.Lock()
	defer c.lock.Unlock()
	assumed := c.pods[pod.UID]
	if assumed == nil {
		return nil
	}
	patch := map[string]*string{}
	for _, name := range assigned {
		old, was := pod.Annotations[name]
		if text, is := assumed.Annotations[name]; is && (!was || text != old) {
			patch[name] = &text
		} else if was && !is {
			patch[name] = nil
		}
	}
	return patch
}
