"""The order in which nodes of all shards are preferred, and how the coordinator decides by it.

A node's place is (- score, tie key, zone): the smaller first, as one engine has it. Zones stand in topology order, and
each is in one shard, so two shards never have nodes in the same place; within a shard its engine knows the order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ORDER = np.dtype([("score", np.int64), ("tie", np.int64), ("zone", np.int64)])
_LAST = 2**63 - 1
NOTHING = (_LAST, _LAST, _LAST)
"""The place of a node that is not there: after all others."""
FIRST = (-_LAST, -1, -1)
"""Before all others."""


def keys(scores: np.ndarray, ties: Any, zones: Any, valid: Any = None) -> np.ndarray:
    """Places of nodes; NOTHING where they are not valid."""
    made = np.empty(len(scores), ORDER)
    made["score"], made["tie"], made["zone"] = -scores, ties, zones
    if valid is not None:
        made[~valid] = NOTHING
    return made


def merge_runs(heads: list[np.ndarray], count: int) -> np.ndarray:
    """Pods of one class in a row. heads[s][j] is the place of shard s's best node after it got j of them. Gives who
    wins each pod: a shard's number, or -1 for "none fits", which then holds for all that follow."""
    pointers = [0] * len(heads)
    lists = [shard.tolist() for shard in heads]
    current = [shard[0] if shard else None for shard in lists]
    winners: list[int] = []
    while len(winners) < count and None not in current:
        best = min(range(len(current)), key=current.__getitem__)  # type: ignore[arg-type]
        if current[best] == NOTHING:
            winners.extend([-1] * (count - len(winners)))
            break
        winners.append(best)
        pointers[best] += 1
        current[best] = lists[best][pointers[best]] if pointers[best] < len(lists[best]) else None
    return np.array(winners, np.int64)


def best_of(heads: list[np.ndarray]) -> np.ndarray:
    """Which shard's node is the best, pod by pod; -1 where none has one."""
    best = heads[0].copy()
    winner = np.zeros(len(best), np.int64)
    for shard, own in enumerate(heads[1:], start=1):
        better = before(own, best)
        winner[better] = shard
        best[better] = own[better]
    winner[best["score"] == _LAST] = -1
    return winner


def before(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a < b, element by element."""
    later = (a["tie"] < b["tie"]) | ((a["tie"] == b["tie"]) & (a["zone"] < b["zone"]))
    found: np.ndarray = (a["score"] < b["score"]) | ((a["score"] == b["score"]) & later)
    return found


def check_guess(heads: list[np.ndarray], taken: list[np.ndarray]) -> tuple[int, np.ndarray]:
    """Pods of several classes. heads[s][i] is the place of shard s's best node for pod i, given the pods before i that
    s took; taken[s] lists the pods that it took. As long as every pod was taken by the shard with the best node and by
    no other, all heads are those of the true state. Gives how many pods that is, and the winners, of which one more
    than that is true."""
    winner = best_of(heads)
    takers = np.full(len(winner), -1, np.int64)
    count = np.zeros(len(winner), np.int64)
    for shard, positions in enumerate(taken):
        takers[positions] = shard
        count[positions] += 1
    wrong = np.flatnonzero((takers != winner) | (count > 1))
    return int(wrong[0]) if len(wrong) else len(winner), winner
