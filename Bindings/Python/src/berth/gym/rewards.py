"""What a step is worth."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Transition(NamedTuple):
    """What came of the actions of a step, for E environments at once; R are the columns of the observation."""

    placed: np.ndarray
    """bool [E]: the pod got its node; False for an invalid action."""
    node: np.ndarray
    """int64 [E]: its index; -1 where nothing was placed."""
    request: np.ndarray
    """int64 [E, R]: of the pod."""
    allocatable: np.ndarray
    """int64 [E, R]: of the node."""
    free_before: np.ndarray
    """int64 [E, R]: of the node."""
    free_after: np.ndarray
    """int64 [E, R]."""
    pods: np.ndarray
    """int64 [E]: how many pods the episode has."""
    fragmentation: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """stranded(free, allocatable) of nodes, by the kinds of pods of the environment."""


Reward = Callable[[Transition], np.ndarray]


def placed(step: Transition) -> np.ndarray:
    """1 / pods of the episode for a pod that was placed: the return is the share of pods that were."""
    share: np.ndarray = step.placed / step.pods
    return share


def packing(step: Transition) -> np.ndarray:
    """How full the node is afterwards, 0..1: the mean of used / allocatable over the resources that it has. Full nodes
    first keeps others empty."""
    has = step.allocatable > 0
    used = np.divide(step.allocatable - step.free_after, step.allocatable, out=np.zeros(has.shape), where=has)
    return np.where(step.placed, used.sum(axis=1) / np.maximum(has.sum(axis=1), 1), 0.0)


def fragmentation(step: Transition) -> np.ndarray:
    """By how much the node's stranded share falls (`berth.simulation.stranded`); negative where the placement strands
    more than it uses up. The gradient of Weng et al., USENIX ATC 2023, for resources that are counted."""
    before = step.fragmentation(step.free_before, step.allocatable)
    after = step.fragmentation(step.free_after, step.allocatable)
    return np.where(step.placed, before - after, 0.0)


REWARDS: dict[str, Reward] = {"placed": placed, "packing": packing, "fragmentation": fragmentation}


def reward_of(given: "str | Reward") -> Reward:
    """A reward by its name, or as given."""
    if callable(given):
        return given
    if given not in REWARDS:
        raise ValueError(f"reward {given!r} is unknown: use {', '.join(REWARDS)}, or a function of a Transition")
    return REWARDS[given]
