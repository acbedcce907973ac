package berth

// #include "berth.h"
import "C"

import (
	"fmt"
	"slices"
	"unsafe"
)

// PlaceGang places a gang whole or not at all, or grows it where members run: elastic roles get as many members as fit.
// That it has no place is a result, no error.
func (e *Engine) PlaceGang(gang Gang) (GangResult, error) { return e.placeGang(gang, 0) }

// DryRunGang decides like PlaceGang, then takes everything back.
func (e *Engine) DryRunGang(gang Gang) (GangResult, error) {
	return e.placeGang(gang, C.BERTH_PLACE_DRY_RUN)
}

func (e *Engine) placeGang(gang Gang, flags C.uint32_t) (GangResult, error) {
	results, err := e.placeGangs([]Gang{gang}, func(h cEngine, c gangCall) cStatus {
		return C.berth_gang_place(h, first(c.gangs), flags, c.capacity(), c.placementsOut(), c.rolesOut(), first(c.told))
	})
	if err != nil {
		return GangResult{}, err
	}
	return results[0], nil
}

// PlaceGangs places gangs that start together, each in its turn, all of them or none.
func (e *Engine) PlaceGangs(gangs ...Gang) ([]GangResult, error) {
	return e.placeGangsWith(gangs, 0)
}

// DryRunGangs decides like PlaceGangs, then takes everything back.
func (e *Engine) DryRunGangs(gangs ...Gang) ([]GangResult, error) {
	return e.placeGangsWith(gangs, C.BERTH_PLACE_DRY_RUN)
}

func (e *Engine) placeGangsWith(gangs []Gang, flags C.uint32_t) ([]GangResult, error) {
	return e.placeGangs(gangs, func(h cEngine, c gangCall) cStatus {
		return C.berth_gangs_place(h, first(c.gangs), C.size_t(len(c.gangs)), flags, c.capacity(), c.placementsOut(),
			c.rolesOut(), first(c.told))
	})
}

// gangCall is what a call that places gangs reads and writes.
type gangCall struct {
	gangs      []C.berth_gang
	told       []C.berth_gang_result
	placements []Placement
	roles      []uint32
}

func (c *gangCall) capacity() C.size_t                { return C.size_t(len(c.placements)) }
func (c *gangCall) placementsOut() *C.berth_placement { return placementRecords(c.placements) }
func (c *gangCall) rolesOut() *C.uint32_t             { return (*C.uint32_t)(unsafe.Pointer(first(c.roles))) }

// makeRoom is for so many members, of which the library will leave the rest as it is.
func (c *gangCall) makeRoom(members int) error {
	if members > C.BERTH_MAX_PODS {
		return &Error{Limit, fmt.Sprintf("the gangs may have %d members together, the limit is %d", members,
			int(C.BERTH_MAX_PODS))}
	}
	c.placements, c.roles = make([]Placement, members), make([]uint32, members)
	return nil
}

func (e *Engine) placeGangs(gangs []Gang, call func(cEngine, gangCall) cStatus) ([]GangResult, error) {
	f := newFrame()
	defer f.end()
	members := 0
	c := gangCall{gangs: records[C.berth_gang](f, len(gangs)), told: records[C.berth_gang_result](f, len(gangs))}
	for i := range gangs {
		if err := f.gang(&gangs[i], &c.gangs[i]); err != nil {
			return nil, err
		}
		members += gangs[i].most()
		c.told[i].struct_size = C.sizeof_berth_gang_result
	}
	if err := c.makeRoom(members); err != nil {
		return nil, err
	}
	results := make([]GangResult, len(gangs))
	err := e.with(func(h cEngine) error {
		if err := e.placing(call(h, c)); err != nil {
			return err
		}
		start := 0
		for i := range results {
			end := start + int(c.told[i].members)
			results[i] = gangResult(h, &c.told[i], c.placements[start:end], c.roles[start:end])
			start = end
		}
		return nil
	})
	if err != nil {
		return nil, err
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
		if fabric == nil {
			return &Error{BadArgument, fmt.Sprintf("fabric %d is nil: give a Ring or a Torus", i)}
		}
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

// gangResult has copies of what is passed: room for elastic gangs can be much larger than what they got.
func gangResult(h cEngine, c *C.berth_gang_result, placements []Placement, roles []uint32) GangResult {
	result := GangResult{Outcome: GangOutcome(c.outcome), Limits: GangLimits(c.limits),
		Placements: slices.Clone(placements), Roles: slices.Clone(roles),
		CommonLevel: uint32(c.common_level), CommonDomain: DomainID(c.common_domain), PreferredMet: c.preferred_met == 1,
		Score: int64(c.score), ScoreBound: int64(c.score_bound), Sentence: gangSentence(h, c)}
	if result.Outcome == GangNoFit || result.Outcome == GangBounded {
		result.Proof = GangProof{uint32(c.role), uint32(c.level), uint32(c.needed), uint32(c.available),
			DomainID(c.best_domain), uint32(c.enough_domains), ResourceID(c.resource)}
	}
	for level := range int(c.level_count) {
		result.Domains = append(result.Domains, uint32(c.domains[level]))
		result.DomainsBound = append(result.DomainsBound, uint32(c.domains_bound[level]))
		result.LeftOver = append(result.LeftOver, int64(c.left_over[level]))
	}
	return result
}

// gangSentence is for the one who got the result and is still inside the engine: what is done is told with words or
// without.
func gangSentence(h cEngine, c *C.berth_gang_result) string {
	text := make([]byte, 512)
	for {
		var length C.size_t
		if C.berth_gang_message(h, c, chars(text), C.size_t(len(text)), &length) != C.BERTH_OK {
			return ""
		}
		if int(length) < len(text) { // with the zero at its end
			return string(text[:length])
		}
		text = make([]byte, length+1)
	}
}

// ShrinkGang releases all but keep of a gang's pods, those without which the others are packed best, and gives the
// released ones.
func (e *Engine) ShrinkGang(pods []PodID, keep int) ([]PodID, error) {
	if keep < 0 || keep > len(pods) {
		return nil, &Error{BadArgument, fmt.Sprintf("keep %d: the gang has %d members", keep, len(pods))}
	}
	released := make([]PodID, len(pods)-keep)
	err := e.do(func(h cEngine) cStatus {
		return C.berth_gang_shrink(h, podIDs(pods), C.size_t(len(pods)), C.size_t(keep), podIDs(released))
	})
	if err != nil {
		return nil, err
	}
	return released, nil
}
