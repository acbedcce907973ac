package kubescheduler

import (
	"maps"
	"slices"

	"berth"
)

// Names of resources that kube-scheduler treats in a way of their own. Quantities are in millicores for cpu, bytes for
// memory and ephemeral storage, pieces for all else.
const (
	ResourceCPU              = "cpu"
	ResourceMemory           = "memory"
	ResourceEphemeralStorage = "ephemeral-storage"
	ResourcePods             = "pods"
)

const (
	zoneKey     = "topology.kubernetes.io/zone"
	hostnameKey = "kubernetes.io/hostname"
)

// Node is what of a node decides placements.
type Node struct {
	Name          string
	Labels        map[string]string
	Annotations   map[string]string
	Taints        []berth.Taint
	Unschedulable bool
	Allocatable   map[string]int64
	Images        []berth.Image // every name of an image is an entry
}

// Selector is a label selector: all requirements together, none at all select everything. A nil *Selector selects
// nothing, as in Kubernetes.
type Selector struct {
	Requirements []berth.Requirement
}

// SpreadConstraint is one of spec.topologySpreadConstraints.
type SpreadConstraint struct {
	TopologyKey        string
	Selector           *Selector
	MaxSkew            uint32
	MinDomains         uint32 // 0: not said
	WhenUnsatisfiable  berth.WhenUnsatisfiable
	NodeAffinityPolicy berth.InclusionPolicy
	NodeTaintsPolicy   berth.InclusionPolicy
	MatchLabelKeys     []string
}

// PodAffinityTerm is a term of spec.affinity.podAffinity or podAntiAffinity. The API server has merged its
// matchLabelKeys into the selector.
type PodAffinityTerm struct {
	Kind              berth.PodAffinityKind
	Weight            uint32 // preferred terms
	TopologyKey       string
	Selector          *Selector
	Namespaces        []string
	NamespaceSelector *Selector
}

// Pod is what of a pod decides placements. What a running pod means to others comes first.
type Pod struct {
	UID         string // of the pod's whole life, as metadata.uid
	Namespace   string
	Name        string
	NodeName    string // where it is bound; empty until then
	Terminating bool   // has a deletionTimestamp
	Labels      map[string]string
	Annotations map[string]string
	Requests    map[string]int64 // effective: containers, sidecars, init containers, overhead, pod-level resources
	NonZero     NonZero          // what it counts as in NodeResourcesFit's scores while it runs
	HostPorts   []berth.HostPort
	PodAffinity []PodAffinityTerm

	// What only matters to a pod that is to be placed.
	Scored            NonZero // what it counts as in its own NodeResourcesFit score
	NodeSelector      map[string]string
	Required          []berth.SelectorTerm
	Preferred         []berth.SelectorTerm
	Tolerations       []berth.Toleration
	Images            []string
	SpreadConstraints []SpreadConstraint
	DefaultSelector   *Selector // for the cluster's default spread constraints: see DefaultSelector
	Priority          int32
	NominatedNode     string // status.nominatedNodeName
	Profile           string // spec.schedulerName
	Group             Group  // the zero value: none
	Unmodelled        string // what of the pod only the scheduler's own plugins judge, e.g. "volumes"; empty if nothing
	NotHonoured       string // what of the pod the engine would get wrong; empty if nothing
}

// NonZero is what kube-scheduler calls NonZeroRequested: requests, where a container without any counts as 100
// millicores and 200 MiB.
type NonZero struct {
	MilliCPU int64
	Memory   int64
}

// sortedKeys puts in order what a map would give in any: the engine is to see the same calls each time.
func sortedKeys[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }
