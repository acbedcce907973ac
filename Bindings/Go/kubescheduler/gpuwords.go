package kubescheduler

import (
	"strconv"
	"strings"

	"berth"
)

// What Kubernetes and its schedulers call GPUs; docs/gpus-in-kubernetes.md says what each means.
const (
	resourceGPU       = "nvidia.com/gpu"
	resourceMIG       = "nvidia.com/mig-" // a prefix: the profile stands behind it
	resourceGPUMemory = "nvidia.com/gpumem"
	resourceGPURatio  = "nvidia.com/gpumem-percentage"
	resourceGPUCores  = "nvidia.com/gpucores"
	resourceCore      = "koordinator.sh/gpu-core"
	resourceMemory    = "koordinator.sh/gpu-memory"
	resourceRatio     = "koordinator.sh/gpu-memory-ratio"
	resourceRDMA      = "koordinator.sh/rdma"

	labelProduct  = "nvidia.com/gpu.product"
	labelCount    = "nvidia.com/gpu.count"
	labelMemory   = "nvidia.com/gpu.memory"
	labelReplicas = "nvidia.com/gpu.replicas"
	labelSharing  = "nvidia.com/gpu.sharing-strategy"
	labelModel    = "node.koordinator.sh/gpu-model"

	annotationMachine   = "berth.dev/machine"
	annotationTopology  = "berth.dev/topology"
	annotationSick      = "berth.dev/sick-gpus"
	annotationSickIDs   = "volcano.sh/gpu-unhealthy-ids"
	annotationModels    = "berth.dev/gpu-models"
	annotationTypes     = "nvidia.com/use-gputype"
	annotationLinks     = "berth.dev/gpu-links"
	annotationSwitch    = "berth.dev/nics-by-switch"
	annotationGPUs      = "berth.dev/gpus"
	annotationMIGSlices = "berth.dev/mig-slices"
	annotationAllocated = "scheduling.koordinator.sh/device-allocated"
)

// assigned are the annotations that say what a pod got. What a pod that is not placed yet says there is left from a
// binding that failed, or made up.
var assigned = []string{annotationGPUs, annotationMIGSlices, annotationAllocated}

// notUnderstood are annotations that would change which GPUs do, and are not in the engine's words.
var notUnderstood = []string{annotationSwitch,
	"nvidia.com/nouse-gputype", "nvidia.com/use-gpuuuid", "nvidia.com/nouse-gpuuuid"}

// DeviceWords are the annotations of a pod that decide which devices it gets: pods are alike only if these are.
func DeviceWords(annotations map[string]string) map[string]string {
	words := map[string]string{}
	for _, name := range append([]string{annotationModels, annotationTypes, annotationLinks}, notUnderstood...) {
		if text, there := annotations[name]; there {
			words[name] = text
		}
	}
	return words
}

// asksForGPUs says whether a resource is a way to ask for GPUs, one that is known here or not.
func asksForGPUs(resource string) bool {
	for _, prefix := range []string{"nvidia.com/gpu", resourceMIG, "koordinator.sh/gpu", "aliyun.com/gpu-", "volcano.sh/gpu-",
		"volcano.sh/vgpu-"} {
		if strings.HasPrefix(resource, prefix) {
			return true
		}
	}
	return false
}

func isNIC(resource string) bool {
	return strings.HasPrefix(resource, "rdma/") || resource == resourceRDMA
}

// indexList reads "0,1,4,5", in any order.
func indexList(text string) (mask berth.DeviceMask, ok bool) {
	for _, part := range strings.Split(text, ",") {
		index, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || index < 0 || index >= berth.MaxGPUs || mask.Has(index) {
			return 0, false
		}
		mask |= berth.Devices(index)
	}
	return mask, true
}

// modelWords are a model's in lower case, without the maker's name and brand.
func modelWords(name string) (words []string) {
	for _, word := range strings.FieldsFunc(strings.ToLower(name), isBetween) {
		if word != "nvidia" && word != "tesla" {
			words = append(words, word)
		}
	}
	return words
}

func isBetween(r rune) bool { return strings.ContainsRune(" -_", r) }

// isModel says whether what is asked for is a model: each of its words is one of the model's, the first the first.
func isModel(asked, model string) bool {
	wanted, words := modelWords(asked), modelWords(model)
	if len(wanted) == 0 || len(words) == 0 || wanted[0] != words[0] {
		return false
	}
	there := map[string]bool{}
	for _, word := range words {
		there[word] = true
	}
	for _, word := range wanted {
		if !there[word] {
			return false
		}
	}
	return true
}
