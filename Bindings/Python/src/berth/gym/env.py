"""berth/Placement-v0, alone and vectorised."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ..engine import Engine
from .core import Core

Observation = dict[str, np.ndarray]


class PlacementEnv(gymnasium.Env[Observation, np.int64]):
    """Pods arrive one after the other; the agent says where each goes. `berth.gym` says what it sees and does.

    workload: nodes, and the kinds of pods that come; None: `nodes` equal ones and fifteen kinds (berth.gym.synthetic).
    source: draws an episode's pods; None: a stretch of `pods` of the workload's own pods (all of them where `pods` is
    None), or, where it has none to be placed, `pods` (200) drawn ones that ask for `load` times the cluster.
    candidates: actions are places among the profile's k best nodes; None: nodes. reward: "placed", "packing",
    "fragmentation", or a function of a Transition. profile: what ranks candidates. invalid: what becomes of an action
    that the mask excludes: "refuse" the pod, with `invalid_reward`; likewise, and "terminate" the episode; or "raise"
    ValueError before anything is done."""

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None, **options: Any):
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode: {render_mode!r}, use {self.metadata['render_modes']}")
        self.render_mode = render_mode
        self._core = Core(1, **options)
        self.observation_space = self._core.observation_space
        self.action_space = self._core.action_space
        self._is_over = True

    @property
    def engine(self) -> Engine:
        """The engine of this episode, inside of a statement that the next reset takes back: for looking."""
        return self._core.lanes.engine(0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A new episode, drawn from the seed; the engine is what it was in the beginning."""
        super().reset(seed=seed)
        self._core.reset(0, self.np_random)
        self._is_over = False
        return self._observation(), self._info(np.zeros(1, bool))

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Places the pod. The next one that is shown fits somewhere: those that fit nowhere have failed, and are
        counted."""
        core = self._core
        if self._is_over:
            raise gymnasium.error.ResetNeeded("the episode has ended, or none has begun: call reset()")
        rewards, invalid = core.step(np.array([int(action)]), ~core.lanes.done)
        terminated = bool(core.lanes.done[0]) or (core.invalid == "terminate" and bool(invalid[0]))
        self._is_over = terminated
        return self._observation(), float(rewards[0]), terminated, False, self._info(invalid)

    def action_masks(self) -> np.ndarray:
        """bool [actions]: where the pod of this moment may go, by the engine's filters."""
        return np.array(self._core.lanes.masks[0])

    def render(self) -> str | None:
        """A line about the cluster."""
        if self.render_mode is None:
            return None
        core, lanes = self._core, self._core.lanes
        total = core.setting.allocatable.sum(axis=0)
        used = 1 - lanes.free[0].sum(axis=0) / np.maximum(total, 1)
        shares = ", ".join(f"{name} {share:.1%}" for name, share in zip(core.setting.columns, used, strict=True))
        counts = f"{lanes.placed[0]} placed, {lanes.failed[0]} failed"
        return f"pod {max(lanes.seen[0], 0)} of {lanes.pods[0]}: {counts}; {shares}"

    def close(self) -> None:
        self._core.close()

    def _observation(self) -> Observation:
        return {key: values[0] for key, values in self._core.observation().items()}

    def _info(self, invalid: np.ndarray) -> dict[str, Any]:
        info: dict[str, Any] = {key: values[0] for key, values in self._core.info(invalid).items()}
        return info | {"invalid_action": bool(invalid[0]), "placed": int(info["placed"]), "failed": int(info["failed"])}


