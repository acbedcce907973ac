package kubescheduler

import (
	"fmt"
	"slices"
	"strings"

	"berth"
)

// wish is what a pod asks for of GPUs. Comparable, so that an event that changes nothing of it is told from others.
type wish struct {
	demand  berth.DeviceDemand // without models, which a cluster's machines give names to
	models  string             // as the pod names them, with | between; "": any
	percent int64              // of a GPU's memory, in place of demand.MemoryMiB
	slices  berth.DeviceMask   // of the claim: memory slices of a MIG instance
	gpus    berth.DeviceMask   // that the pod says it has; 0: it does not say
}

// wishOf reads a pod's requests and annotations; nil: it asks for no GPUs. An error says what the engine has no words
// for: the pod must not be placed by it. The wish is then what is understood, so that such a pod holds GPUs all the
// same when it runs; nil if that is nothing.
func wishOf(pod *Pod) (*wish, error) {
	var spoken []string // by dialect, the first resource of each
	var nics, unknown string
	dialects := map[string]bool{}
	for _, name := range sortedKeys(pod.Requests) {
		dialect := ""
		switch {
		case pod.Requests[name] <= 0:
			continue
		case isNIC(name):
			nics = name
			continue
		case strings.HasPrefix(name, resourceMIG):
			dialect = name
		case slices.Contains([]string{resourceGPU, resourceGPUMemory, resourceGPURatio, resourceGPUCores}, name):
			dialect = resourceGPU
		case slices.Contains([]string{resourceCore, resourceMemory, resourceRatio}, name):
			dialect = resourceCore
		case asksForGPUs(name):
			unknown = name
			continue
		default:
			continue
		}
		if !dialects[dialect] {
			dialects[dialect] = true
			spoken = append(spoken, dialect)
		}
	}
	if len(spoken) == 0 {
		if unknown != "" {
			return nil, fmt.Errorf("%s is a way to ask for GPUs that is not understood", unknown)
		}
		for _, name := range sortedKeys(DeviceWords(pod.Annotations)) {
			return nil, fmt.Errorf("the annotation %s is of a pod that asks for no GPUs", name)
		}
		return nil, nil
	}
	var w wish
	var err error
	switch {
	case len(spoken) > 1:
		err = fmt.Errorf("%s and %s are two ways to ask for GPUs", spoken[0], spoken[1])
	case spoken[0] == resourceGPU:
		w, err = nvidiaWish(pod.Requests)
	case spoken[0] == resourceCore:
		w, err = koordinatorWish(pod.Requests)
	default:
		w.demand = berth.DeviceDemand{GPUs: 1, MIGProfile: strings.TrimPrefix(spoken[0], resourceMIG)}
		if pod.Requests[spoken[0]] > 1 {
			err = fmt.Errorf("%s must be 1: a pod is placed with one MIG instance", spoken[0])
		}
	}
	if err != nil {
		return nil, err
	}
	w.says(pod.Annotations)
	if err = w.hint(pod.Annotations); err == nil && unknown != "" {
		err = fmt.Errorf("%s is a way to ask for GPUs that is not understood", unknown)
	}
	if err == nil && nics != "" {
		err = fmt.Errorf("%s beside GPUs: NICs are not placed one by one here", nics)
	}
	return &w, err
}

// share is a part of each of so many GPUs, in per cent of time and memory; -1 where it is not said.
func share(gpus, cores, ratio, mebibytes int64) (w wish, err error) {
	switch {
	case gpus < 1 || gpus > berth.MaxGPUs:
		return w, fmt.Errorf("%d GPUs are asked for, a node has at most %d", gpus, berth.MaxGPUs)
	case cores > 100 || ratio > 100 || mebibytes > 1<<22:
		return w, fmt.Errorf("more than all of a GPU is asked for")
	}
	w.demand = berth.DeviceDemand{GPUs: uint32(gpus), MemoryMiB: uint32(max(0, mebibytes))}
	if cores == 100 || cores < 0 && ratio == 100 {
		w.demand.ShareMilli = 1000 // all of a GPU's time, so that no one else gets its memory
		return w, nil
	}
	if gpus > 1 {
		return w, fmt.Errorf("shares of %d GPUs are asked for, a share is of one", gpus)
	}
	w.demand.ShareMilli = uint32(max(0, cores)) * 10
	if mebibytes < 0 {
		w.percent = ratio
	}
	return w, nil
}

func saidOf(requests map[string]int64, name string) int64 {
	if quantity := requests[name]; quantity > 0 {
		return quantity
	}
	return -1
}

// nvidiaWish is nvidia.com/gpu: whole GPUs, or with HAMi's resources beside it, and one GPU without it, shares.
func nvidiaWish(requests map[string]int64) (wish, error) {
	gpus := max(1, requests[resourceGPU])
	cores, ratio := saidOf(requests, resourceGPUCores), saidOf(requests, resourceGPURatio)
	mebibytes := saidOf(requests, resourceGPUMemory)
	if mebibytes > 0 && ratio > 0 {
		return wish{}, fmt.Errorf("%s and %s contradict each other", resourceGPUMemory, resourceGPURatio)
	}
	if mebibytes < 0 && ratio < 0 {
		ratio = 100
	}
	return share(gpus, cores, ratio, mebibytes)
}

