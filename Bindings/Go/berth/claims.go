package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"unsafe"
)

// DeviceMask are devices of a node, or memory slices of a GPU: bit i is the one with the index i.
type DeviceMask uint32

// Devices are the devices of these indices, 0..31. It panics for any other index.
func Devices(indices ...int) DeviceMask {
	var mask DeviceMask
	for _, index := range indices {
		if index < 0 || index > 31 {
			panic(fmt.Sprintf("berth: device index %d is not within 0..31", index))
		}
		mask |= 1 << index
	}
	return mask
}

// Count is how many there are.
func (m DeviceMask) Count() int { return bits.OnesCount32(uint32(m)) }

// Has says whether the device of an index is among them.
func (m DeviceMask) Has(index int) bool { return index >= 0 && m>>index&1 != 0 }

// All gives the indices, ascending.
func (m DeviceMask) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for rest := uint32(m); rest != 0; rest &= rest - 1 {
			if !yield(bits.TrailingZeros32(rest)) {
				return
			}
		}
	}
}

// String is the indices as NVIDIA_VISIBLE_DEVICES has them: "0,3"; "void" for none, with which a container sees no GPU.
func (m DeviceMask) String() string {
	if m == 0 {
		return "void"
	}
	text := make([]byte, 0, 40) // of sixteen indices
	for index := range m.All() {
		if len(text) > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(index), 10)
	}
	return string(text)
}

// Claim is what a pod holds of the devices of its node, as long as it is placed. It has the layout of berth_claim.
type Claim struct {
	GPUs       DeviceMask
	NICs       DeviceMask // a virtual function of each
	ShareMilli uint32     // of each GPU; 1000 with a MemoryMiB of 0 is all of it
	MemoryMiB  uint32     // of each GPU
	MIGSlices  DeviceMask // memory slices of the GPU; 0: no MIG instance, which is made visible by its UUID
	reserved   uint32
}

// ReadClaims gives pods' claims; zero for pods without one, or whose node is gone.
func (e *Engine) ReadClaims(pods ...PodID) ([]Claim, error) {
	claims := make([]Claim, len(pods))
	if err := e.ReadClaimsInto(pods, claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// ReadClaimsInto is ReadClaims without an allocation: it writes to claims, which must be as long as pods.
func (e *Engine) ReadClaimsInto(pods []PodID, claims []Claim) error {
	if len(pods) != len(claims) {
		return &Error{BadArgument, fmt.Sprintf("%d claims for %d pods", len(claims), len(pods))}
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_claims_read(h, podIDs(pods), C.size_t(len(pods)), claimRecords(claims))
	})
}

// PreviewClaim gives what a pod of the class would get on the node now; [NoRoom] if its devices are not there.
func (e *Engine) PreviewClaim(class ClassID, node NodeID) (Claim, error) {
	var claim Claim
	err := e.PreviewClaimInto(class, node, &claim)
	return claim, err
}

// PreviewClaimInto is PreviewClaim without an allocation.
func (e *Engine) PreviewClaimInto(class ClassID, node NodeID, claim *Claim) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_claim_preview(h, C.berth_class_id(class), C.berth_node_id(node),
			(*C.berth_claim)(unsafe.Pointer(claim)))
	})
}

// BindClaims records pods that run already with the devices that they have, classes[i] on nodes[i] with claims[i], all
// or none. A claim must be what the class asks for, of devices that are there and free: else [BadArgument] or [NoRoom].
func (e *Engine) BindClaims(classes []ClassID, nodes []NodeID, claims []Claim) ([]PodID, error) {
	pods := make([]PodID, len(classes))
	if err := e.BindClaimsInto(classes, nodes, claims, pods); err != nil {
		return nil, err
	}
	return pods, nil
}

// BindClaimsInto is BindClaims without an allocation: it writes to pods, which must be as long as classes.
func (e *Engine) BindClaimsInto(classes []ClassID, nodes []NodeID, claims []Claim, pods []PodID) error {
	if len(classes) != len(nodes) || len(classes) != len(claims) || len(classes) != len(pods) {
		return &Error{BadArgument, fmt.Sprintf("%d classes for %d nodes, %d claims and %d pods",
			len(classes), len(nodes), len(claims), len(pods))}
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_bind_claims(h, classIDs(classes), nodeIDs(nodes), claimRecords(claims),
			C.size_t(len(classes)), podIDs(pods))
	})
}

// ResizeClaim changes how much of its GPU a share has, in place; the class stays what it was. [NoRoom] if the GPU has
// not so much free; [WrongState] for claims that are no shares.
func (e *Engine) ResizeClaim(pod PodID, shareMilli, memoryMiB uint32) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_claim_resize(h, C.berth_pod_id(pod), C.uint32_t(shareMilli),
			C.uint32_t(memoryMiB))
	})
}

// Move moves pods[i] to nodes[i], one after the other, all or none; each must fit when its turn comes, and gets new
// devices there. The pods keep their ids and states. [NoRoom] names the move that does not fit.
func (e *Engine) Move(pods []PodID, nodes []NodeID) error {
	if len(pods) != len(nodes) {
		return &Error{BadArgument, fmt.Sprintf("%d nodes for %d pods", len(nodes), len(pods))}
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_pods_move(h, podIDs(pods), nodeIDs(nodes), C.size_t(len(pods)))
	})
}

func claimRecords(claims []Claim) *C.berth_claim {
	return (*C.berth_claim)(unsafe.Pointer(first(claims)))
}
