"""How many steps a second berth/Placement-v0 takes, alone and vectorised, and what a reset costs.

    python Bindings/Python/benchmarks/gym_steps.py                 # a table
    python Bindings/Python/benchmarks/gym_steps.py --nodes 1000 --envs 64 --json

A step is one placement: the first node that the mask allows, with observation, mask and reward. "sync" is gymnasium's
own SyncVectorEnv over the same environments. Times are of this process alone (process_time), the best of three."""

import argparse
import json
import time

import berth.gym
import gymnasium
import numpy as np


def steps_per_second(env, seconds, vectorised, count):
    """Steps of all environments in a second of this process."""
    best = 0.0
    _, info = env.reset(seed=0)
    for _ in range(3):
        steps, start = 0, time.process_time()
        while time.process_time() - start < seconds / 3:
            mask = info["action_mask"]
            _, _, terminated, _, info = env.step(mask.argmax(axis=1) if vectorised else int(mask.argmax()))
            if not vectorised and terminated:
                _, info = env.reset()
            steps += count
        best = max(best, steps / (time.process_time() - start))
    return best


def measure(nodes, envs, candidates, seconds):
    options = {"nodes": nodes, "pods": 1000, "candidates": candidates}
    found = {"nodes": nodes, "envs": envs, "candidates": candidates}
    if envs == 1:
        env = berth.gym.PlacementEnv(**options)
        found["steps_per_second"] = steps_per_second(env, seconds, False, 1)
        env.reset(seed=1)
        while not env.step(int(env.action_masks().argmax()))[2]:
            pass
        start = time.process_time()
        env.reset(seed=1)
        found["reset_ms"] = (time.process_time() - start) * 1000
        env.close()
        return found
    env = berth.gym.PlacementVectorEnv(envs, **options)
    found["steps_per_second"] = steps_per_second(env, seconds, True, envs)
    env.close()
    sync = gymnasium.vector.SyncVectorEnv([lambda: berth.gym.PlacementEnv(**options)] * envs)
    found["sync_steps_per_second"] = steps_per_second(sync, seconds, True, envs)
    sync.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 100_000], help="nodes of each environment")
    parser.add_argument("--envs", type=int, nargs="+", default=[1, 16], help="environments in one process; 1: alone")
    parser.add_argument("--candidates", type=int, default=16, help="also with actions among so many best nodes; 0: not")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    rows = [
        measure(nodes, envs, candidates, options.seconds)
        for nodes in options.nodes
        for envs in options.envs
        for candidates in ([None, options.candidates] if options.candidates else [None])
    ]
    if options.json:
        print(json.dumps({"case": "gym", "rows": rows}))
        return
    print(f"{'nodes':>9} {'envs':>5} {'actions':>14} {'steps/s':>9} {'sync':>9} {'reset ms':>9}")
    for row in rows:
        actions = f"{row['candidates']} candidates" if row["candidates"] else "every node"
        cells = [np.nan if row.get(key) is None else row[key] for key in ("sync_steps_per_second", "reset_ms")]
        print(
            f"{row['nodes']:>9,} {row['envs']:>5} {actions:>14} {row['steps_per_second']:>9,.0f} "
            f"{cells[0]:>9,.0f} {cells[1]:>9.2f}"
        )


if __name__ == "__main__":
    main()
