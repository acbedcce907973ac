"""What both environments share: options, spaces, observations and infos of E lanes."""

from typing import Any

import gymnasium
import numpy as np

from ..readers.workload import Workload
from .episodes import Poisson, Source, Windows, synthetic
from .lanes import Lanes, Setting
from .rewards import Reward, Transition, reward_of

INVALID = ("refuse", "terminate", "raise")


class Core:
    """E lanes and what is told of them."""

    def __init__(
        self,
        count: int,
        *,
        workload: Workload | None = None,
        nodes: int = 100,
        pods: int | None = None,
        source: Source | None = None,
        candidates: int | None = None,
        reward: str | Reward = "placed",
        profile: Any = "binpack",
        invalid: str = "refuse",
        invalid_reward: float = -1.0,
        load: float = 1.1,
    ):
        if invalid not in INVALID:
            raise ValueError(f"invalid: {invalid!r}, use {', '.join(map(repr, INVALID))}")
        if count < 1 or nodes < 1:
            raise ValueError(f"num_envs: {count}, nodes: {nodes}; at least 1 is needed")
        made = synthetic(nodes) if workload is None else workload
        self.setting = Setting(made, profile)
        self.lanes = Lanes(self.setting, count, candidates)
        if source is not None:
            self.source: Source = source
        elif len(made.pods) and (made.pods["node"] < 0).any():
            self.source = Windows(made, pods)
        else:
            self.source = Poisson(made, 200 if pods is None else pods, load)
        self.reward, self.invalid, self.invalid_reward = reward_of(reward), invalid, float(invalid_reward)
        self.observation_space = self._observation_space(candidates)
        self.action_space = gymnasium.spaces.Discrete(self.lanes.masks.shape[1])

    def _observation_space(self, candidates: int | None) -> Any:
        columns = len(self.setting.columns)
        rows = len(self.setting.allocatable) if candidates is None else candidates

        def box(*shape: int) -> gymnasium.spaces.Box:
            return gymnasium.spaces.Box(0.0, 1.0, shape, np.float32)

        return gymnasium.spaces.Dict({"nodes": box(rows, columns), "pod": box(columns), "progress": box(1)})

    def reset(self, lane: int, random: np.random.Generator) -> None:
        self.lanes.reset(lane, self.source(random))

    def observation(self) -> dict[str, np.ndarray]:
        """[E, ...] new arrays. A pod that is not there any more asks for nothing."""
        lanes, setting = self.lanes, self.setting
        if lanes.choices is None:
            nodes = lanes.shares.copy()
        else:
            nodes = lanes.shares[np.arange(lanes.count)[:, None], lanes.choices] * (lanes.choices >= 0)[:, :, None]
        pod = np.where(lanes.done[:, None], np.float32(0), setting.pod_share[lanes.spec])
        progress = (lanes.seen / lanes.pods).astype(np.float32)[:, None]
        return {"nodes": nodes, "pod": pod, "progress": progress}

    def step(self, actions: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Acts on active lanes: rewards float64 [E], and which actions were invalid, bool [E]."""
        lanes, setting = self.lanes, self.setting
        rows = np.arange(lanes.count)
        if self.invalid == "raise":
            self._refuse(actions, active)
        request, pods = setting.requests[lanes.spec], lanes.pods.copy()
        placed, nodes = lanes.act(actions, active)
        at = np.maximum(nodes, 0)
        # others of the step may have left the node since: what the placement itself did is what counts
        before = lanes.before[rows]
        step = Transition(
            placed, nodes, request, setting.allocatable[at], before, before - request, pods, setting.stranded
        )
        rewards = np.asarray(self.reward(step), np.float64)
        if rewards.shape != (lanes.count,):
            raise ValueError(f"reward: it gave the shape {rewards.shape}, ({lanes.count},) is needed")
        invalid = active & ~placed
        return np.where(invalid, self.invalid_reward, np.where(active, rewards, 0.0)), invalid

    def _refuse(self, actions: np.ndarray, active: np.ndarray) -> None:
        masks = self.lanes.masks
        inside = (actions >= 0) & (actions < masks.shape[1])
        wrong = active & ~(inside & masks[np.arange(len(actions)), np.where(inside, actions, 0)])
        if wrong.any():
            lane = int(np.argmax(wrong))
            raise ValueError(f"action {actions[lane]} of environment {lane} is invalid: its action mask excludes it")

    def info(self, invalid: np.ndarray) -> dict[str, np.ndarray]:
        """[E, ...] new arrays."""
        lanes = self.lanes
        return {
            "action_mask": lanes.masks.copy(),
            "invalid_action": invalid,
            "placed": lanes.placed.copy(),
            "failed": lanes.failed.copy(),
        }

    def close(self) -> None:
        self.lanes.close()
        self.setting.engine.close()
