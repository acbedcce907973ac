"""Batches of pods, decided by all shards together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..placements import NO_FIT, NO_NODE, NO_POD
from ..placing import PLACEMENT
from .fleet import Fleet
from .order import FIRST, NOTHING, ORDER, before, check_guess, merge_runs
from .split import global_nodes, global_pods

# Pods of one class in a row that are worth a message of their own.
LEAST_RUN = 8
MOST_RUN = 8192
# Guesses get better with each round that looks at the same pods, which is why the least window is not smaller.
LEAST_WINDOW, MOST_WINDOW = 48, 4096


class Placer:
    def __init__(self, fleet: Fleet):
        self._fleet = fleet
        self._window = 64  # pods of several classes that are guessed at once: as many as guesses come true

    def place(self, wanted: np.ndarray) -> np.ndarray:
        out = np.zeros(len(wanted), PLACEMENT)
        out["pod"], out["node"], out["outcome"], out["pod_class"] = NO_POD, NO_NODE, NO_FIT, wanted
        if not len(wanted):
            return out
        starts = np.concatenate([[0], np.flatnonzero(wanted[1:] != wanted[:-1]) + 1])
        lengths = np.diff(np.append(starts, len(wanted)))
        runs = lengths >= LEAST_RUN if len(wanted) > 1 else np.ones(len(starts), bool)
        stretch = 0
        while stretch < len(starts):
            first = int(starts[stretch])
            if runs[stretch]:
                self._place_run(wanted, first, first + int(lengths[stretch]), out)
                stretch += 1
                continue
            while stretch < len(starts) and not runs[stretch]:
                stretch += 1
            end = int(starts[stretch]) if stretch < len(starts) else len(wanted)
            self._place_mixed(wanted, first, end, out)
        return out

    def _place_run(self, wanted: np.ndarray, first: int, end: int, out: np.ndarray) -> None:
        """Pods of one class."""
        while first < end:
            count = min(end - first, MOST_RUN)
            tries = self._fleet.ask_all("try_run", int(wanted[first]), count)
            winners = merge_runs([order for _, order in tries], count)
            for shard, (placed, _) in enumerate(tries):
                won = np.flatnonzero(winners == shard)
                self._keep(shard, placed[: len(won)], out, first + won)
            if winners[-1] < 0:
                return  # none fits, and none will
            first += len(winners)

    def _place_mixed(self, wanted: np.ndarray, first: int, end: int, out: np.ndarray) -> None:
        """Pods of several classes: guess, compare, keep what is true."""
        shards = len(self._fleet)
        kinds, number = np.unique(wanted[first:end], return_inverse=True)
        # by shard and kind, the best node when it was last heard of; copies, because Ray's arrays are not to be written
        known = [own.copy() for own in self._fleet.ask_all("heads", kinds)]
        guess = [np.zeros(0, ORDER)] * shards  # of the pods from `position` on, as the last round saw them
        certain = None  # the winner of the next pod, where the last round told
        position = first
        while position < end:
            size = min(self._window, end - position)
            here = number[position - first : position - first + size]
            heads = [np.concatenate([guess[s][:size], known[s][here[len(guess[s][:size]) :]]]) for s in range(shards)]
            calls = {}
            for shard in range(shards):
                others = _best_other(heads, shard)
                if certain is not None:
                    others[0] = NOTHING if certain == shard else FIRST
                calls[shard] = ("try_mixed", (wanted[position : position + size], others))
            answers = self._fleet.ask(calls)
            heads = [answers[shard][0] for shard in range(shards)]
            true, winner = check_guess(heads, [answers[shard][1] for shard in range(shards)])
            for shard in range(shards):
                own, taken, placed = answers[shard]
                count = int(np.searchsorted(taken, true))
                self._keep(shard, placed[:count], out, position + taken[:count])
                known[shard][here[: true + 1]] = own[: true + 1]
                guess[shard] = own[true:]
            certain = int(winner[true]) if true < size else None
            position += true
            if true < size:
                self._window = max(LEAST_WINDOW, 2 * true)
            elif size == self._window:
                self._window = min(2 * size, MOST_WINDOW)

    def _keep(self, shard: int, placed: np.ndarray, out: np.ndarray, positions: np.ndarray) -> None:
        """Writes down what a shard won, for it and for the caller."""
        self._fleet.keep(shard, len(placed))
        if not len(placed):
            return
        self._fleet.logs[shard].place(placed["pod_class"].copy(), placed["node"].copy())
        answer = placed.copy()
        answer["pod"] = global_pods(placed["pod"], shard)
        answer["node"] = global_nodes(placed["node"], shard)
        out[positions] = answer


def _best_other(heads: list[np.ndarray], shard: int) -> Any:
    """The best node of all other shards, pod by pod."""
    best = np.empty(len(heads[0]), ORDER)
    best[:] = NOTHING
    for other, own in enumerate(heads):
        if other != shard:
            better = before(own, best)
            best[better] = own[better]
    return best
