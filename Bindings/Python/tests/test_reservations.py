"""Capacity that is held for someone, from Python."""

import berth
import numpy as np
import pytest
from berth import Reservation, identities
from scene import cluster


@pytest.fixture
def engine():
    return cluster(3)[0]


def test_held_room_is_its_owners(engine):
    nodes, small = engine.nodes.ids(), engine.pod_class({"cpu": 1000, "memory": 512})
    held = engine.reservations.add(Reservation("gang", 7, node=nodes[2], quantities={"cpu": "3", "memory": "2Gi"}))
    assert engine.nodes.free(nodes).tolist() == [[4000, 8192], [4000, 8192], [1000, 6144]]
    mine = engine.place(small, 2, pods=identities(2, gangs=7))
    assert (mine.nodes == nodes[2]).all()
    told = engine.reservations.read(held)
    assert told.resources == ("cpu", "memory") and told.held.tolist() == [[3000, 2048]]
    assert told.left.tolist() == [[1000, 1024]]
    state = told.states[0]
    assert (state["owner"]["id"], state["owner"]["kind"], state["node"], state["pods"]) == (7, 2, nodes[2], 2)
    assert state["expiry_ms"] == berth.NEVER
    uses = engine.reservations.of_pod(mine.pods[0])
    assert uses[["reservation", "quantity"]].tolist() == [(held[0], 1000), (held[0], 512)]
    assert len(engine.reservations.of_pod(engine.place_one(small).pod)) == 0
    bound = engine.bind(small, nodes[2], pods=identities(1, gangs=7))
    assert engine.reservations.read(held).left.tolist() == [[0, 512]]
    engine.release(bound), engine.release(mine)
    engine.validate()


def test_reservations_change_hands_size_and_end(engine):
    nodes, small = engine.nodes.ids(), engine.pod_class({"cpu": 1000, "memory": 512})
    first, second = engine.reservations.add(
        Reservation("pod", 1, pod_class=small, expiry_ms=500),
        Reservation("class", small, node=nodes[1], quantities={"cpu": 1}),
    )
    assert engine.reservations.ids().tolist() == [first, second] and len(engine.reservations) == 2
    engine.reservations.hand_over(first, "queue", 9)
    engine.reservations.resize(first, {"cpu": 200})
    engine.reservations.set_expiry(second, 900)
    told = engine.reservations.read()
    assert told.states["owner"].tolist() == [(9, 4, 0), (small, 3, 0)] and told.held.tolist() == [[200, 0], [1, 0]]
    engine.time_ms = 500
    assert engine.reservations.ids().tolist() == [second]
    engine.reservations.set_expiry(second, None)
    engine.time_ms = 10**12
    engine.reservations.remove(second)
    assert len(engine.reservations) == 0
    with pytest.raises(berth.NoRoom):
        engine.reservations.add(Reservation("pod", 1, node=nodes[0], quantities={"cpu": 4001}))
    with pytest.raises(berth.InvalidArgument):
        engine.reservations.add(Reservation("pod", 1, node=nodes[0], quantities={"cpu": 1}, expiry_ms=5))
    with pytest.raises(berth.BerthError):
        engine.reservations.add(Reservation("pod", 0, node=nodes[0], quantities={"cpu": 1}))


def test_identities_are_columns():
    made = identities(3, pods=[1, 2, 3], gangs=7, queues=np.array([4, 5, 6]))
    assert made.dtype == berth.IDENTITY and made.tolist() == [(1, 7, 4), (2, 7, 5), (3, 7, 6)]
    for wrong in ({"pods": [1]}, {"gangs": -1}):
        with pytest.raises(ValueError, match=r"pods|gangs"):
            identities(3, **wrong)
