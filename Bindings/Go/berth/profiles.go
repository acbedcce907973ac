package berth

// #include "berth.h"
import "C"

// TermKind is a way to score a node.
type TermKind uint32

const (
	LeastAllocated           TermKind = C.BERTH_TERM_LEAST_ALLOCATED
	MostAllocated            TermKind = C.BERTH_TERM_MOST_ALLOCATED
	RequestedToCapacityRatio TermKind = C.BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO
	BalancedAllocation       TermKind = C.BERTH_TERM_BALANCED_ALLOCATION
	NodeAffinity             TermKind = C.BERTH_TERM_NODE_AFFINITY
	TaintToleration          TermKind = C.BERTH_TERM_TAINT_TOLERATION
	Binpack                  TermKind = C.BERTH_TERM_BINPACK
	Spread                   TermKind = C.BERTH_TERM_SPREAD
	Price                    TermKind = C.BERTH_TERM_PRICE
	DotProduct               TermKind = C.BERTH_TERM_DOT_PRODUCT
	BestFit                  TermKind = C.BERTH_TERM_BEST_FIT
	ImageLocality            TermKind = C.BERTH_TERM_IMAGE_LOCALITY
	PodTopologySpread        TermKind = C.BERTH_TERM_POD_TOPOLOGY_SPREAD
	InterPodAffinity         TermKind = C.BERTH_TERM_INTER_POD_AFFINITY

	// Of the devices that the pod would get; 0 for pods that ask for none.
	GPULinks     TermKind = C.BERTH_TERM_GPU_LINKS     // how well they are connected, 0..100
	GPURemainder TermKind = C.BERTH_TERM_GPU_REMAINDER // how whole the cells of the machine remain, 0..100
	GPUModel     TermKind = C.BERTH_TERM_GPU_MODEL     // what SetGPUModel says of their model, 0..100

	// Fragmentation policies: one of these in a profile at most. They decide which GPU a share is taken of, too.
	GPURandom     TermKind = C.BERTH_TERM_GPU_RANDOM   // any node, any GPU: a hash
	GPUBestFit    TermKind = C.BERTH_TERM_GPU_BEST_FIT // needs cpu and a GPU resource, with scales; the next, too
	GPUDotProduct TermKind = C.BERTH_TERM_GPU_DOT_PRODUCT
	GPUPacking    TermKind = C.BERTH_TERM_GPU_PACKING
	GPUClustering TermKind = C.BERTH_TERM_GPU_CLUSTERING
	GPUFGD        TermKind = C.BERTH_TERM_GPU_FGD   // Fragmentation Gradient Descent over the typical pods
	GPUBerth      TermKind = C.BERTH_TERM_GPU_BERTH // Berth's own, 0..2^20
)

// TermResource is a resource of a term.
type TermResource struct {
	Resource ResourceID
	Weight   uint32
	Scale    int64 // DotProduct and BestFit: what counts as 1; 0 for other terms
}

// ShapePoint is a point of RequestedToCapacityRatio's shape: utilization 0..100 strictly rising, score 0..10.
type ShapePoint struct {
	UtilizationPercent uint32
	Score              uint32
}

// Term is a weighted way to score a node. Without resources it takes cpu and memory (Binpack and Spread: every GPU
// as well).
type Term struct {
	Kind      TermKind
	Weight    float64 // whole
	Resources []TermResource
	Points    []ShapePoint

	HardPodAffinityWeight     uint16 // InterPodAffinity: what a running pod's required affinity weighs, 0..100
	IgnoreExistingPreferences bool   // InterPodAffinity: running pods have no say where the pod itself prefers nothing
}

// AddProfile adds a profile: a node's score is the sum of its terms.
func (e *Engine) AddProfile(name string, terms ...Term) (ProfileID, error) {
	var f frame
	defer f.end()
	text := f.text(name)
	list := records[C.berth_term](&f, len(terms))
	for i, term := range terms {
		resources := records[C.berth_term_resource](&f, len(term.Resources))
		for j, resource := range term.Resources {
			resources[j].resource = C.berth_resource_id(resource.Resource)
			resources[j].weight = C.uint32_t(resource.Weight)
			resources[j].scale = C.int64_t(resource.Scale)
		}
		points := records[C.berth_shape_point](&f, len(term.Points))
		for j, point := range term.Points {
			points[j].utilization_percent = C.uint32_t(point.UtilizationPercent)
			points[j].score = C.uint32_t(point.Score)
		}
		list[i].kind, list[i].weight = C.uint32_t(term.Kind), C.double(term.Weight)
		list[i].hard_pod_affinity_weight = C.uint16_t(term.HardPodAffinityWeight)
		if term.IgnoreExistingPreferences {
			list[i].flags = C.BERTH_TERM_IGNORE_EXISTING_PREFERENCES
		}
		list[i].resources, list[i].resource_count = first(resources), C.uint32_t(len(resources))
		list[i].points, list[i].point_count = first(points), C.uint32_t(len(points))
	}
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_profile_id
	err := e.refusal(C.berth_profile_add(e.handle, text, first(list), C.size_t(len(list)), &id))
	return ProfileID(id), err
}
