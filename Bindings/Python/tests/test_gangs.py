"""Gangs from Python: placed, grown, shrunk, proven not to fit, in rings, and refusals with their sentences."""

import berth
import numpy as np
import pytest
from berth import BerthError, abi
from berth.gangs import LIMITS, OUTCOMES, Gang, Ring, Role, Slice, Torus

LEVELS = ["zone", "rack"]
NO_NODE = abi.constants["BERTH_NO_NODE"]


class Cluster:
    """zone-a with racks a1 and a2 of two nodes, zone-b with rack b1 of three; a node takes four workers."""

    def __init__(self):
        self.engine = berth.Engine(LEVELS, {"cpu": "milli"})
        self.gangs = self.engine.gangs
        paths = [("zone-a", "a1"), ("zone-a", "a2"), ("zone-b", "b1")]
        places = [paths[rack] for rack in (0, 0, 1, 1, 2, 2, 2)]
        self.nodes = self.engine.add_nodes(np.full((7, 1), 4000), domains=places)
        domains = self.engine.vocabulary.domains
        self.zones, self.racks = [domains[path,] for path in ("zone-a", "zone-b")], [domains[path] for path in paths]
        self.worker, self.master = (self.engine.pod_class({"cpu": 1000}, priority=priority) for priority in (0, 1))

    def digest(self) -> int:
        return self.engine.digest

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
    assert found.placements.dtype == berth.PLACEMENT
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
    assert found.proof == (0, 2, 13, 12, cluster.racks[2], 2, cluster.engine.vocabulary.resource("cpu").id)
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
        assert getattr(abi.lib, f"BERTH_GANG_{name.upper().replace(' ', '_')}") == number
    for number, name in LIMITS.items():
        assert getattr(abi.lib, f"BERTH_GANG_LIMIT_{name.upper()}") == number
