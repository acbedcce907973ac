"""Gangs from Python: placed, grown, shrunk, proven not to fit, in rings, and refusals with their sentences."""

import numpy as np
import pytest
from berth_abi import BerthError
from berth_gangs import LIMITS, OUTCOMES, Gang, Gangs, Ring, Role, Slice, Torus
from device_scene import abi, ffi, lib

LEVELS = ["zone", "rack"]
NO_NODE = abi.constants["BERTH_NO_NODE"]


class Cluster:
    """zone-a with racks a1 and a2 of two nodes, zone-b with rack b1 of three; a node takes four workers."""

    def __init__(self):
        self.engine = abi.create(LEVELS)
        self.gangs = Gangs(abi, self.engine, LEVELS)
        self.cpu = self.id(lib.berth_resource_add, b"cpu", lib.BERTH_RESOURCE_CPU)
        self.zones = [self.id(lib.berth_domain_add, 0, name) for name in (b"zone-a", b"zone-b")]
        parents = zip((b"a1", b"a2", b"b1"), (0, 0, 1), strict=True)
        self.racks = [self.id(lib.berth_domain_add, self.zones[zone], name) for name, zone in parents]
        rows = np.zeros(7, abi.dtype("berth_node"))
        rows["domain"] = [self.racks[rack] for rack in (0, 0, 1, 1, 2, 2, 2)]
        cells, self.nodes = np.full(7, 4000, np.int64), np.zeros(7, np.uint64)
        resources = ffi.new("berth_resource_id[]", [self.cpu])
        batch = ffi.new("berth_node_batch *")
        lib.berth_node_batch_init(batch)
        batch.count, batch.resource_count, batch.resources = len(rows), 1, resources
        batch.nodes, batch.allocatable = abi.column("berth_node *", rows), abi.column("int64_t *", cells)
        self.call(lib.berth_nodes_add, batch, abi.column("berth_node_id *", self.nodes))
        term = ffi.new("berth_term[]", [{"kind": lib.BERTH_TERM_BINPACK, "weight": 1.0}])
        self.profile = self.id(lib.berth_profile_add, b"packing", term, 1)
        self.worker, self.master = self.pod_class(1000, 0), self.pod_class(1000, 1)

    def pod_class(self, cpu: int, priority: int) -> int:
        spec, request = ffi.new("berth_pod_spec *"), ffi.new("berth_quantity[]", [(self.cpu, 0, cpu)])
        lib.berth_pod_spec_init(spec)
        spec.profile, spec.priority, spec.requests, spec.request_count = self.profile, priority, request, 1
        return self.id(lib.berth_class_intern, spec)

    def call(self, function, *arguments):
        abi.check(self.engine, function(self.engine, *arguments))

    def id(self, function, *arguments) -> int:
        out = ffi.new("uint32_t *")
        self.call(function, *arguments, out)
        return out[0]

    def digest(self) -> int:
        out = ffi.new("uint64_t *")
        self.call(lib.berth_engine_digest, out)
        return out[0]

    def on(self, result) -> list[int]:
        """The numbers of the nodes of a result's members."""
        return [self.nodes.tolist().index(node) for node in result.placements["node"].tolist()]


@pytest.fixture
def cluster():
    return Cluster()


def test_a_gang_is_packed_shrunk_and_grown(cluster):
    found = cluster.gangs.place(Gang([Role(cluster.worker, 8)], required="rack"))
    assert found and found.outcome == "placed" and found.limits == () and found.proof is None
    assert cluster.on(found) == [0, 0, 0, 0, 1, 1, 1, 1] and found.roles.tolist() == [0] * 8
    assert found.placements.dtype == cluster.gangs.placement
    assert found.domains.tolist() == found.domains_bound.tolist() == [1, 1, 1, 2]
    assert found.left_over.tolist() == [20, 8, 0, 0]
    assert (found.common_level, found.common_domain, found.preferred_met) == (2, cluster.racks[0], True)
    assert found.score == found.score_bound == found.placements["score"].sum()
    assert found.sentence == "8 members placed in zone-a/a1: 2 nodes"

    pods = found.placements["pod"]
    released = cluster.gangs.shrink(pods, 4)
    assert sorted(released.tolist()) == sorted(pods[4:].tolist())
    grown = cluster.gangs.place(Gang([Role(cluster.worker, 1, 16, running=pods[:4])], required="rack"))
    assert cluster.on(grown) == [1, 1, 1, 1] and grown.domains.tolist() == [1, 1, 1, 2]
    one = cluster.gangs.place(Gang([Role(cluster.worker, 1)], required="node"))
    assert (one.common_level, one.common_domain) == (3, None)


