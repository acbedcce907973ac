package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// ReservationID names capacity that is held. Ids grow in the order in which reservations are made.
type ReservationID uint64

// OwnerKind says whose pods may use a reservation; in the order in which a pod takes.
type OwnerKind uint32

const (
	OwnerPod   OwnerKind = C.BERTH_OWNER_POD   // one pod, by the number it presents
	OwnerGang  OwnerKind = C.BERTH_OWNER_GANG  // all pods that present this gang
	OwnerClass OwnerKind = C.BERTH_OWNER_CLASS // all pods of a class: ID is a ClassID
	OwnerQueue OwnerKind = C.BERTH_OWNER_QUEUE // all pods that present this queue
)

// Owner of a reservation. It has the layout of berth_reservation_owner.
type Owner struct {
	ID       uint64 // the caller's own number, not 0; or a class
	Kind     OwnerKind
	reserved uint32
}

// Scope is where a reservation may go.
type Scope uint32

const (
	ScopeNode   Scope = C.BERTH_SCOPE_NODE   // Quantities on Node
	ScopeDomain Scope = C.BERTH_SCOPE_DOMAIN // the requests of Class where a pod of it would be placed, within Domain
)

// Reservation is capacity to be held for an owner.
type Reservation struct {
	Owner      Owner // whose pods use it
	ExpiryMS   int64 // later than the engine's time, or Never
	Scope      Scope
	Quantities map[ResourceID]int64 // ScopeNode
	Node       NodeID               // ScopeNode
	Domain     DomainID             // ScopeDomain: on any level, RootDomain for all nodes
	Class      ClassID              // ScopeDomain
}

// Reserve makes reservations, one after the other, all or none: [NoRoom] if one finds no room.
func (e *Engine) Reserve(reservations ...Reservation) ([]ReservationID, error) {
	f := newFrame()
	defer f.end()
	specs := records[C.berth_reservation_spec](f, len(reservations))
	for i, reservation := range reservations {
		quantities := f.quantities(reservation.Quantities)
		specs[i].owner = *reservation.Owner.c()
		specs[i].expiry_ms = C.int64_t(reservation.ExpiryMS)
		specs[i].scope = C.uint32_t(reservation.Scope)
		specs[i].quantities, specs[i].quantity_count = first(quantities), C.uint32_t(len(quantities))
		specs[i].node = C.berth_node_id(reservation.Node)
		specs[i].domain = C.berth_domain_id(reservation.Domain)
		specs[i].pod_class = C.berth_class_id(reservation.Class)
	}
	ids := make([]ReservationID, len(reservations))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_reservations_add(h, first(specs), C.size_t(len(specs)), reservationIDs(ids))
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// RemoveReservations ends reservations, used or not, all or none.
func (e *Engine) RemoveReservations(ids ...ReservationID) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_reservations_remove(h, reservationIDs(ids), C.size_t(len(ids)))
	})
}

// ResizeReservation sets what a reservation holds; what is not listed, it holds no more. Growth must be free there, and
// what its pods have taken stays.
func (e *Engine) ResizeReservation(id ReservationID, quantities map[ResourceID]int64) error {
	f := newFrame()
	defer f.end()
	list := f.quantities(quantities)
	return e.do(func(h cEngine) cStatus {
		return C.berth_reservation_resize(h, C.berth_reservation_id(id), first(list), C.size_t(len(list)))
	})
}

// HandOverReservation gives a reservation a new owner. Pods of the old one keep what they took.
func (e *Engine) HandOverReservation(id ReservationID, owner Owner) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_reservation_hand_over(h, C.berth_reservation_id(id), owner.c())
	})
}

// SetReservationExpiry sets when a reservation lapses: later than the engine's time, or [Never].
func (e *Engine) SetReservationExpiry(id ReservationID, expiryMS int64) error {
	return e.do(func(h cEngine) cStatus {
		return C.berth_reservation_set_expiry(h, C.berth_reservation_id(id), C.int64_t(expiryMS))
	})
}

// ReservationState is a live reservation. It has the layout of berth_reservation_state.
type ReservationState struct {
	ID       ReservationID
	Owner    Owner
	Node     NodeID
	ExpiryMS int64
	Pods     uint64 // that have taken of it
}

