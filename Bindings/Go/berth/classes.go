package berth

// #include "berth.h"
import "C"

import "unsafe"

// TolerationOperator compares a toleration with a taint's value, or not.
type TolerationOperator uint32

const (
	TolerationEqual  TolerationOperator = C.BERTH_TOLERATION_EQUAL  // the value is the same
	TolerationExists TolerationOperator = C.BERTH_TOLERATION_EXISTS // the taint's value does not matter
	TolerationGt     TolerationOperator = C.BERTH_TOLERATION_GT     // the taint's value is greater, both 64-bit integers
	TolerationLt     TolerationOperator = C.BERTH_TOLERATION_LT     // the taint's value is less
)

// Toleration lets a pod onto nodes with matching taints. With TolerationExists an empty key is every key.
type Toleration struct {
	Key      string // "" with TolerationExists: every key
	Value    string // the taint's, as Operator says
	Operator TolerationOperator
	Effect   Effect // EffectAny: every effect
}

// Protocol of a port.
type Protocol uint32

const (
	TCP  Protocol = C.BERTH_PROTOCOL_TCP  // the default
	UDP  Protocol = C.BERTH_PROTOCOL_UDP  // a port of UDP
	SCTP Protocol = C.BERTH_PROTOCOL_SCTP // a port of SCTP
)

// HostPort is a port of the node that a pod takes.
type HostPort struct {
	HostIP   string // "" or "0.0.0.0": all addresses
	Port     uint32 // 1..65535
	Protocol Protocol
}

// WhenUnsatisfiable says what becomes of a pod that a spread constraint cannot serve.
type WhenUnsatisfiable uint32

const (
	DoNotSchedule  WhenUnsatisfiable = C.BERTH_DO_NOT_SCHEDULE // the pod waits
	ScheduleAnyway WhenUnsatisfiable = C.BERTH_SCHEDULE_ANYWAY // the skew lowers the score only
)

// InclusionPolicy says whether nodes that the pod's node affinity or taints exclude are left out of the counts.
type InclusionPolicy uint32

const (
	PolicyDefault InclusionPolicy = C.BERTH_POLICY_DEFAULT // affinity: honour; taints: ignore
	PolicyHonor   InclusionPolicy = C.BERTH_POLICY_HONOR   // left out
	PolicyIgnore  InclusionPolicy = C.BERTH_POLICY_IGNORE  // counted
)

// SpreadConstraint is a topology spread constraint over pods of the pod's own namespace.
type SpreadConstraint struct {
	TopologyKey        string     // label key of the domains to spread over
	Selector           SelectorID // NoSelector selects nothing
	MaxSkew            uint32     // 1..2^31 - 1
	MinDomains         uint32     // 0: not said
	WhenUnsatisfiable  WhenUnsatisfiable
	NodeAffinityPolicy InclusionPolicy // what of nodes that the pod may not go to by node affinity
	NodeTaintsPolicy   InclusionPolicy // likewise, by taints
	MatchLabelKeys     []string        // the pod's values of these keys join the selector
}

// PodAffinityKind says what a pod affinity term wants.
type PodAffinityKind uint32

const (
	// PodAffinityRequired: a pod in the domain is selected, or the node is refused
	PodAffinityRequired PodAffinityKind = C.BERTH_POD_AFFINITY_REQUIRED
	// PodAffinityPreferred: selected pods in the domain raise the score by the weight
	PodAffinityPreferred PodAffinityKind = C.BERTH_POD_AFFINITY_PREFERRED
	// PodAntiAffinityRequired: no pod in the domain is selected, or the node is refused
	PodAntiAffinityRequired PodAffinityKind = C.BERTH_POD_ANTI_AFFINITY_REQUIRED
	// PodAntiAffinityPreferred: selected pods in the domain lower the score by the weight
	PodAntiAffinityPreferred PodAffinityKind = C.BERTH_POD_ANTI_AFFINITY_PREFERRED
)

// PodAffinityTerm is a term of pod affinity or anti-affinity. Without namespaces and namespace selector it is about the
// pod's own namespace.
type PodAffinityTerm struct {
	Kind              PodAffinityKind
	Weight            uint32     // preferred terms: 1..100; required terms: 0
	TopologyKey       string     // label key of the domains
	Selector          SelectorID // of the pods to be near to, or not
	Namespaces        []string   // of these pods
	NamespaceSelector SelectorID // NoSelector: none; the empty selector: every namespace
	MatchLabelKeys    []string   // the pod's values of these keys join the selector as In ...
	MismatchLabelKeys []string   // ... and of these as NotIn
}

// PodSpec is what a pod asks for, and what other pods see of it.
type PodSpec struct {
	Profile           ProfileID            // how nodes are scored
	Priority          int32                // more is more important; rankings see it
	Namespace         string               // "": "default"
	Labels            map[string]string    // what selectors of other pods see
	NodeName          string               // the only node that will do; "": any
	Requests          map[ResourceID]int64 // 0..2^50 in the unit of the resource
	Scored            map[ResourceID]int64 // counted resources: what counts in the pod's own scores instead of its request
	NodeSelector      map[string]string    // labels that the node must have
	Required          []SelectorTerm       // one of them must match
	Preferred         []SelectorTerm       // each raises the score by its Weight (NodeAffinity)
	Tolerations       []Toleration
	HostPorts         []HostPort // of containers and sidecars
	Images            []string   // one for each container and init container
	SpreadConstraints []SpreadConstraint
	DefaultSpread     bool // the constraints are the cluster's defaults: a node that lacks a key is scored by the others
	PodAffinity       []PodAffinityTerm
	Devices           *DeviceDemand // nil: none
}

