"""berth/Placement-v0 against Gymnasium's checks, and against feasible sets by hand."""

import subprocess
import sys
import warnings
from dataclasses import replace

import berth
import numpy as np
import pytest
from berth.readers import fleet, pod_table

gymnasium = pytest.importorskip("gymnasium")

import berth.gym  # noqa: E402
from gymnasium.utils.env_checker import check_env, data_equivalence  # noqa: E402

SMALL = {"nodes": 6, "pods": 60, "load": 1.5}


def run(env, seed, policy, steps=10_000):
    """An episode by a policy of the mask; observations, rewards and infos."""
    random = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed)
    course = [(observation, 0.0, info)]
    for _ in range(steps):
        observation, reward, terminated, truncated, info = env.step(policy(random, info["action_mask"]))
        course.append((observation, reward, info))
        assert not truncated
        if terminated:
            break
    return course


def anywhere(random, mask):
    return int(random.choice(np.flatnonzero(mask))) if mask.any() else 0


def first(_random, mask):
    return int(mask.argmax())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"candidates": 4},
        {"reward": "fragmentation", **SMALL},
        {"reward": "packing", "invalid": "terminate"},
        {"workload": berth.gym.workload_of(fleet(3, {"cpu": 10}, {"cpu": "count"}), [berth.PodSpec({"cpu": 4})])},
    ],
)
def test_gymnasium_finds_nothing_wrong(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("berth/Placement-v0", **options)
        check_env(env.unwrapped)
        env.close()
        env.close()


def test_it_is_registered_once_and_vectorised():
    berth.gym.register()
    envs = gymnasium.make_vec("berth/Placement-v0", num_envs=3, vectorization_mode="vector_entry_point", **SMALL)
    assert isinstance(envs.unwrapped, berth.gym.PlacementVectorEnv) and envs.num_envs == 3
    envs.close()
    sync = gymnasium.make_vec("berth/Placement-v0", num_envs=2, vectorization_mode="sync", **SMALL)
    sync.reset(seed=1)
    sync.step(sync.action_space.sample())
    sync.close()
    code = "import gymnasium; gymnasium.make('berth.gym:berth/Placement-v0', nodes=2).reset(seed=1)"
    subprocess.run([sys.executable, "-c", code], check=True)  # nothing else was imported


def test_closed_environments_say_so():
    env = berth.gym.PlacementEnv(**SMALL)
    env.reset(seed=1)
    env.close()
    with pytest.raises(berth.EngineClosed):
        env.step(0)
    with pytest.raises(berth.EngineClosed):
        env.reset()


@pytest.mark.parametrize("candidates", [None, 3])
def test_equal_seeds_give_equal_episodes(candidates):
    env = berth.gym.PlacementEnv(**SMALL, candidates=candidates)
    one, other, third = (run(env, seed, anywhere) for seed in (1, 1, 2))
    assert data_equivalence([step[0] for step in one], [step[0] for step in other], exact=True)
    assert data_equivalence([step[2] for step in one], [step[2] for step in other], exact=True)
    assert [step[1] for step in one] == [step[1] for step in other]
    assert len(one) != len(third) or not data_equivalence([step[0] for step in one], [step[0] for step in third])
    env.close()


def constrained(seed):
    """Nodes and kinds of pods with selectors, taints and ports; what a pod may do by hand is in `allowed`."""
    random = np.random.default_rng(seed)
    nodes = fleet(8, {"cpu": 8000, "memory": 8000}, {"cpu": "milli", "memory": "MiB"})
    disks = random.choice(["ssd", "hdd"], 8)
    tainted = random.random(8) < 0.3
    attributes = [
        {"labels": {"disk": str(disk)}, "taints": [("dedicated", "x", "NoSchedule")] if taint else []}
        for disk, taint in zip(disks, tainted, strict=True)
    ]
    specs = [
        berth.PodSpec({"cpu": 1000, "memory": 500}),
        berth.PodSpec({"cpu": 3000, "memory": 100}, node_selector={"disk": "ssd"}),
        berth.PodSpec({"cpu": 500, "memory": 3000}, tolerations=[berth.Toleration("dedicated")]),
        berth.PodSpec({"cpu": 100, "memory": 100}, host_ports=[80]),
    ]
    allowed = np.array([~tainted, ~tainted & (disks == "ssd"), np.ones(8, bool), ~tainted])
    return berth.gym.workload_of(replace(nodes, attributes=tuple(attributes)), specs), allowed


@pytest.mark.parametrize("seed", range(5))
def test_masks_are_feasible_sets_by_hand(seed):
    workload, allowed = constrained(seed)
    requests = np.array([[spec.requests["cpu"], spec.requests["memory"]] for spec in workload.specs])
    source = berth.gym.Poisson(workload, 150, load=1.2)
    env = berth.gym.PlacementEnv(workload=workload, source=source)
    for episode in range(2):  # the second one begins with masks that were kept
        env.reset(seed=seed + episode)
        pods = source(np.random.default_rng())  # only its type is of interest
        assert isinstance(pods, berth.gym.Episode)
        drawn = source(gymnasium.utils.seeding.np_random(seed + episode)[0])
        random = np.random.default_rng(seed)
        free = workload.allocatable.copy()
        port = np.zeros(8, int)
        running, failed, at, total = [], 0, 0, 0.0
        while at < len(drawn.spec):
            now, kind = drawn.arrival_s[at], drawn.spec[at]
            for entry in [entry for entry in running if entry[0] <= now]:
                free[entry[1]] += requests[entry[2]]
                port[entry[1]] -= entry[2] == 3
                running.remove(entry)
            fits = allowed[kind] & (free >= requests[kind]).all(axis=1) & ((port == 0) | (kind != 3))
            if not fits.any():
                failed, at = failed + 1, at + 1
                continue
            mask = env.action_masks()
            assert mask.tolist() == fits.tolist(), (episode, at)
            node = int(random.choice(np.flatnonzero(mask)))
            free[node] -= requests[kind]
            port[node] += kind == 3
            running.append((now + drawn.duration_s[at], node, kind))
            at += 1
            _observation, reward, terminated, _, info = env.step(node)
            total += reward
        assert terminated and info["failed"] == failed and info["placed"] == 150 - failed
        assert total == pytest.approx(info["placed"] / 150) and failed > 0
    env.close()


def test_observations_are_what_the_engine_has():
    env = berth.gym.PlacementEnv(**SMALL)
    observation, info = env.reset(seed=3)
    largest = np.array([32_000, 131_072])
    for _ in range(40):
        free = env.engine.nodes.free() / largest
        assert np.allclose(observation["nodes"], free, atol=1e-6)
        fits = (observation["nodes"] + 1e-6 >= observation["pod"]).all(axis=1)
        assert (fits == info["action_mask"]).all()
        observation, _, terminated, _, info = env.step(first(None, info["action_mask"]))
        if terminated:
            break
    env.reset(seed=3)
    assert env.engine.metrics.info()["pods"] == 0  # what the episode did was taken back
    env.engine.validate()
    env.close()


def test_candidates_are_the_profiles_best():
    env = berth.gym.PlacementEnv(**SMALL, candidates=3, profile="least_allocated")
    observation, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [True] * 3 and observation["nodes"].shape == (3, 2)
    lanes = env._core.lanes
    for _ in range(30):
        wanted = env._core.setting.class_list[lanes.spec[0]]
        best = env.engine.candidates(wanted, 3)["node"]
        assert env._core.setting.loaded.index(best).tolist() == lanes.choices[0, : len(best)].tolist()
        assert env.action_masks().tolist() == [True] * len(best) + [False] * (3 - len(best))
        observation, _, terminated, _, _ = env.step(len(best) - 1)
        if terminated:
            break
        assert (observation["nodes"][len(lanes.choices[0]) :] == 0).all()
    env.close()


@pytest.mark.parametrize("rule", ["refuse", "terminate", "raise"])
def test_invalid_actions_have_a_rule(rule):
    workload = berth.gym.workload_of(fleet(2, {"cpu": 4}, {"cpu": "count"}), [berth.PodSpec({"cpu": 3})])
    forever = berth.gym.Episode(np.zeros(5, int), np.arange(5.0), np.array([10.0, 1, 1, 1, 1]))
    env = berth.gym.PlacementEnv(workload=workload, source=lambda _: forever, invalid=rule, invalid_reward=-7)
    env.reset()
    env.step(0)
    assert env.action_masks().tolist() == [False, True]
    if rule == "raise":
        for action in (0, 2, -1):
            with pytest.raises(ValueError, match="action mask"):
                env.step(action)
        assert env.step(1)[1] == pytest.approx(0.2)
    else:
        _, reward, terminated, _, info = env.step(0)
        assert reward == -7 and info["invalid_action"] and info["failed"] == 1 and terminated == (rule == "terminate")
        if rule == "refuse":
            _, reward, _, _, info = env.step(99)
            assert reward == -7 and info["failed"] == 2
            assert not env.step(1)[4]["invalid_action"]
    env.close()


def test_an_episode_that_nothing_fits_in_ends_with_its_first_step():
    workload = berth.gym.workload_of(fleet(2, {"cpu": 4}, {"cpu": "count"}), [berth.PodSpec({"cpu": 5})])
    env = berth.gym.PlacementEnv(workload=workload, pods=3)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    _, info = env.reset(seed=1)
    assert not info["action_mask"].any() and info["failed"] == 3
    assert env.step(0)[2]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    env.close()


def test_rewards_by_hand():
    workload = berth.gym.workload_of(
        fleet(2, {"cpu": 8, "memory": 4}, {"cpu": "count", "memory": "MiB"}),
        [berth.PodSpec({"cpu": 2, "memory": 1}), berth.PodSpec({"cpu": 6, "memory": 1})],
    )
    episode = berth.gym.Episode(np.array([0, 1, 0]), np.arange(3.0), np.full(3, np.inf))
    wanted = {
        "placed": [1 / 3, 1 / 3],
        "packing": [(2 / 8 + 1 / 4) / 2, (8 / 8 + 2 / 4) / 2],
        # afterwards both kinds of pods still fit; then nothing does, and half of the memory is stranded
        "fragmentation": [0.0, -(0 / 8 + 2 / 4) / 2],
    }
    for reward, steps in wanted.items():
        env = berth.gym.PlacementEnv(workload=workload, source=lambda _: episode, reward=reward)
        env.reset()
        assert [env.step(0)[1] for _ in steps] == pytest.approx(steps), reward
        env.close()
    env = berth.gym.PlacementEnv(workload=workload, source=lambda _: episode, reward=lambda step: step.free_after[:, 0])
    env.reset()
    assert env.step(1)[1] == 6.0
    env.close()
    for wrong in ("best", None):
        with pytest.raises(ValueError, match="reward"):
            berth.gym.PlacementEnv(reward=wrong)


def test_gpus_are_seen_and_shared_ones_masked():
    nodes = fleet(2, {"cpu": 100}, {"cpu": "milli"}, gpus=2, model="T4")
    half, whole = berth.Demand(1, share_milli=600), berth.Demand(1)
    workload = berth.gym.workload_of(nodes, [berth.PodSpec(devices=half), berth.PodSpec(devices=whole)])
    episode = berth.gym.Episode(np.array([0, 0, 1, 1, 1]), np.arange(5.0), np.full(5, np.inf))
    env = berth.gym.PlacementEnv(workload=workload, source=lambda _: episode)
    observation, info = env.reset()
    assert observation["nodes"][:, 1].tolist() == [1, 1] and observation["pod"][1] == pytest.approx(0.3)
    drawn = berth.gym.Poisson(workload, 2000, load=2.0)(np.random.default_rng(0))
    assert 0.8 < drawn.duration_s.mean() * 800 / 4000 / 2 < 1.2  # a pod a second, of 800 milli on average, of 4 GPUs
    env.step(0)
    observation, _, _, _, info = env.step(0)  # a share of each GPU of the first node: 800 milli free, no GPU whole
    assert observation["nodes"][0, 1] == pytest.approx(0.4) and info["action_mask"].tolist() == [False, True]
    env.close()


def test_workloads_give_windows_and_running_pods_stay():
    nodes = fleet(3, {"cpu": 10}, {"cpu": "count"})
    table = pod_table(
        [f"p{i}" for i in range(20)], {"cpu": [2] * 20}, spec=0, arrival_s=np.arange(20.0), duration_s=3.0
    )
    table["node"][0] = 1
    workload = replace(nodes, pods=table, specs=(berth.PodSpec({"cpu": 2}),))
    env = berth.gym.PlacementEnv(workload=workload, pods=5)
    observation, _ = env.reset(seed=0)
    assert observation["nodes"][:, 0].tolist() == pytest.approx([1, 0.8, 1])
    assert len(run(env, 1, first)) == 6
    env.reset(seed=0)
    assert env.engine.metrics.info()["pods"] == 1
    env.close()
    with pytest.raises(ValueError, match="pods"):
        berth.gym.PlacementEnv(workload=workload, pods=20)


def test_pods_with_a_say_in_each_others_places_are_masked_anew():
    nodes = fleet(4, {"cpu": 10}, {"cpu": "count"}, levels=("zone",), shape=(2,))
    apart = berth.PodSpec({"cpu": 1}, labels={"app": "a"}, affinity=[berth.PodAntiAffinity("zone", {"app": "a"})])
    workload = berth.gym.workload_of(nodes, [apart])
    episode = berth.gym.Episode(np.zeros(3, int), np.arange(3.0), np.full(3, np.inf))
    env = berth.gym.PlacementEnv(workload=workload, source=lambda _: episode)
    env.reset()
    _observation, _, _, _, info = env.step(0)
    assert info["action_mask"].tolist() == [False, False, True, True]
    assert env.step(3)[2] and env.reset()[1]["action_mask"].all()
    env.close()


# Vectorised


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("candidates", [None, 3])
def test_vectorised_environments_are_what_they_are_alone(mode, candidates):
    count, options = 4, {**SMALL, "pods": 25, "candidates": candidates, "reward": "fragmentation"}
    envs = berth.gym.PlacementVectorEnv(count, autoreset_mode=mode, **options)
    sync = gymnasium.vector.SyncVectorEnv([lambda: berth.gym.PlacementEnv(**options)] * count, autoreset_mode=mode)
    assert envs.observation_space == sync.observation_space and envs.action_space == sync.action_space
    one, other = envs.reset(seed=5), sync.reset(seed=5)
    random = np.random.default_rng(0)
    ends = 0
    for _ in range(70):
        assert data_equivalence(one[0], other[0], exact=True)
        assert (one[-1]["action_mask"] == other[-1]["action_mask"]).all()
        assert (one[-1]["failed"] == other[-1]["failed"]).all() and one[-1]["_failed"].all()
        actions = np.array([anywhere(random, mask) for mask in one[-1]["action_mask"]])
        actions[random.random(count) < 0.1] = 0  # at times an invalid one
        one, other = envs.step(actions), sync.step(actions)
        for mine, theirs in zip(one[1:4], other[1:4], strict=True):
            assert mine.dtype == theirs.dtype and (mine == theirs).all()
        ended = one[2]
        ends += int(ended.sum())
        if mode == "SameStep" and ended.any():
            assert (one[4]["_final_obs"] == other[4]["_final_obs"]).all()
            for lane in np.flatnonzero(ended):
                assert data_equivalence(one[4]["final_obs"][lane], other[4]["final_obs"][lane], exact=True)
                assert one[4]["final_info"]["placed"][lane] == other[4]["final_info"]["placed"][lane]
    assert ends >= 4
    for engine in envs.engines():
        engine.validate()
    envs.close()
    sync.close()


def test_resets_of_some_and_wrong_arguments():
    envs = berth.gym.PlacementVectorEnv(3, autoreset_mode="Disabled", **{**SMALL, "pods": 2})
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.step(np.zeros(3, int))
    observation, _ = envs.reset(seed=[4, 4, 5])
    assert (observation["pod"][0] == observation["pod"][1]).all()
    for _ in range(2):
        over = envs.step(envs.action_masks().argmax(axis=1))[2]
    assert over.all()
    with pytest.raises(gymnasium.error.ResetNeeded, match="0, 1, 2"):
        envs.step(np.zeros(3, int))
    _, info = envs.reset(options={"reset_mask": np.array([True, False, True])})
    assert info["_action_mask"].tolist() == [True, False, True] and info["action_mask"][[0, 2]].any(axis=1).all()
    for wrong in ({"reset_mask": np.zeros(3, bool)}, {"reset_mask": np.ones(2, bool)}):
        with pytest.raises(ValueError, match="reset_mask"):
            envs.reset(options=wrong)
    envs.reset(seed=1)
    for actions in (np.zeros(2, int), np.zeros(3)):
        with pytest.raises(ValueError, match="actions"):
            envs.step(actions)
    with pytest.raises(ValueError, match="seed"):
        envs.reset(seed=[1, 2])
    envs.close()
    for options in ({"candidates": 0}, {"nodes": 0}, {"invalid": "no"}, {"load": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            berth.gym.PlacementEnv(**options)


def test_what_is_told_belongs_to_the_caller():
    envs = berth.gym.PlacementVectorEnv(2, **SMALL)
    observation, info = envs.reset(seed=0)
    kept = {key: values.copy() for key, values in {**observation, **info}.items()}
    envs.step(envs.action_masks().argmax(axis=1))
    assert all((values == kept[key]).all() for key, values in {**observation, **info}.items())
    observation["nodes"][:] = 0
    assert envs.step(envs.action_masks().argmax(axis=1))[0]["nodes"].any()
    envs.close()
