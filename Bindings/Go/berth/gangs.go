package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// MaxGangMembers is how many members a gang may have, running ones included.
const MaxGangMembers = C.BERTH_MAX_GANG_MEMBERS

// GangSlice says that the new members of a role in each domain of a level are a multiple of Members.
type GangSlice struct {
	Level   uint32
	Members uint32
}

// GangRole is a pod class within a gang. Levels: 0 is the cluster, 1 the engine's widest level, one more than there are
// levels the node.
type GangRole struct {
	Class         ClassID
	Min, Max      uint32      // new members; where they differ, the role is elastic
	Required      uint32      // all members, running ones too, in one domain of this level
	Preferred     uint32      // likewise, and given up where that cannot be
	SpreadLevel   uint32      // with SpreadMembers: so many members at most in each domain of this level
	SpreadMembers uint32      // 0: no limit
	Slices        []GangSlice // at most 3, the widest level first
	Running       []PodID     // members that are there already
}

// Ring are nodes each next to the one before and the one after; NoNode where none is.
type Ring []NodeID

// Torus are nodes in a torus: Nodes[x + X*(y + Y*z)], NoNode where none is.
type Torus struct {
	X, Y, Z uint32
	Nodes   []NodeID
	Boxes   [][3]uint32 // x, y, z that may be placed, as they stand; nil: every box of so many nodes
}

// Fabric is a [Ring] or a [Torus]: members get a node each, next to each other.
type Fabric interface {
	put(*frame, *C.berth_fabric)
}

// Gang are pods that start together. With a level anywhere they are packed, else they go to the best nodes one by one.
type Gang struct {
	Roles      []GangRole // 1..16
	Domain     DomainID   // only nodes in it
	Required   uint32     // all members in one domain of this level
	Preferred  uint32     // likewise, where that can be
	Separate   uint32     // no two roles in the same domain of this level
	MinMembers uint32     // minMember, running ones included; 0: the roles' minima say all
	Fabrics    []Fabric   // for one role: within one of these
}

// GangOutcome is what came of a gang.
type GangOutcome uint32

const (
	GangPlaced    GangOutcome = C.BERTH_GANG_PLACED
	GangNoFit     GangOutcome = C.BERTH_GANG_NO_FIT    // proven: there is no placement
	GangBounded   GangOutcome = C.BERTH_GANG_BOUNDED   // none was found, and Limits say why that is no proof
	GangWithdrawn GangOutcome = C.BERTH_GANG_WITHDRAWN // another gang of the same call was not placed
)

func (o GangOutcome) String() string {
	return name(uint32(o), "none", "placed", "no fit", "bounded", "withdrawn")
}

// GangLimits say why a result is no proof.
type GangLimits uint32

const (
	GangLimitSteps       GangLimits = C.BERTH_GANG_LIMIT_STEPS       // more combinations of domains than are looked at
	GangLimitRoles       GangLimits = C.BERTH_GANG_LIMIT_ROLES       // more roles compete than are searched exactly
	GangLimitStates      GangLimits = C.BERTH_GANG_LIMIT_STATES      // more distinct states of nodes in a domain
	GangLimitConstraints GangLimits = C.BERTH_GANG_LIMIT_CONSTRAINTS // members decide on each other
	GangLimitScores      GangLimits = C.BERTH_GANG_LIMIT_SCORES      // more equal domains than are scored
	GangLimitOrder       GangLimits = C.BERTH_GANG_LIMIT_ORDER       // roles were placed one after the other
)

// String names the limits, "steps, scores"; "proven" for none.
func (l GangLimits) String() string {
	var names []string
	for bit, name := range []string{"steps", "roles", "states", "constraints", "scores", "order"} {
		if l&(1<<bit) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "proven"
	}
	return strings.Join(names, ", ")
}

// NoDomain is the domain of what is a node.
const NoDomain DomainID = C.BERTH_NO_DOMAIN

// GangProof says why there is no place: Needed members of a role are to be in one domain of a level, which offer
// Available at the best.
type GangProof struct {
	Role          uint32 // its index
	Level         uint32
	Needed        uint32
	Available     uint32
	BestDomain    DomainID   // NoDomain: it is a node
	EnoughDomains uint32     // of that level together would do; 0: not even all
	Resource      ResourceID // what lacks most; AnyResource: it is no resource that lacks
}

