package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"maps"
	"slices"
	"unsafe"
)

// ResourceKind is what a resource is to the profiles that speak of cpu, memory and GPU.
type ResourceKind uint32

const (
	ResourceOther            ResourceKind = C.BERTH_RESOURCE_OTHER
	ResourceCPU              ResourceKind = C.BERTH_RESOURCE_CPU
	ResourceMemory           ResourceKind = C.BERTH_RESOURCE_MEMORY
	ResourceGPU              ResourceKind = C.BERTH_RESOURCE_GPU
	ResourceEphemeralStorage ResourceKind = C.BERTH_RESOURCE_EPHEMERAL_STORAGE
	ResourcePods             ResourceKind = C.BERTH_RESOURCE_PODS
)

// AddResource adds a resource name.
func (e *Engine) AddResource(name string, kind ResourceKind) (ResourceID, error) {
	var f frame
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_resource_id
	err := e.refusal(C.berth_resource_add(e.handle, text, C.uint32_t(kind), &id))
	return ResourceID(id), err
}

// AddDomain adds a domain below parent, [RootDomain] for the widest level. Siblings keep the order of addition.
func (e *Engine) AddDomain(parent DomainID, name string) (DomainID, error) {
	var f frame
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_domain_id
	err := e.refusal(C.berth_domain_add(e.handle, C.berth_domain_id(parent), text, &id))
	return DomainID(id), err
}

// InternLabels gives the id of a set of labels; equal sets have one id.
func (e *Engine) InternLabels(labels map[string]string) (LabelSetID, error) {
	var f frame
	defer f.end()
	set := f.labels(labels)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_label_set_id
	err := e.refusal(C.berth_label_set_intern(e.handle, first(set), C.size_t(len(set)), &id))
	return LabelSetID(id), err
}

func (f *frame) labels(labels map[string]string) []C.berth_label {
	set := records[C.berth_label](f, len(labels))
	for i, key := range slices.Sorted(maps.Keys(labels)) { // the same call each time
		set[i].key, set[i].value = f.text(key), f.text(labels[key])
	}
	return set
}

func (f *frame) quantities(values map[ResourceID]int64) []C.berth_quantity {
	list := records[C.berth_quantity](f, len(values))
	for i, resource := range slices.Sorted(maps.Keys(values)) {
		list[i].resource, list[i].value = C.berth_resource_id(resource), C.int64_t(values[resource])
	}
	return list
}

// Effect of a taint.
type Effect uint32

const (
	EffectAny              Effect = C.BERTH_EFFECT_ANY // tolerations only
	EffectNoSchedule       Effect = C.BERTH_EFFECT_NO_SCHEDULE
	EffectPreferNoSchedule Effect = C.BERTH_EFFECT_PREFER_NO_SCHEDULE
	EffectNoExecute        Effect = C.BERTH_EFFECT_NO_EXECUTE
)

// Taint keeps pods away that do not tolerate it.
type Taint struct {
	Key    string
	Value  string
	Effect Effect
}

// InternTaints gives the id of a list of taints; equal lists have one id.
func (e *Engine) InternTaints(taints []Taint) (TaintSetID, error) {
	var f frame
	defer f.end()
	list := records[C.berth_taint](&f, len(taints))
	for i, taint := range taints {
		list[i].key, list[i].value = f.text(taint.Key), f.text(taint.Value)
		list[i].effect = C.uint32_t(taint.Effect)
	}
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_taint_set_id
	err := e.refusal(C.berth_taint_set_intern(e.handle, first(list), C.size_t(len(list)), &id))
	return TaintSetID(id), err
}

// Cordoned is a flag of Node: only pods that tolerate node.kubernetes.io/unschedulable may go there.
const Cordoned uint32 = C.BERTH_NODE_CORDONED

// Node describes a node. It has the layout of berth_node, so that a slice of nodes goes to the library as it is.
type Node struct {
	Domain   DomainID // on the last level
	Labels   LabelSetID
	Taints   TaintSetID
	Flags    uint32
	TieKey   uint32
	reserved uint32
	Price    int64 // per hour, in millionths of a currency unit; 0 where prices do not matter
}

// Nodes is a batch of nodes as columns.
type Nodes struct {
	Nodes       []Node
	Resources   []ResourceID
	Allocatable []int64  // row by row, len(Nodes) x len(Resources)
	Requested   []int64  // likewise, or nil: what runs there without being told pod by pod
	Names       []string // one each, or nil; unique in the engine, an empty one is no name
}

