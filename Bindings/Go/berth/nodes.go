package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Flags of a Node.
const (
	Cordoned   uint32 = C.BERTH_NODE_CORDONED    // only for pods that tolerate node.kubernetes.io/unschedulable
	NoHostname uint32 = C.BERTH_NODE_NO_HOSTNAME // the name does not stand in for the label kubernetes.io/hostname
)

// Node describes a node. It has the layout of berth_node, so that a slice of nodes goes to the library as it is.
type Node struct {
	Domain DomainID // on the last level
	Labels LabelSetID
	Taints TaintSetID
	Flags  uint32     // Cordoned, NoHostname
	TieKey uint32     // with TieKey only
	Images ImageSetID // what it has already (ImageLocality)
	Price  int64      // per hour, in millionths of a currency unit; 0 where prices do not matter
}

// Nodes is a batch of nodes as columns.
type Nodes struct {
	Nodes       []Node
	Resources   []ResourceID // the columns of Allocatable and Requested, each once
	Allocatable []int64      // row by row, len(Nodes) x len(Resources)
	Requested   []int64      // likewise, or nil: what runs there without being told pod by pod
	Names       []string     // one each, or nil; unique in the engine, an empty one is no name
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
		names[i] = f.optional(name)
	}
	if f.err != nil {
		return nil, f.err
	}
	batch := record[C.berth_node_batch](f)
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
	f := newFrame()
	defer f.end()
	batch, err := f.batch(&nodes)
	if err != nil {
		return nil, err
	}
	ids := make([]NodeID, len(nodes.Nodes))
	if err := e.do(func(h cEngine) cStatus { return C.berth_nodes_add(h, batch, nodeIDs(ids)) }); err != nil {
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
	f := newFrame()
	defer f.end()
	batch, err := f.batch(&nodes)
	if err != nil {
		return err
	}
	return e.do(func(h cEngine) cStatus { return C.berth_nodes_update(h, nodeIDs(ids), batch) })
}

// RemoveNodes removes nodes, all or none. Their pods stay known until they are released.
func (e *Engine) RemoveNodes(ids []NodeID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_nodes_remove(h, nodeIDs(ids), C.size_t(len(ids)))
	})
}

// CordonNodes cordons or uncordons nodes, all or none.
func (e *Engine) CordonNodes(ids []NodeID, cordoned bool) error {
	var flag C.uint32_t
	if cordoned {
		flag = 1
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_nodes_cordon(h, nodeIDs(ids), C.size_t(len(ids)), flag)
	})
}

// FindNode gives the node of a name; [UnknownID] if there is none.
func (e *Engine) FindNode(name string) (NodeID, error) {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return NoNode, f.err
	}
	id := C.berth_node_id(C.BERTH_NO_NODE)
	err := e.do(func(h cEngine) cStatus { return C.berth_node_find(h, text, &id) })
	return NodeID(id), err
}

// ListNodes lists live nodes in topology order: up to limit of them after the first offset.
func (e *Engine) ListNodes(offset, limit int) ([]NodeID, error) {
	if offset < 0 || limit < 0 {
		return nil, &Error{BadArgument, fmt.Sprintf("offset %d and limit %d must not be negative", offset, limit)}
	}
	var ids []NodeID
	err := e.with(func(h cEngine) error {
		info, err := readInfo(h)
		if err != nil {
			return err
		}
		ids = make([]NodeID, within(info.Nodes, offset, limit))
		var count C.size_t
		err = refusal(h, C.berth_nodes_list(h, C.size_t(offset), C.size_t(len(ids)), nodeIDs(ids), &count))
		ids = ids[:count]
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// within is how many of a list's entries there are after offset, up to limit.
func within(entries uint64, offset, limit int) int {
	return min(limit, max(0, int(min(entries, math.MaxInt))-offset))
}

// ReadNodes gives what is allocatable on nodes and what of it is requested, row by row as in [Nodes].
func (e *Engine) ReadNodes(ids []NodeID, resources []ResourceID) (allocatable, requested []int64, err error) {
	if err := checkColumns(resources); err != nil {
		return nil, nil, err
	}
	allocatable = make([]int64, len(ids)*len(resources))
	requested = make([]int64, len(ids)*len(resources))
	err = e.do(func(h cEngine) cStatus {
		return C.berth_nodes_read(h, nodeIDs(ids), C.size_t(len(ids)),
			resourceIDs(resources), C.uint32_t(len(resources)), nil, column(allocatable), column(requested))
	})
	if err != nil {
		return nil, nil, err
	}
	return allocatable, requested, nil
}

// NodeState is a node as the engine has it. It has the layout of berth_node_state.
type NodeState struct {
	ID       NodeID
	Domain   DomainID
	Labels   LabelSetID
	Taints   TaintSetID
	Flags    uint32
	TieKey   uint32
	Slot     uint32 // place in topology order now: grows along the order, has gaps, may change
	Price    int64
	Images   ImageSetID
	reserved uint32
}

// ReadNodeStates gives everything of nodes but their quantities, which [Engine.ReadNodes] gives.
func (e *Engine) ReadNodeStates(ids []NodeID) ([]NodeState, error) {
	states := make([]NodeState, len(ids))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_nodes_read(h, nodeIDs(ids), C.size_t(len(ids)), nil, 0,
			(*C.berth_node_state)(unsafe.Pointer(first(states))), nil, nil)
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

func nodeIDs(ids []NodeID) *C.berth_node_id { return (*C.berth_node_id)(unsafe.Pointer(first(ids))) }

// checkColumns refuses a table that no engine can fill before it is made.
func checkColumns(resources []ResourceID) error {
	if len(resources) > C.BERTH_MAX_RESOURCES {
		return &Error{Limit, fmt.Sprintf("%d resources, the limit is %d", len(resources), int(C.BERTH_MAX_RESOURCES))}
	}
	return nil
}

func resourceIDs(ids []ResourceID) *C.berth_resource_id {
	return (*C.berth_resource_id)(unsafe.Pointer(first(ids)))
}

func column(values []int64) *C.int64_t { return (*C.int64_t)(unsafe.Pointer(first(values))) }
