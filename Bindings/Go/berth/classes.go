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

// Operator relates a label to the values of a requirement.
type Operator uint32

const (
	In           Operator = C.BERTH_OP_IN
	NotIn        Operator = C.BERTH_OP_NOT_IN
	Exists       Operator = C.BERTH_OP_EXISTS
	DoesNotExist Operator = C.BERTH_OP_DOES_NOT_EXIST
	Gt           Operator = C.BERTH_OP_GT
	Lt           Operator = C.BERTH_OP_LT
)

// Requirement is a demand on a node's label, or on the field metadata.name.
type Requirement struct {
	Key      string
	Operator Operator
	Values   []string
	Field    bool
}

// SelectorTerm matches where all its requirements do. Weight is for preferred terms: 1..100.
type SelectorTerm struct {
	Requirements []Requirement
	Weight       uint32
}

// TolerationOperator compares a toleration with a taint's value, or not.
type TolerationOperator uint32

const (
	TolerationEqual  TolerationOperator = C.BERTH_TOLERATION_EQUAL
	TolerationExists TolerationOperator = C.BERTH_TOLERATION_EXISTS
)

// Toleration lets a pod onto nodes with matching taints. With TolerationExists an empty key is every key.
type Toleration struct {
	Key      string
	Value    string
	Operator TolerationOperator
	Effect   Effect
}

// PodSpec is what a pod asks for.
type PodSpec struct {
	Profile      ProfileID
	Priority     int32
	Requests     map[ResourceID]int64
	NodeSelector map[string]string
	Required     []SelectorTerm // one of them must match
	Preferred    []SelectorTerm
	Tolerations  []Toleration
}

// InternClass gives the class of a spec; equal specs are one class.
func (e *Engine) InternClass(spec PodSpec) (ClassID, error) {
	var f frame
	defer f.end()
	c := &records[C.berth_pod_spec](&f, 1)[0]
	C.berth_pod_spec_init(c)
	c.profile, c.priority = C.berth_profile_id(spec.Profile), C.int32_t(spec.Priority)

	requests := f.quantities(spec.Requests)
	c.requests, c.request_count = first(requests), C.uint32_t(len(requests))

	selector := f.labels(spec.NodeSelector)
	c.node_selector, c.node_selector_count = first(selector), C.uint32_t(len(selector))
	c.required_terms, c.required_term_count = f.terms(spec.Required)
	c.preferred_terms, c.preferred_term_count = f.terms(spec.Preferred)

	tolerations := records[C.berth_toleration](&f, len(spec.Tolerations))
	for i, toleration := range spec.Tolerations {
		tolerations[i].key, tolerations[i].value = f.text(toleration.Key), f.text(toleration.Value)
		tolerations[i].op, tolerations[i].effect = C.uint32_t(toleration.Operator), C.uint32_t(toleration.Effect)
	}
	c.tolerations, c.toleration_count = first(tolerations), C.uint32_t(len(tolerations))
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_class_id
	err := e.refusal(C.berth_class_intern(e.handle, c, &id))
	return ClassID(id), err
}

func (f *frame) terms(terms []SelectorTerm) (*C.berth_selector_term, C.uint32_t) {
	list := records[C.berth_selector_term](f, len(terms))
	for i, term := range terms {
		requirements := records[C.berth_requirement](f, len(term.Requirements))
		for j, requirement := range term.Requirements {
			values := records[*C.char](f, len(requirement.Values))
			for k, value := range requirement.Values {
				values[k] = f.text(value)
			}
			requirements[j].key, requirements[j].op = f.text(requirement.Key), C.uint32_t(requirement.Operator)
			requirements[j].values, requirements[j].value_count = first(values), C.uint32_t(len(values))
			if requirement.Field {
				requirements[j].is_field = 1
			}
		}
		list[i].requirements, list[i].requirement_count = first(requirements), C.uint32_t(len(requirements))
		list[i].weight = C.uint32_t(term.Weight)
	}
	return first(list), C.uint32_t(len(list))
}