// koordinatorWish is gpu-core with gpu-memory-ratio or gpu-memory, as sums over k GPUs that are k times 100.
func koordinatorWish(requests map[string]int64) (wish, error) {
	cores, ratio, bytes := saidOf(requests, resourceCore), saidOf(requests, resourceRatio), saidOf(requests, resourceMemory)
	if (ratio > 0) == (bytes > 0) {
		return wish{}, fmt.Errorf("one of %s and %s must be asked for", resourceRatio, resourceMemory)
	}
	gpus := max(1, cores/100, ratio/100)
	for _, sum := range []int64{cores, ratio} {
		if sum > 0 && (sum%gpus != 0 || gpus > 1 && sum != gpus*100) {
			return wish{}, fmt.Errorf("%s and %s are not the same number of GPUs", resourceCore, resourceRatio)
		}
	}
	each := func(sum int64) int64 {
		if sum < 0 {
			return sum
		}
		return sum / gpus
	}
	mebibytes := int64(-1)
	if bytes > 0 {
		mebibytes = (bytes/gpus + 1<<20 - 1) >> 20
	}
	return share(gpus, each(cores), each(ratio), mebibytes)
}

// The least that each word of berth.dev/gpu-links promises.
var links = map[string]berth.Link{"nvlink": berth.NVLink(1), "nvswitch": berth.LinkNVSwitch, "pcie": berth.LinkMultiSwitch,
	"numa": berth.LinkNode}

// hint adds what annotations say of the GPUs that would do.
func (w *wish) hint(annotations map[string]string) error {
	for _, name := range notUnderstood {
		if text, there := annotations[name]; there && text != "false" {
			return fmt.Errorf("the annotation %s is not understood", name)
		}
	}
	text, there := annotations[annotationModels]
	if types, ok := annotations[annotationTypes]; ok && !there {
		text, there = strings.ReplaceAll(types, ",", "|"), true
	}
	if there {
		names := strings.Split(text, "|")
		for i := range names {
			if names[i] = strings.TrimSpace(names[i]); names[i] == "" {
				return fmt.Errorf("the annotation %s is '%s', where names of models are to be", annotationModels, text)
			}
		}
		w.models = strings.Join(names, "|")
	}
	if text, there = annotations[annotationLinks]; !there {
		return nil
	}
	word, strength, isSaid := strings.Cut(text, ",")
	link, known := links[word]
	if !known || isSaid && strength != "required" && strength != "preferred" {
		return fmt.Errorf("the annotation %s is '%s', which is none of nvlink, nvswitch, pcie, numa, with ,required or "+
			",preferred behind it", annotationLinks, text)
	}
	if w.demand.ShareMilli != 1000 {
		return fmt.Errorf("the annotation %s is of a pod that asks for less than whole GPUs", annotationLinks)
	}
	w.demand.PreferLinks = true
	if strength != "preferred" {
		w.demand.LinkRequired = link
	}
	return nil
}

// demand is a wish in the engine's words, for a node or for all of them. Names of models and per cent of memory depend
// on the GPUs that there are.
func (m *mirror) demand(w *wish, node *mirroredNode) (*berth.DeviceDemand, error) {
	demand := w.demand
	sizes, names := map[uint32]bool{}, map[string]bool{}
	asked := strings.Split(w.models, "|")
	look := func(kind *machine) {
		for _, gpu := range kind.gpus {
			if w.models == "" || slices.ContainsFunc(asked, func(name string) bool { return isModel(name, gpu.Model) }) {
				sizes[gpu.MemoryMiB], names[gpu.Model] = true, true
			}
		}
	}
	if node != nil && node.machine != nil {
		look(node.machine)
	} else {
		for kind := range m.equipped {
			look(kind)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no node has GPUs that are placed one by one, of models '%s'", w.models)
	}
	if w.models != "" {
		demand.Models = strings.Join(sortedKeys(names), "|")
	}
	if w.percent > 0 {
		if len(sizes) > 1 {
			return nil, fmt.Errorf("%d per cent of a GPU's memory are not the same everywhere: ask for an amount, or name "+
				"models with %s", w.percent, annotationModels)
		}
		for size := range sizes {
			demand.MemoryMiB = max(1, uint32(int64(size)*w.percent/100))
		}
	}
	return &demand, nil
}

// demandToPlace is what a pod asks for that looks for a node; nil: nothing.
func (m *mirror) demandToPlace(pod *Pod) (*berth.DeviceDemand, error) {
	w, err := wishOf(pod)
	if w == nil || err != nil {
		return nil, err
	}
	// Where a node has GPUs that are not placed one by one, the engine would leave it out and the scheduler would not.
	for _, name := range sortedKeys(m.unclear) {
		if includes(m.unclear[name].Labels, pod.NodeSelector) {
			return nil, fmt.Errorf("the GPUs of node %s cannot be placed one by one: %s", name, m.unclear[name].unclear)
		}
	}
	return m.demand(w, nil)
}