// InternClass gives the class of a spec; equal specs are one class.
func (e *Engine) InternClass(spec PodSpec) (ClassID, error) {
	f := newFrame()
	defer f.end()
	c := record[C.berth_pod_spec](f)
	f.spec(&spec, c)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_class_id
	err := e.do(func(h cEngine) cStatus { return C.berth_class_intern(h, c, &id) })
	return ClassID(id), err
}

// InternClasses gives the classes of specs, all or none; the sentence of a refusal names the entry.
func (e *Engine) InternClasses(specs []PodSpec) ([]ClassID, error) {
	f := newFrame()
	defer f.end()
	list := records[C.berth_pod_spec](f, len(specs))
	for i := range specs {
		f.spec(&specs[i], &list[i])
	}
	if f.err != nil {
		return nil, f.err
	}
	ids := make([]ClassID, len(specs))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_classes_intern(h, first(list), C.size_t(len(list)), classIDs(ids))
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (f *frame) spec(spec *PodSpec, c *C.berth_pod_spec) {
	C.berth_pod_spec_init(c)
	c.profile, c.priority = C.berth_profile_id(spec.Profile), C.int32_t(spec.Priority)
	c.namespace_name, c.node_name = f.optional(spec.Namespace), f.optional(spec.NodeName)

	labels, selector := f.labels(spec.Labels), f.labels(spec.NodeSelector)
	c.labels, c.label_count = first(labels), C.uint32_t(len(labels))
	c.node_selector, c.node_selector_count = first(selector), C.uint32_t(len(selector))
	requests, scored := f.quantities(spec.Requests), f.quantities(spec.Scored)
	c.requests, c.request_count = first(requests), C.uint32_t(len(requests))
	c.scored, c.scored_count = first(scored), C.uint32_t(len(scored))

	c.required_terms, c.required_term_count = f.terms(spec.Required)
	c.preferred_terms, c.preferred_term_count = f.terms(spec.Preferred)
	c.images, c.image_count = f.texts(spec.Images)
	c.tolerations, c.toleration_count = f.tolerations(spec.Tolerations)
	c.host_ports, c.host_port_count = f.hostPorts(spec.HostPorts)
	c.spread_constraints, c.spread_constraint_count = f.spreadConstraints(spec.SpreadConstraints)
	c.affinity_terms, c.affinity_term_count = f.podAffinity(spec.PodAffinity)
	c.devices = f.demand(spec.Devices)
	if spec.DefaultSpread {
		c.flags = C.BERTH_POD_DEFAULT_SPREAD
	}
}

func (f *frame) tolerations(tolerations []Toleration) (*C.berth_toleration, C.uint32_t) {
	list := records[C.berth_toleration](f, len(tolerations))
	for i, toleration := range tolerations {
		list[i].key, list[i].value = f.text(toleration.Key), f.text(toleration.Value)
		list[i].op, list[i].effect = C.uint32_t(toleration.Operator), C.uint32_t(toleration.Effect)
	}
	return first(list), C.uint32_t(len(list))
}

func (f *frame) hostPorts(ports []HostPort) (*C.berth_host_port, C.uint32_t) {
	list := records[C.berth_host_port](f, len(ports))
	for i, port := range ports {
		list[i].host_ip = f.optional(port.HostIP)
		list[i].port, list[i].protocol = C.uint32_t(port.Port), C.uint32_t(port.Protocol)
	}
	return first(list), C.uint32_t(len(list))
}

func (f *frame) spreadConstraints(constraints []SpreadConstraint) (*C.berth_spread_constraint, C.uint32_t) {
	list := records[C.berth_spread_constraint](f, len(constraints))
	for i, constraint := range constraints {
		c := &list[i]
		c.topology_key, c.selector = f.text(constraint.TopologyKey), C.berth_selector_id(constraint.Selector)
		c.max_skew, c.min_domains = C.uint32_t(constraint.MaxSkew), C.uint32_t(constraint.MinDomains)
		c.when_unsatisfiable = C.uint32_t(constraint.WhenUnsatisfiable)
		c.node_affinity_policy = C.uint32_t(constraint.NodeAffinityPolicy)
		c.node_taints_policy = C.uint32_t(constraint.NodeTaintsPolicy)
		c.match_label_keys, c.match_label_key_count = f.texts(constraint.MatchLabelKeys)
	}
	return first(list), C.uint32_t(len(list))
}

func (f *frame) podAffinity(terms []PodAffinityTerm) (*C.berth_pod_affinity_term, C.uint32_t) {
	list := records[C.berth_pod_affinity_term](f, len(terms))
	for i, term := range terms {
		c := &list[i]
		c.kind, c.weight, c.topology_key = C.uint32_t(term.Kind), C.uint32_t(term.Weight), f.text(term.TopologyKey)
		c.selector = C.berth_selector_id(term.Selector)
		c.namespace_selector = C.berth_selector_id(term.NamespaceSelector)
		c.namespaces, c.namespace_count = f.texts(term.Namespaces)
		c.match_label_keys, c.match_label_key_count = f.texts(term.MatchLabelKeys)
		c.mismatch_label_keys, c.mismatch_label_key_count = f.texts(term.MismatchLabelKeys)
	}
	return first(list), C.uint32_t(len(list))
}

func classIDs(classes []ClassID) *C.berth_class_id {
	return (*C.berth_class_id)(unsafe.Pointer(first(classes)))
}
