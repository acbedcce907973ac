"""Plans that free GPUs and nodes, from Python: they keep their word when they are carried out, and refusals."""

import numpy as np
import pytest
from berth import CLAIM, BerthError
from berth.claims import MIGRATION
from device_scene import Scene


def free(scene) -> tuple[int, int]:
    """Wholly free GPUs, and nodes whose GPUs are all free."""
    gpus = [scene.devices.read_devices(node).gpus["free_milli"] == 1000 for node in scene.nodes]
    return int(sum(there.sum() for there in gpus)), sum(bool(there.all()) for there in gpus)


def scatter(scene, random, count: int) -> np.ndarray:
    """Pods of all sizes on nodes by chance, with the devices that they get there."""
    classes = [scene.pod_class(gpus=1), scene.pod_class(gpus=2), scene.pod_class(gpus=3)]
    classes += [scene.pod_class(share_milli=share) for share in (200, 500, 700)]
    pods = []
    for _ in range(count):
        pod_class, node = random.choice(classes), random.choice(scene.nodes)
        try:
            claim = scene.claims.preview(int(pod_class), int(node))
        except BerthError:
            continue
        pods += scene.claims.bind([pod_class], [node], claim).tolist()
    return np.array(pods, np.uint64)


@pytest.fixture
def scene():
    """A half GPU is taken on each of two nodes."""
    scene = Scene()
    half = scene.pod_class(share_milli=500)
    claims = np.zeros(2, CLAIM)
    claims["gpus"], claims["share_milli"] = 1, 500
    scene.pods = scene.claims.bind([half] * 2, scene.nodes, claims)
    return scene


@pytest.mark.parametrize("goal", ["gpus", "nodes"])
def test_a_plan_is_records_of_moves(scene, goal):
    plan = scene.claims.defragment(goal, iterations=1000)
    assert plan[1:] == (6, 7, 0, 1)
    assert plan.migrations.dtype.names == ("pod", "from_node", "to_node")
    assert (plan.migrations.dtype, plan.migrations.shape) == (MIGRATION, (1,))
    pod, from_node, to_node = plan.migrations[0].tolist()
    assert pod in scene.pods
    assert scene.node_of(pod) == from_node
    assert {from_node, to_node} == set(scene.nodes.tolist())


@pytest.mark.parametrize("goal", ["gpus", "nodes"])
@pytest.mark.parametrize("seed", range(6))
def test_a_plan_carried_out_frees_exactly_what_it_reports(goal, seed):
    random = np.random.default_rng(seed)
    scene = Scene(nodes=8, machine="flat-8")
    pods = scatter(scene, random, 40)
    sick = scene.nodes[0]
    scene.devices.set_health(sick, sick_gpus=[7])
    for most_moves in (1, 2, 3, 100):
        before, before_free = scene.digest(), free(scene)
        plan = scene.claims.defragment(goal, most_moves=most_moves, iterations=5000, seed=seed)
        moves = plan.migrations
        assert scene.digest() == before
        assert len(moves) <= most_moves
        assert len(set(moves["pod"].tolist())) == len(moves)
        assert set(moves["pod"].tolist()) <= set(pods.tolist())
        again = scene.claims.defragment(goal, most_moves=most_moves, iterations=5000, seed=seed)
        assert (again.migrations == moves).all() and again[1:] == plan[1:]
        scene.claims.move(moves["pod"], moves["to_node"])
        gain = (plan.free_gpus_after - plan.free_gpus_before, plan.free_nodes_after - plan.free_nodes_before)
        assert gain[goal == "nodes"] > 0 if len(moves) else gain == (0, 0)
        after_free = free_and_healthy(scene, sick)
        assert after_free == (plan.free_gpus_after, plan.free_nodes_after), before_free
        assert [scene.node_of(pod) for pod in moves["pod"]] == moves["to_node"].tolist()
        scene.validate()


def free_and_healthy(scene, sick: int) -> tuple[int, int]:
    """The same where GPU 7 of one node is sick."""
    gpus, nodes = free(scene)
    states = scene.devices.read_devices(sick).gpus["free_milli"] == 1000
    return gpus - int(states[7]), nodes - bool(states.all())


def test_nothing_moves_where_nothing_is_gained():
    scene = Scene()
    assert scene.claims.defragment()[1:] == (8, 8, 2, 2)
    scene.place(scene.pod_class(gpus=4))
    plan = scene.claims.defragment("nodes")
    assert (len(plan.migrations), plan[1:]) == (0, (4, 4, 1, 1))
    assert plan.migrations.dtype == MIGRATION
    bare = Scene(machine=None)
    assert bare.claims.defragment()[1:] == (0, 0, 0, 0)


def test_only_what_is_movable_moves(scene):
    for pod in scene.pods:
        plan = scene.claims.defragment(movable=[pod], iterations=1000)
        assert plan.migrations["pod"].tolist() == [pod]
    for none in ([], np.zeros(0, np.uint64)):
        assert len(scene.claims.defragment(movable=none).migrations) == 0
    assert len(scene.claims.defragment(movable=scene.pods[::-1]).migrations) == 1


def test_plans_that_are_not_right_are_refused(scene):
    bare, gone = scene.place(scene.engine.pod_class({}))[0], scene.place(scene.pod_class(gpus=1))[0]
    scene.release(gone)
    before = scene.digest()
    for options, name, words in [
        ({"most_moves": 0}, "BERTH_BAD_ARGUMENT", "most_moves 0"),
        ({"most_moves": 65537}, "BERTH_BAD_ARGUMENT", "most_moves 65537"),
        ({"most_moves": 2**32 - 1}, "BERTH_BAD_ARGUMENT", "most_moves"),
        ({"iterations": 10**9 + 1}, "BERTH_LIMIT", "iterations"),
        ({"movable": [bare]}, "BERTH_WRONG_STATE", f"entry 0: pod {bare} holds no GPU"),
        ({"movable": [scene.pods[0], scene.pods[0]]}, "BERTH_DUPLICATE", "entry 1"),
        ({"movable": [scene.pods[0], gone]}, "BERTH_STALE_ID", "entry 1"),
        ({"movable": [2**64 - 1]}, "BERTH_UNKNOWN_ID", "entry 0"),
    ]:
        with pytest.raises(BerthError, match=words) as refused:
            scene.claims.defragment(**options)
        assert refused.value.name == name
        assert scene.digest() == before
    with pytest.raises(ValueError, match="goal 'pods' is unknown: one of 'gpus', 'nodes'"):
        scene.claims.defragment("pods")
    for wrong in ({"most_moves": -1}, {"iterations": 2**64}, {"seed": -1}):
        with pytest.raises(OverflowError):
            scene.claims.defragment(**wrong)
    with pytest.raises(ValueError, match="movable"):
        scene.claims.defragment(movable=[-1])