func (f *frame) batch(nodes *Nodes) (*C.berth_node_batch, error) {
	cells := len(nodes.Nodes) * len(nodes.Resources)
	if len(nodes.Allocatable) != cells {
		return nil, &Error{BadArgument, fmt.Sprintf("Allocatable has %d entries, %d nodes x %d resources need %d",
			len(nodes.Allocatable), len(nodes.Nodes), len(nodes.Resources), cells)}
	}
	if nodes.Requested != nil && len(nodes.Requested) != cells {
		return nil, &Error{BadArgument, fmt.Sprintf("Requested has %d entries, Allocatable has %d",
			len(nodes.Requested), cells)}
	}
	if nodes.Names != nil && len(nodes.Names) != len(nodes.Nodes) {
		return nil, &Error{BadArgument, fmt.Sprintf("Names has %d entries for %d nodes",
			len(nodes.Names), len(nodes.Nodes))}
	}
	names := records[*C.char](f, len(nodes.Names))
	for i, name := range nodes.Names {
		if name != "" {
			names[i] = f.text(name)
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	batch := &records[C.berth_node_batch](f, 1)[0]
	C.berth_node_batch_init(batch)
	batch.count = C.size_t(len(nodes.Nodes))
	batch.nodes = pinned[C.berth_node](f, nodes.Nodes)
	batch.resource_count = C.uint32_t(len(nodes.Resources))
	batch.resources = pinned[C.berth_resource_id](f, nodes.Resources)
	batch.allocatable = pinned[C.int64_t](f, nodes.Allocatable)
	batch.requested = pinned[C.int64_t](f, nodes.Requested)
	batch.names = first(names)
	return batch, nil
}

// AddNodes adds nodes, all or none, and gives their ids.
func (e *Engine) AddNodes(nodes Nodes) ([]NodeID, error) {
	var f frame
	defer f.end()
	batch, err := f.batch(&nodes)
	if err != nil {
		return nil, err
	}
	ids := make([]NodeID, len(nodes.Nodes))
	if err := e.refusal(C.berth_nodes_add(e.handle, batch, nodeIDs(ids))); err != nil {
		return nil, err
	}
	return ids, nil
}

// UpdateNodes replaces everything of nodes but their pods, names and what ran there untold, all or none: Names and
// Requested must be nil.
func (e *Engine) UpdateNodes(ids []NodeID, nodes Nodes) error {
	if len(ids) != len(nodes.Nodes) {
		return &Error{BadArgument, fmt.Sprintf("%d ids for %d nodes", len(ids), len(nodes.Nodes))}
	}
	var f frame
	defer f.end()
	batch, err := f.batch(&nodes)
	if err != nil {
		return err
	}
	return e.refusal(C.berth_nodes_update(e.handle, nodeIDs(ids), batch))
}

// RemoveNodes removes nodes, all or none. Their pods stay known until they are released.
func (e *Engine) RemoveNodes(ids []NodeID) error {
	return e.refusal(C.berth_nodes_remove(e.handle, nodeIDs(ids), C.size_t(len(ids))))
}

// CordonNodes cordons or uncordons nodes, all or none.
func (e *Engine) CordonNodes(ids []NodeID, cordoned bool) error {
	var flag C.uint32_t
	if cordoned {
		flag = 1
	}
	return e.refusal(C.berth_nodes_cordon(e.handle, nodeIDs(ids), C.size_t(len(ids)), flag))
}

// FindNode gives the node of a name; [UnknownID] if there is none.
func (e *Engine) FindNode(name string) (NodeID, error) {
	var f frame
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return NoNode, f.err
	}
	id := C.berth_node_id(C.BERTH_NO_NODE)
	err := e.refusal(C.berth_node_find(e.handle, text, &id))
	return NodeID(id), err
}

// ListNodes lists live nodes in topology order: up to limit of them after the first offset.
func (e *Engine) ListNodes(offset, limit int) ([]NodeID, error) {
	if offset < 0 || limit < 0 {
		return nil, &Error{BadArgument, fmt.Sprintf("offset %d and limit %d must not be negative", offset, limit)}
	}
	ids := make([]NodeID, limit)
	var count C.size_t
	err := e.refusal(C.berth_nodes_list(e.handle, C.size_t(offset), C.size_t(limit), nodeIDs(ids), &count))
	if err != nil {
		return nil, err
	}
	return ids[:count], nil
}

// ReadNodes gives what is allocatable on nodes and what of it is requested, row by row as in [Nodes].
func (e *Engine) ReadNodes(ids []NodeID, resources []ResourceID) (allocatable, requested []int64, err error) {
	allocatable = make([]int64, len(ids)*len(resources))
	requested = make([]int64, len(ids)*len(resources))
	err = e.refusal(C.berth_nodes_read(e.handle, nodeIDs(ids), C.size_t(len(ids)),
		resourceIDs(resources), C.uint32_t(len(resources)), nil, column(allocatable), column(requested)))
	if err != nil {
		return nil, nil, err
	}
	return allocatable, requested, nil
}

func nodeIDs(ids []NodeID) *C.berth_node_id { return (*C.berth_node_id)(unsafe.Pointer(first(ids))) }

func resourceIDs(ids []ResourceID) *C.berth_resource_id {
	return (*C.berth_resource_id)(unsafe.Pointer(first(ids)))
}

func column(values []int64) *C.int64_t { return (*C.int64_t)(unsafe.Pointer(first(values))) }