class PlacementVectorEnv(VectorEnv[Observation, np.ndarray, np.ndarray]):
    """`num_envs` of PlacementEnv in one process, each on an engine of its own, forked from one: nodes that are equal
    are there once. Arrays of all environments are computed at once. Options are those of PlacementEnv.

    autoreset_mode: NextStep (the step after an episode's last one resets it, whatever its action is), SameStep (the
    last step resets it, with the last observation in info["final_obs"]) or Disabled (reset(options={"reset_mask":
    ...}))."""

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **options: Any,
    ):
        if render_mode is not None:
            raise ValueError("render_mode: the vectorised environment draws nothing; render one PlacementEnv")
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.autoreset_mode}
        self._core = Core(num_envs, **options)
        self.single_observation_space = self._core.observation_space
        self.single_action_space = self._core.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._random: list[np.random.Generator | None] = [None] * num_envs
        self._over = np.zeros(num_envs, bool)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """New episodes: environment i from seed + i, or the i-th of seeds. options: "reset_mask", bool [num_envs],
        those that are reset."""
        seeds: Sequence[int | None]
        if seed is None or isinstance(seed, (int, np.integer)):
            seeds = [None if seed is None else int(seed) + lane for lane in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"seed: {len(seeds)} for {self.num_envs} environments")
        which = (options or {}).get("reset_mask", np.ones(self.num_envs, bool))
        which = np.asarray(which)
        if which.shape != (self.num_envs,) or which.dtype != bool or not which.any():
            raise ValueError(f"reset_mask: a bool array of shape ({self.num_envs},) with one that is true is needed")
        for lane in np.flatnonzero(which).tolist():
            self._reset(lane, seeds[lane])
        return self._core.observation(), self._infos(which, np.zeros(self.num_envs, bool))

    def step(self, actions: Any) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Places the pods of all environments, but those whose episode is over, which NextStep resets now."""
        if None in self._random:
            raise gymnasium.error.ResetNeeded("no episode has begun: call reset()")
        given = np.asarray(actions)
        if given.shape != (self.num_envs,) or given.dtype.kind not in "iu":
            raise ValueError(f"actions: integers ({self.num_envs},) are needed, not {given.dtype} {given.shape}")
        over = self._over
        if self.autoreset_mode is AutoresetMode.DISABLED and over.any():
            raise gymnasium.error.ResetNeeded(f"the episodes of {np.flatnonzero(over).tolist()} have ended: reset them")
        core, active = self._core, ~over
        # an episode without a pod that fits anywhere ends with its first action
        rewards, invalid = core.step(given.astype(np.int64), active & ~core.lanes.done)
        for lane in np.flatnonzero(over).tolist():
            self._reset(lane, None)
        ended = active & (core.lanes.done | (invalid & (core.invalid == "terminate")))
        infos: dict[str, Any] = {}
        self._over = ended.copy()
        if self.autoreset_mode is AutoresetMode.SAME_STEP and ended.any():
            infos = self._final(ended, invalid)
            for lane in np.flatnonzero(ended).tolist():
                self._reset(lane, None)
            self._over[:] = False
        infos |= self._infos(np.ones(self.num_envs, bool), invalid)
        return core.observation(), rewards, ended, np.zeros(self.num_envs, bool), infos

    def action_masks(self) -> np.ndarray:
        """bool [num_envs, actions]."""
        return np.array(self._core.lanes.masks)

    def engines(self) -> list[Engine]:
        """Those of the episodes, inside of statements that the next resets take back: for looking."""
        return [self._core.lanes.engine(lane) for lane in range(self.num_envs)]

    def close_extras(self, **_: Any) -> None:
        self._core.close()

    def _reset(self, lane: int, seed: int | None) -> None:
        random = self._random[lane]
        if random is None or seed is not None:
            random, _ = gymnasium.utils.seeding.np_random(seed)
            self._random[lane] = random
        self._core.reset(lane, random)
        self._over[lane] = False

    def _infos(self, which: np.ndarray, invalid: np.ndarray) -> dict[str, Any]:
        """As gymnasium has it: beside each key, "_key" says whose it is."""
        found = self._core.info(invalid)
        return found | {f"_{key}": which.copy() for key in found}

    def _final(self, ended: np.ndarray, invalid: np.ndarray) -> dict[str, Any]:
        observation, info = self._core.observation(), self._core.info(invalid)
        last = np.full(self.num_envs, None, object)
        for lane in np.flatnonzero(ended).tolist():
            last[lane] = {key: values[lane] for key, values in observation.items()}
        finals = info | {f"_{key}": ended.copy() for key in info}
        return {"final_obs": last, "_final_obs": ended.copy(), "final_info": finals, "_final_info": ended.copy()}