// GangResult is what came of a gang. Slices by level begin with the cluster and end with nodes.
type GangResult struct {
	Outcome      GangOutcome
	Limits       GangLimits  // 0: proven best, or proven not to be
	Placements   []Placement // role by role; neighbours in the list are neighbours in the network
	Roles        []uint32    // of each placement the index of its role
	CommonLevel  uint32      // of the lowest domain with all members, running ones too
	CommonDomain DomainID    // NoDomain: it is a node
	PreferredMet bool
	Domains      []uint32 // by level: how many were opened
	DomainsBound []uint32 // in the order of levels, no placement has less
	LeftOver     []int64  // by level: what the opened domains offer still
	Score        int64
	ScoreBound   int64     // no placement as good otherwise scores more
	Proof        GangProof // where nothing was placed
	Sentence     string    // all of it in words
}

// PlaceGang places a gang whole or not at all, or grows it where members run: elastic roles get as many members as fit.
// That it has no place is a result, no error.
func (e *Engine) PlaceGang(gang Gang) (GangResult, error) { return e.placeGang(gang, 0) }

// DryRunGang decides like PlaceGang, then takes everything back.
func (e *Engine) DryRunGang(gang Gang) (GangResult, error) {
	return e.placeGang(gang, C.BERTH_PLACE_DRY_RUN)
}

func (e *Engine) placeGang(gang Gang, flags C.uint32_t) (GangResult, error) {
	results, err := e.gangsPlaced([]Gang{gang}, func(gangs *C.berth_gang, room C.size_t, placements *C.berth_placement,
		roles *C.uint32_t, results *C.berth_gang_result) C.berth_status {
		return C.berth_gang_place(e.handle, gangs, flags, room, placements, roles, results)
	})
	if err != nil {
		return GangResult{}, err
	}
	return results[0], nil
}

// PlaceGangs places gangs that start together, each in its turn, all of them or none.
func (e *Engine) PlaceGangs(gangs ...Gang) ([]GangResult, error) {
	return e.gangsPlaced(gangs, func(c *C.berth_gang, room C.size_t, placements *C.berth_placement, roles *C.uint32_t,
		results *C.berth_gang_result) C.berth_status {
		return C.berth_gangs_place(e.handle, c, C.size_t(len(gangs)), 0, room, placements, roles, results)
	})
}

func (e *Engine) gangsPlaced(gangs []Gang, call func(*C.berth_gang, C.size_t, *C.berth_placement, *C.uint32_t,
	*C.berth_gang_result) C.berth_status) ([]GangResult, error) {
	var f frame
	defer f.end()
	room := 0
	array := records[C.berth_gang](&f, len(gangs))
	told := records[C.berth_gang_result](&f, len(gangs))
	for i := range gangs {
		if err := f.gang(&gangs[i], &array[i]); err != nil {
			return nil, err
		}
		room += gangs[i].most()
		told[i].struct_size = C.sizeof_berth_gang_result
	}
	placements, roles := make([]Placement, room), make([]uint32, room)
	err := e.placing(call(first(array), C.size_t(room), (*C.berth_placement)(unsafe.Pointer(first(placements))),
		(*C.uint32_t)(unsafe.Pointer(first(roles))), first(told)))
	if err != nil {
		return nil, err
	}
	results := make([]GangResult, len(told))
	for i := range told {
		count := int(told[i].members)
		if results[i], err = e.gangResult(&told[i]); err != nil {
			return nil, err
		}
		results[i].Placements, results[i].Roles = placements[:count:count], roles[:count:count]
		placements, roles = placements[count:], roles[count:]
	}
	return results, nil
}

// most is how many members there may be; of a gang that may have too many the engine says so before it writes.
func (g *Gang) most() int {
	sum := 0
	for _, role := range g.Roles {
		sum = min(sum+int(role.Max), MaxGangMembers)
	}
	return sum
}

func (f *frame) gang(gang *Gang, c *C.berth_gang) error {
	C.berth_gang_init(c)
	c.domain, c.min_members = C.berth_domain_id(gang.Domain), C.uint32_t(gang.MinMembers)
	c.required_level, c.preferred_level = C.uint32_t(gang.Required), C.uint32_t(gang.Preferred)
	c.separate_level = C.uint32_t(gang.Separate)
	roles, members := records[C.berth_gang_role](f, len(gang.Roles)), 0
	for i, role := range gang.Roles {
		if len(role.Slices) > len(roles[i].slices) {
			return &Error{Limit, fmt.Sprintf("role %d: %d slices, the limit is %d", i, len(role.Slices),
				len(roles[i].slices))}
		}
		roles[i].pod_class = C.berth_class_id(role.Class)
		roles[i].min_members, roles[i].max_members = C.uint32_t(role.Min), C.uint32_t(role.Max)
		roles[i].required_level, roles[i].preferred_level = C.uint32_t(role.Required), C.uint32_t(role.Preferred)
		roles[i].spread_level, roles[i].spread_members = C.uint32_t(role.SpreadLevel), C.uint32_t(role.SpreadMembers)
		roles[i].slice_count = C.uint32_t(len(role.Slices))
		for j, slice := range role.Slices {
			roles[i].slices[j].level, roles[i].slices[j].members = C.uint32_t(slice.Level), C.uint32_t(slice.Members)
		}
		members += len(role.Running)
	}
	c.roles, c.role_count = first(roles), C.uint32_t(len(roles))
	running := records[C.berth_gang_member](f, members)
	c.running, c.running_count = first(running), C.size_t(members)
	for i, role := range gang.Roles {
		for _, pod := range role.Running {
			running[0].pod, running[0].role = C.berth_pod_id(pod), C.uint32_t(i)
			running = running[1:]
		}
	}
	fabrics := records[C.berth_fabric](f, len(gang.Fabrics))
	c.fabrics, c.fabric_count = first(fabrics), C.size_t(len(fabrics))
	for i, fabric := range gang.Fabrics {
		fabric.put(f, &fabrics[i])
	}
	return f.err
}

