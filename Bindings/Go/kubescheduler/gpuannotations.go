package kubescheduler

import (
	"encoding/json"
	"fmt"
	"strconv"

	"berth"
)

// allocation is Koordinator's form of a GPU that a pod has (apis/extension/device_share.go, DeviceAllocations).
type allocation struct {
	Minor     int               `json:"minor"`
	Resources map[string]string `json:"resources"` // written in the order of their names
}

// claimAnnotations tell of a claim in Berth's form always, and in Koordinator's where it has words for it.
func claimAnnotations(claim berth.Claim, on *machine) map[string]string {
	annotations := map[string]string{annotationGPUs: claim.GPUs.String()}
	if claim.MIGSlices != 0 {
		annotations[annotationMIGSlices] = claim.MIGSlices.String()
		return annotations
	}
	var list []allocation
	for index := range claim.GPUs.All() {
		all := on.gpus[index].MemoryMiB
		used := claim.MemoryMiB
		if claim.ShareMilli == 1000 {
			used = all
		}
		resources := map[string]string{}
		if claim.ShareMilli > 0 {
			resources[resourceCore] = strconv.Itoa(int(claim.ShareMilli+9) / 10)
		}
		if used > 0 {
			resources[resourceMemory] = fmt.Sprint(used, "Mi")
			resources[resourceRatio] = strconv.FormatUint((uint64(used)*100+uint64(all)-1)/uint64(all), 10)
		}
		list = append(list, allocation{index, resources})
	}
	text, err := json.Marshal(map[string][]allocation{"gpu": list})
	if err == nil {
		annotations[annotationAllocated] = string(text)
	}
	return annotations
}
