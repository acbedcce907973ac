package berth

// #include "berth.h"
import "C"

// TermKind is a way to score a node.
type TermKind uint32

const (
	// LeastAllocated: NodeResourcesFit, free after placing / allocatable, 0..100
	LeastAllocated TermKind = C.BERTH_TERM_LEAST_ALLOCATED
	// MostAllocated: NodeResourcesFit, used after placing / allocatable, 0..100
	MostAllocated TermKind = C.BERTH_TERM_MOST_ALLOCATED
	// RequestedToCapacityRatio: NodeResourcesFit, the shape Points over utilization, 0..100
	RequestedToCapacityRatio TermKind = C.BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO
	// BalancedAllocation: NodeResourcesBalancedAllocation, 0..100; weights of resources are ignored
	BalancedAllocation TermKind = C.BERTH_TERM_BALANCED_ALLOCATION
	// NodeAffinity: preferred node affinity, 0..100 over the nodes that fit
	NodeAffinity TermKind = C.BERTH_TERM_NODE_AFFINITY
	// TaintToleration: PreferNoSchedule taints, 0..100 over the nodes that fit
	TaintToleration TermKind = C.BERTH_TERM_TAINT_TOLERATION
	// Binpack: sum over resources of floor(2^20 x used / allocatable) after placing
	Binpack TermKind = C.BERTH_TERM_BINPACK
	// Spread: minus the sum of Binpack
	Spread TermKind = C.BERTH_TERM_SPREAD
	// Price: minus Node.Price
	Price TermKind = C.BERTH_TERM_PRICE
	// DotProduct: minus the mean of free x request in scales, x 2^20
	DotProduct TermKind = C.BERTH_TERM_DOT_PRODUCT
	// BestFit: minus the mean of what is free after placing in scales, x 2^20
	BestFit TermKind = C.BERTH_TERM_BEST_FIT
	// ImageLocality: images that the node has already, 0..100
	ImageLocality TermKind = C.BERTH_TERM_IMAGE_LOCALITY
	// PodTopologySpread: spread constraints with ScheduleAnyway, 0..100 over the nodes that fit
	PodTopologySpread TermKind = C.BERTH_TERM_POD_TOPOLOGY_SPREAD
	// InterPodAffinity: preferred pod affinity, 0..100 over the nodes that fit
	InterPodAffinity TermKind = C.BERTH_TERM_INTER_POD_AFFINITY

	// Of the devices that the pod would get; 0 for pods that ask for none.
	GPULinks     TermKind = C.BERTH_TERM_GPU_LINKS     // how well they are connected, 0..100
	GPURemainder TermKind = C.BERTH_TERM_GPU_REMAINDER // how whole the cells of the machine remain, 0..100
	GPUModel     TermKind = C.BERTH_TERM_GPU_MODEL     // what SetGPUModel says of their model, 0..100

	// Fragmentation policies: one of these in a profile at most. They decide which GPU a share is taken of, too.
	GPURandom     TermKind = C.BERTH_TERM_GPU_RANDOM      // any node, any GPU: a hash
	GPUBestFit    TermKind = C.BERTH_TERM_GPU_BEST_FIT    // needs cpu and a GPU resource, with scales; the next, too
	GPUDotProduct TermKind = C.BERTH_TERM_GPU_DOT_PRODUCT // 0..100, as the authors of FGD have it; the next three, too
	GPUPacking    TermKind = C.BERTH_TERM_GPU_PACKING     // GpuPacking
	GPUClustering TermKind = C.BERTH_TERM_GPU_CLUSTERING  // GpuClustering; needs what GPUBestFit needs
	GPUFGD        TermKind = C.BERTH_TERM_GPU_FGD         // Fragmentation Gradient Descent over the typical pods
	GPUBerth      TermKind = C.BERTH_TERM_GPU_BERTH       // Berth's own, 0..2^15
)

// TermResource is a resource of a term.
type TermResource struct {
	Resource ResourceID
	Weight   uint32 // 1..1,000,000
	Scale    int64  // DotProduct and BestFit: what counts as 1; 0 for other terms
}

// ShapePoint is a point of RequestedToCapacityRatio's shape: utilization 0..100 strictly rising, score 0..10.
type ShapePoint struct {
	UtilizationPercent uint32
	Score              uint32
}

// Term is a weighted way to score a node. Without resources it takes cpu and memory (Binpack and Spread: every GPU
// as well).
type Term struct {
	Kind                      TermKind
	Weight                    float64 // whole
	Resources                 []TermResource
	Points                    []ShapePoint // RequestedToCapacityRatio: its shape
	HardPodAffinityWeight     uint16       // InterPodAffinity: what a running pod's required affinity weighs, 0..100
	IgnoreExistingPreferences bool         // InterPodAffinity: running pods have no say where the pod prefers nothing
}

// AddProfile adds a profile: a node's score is the sum of its terms.
func (e *Engine) AddProfile(name string, terms ...Term) (ProfileID, error) {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	list := records[C.berth_term](f, len(terms))
	for i, term := range terms {
		resources := records[C.berth_term_resource](f, len(term.Resources))
		for j, resource := range term.Resources {
			resources[j].resource = C.berth_resource_id(resource.Resource)
			resources[j].weight = C.uint32_t(resource.Weight)
			resources[j].scale = C.int64_t(resource.Scale)
		}
		points := records[C.berth_shape_point](f, len(term.Points))
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
	err := e.do(func(h cEngine) cStatus {
		return C.berth_profile_add(h, text, first(list), C.size_t(len(list)), &id)
	})
	return ProfileID(id), err
}
