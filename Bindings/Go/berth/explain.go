package berth

// #include "berth.h"
import "C"

import "unsafe"

// ReasonKind says why nodes are refused. A node counts under the first that applies, in this order.
type ReasonKind uint32

const (
	Unschedulable        ReasonKind = C.BERTH_REASON_UNSCHEDULABLE          // cordoned
	OtherNodeName        ReasonKind = C.BERTH_REASON_NODE_NAME              // is not the node of PodSpec.NodeName
	UntoleratedTaint     ReasonKind = C.BERTH_REASON_TAINT                  // NoSchedule or NoExecute
	AffinityMismatch     ReasonKind = C.BERTH_REASON_AFFINITY               // node selector or required node affinity
	HostPortsTaken       ReasonKind = C.BERTH_REASON_HOST_PORTS             // a pod there has one of the host ports
	InsufficientResource ReasonKind = C.BERTH_REASON_INSUFFICIENT_RESOURCE  // once for every resource that lacks
	SpreadLabelMissing   ReasonKind = C.BERTH_REASON_SPREAD_LABEL           // lacks a topology key of a spread constraint
	SpreadSkew           ReasonKind = C.BERTH_REASON_SPREAD                 // the skew would exceed maxSkew
	PodAffinityUnmet     ReasonKind = C.BERTH_REASON_POD_AFFINITY           // its affinity asks for a pod in the domain
	PodAntiAffinityUnmet ReasonKind = C.BERTH_REASON_POD_ANTI_AFFINITY      // its anti-affinity excludes one there
	ExistingAntiAffinity ReasonKind = C.BERTH_REASON_EXISTING_ANTI_AFFINITY // of a pod in the domain
	NoSuchDevices        ReasonKind = C.BERTH_REASON_NO_SUCH_DEVICES        // the machine has none that would do
	DevicesTaken         ReasonKind = C.BERTH_REASON_DEVICES_TAKEN          // it has, but they are taken or sick
)

// String is kube-scheduler's words for a reason; for InsufficientResource, to be followed by the resource's name.
func (k ReasonKind) String() string { return C.GoString(C.berth_reason_text(C.uint32_t(k))) }

// Reason counts the nodes that are refused for it.
type Reason struct {
	Kind     ReasonKind
	Resource ResourceID // AnyResource unless InsufficientResource
	Nodes    uint64     // how many
}

// Explanation says where a class fits and why not elsewhere.
type Explanation struct {
	Nodes    uint64   // all nodes
	Feasible uint64   // nodes that fit now
	Reasons  []Reason // most nodes first

	NearestNode      NodeID     // the nearest miss among nodes refused for resources only; NoNode if there is none
	NearestResource  ResourceID // the resource that lacks most there
	NearestShortfall int64      // how much of it lacks, in its unit
}

// Explain says where pods of a class fit and why not elsewhere, in time that grows with the nodes.
func (e *Engine) Explain(class ClassID) (Explanation, error) {
	const enough = C.BERTH_MAX_RESOURCES_PER_POD + 12 // each requested resource, and the other reasons
	reasons := make([]Reason, enough)
	var c C.berth_explanation
	c.struct_size = C.sizeof_berth_explanation
	err := e.do(func(h cEngine) cStatus {
		return C.berth_class_explain(h, C.berth_class_id(class), &c,
			(*C.berth_reason)(unsafe.Pointer(first(reasons))), enough)
	})
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		Nodes:            uint64(c.nodes),
		Feasible:         uint64(c.feasible),
		Reasons:          reasons[:min(int(c.reason_count), enough)],
		NearestNode:      NodeID(c.nearest_node),
		NearestResource:  ResourceID(c.nearest_resource),
		NearestShortfall: int64(c.nearest_shortfall),
	}, nil
}

// Message is what kube-scheduler says of a pod that fits nowhere: "0/5 nodes are available: 2 Insufficient cpu, ...".
func (e *Engine) Message(class ClassID) (string, error) {
	text := make([]byte, 1024)
	for {
		var length C.size_t
		err := e.do(func(h cEngine) cStatus {
			return C.berth_class_message(h, C.berth_class_id(class), (*C.char)(unsafe.Pointer(&text[0])),
				C.size_t(len(text)), &length)
		})
		if err != nil {
			return "", err
		}
		if int(length) < len(text) { // with the zero at its end
			return string(text[:length]), nil
		}
		text = make([]byte, length+1024) // the cluster may change until the next call
	}
}

// Unresolvable is a flag of Verdict: evicting pods cannot help.
const Unresolvable uint32 = C.BERTH_VERDICT_UNRESOLVABLE

// Verdict is what is to be said of one node.
type Verdict struct {
	Reason  ReasonKind   // the first that applies; 0: the pod fits
	Flags   uint32       // Unresolvable
	Lacking []ResourceID // InsufficientResource: ascending
}

// Check says of single nodes whether pods of a class fit there, in time that grows with the nodes asked for.
func (e *Engine) Check(class ClassID, nodes ...NodeID) ([]Verdict, error) {
	const most = C.BERTH_MAX_RESOURCES_PER_POD
	list := make([]C.berth_verdict, len(nodes))
	lacking := make([]ResourceID, len(nodes)*most)
	err := e.do(func(h cEngine) cStatus {
		return C.berth_class_check(h, C.berth_class_id(class), nodeIDs(nodes), C.size_t(len(nodes)),
			first(list), resourceIDs(lacking))
	})
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(nodes))
	for i, c := range list {
		verdicts[i] = Verdict{ReasonKind(c.reason), uint32(c.flags), lacking[i*most:][:c.lacking_count]}
	}
	return verdicts, nil
}