def test_what_cannot_be_is_proven(cluster):
    before = cluster.digest()
    found = cluster.gangs.place(Gang([Role(cluster.worker, 13)], required="rack"))
    assert not found and found.outcome == "no fit" and len(found.placements) == 0
    assert found.proof == (0, 2, 13, 12, cluster.racks[2], 2, cluster.cpu)
    assert found.sentence == (
        "no domain of rack holds 13 members of role 0, the best (zone-b/b1) holds 12; 2 would do together; "
        "what lacks is cpu"
    )
    tried = cluster.gangs.place(Gang([Role(cluster.worker, 13)], preferred=2, domain=cluster.zones[0]), dry_run=True)
    assert (
        tried and not tried.preferred_met and set(tried.placements["pod"].tolist()) == {abi.constants["BERTH_NO_POD"]}
    )
    assert cluster.digest() == before


def test_gangs_start_together_or_not_at_all(cluster):
    many, few = Gang([Role(cluster.worker, 12)], required="rack"), Gang([Role(cluster.worker, 9)], required="rack")
    before = cluster.digest()
    assert [found.outcome for found in cluster.gangs.place_all([many, few])] == ["withdrawn", "no fit"]
    assert cluster.digest() == before
    first, second = cluster.gangs.place_all([many, Gang([Role(cluster.worker, 8)], required="rack")])
    assert cluster.on(first) == [4] * 4 + [5] * 4 + [6] * 4
    assert cluster.on(second) == [0] * 4 + [1] * 4
    assert cluster.gangs.place_all([]) == []


def test_roles_slices_and_limits(cluster):
    sliced = cluster.gangs.place(Gang([Role(cluster.worker, 16, slices=[Slice("rack", 8)])]), dry_run=True)
    assert cluster.on(sliced) == sorted([0, 1, 2, 3] * 4)
    spread = cluster.gangs.place(Gang([Role(cluster.worker, 6, spread=("node", 2))]), dry_run=True)
    assert cluster.on(spread) == [4, 4, 5, 5, 6, 6]
    roles = [Role(cluster.master, 1), Role(cluster.worker, 8)]
    apart = cluster.gangs.place(Gang(roles, required="zone", separate="rack"))
    assert apart.roles.tolist() == [0] + [1] * 8 and apart.domains.tolist() == [1, 1, 2, 3]
    assert apart.placements["pod_class"].tolist() == [cluster.master] + [cluster.worker] * 8


def test_rings_and_tori(cluster):
    ring = Ring([*cluster.nodes[:4].tolist(), NO_NODE])
    found = cluster.gangs.place(Gang([Role(cluster.worker, 2)], fabrics=[ring]), dry_run=True)
    assert found and len(set(cluster.on(found))) == 2
    torus = Torus(cluster.nodes[:4].reshape(1, 2, 2), boxes=[(2, 2, 1)])
    assert cluster.on(cluster.gangs.place(Gang([Role(cluster.worker, 4)], fabrics=[torus]), dry_run=True))
    missing = cluster.gangs.place(Gang([Role(cluster.worker, 5)], fabrics=[ring, torus][:1]))
    assert not missing and (missing.proof.needed, missing.proof.available) == (5, 4)


def test_refusals_say_why(cluster):
    gangs, before = cluster.gangs, cluster.digest()
    with pytest.raises(BerthError, match="BERTH_BAD_ARGUMENT: role 0: min_members 3 is more than max_members 2"):
        gangs.place(Gang([Role(cluster.worker, 3, 2)]))
    with pytest.raises(BerthError, match="BERTH_BAD_ARGUMENT: gang 1: role_count is 0"):
        gangs.place_all([Gang([Role(cluster.worker, 1)]), Gang([])])
    with pytest.raises(BerthError, match="BERTH_UNKNOWN_ID"):
        gangs.place(Gang([Role(99, 1)]))
    with pytest.raises(BerthError, match="BERTH_LIMIT"):
        gangs.place(Gang([Role(cluster.worker, 0, 2**20 + 1)]))
    with pytest.raises(BerthError, match="BERTH_BAD_ARGUMENT: keep 1"):
        gangs.shrink([], 1)
    with pytest.raises(ValueError, match="level 'row' is unknown: use cluster, zone, rack, node"):
        gangs.place(Gang([Role(cluster.worker, 1)], required="row"))
    with pytest.raises(ValueError, match="slices"):
        gangs.place(Gang([Role(cluster.worker, 8, slices=[Slice("rack", 1)] * 4)]))
    with pytest.raises(ValueError, match="nodes"):
        gangs.place(Gang([Role(cluster.worker, 1)], fabrics=[Torus(cluster.nodes)]))
    assert cluster.digest() == before


def test_names_are_those_of_the_header():
    for number, name in OUTCOMES.items():
        assert getattr(lib, f"BERTH_GANG_{name.upper().replace(' ', '_')}") == number
    for number, name in LIMITS.items():
        assert getattr(lib, f"BERTH_GANG_LIMIT_{name.upper()}") == number