func (r Ring) put(f *frame, c *C.berth_fabric) {
	c.kind, c.x_size, c.y_size, c.z_size = C.BERTH_FABRIC_RING, C.uint32_t(len(r)), 1, 1
	c.nodes = pinned[C.berth_node_id](f, r)
}

func (t Torus) put(f *frame, c *C.berth_fabric) {
	if uint64(t.X)*uint64(t.Y) > C.BERTH_MAX_FABRIC_NODES ||
		uint64(t.X)*uint64(t.Y)*uint64(t.Z) != uint64(len(t.Nodes)) {
		f.err = &Error{BadArgument, fmt.Sprintf("a torus of %d x %d x %d has %d nodes", t.X, t.Y, t.Z, len(t.Nodes))}
		return
	}
	c.kind, c.nodes = C.BERTH_FABRIC_TORUS, pinned[C.berth_node_id](f, t.Nodes)
	c.x_size, c.y_size, c.z_size = C.uint32_t(t.X), C.uint32_t(t.Y), C.uint32_t(t.Z)
	if t.Boxes == nil {
		return
	}
	boxes := records[C.berth_fabric_box](f, max(len(t.Boxes), 1)) // an address even of none, since null is all
	for i, box := range t.Boxes {
		boxes[i].x, boxes[i].y, boxes[i].z = C.uint32_t(box[0]), C.uint32_t(box[1]), C.uint32_t(box[2])
	}
	c.boxes, c.box_count = first(boxes), C.size_t(len(t.Boxes))
}

func (e *Engine) gangResult(c *C.berth_gang_result) (GangResult, error) {
	result := GangResult{Outcome: GangOutcome(c.outcome), Limits: GangLimits(c.limits),
		CommonLevel: uint32(c.common_level), CommonDomain: DomainID(c.common_domain), PreferredMet: c.preferred_met == 1,
		Score: int64(c.score), ScoreBound: int64(c.score_bound)}
	if result.Outcome == GangNoFit || result.Outcome == GangBounded {
		result.Proof = GangProof{uint32(c.role), uint32(c.level), uint32(c.needed), uint32(c.available),
			DomainID(c.best_domain), uint32(c.enough_domains), ResourceID(c.resource)}
	}
	for level := range int(c.level_count) {
		result.Domains = append(result.Domains, uint32(c.domains[level]))
		result.DomainsBound = append(result.DomainsBound, uint32(c.domains_bound[level]))
		result.LeftOver = append(result.LeftOver, int64(c.left_over[level]))
	}
	var err error
	result.Sentence, err = e.gangMessage(c)
	return result, err
}

func (e *Engine) gangMessage(c *C.berth_gang_result) (string, error) {
	var length C.size_t
	if err := e.refusal(C.berth_gang_message(e.handle, c, nil, 0, &length)); err != nil {
		return "", err
	}
	text := make([]byte, length+1)
	out := (*C.char)(unsafe.Pointer(&text[0]))
	if err := e.refusal(C.berth_gang_message(e.handle, c, out, length+1, nil)); err != nil {
		return "", err
	}
	return string(text[:length]), nil
}

// ShrinkGang releases all but keep of a gang's pods, those without which the others are packed best, and gives the
// released ones.
func (e *Engine) ShrinkGang(pods []PodID, keep int) ([]PodID, error) {
	if keep < 0 || keep > len(pods) {
		return nil, &Error{BadArgument, fmt.Sprintf("keep %d: the gang has %d members", keep, len(pods))}
	}
	released := make([]PodID, len(pods)-keep)
	err := e.refusal(C.berth_gang_shrink(e.handle, podIDs(pods), C.size_t(len(pods)), C.size_t(keep), podIDs(released)))
	if err != nil {
		return nil, err
	}
	return released, nil
}
