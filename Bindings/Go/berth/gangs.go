package berth

// #include "berth.h"
import "C"

import "strings"

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
	Class         ClassID     // of each member
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
	GangPlaced    GangOutcome = C.BERTH_GANG_PLACED    // all of its members have nodes
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
	PreferredMet bool        // all are within one domain of the preferred levels
	Domains      []uint32    // by level: how many were opened
	DomainsBound []uint32    // in the order of levels, no placement has less
	LeftOver     []int64     // by level: what the opened domains offer still
	Score        int64       // the sum of the members' scores
	ScoreBound   int64       // no placement as good otherwise scores more
	Proof        GangProof   // where nothing was placed
	Sentence     string      // all of it in words
}