// ReadReservations gives reservations, what they hold, and what of it is left, row by row: len(ids) x len(resources).
func (e *Engine) ReadReservations(
	ids []ReservationID, resources []ResourceID,
) (states []ReservationState, held, left []int64, err error) {
	if err := checkColumns(resources); err != nil {
		return nil, nil, nil, err
	}
	states = make([]ReservationState, len(ids))
	held, left = make([]int64, len(ids)*len(resources)), make([]int64, len(ids)*len(resources))
	err = e.do(func(h cEngine) cStatus {
		return C.berth_reservations_read(h, reservationIDs(ids), C.size_t(len(ids)),
			resourceIDs(resources), C.uint32_t(len(resources)),
			(*C.berth_reservation_state)(unsafe.Pointer(first(states))), column(held), column(left))
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return states, held, left, nil
}

// ListReservations lists live reservations: up to limit of them after the first offset.
func (e *Engine) ListReservations(offset, limit int) ([]ReservationID, error) {
	if offset < 0 || limit < 0 {
		return nil, &Error{BadArgument, fmt.Sprintf("offset %d and limit %d must not be negative", offset, limit)}
	}
	var ids []ReservationID
	err := e.with(func(h cEngine) error {
		info, err := readInfo(h)
		if err != nil {
			return err
		}
		ids = make([]ReservationID, within(info.Reservations, offset, limit))
		var count C.size_t
		err = refusal(h, C.berth_reservations_list(h, C.size_t(offset), C.size_t(len(ids)), reservationIDs(ids), &count))
		ids = ids[:count]
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// PodIdentity is who a pod is to reservations, beside its class; 0 is none. It has the layout of berth_pod_identity.
type PodIdentity struct {
	Pod   uint64 // the caller's own numbers, as in Owner.ID
	Gang  uint64
	Queue uint64
}

// PlaceAs is [Engine.Place] for pods that present themselves: identities[i] is of the pod of classes[i].
func (e *Engine) PlaceAs(classes []ClassID, identities []PodIdentity) ([]Placement, error) {
	return e.placeAs(classes, identities, 0)
}

// DryRunAs decides like PlaceAs, then takes everything back.
func (e *Engine) DryRunAs(classes []ClassID, identities []PodIdentity) ([]Placement, error) {
	return e.placeAs(classes, identities, C.BERTH_PLACE_DRY_RUN)
}

func (e *Engine) placeAs(classes []ClassID, identities []PodIdentity, flags C.uint32_t) ([]Placement, error) {
	if err := oneEach(classes, identities); err != nil {
		return nil, err
	}
	if err := e.enter(); err != nil {
		return nil, err
	}
	placements := make([]Placement, len(classes))
	err := e.placing(C.berth_pods_place_as(e.handle, classIDs(classes), podIdentities(identities),
		C.size_t(len(classes)), flags, placementRecords(placements)))
	e.leave()
	if err != nil {
		return nil, err
	}
	return placements, nil
}

// BindAs is [Engine.Bind] for pods that present themselves.
func (e *Engine) BindAs(classes []ClassID, identities []PodIdentity, nodes []NodeID) ([]PodID, error) {
	if err := oneEach(classes, identities); err != nil {
		return nil, err
	}
	if len(classes) != len(nodes) {
		return nil, &Error{BadArgument, fmt.Sprintf("%d classes for %d nodes", len(classes), len(nodes))}
	}
	pods := make([]PodID, len(classes))
	err := e.do(func(h cEngine) cStatus {
		return C.berth_pods_bind_as(h, classIDs(classes), podIdentities(identities), nodeIDs(nodes),
			C.size_t(len(classes)), podIDs(pods))
	})
	if err != nil {
		return nil, err
	}
	return pods, nil
}

// ReservationUse is what a pod took of a reservation. It has the layout of berth_reservation_use.
type ReservationUse struct {
	Reservation ReservationID
	Quantity    int64 // in the unit of the resource, more than 0
	Resource    ResourceID
	reserved    uint32
}

// PodReservations gives what a pod has taken of live reservations, in the order of taking.
func (e *Engine) PodReservations(pod PodID) ([]ReservationUse, error) {
	uses := make([]ReservationUse, 8)
	for {
		var count C.size_t
		err := e.do(func(h cEngine) cStatus {
			return C.berth_pod_reservations_read(h, C.berth_pod_id(pod), C.size_t(len(uses)),
				(*C.berth_reservation_use)(unsafe.Pointer(first(uses))), &count)
		})
		if err != nil {
			return nil, err
		}
		if int(count) <= len(uses) {
			return uses[:count], nil
		}
		uses = make([]ReservationUse, count)
	}
}

func oneEach(classes []ClassID, identities []PodIdentity) error {
	if len(classes) != len(identities) {
		return &Error{BadArgument, fmt.Sprintf("%d classes for %d identities", len(classes), len(identities))}
	}
	return nil
}

func (o *Owner) c() *C.berth_reservation_owner {
	return (*C.berth_reservation_owner)(unsafe.Pointer(o))
}

func reservationIDs(ids []ReservationID) *C.berth_reservation_id {
	return (*C.berth_reservation_id)(unsafe.Pointer(first(ids)))
}

func podIdentities(identities []PodIdentity) *C.berth_pod_identity {
	return (*C.berth_pod_identity)(unsafe.Pointer(first(identities)))
}
