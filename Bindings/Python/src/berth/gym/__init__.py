"""berth/Placement-v0: where do pods go? For Gymnasium (`pip install 'berth[gym]'`).

    import gymnasium, berth.gym
    env = gymnasium.make("berth/Placement-v0", nodes=100, pods=200, reward="fragmentation")
    observation, info = env.reset(seed=1)
    observation, reward, terminated, truncated, info = env.step(info["action_mask"].argmax())

    envs = gymnasium.make_vec("berth/Placement-v0", num_envs=64, vectorization_mode="vector_entry_point", nodes=1000)

Observation: "nodes", float32 [N, R], what is free of each resource, and "pod", float32 [R], what the pod asks for:
both in shares of the largest node, so that a pod fits in what is counted where pod <= nodes in all columns;
"progress", how much of the episode has passed. All are in 0..1. Where GPUs are devices, the last column is what is
free of them in sum. With `candidates=k`, "nodes" [k, R] are the profile's k best nodes, best first, zero behind the
last. Action: the node's index (that of the workload), or the place among the candidates.
Mask: `info["action_mask"]` and `env.action_masks()` are the engine's feasible set: everything that its filters look at.
An action that it excludes is invalid: the pod is refused with `invalid_reward`, and the episode goes on (`invalid=` has
other rules).
Episode: the pods of a seeded source, in the order in which they arrive; those whose time is over leave before. A pod
that fits nowhere is not shown: it has failed, `info["failed"]` counts it. The episode ends with its last pod.
Reward: "placed", "packing", "fragmentation" (berth.gym.rewards), or a function of your own.

The same seed gives the same episode and the same observations, alone and vectorised (environment i of seed s is that of
seed s + i). Resets take back what the episode did, in proportion to that; the engine's ids start anew."""

try:
    import gymnasium
except ImportError as error:
    raise ImportError("berth.gym needs gymnasium: pip install 'berth[gym]'") from error

from .env import PlacementEnv, PlacementVectorEnv
from .episodes import Episode, Poisson, Source, Windows, synthetic, workload_of
from .rewards import REWARDS, Transition

__all__ = [
    "ID",
    "REWARDS",
    "Episode",
    "PlacementEnv",
    "PlacementVectorEnv",
    "Poisson",
    "Source",
    "Transition",
    "Windows",
    "register",
    "synthetic",
    "workload_of",
]

ID = "berth/Placement-v0"


def register() -> None:
    """Tells gymnasium of the environment; done on import. gymnasium.make("berth.gym:berth/Placement-v0") imports."""
    if ID not in gymnasium.registry:
        gymnasium.register(
            ID, entry_point="berth.gym.env:PlacementEnv", vector_entry_point="berth.gym.env:PlacementVectorEnv"
        )


register()
