"""Many episodes at once, each on an engine of its own, behind both environments.

What all lanes have in common is arrays of NumPy; what each has alone is an engine, forked from one that holds the
nodes, and its episode. A step crosses to the library at most once for each lane to bind, once to release what has
ended, and once to ask where the next pod may go; the latter is asked about the nodes that changed since its class came
last."""

import heapq
from collections import OrderedDict
from typing import Any

import numpy as np

from .. import abi
from ..engine import Engine
from ..readers.loading import GPU
from ..readers.workload import Workload
from ..simulation.figures import stranded
from .episodes import Episode, allocatable_of, requests_of

_VERDICT = abi.dtype("berth_verdict")
_CANDIDATE = abi.dtype("berth_candidate")
_MASK_BYTES = 64 << 20
"""All masks of one lane: beyond that, those that were not used for longest are dropped."""


class Setting:
    """Nodes and kinds of pods, as all lanes have them: N nodes, R columns, C kinds."""

    def __init__(self, workload: Workload, profile: Any):
        if not workload.specs:
            raise ValueError(f"workload {workload.name!r} has no kinds of pods")
        self.engine, self.loaded = workload.engine(profile=profile)
        self.workload = workload
        self.classes = np.array(self.engine.pod_classes(workload.specs), np.uint32)
        self.class_list, self.node_list = self.classes.tolist(), self.loaded.nodes.tolist()
        self.columns = [*workload.resources, *([GPU] if workload.uses_devices else [])]
        self.allocatable = allocatable_of(workload)
        self.requests = requests_of(workload)
        self.largest = np.maximum(self.allocatable.max(axis=0), 1)
        self.pod_share = np.clip(self.requests / self.largest, 0, 1).astype(np.float32)
        self.free = self.allocatable - _running(workload, self.requests)
        self.weights = np.full(len(self.classes), 1 / len(self.classes))
        # Only then does a pod change nothing but its own node.
        self.is_local = not any(spec.affinity or spec.spread or spec.default_spread for spec in workload.specs)

    def stranded(self, free: np.ndarray, allocatable: np.ndarray) -> np.ndarray:
        return stranded(free, allocatable, self.requests, self.weights)


class Lanes:
    """E episodes. `shares` [E, N, R] and `masks` [E, actions] are what agents see; they are written in place."""

    def __init__(self, setting: Setting, count: int, candidates: int | None):
        nodes = len(setting.allocatable)
        if candidates is not None and not 1 <= candidates <= 65_536:
            raise ValueError(f"candidates: {candidates}, 1 to 65536 are possible")
        self.setting, self.count, self.candidates = setting, count, candidates
        actions = nodes if candidates is None else candidates
        self.free = np.repeat(setting.free[None], count, axis=0)
        start = np.clip(setting.free / setting.largest, 0, 1).astype(np.float32)
        self.shares = np.repeat(start[None], count, axis=0)
        self.masks = np.zeros((count, actions), np.bool_)
        self.spec = np.zeros(count, np.int64)
        """Of the pod that is to be placed."""
        self.pods = np.ones(count, np.int64)
        self.seen = np.zeros(count, np.int64)
        """Pods of the episode before this one."""
        self.failed = np.zeros(count, np.int64)
        self.placed = np.zeros(count, np.int64)
        self.done = np.ones(count, np.bool_)
        self.choices = np.full((count, actions), -1, np.int64) if candidates else None
        """[E, k] nodes' indices, -1 behind the last."""
        self.before = np.zeros((count, len(setting.columns)), np.int64)
        """What was free of the chosen nodes before the last step's pods were placed."""
        self._lanes = [_Lane(self, index) for index in range(count)]

    def reset(self, lane: int, episode: Episode) -> None:
        self._lanes[lane].reset(episode)

    def engine(self, lane: int) -> Engine:
        return self._lanes[lane].engine

    def act(self, actions: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places the pods of active lanes where the actions say, those that the mask allows, and goes on to the next
        pods that fit somewhere. Gives which were placed, bool [E], and on which node, int64 [E] (-1: none)."""
        rows = np.arange(self.count)
        inside = (actions >= 0) & (actions < self.masks.shape[1])
        chosen = np.where(inside, actions, 0)
        placed = active & inside & self.masks[rows, chosen]
        nodes = np.where(placed, chosen if self.choices is None else self.choices[rows, chosen], -1)
        where = np.flatnonzero(placed)
        self.before[where] = self.free[where, nodes[where]]
        for lane in where.tolist():
            self._lanes[lane].bind(int(nodes[lane]))
        self._take(where, nodes[where], -self.setting.requests[self.spec[where]])
        self.placed[where] += 1
        self.failed[active & ~placed] += 1
        for lane in np.flatnonzero(active).tolist():
            self._lanes[lane].advance()
        return placed, nodes

    def give_back(self, lane: int, nodes: list[int], specs: list[int]) -> None:
        """What pods held is free again."""
        lanes = np.full(len(nodes), lane)
        self._take(lanes, np.array(nodes, np.int64), self.setting.requests[specs])

    def restore(self, lane: int, nodes: np.ndarray) -> None:
        """Nodes as they were when the episode began."""
        setting = self.setting
        self.free[lane, nodes] = setting.free[nodes]
        self.shares[lane, nodes] = np.clip(setting.free[nodes] / setting.largest, 0, 1)

    def _take(self, lanes: np.ndarray, nodes: np.ndarray, amounts: np.ndarray) -> None:
        np.add.at(self.free, (lanes, nodes), amounts)
        self.shares[lanes, nodes] = np.clip(self.free[lanes, nodes] / self.setting.largest, 0, 1)

    def close(self) -> None:
        for lane in self._lanes:
            lane.engine.close()


class _Lane:
    """One engine and its episode."""

    def __init__(self, lanes: Lanes, index: int):
        self._all, self._index = lanes, index
        self._setting = setting = lanes.setting
        self.engine = setting.engine.fork()
        self._statement = abi.ffi.new("berth_statement_id *")
        self._is_open = False
        self._episode = Episode(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        self._running: list[tuple[float, int, int, int]] = []
        """A heap of (end, pod, node, spec)."""
        self._changed: list[int] = []
        """Nodes in the order of their changes; masks know how far they have read."""
        self._first_change = 0
        self._masks: OrderedDict[int, tuple[int, np.ndarray]] = OrderedDict()
        self._most_masks = max(1, _MASK_BYTES // len(setting.allocatable))
        self._class, self._node, self._pod = (np.zeros(1, dtype) for dtype in (np.uint32, np.uint64, np.uint64))
        self._pointers = (
            abi.column("berth_class_id *", self._class),
            abi.column("berth_node_id *", self._node),
            abi.column("berth_pod_id *", self._pod),
        )
        self._ids = setting.node_list
        self._verdicts = np.zeros(0, _VERDICT)
        """Room for what `_check` asks, which grows."""

    def reset(self, episode: Episode) -> None:
        """Takes back what the last episode did: in proportion to that, not to the nodes."""
        lanes, index = self._all, self._index
        engine = self.engine
        if self._is_open:
            engine._call(abi.lib.berth_statement_discard, self._statement[0])
            lanes.restore(index, np.unique(np.array(self._changed[self._first_change :], np.int64)))
        engine._call(abi.lib.berth_statement_begin, self._statement)
        self._is_open = True
        # all that the last episode changed has changed back
        self._changed += self._changed[self._first_change :]
        if len(self._changed) > 4 * len(self._ids) + 1_000_000:
            self._changed.clear()
            self._masks.clear()
        self._first_change = len(self._changed)
        self._running.clear()
        self._episode = Episode(episode.spec.tolist(), episode.arrival_s.tolist(), episode.duration_s.tolist())
        lanes.pods[index], lanes.seen[index] = len(episode.spec), -1
        lanes.failed[index] = lanes.placed[index] = 0
        self.advance()

    def bind(self, node: int) -> None:
        """Places the pod of this moment."""
        lanes, engine = self._all, self.engine
        at, spec = int(lanes.seen[self._index]), int(lanes.spec[self._index])
        self._class[0], self._node[0] = self._setting.class_list[spec], self._ids[node]
        classes, nodes, pods = self._pointers
        status = abi.lib.berth_pods_bind(engine._pointer, classes, nodes, 1, pods)
        if status:
            engine._refuse(status)
        end = self._episode.arrival_s[at] + self._episode.duration_s[at]
        if end != np.inf:
            heapq.heappush(self._running, (end, int(self._pod[0]), node, spec))
        self._changed.append(node)

    def advance(self) -> None:
        """On to the next pod that fits somewhere; those before it, which fit nowhere, have failed."""
        lanes, index, episode = self._all, self._index, self._episode
        at = int(lanes.seen[index])
        while True:
            at += 1
            if at == len(episode.spec):
                lanes.masks[index] = False
                lanes.done[index], lanes.seen[index] = True, at
                return
            self._release(episode.arrival_s[at])
            spec = episode.spec[at]
            if self._look(spec):
                lanes.done[index], lanes.seen[index], lanes.spec[index] = False, at, spec
                return
            lanes.failed[index] += 1

    def _release(self, now: float) -> None:
        running = self._running
        if not running or running[0][0] > now:
            return
        pods, nodes, specs = [], [], []
        while running and running[0][0] <= now:
            _, pod, node, spec = heapq.heappop(running)
            pods.append(pod)
            nodes.append(node)
            specs.append(spec)
        status = abi.lib.berth_pods_release(self.engine._pointer, pods, len(pods))
        if status:
            self.engine._refuse(status)
        self._changed += nodes
        self._all.give_back(self._index, nodes, specs)

    def _look(self, spec: int) -> bool:
        """Writes the mask for a pod of a kind; whether there is anywhere to go."""
        lanes, index = self._all, self._index
        if lanes.choices is None:
            mask = self._mask(spec)
            lanes.masks[index] = mask
            return bool(mask.any())
        best = self.engine.candidates(self._setting.class_list[spec], lanes.choices.shape[1])
        count = len(best)
        lanes.choices[index, :count] = self._setting.loaded.index(best["node"])
        lanes.choices[index, count:] = -1
        lanes.masks[index] = np.arange(lanes.choices.shape[1]) < count
        return count > 0

    def _mask(self, spec: int) -> np.ndarray:
        """Where a pod of a kind may go, bool [N], kept current with what the engine says of changed nodes."""
        known = self._masks.get(spec) if self._setting.is_local else None
        if known is None:
            mask = self._check(spec, self._setting.loaded.nodes)
            if len(self._masks) >= self._most_masks:
                self._masks.popitem(last=False)
        else:
            read, mask = known
            self._masks.move_to_end(spec)
            changed = self._changed[read:]
            if len(changed) > len(mask):
                mask = self._check(spec, self._setting.loaded.nodes)
            elif changed:
                # one that changed twice is asked about twice, which is cheaper than to look for it
                mask[changed] = self._check(spec, self._setting.loaded.nodes[changed])
        self._masks[spec] = len(self._changed), mask
        return mask

    def _check(self, spec: int, nodes: np.ndarray) -> np.ndarray:
        count = len(nodes)
        if count > len(self._verdicts):
            self._verdicts = np.zeros(count, _VERDICT)
            self._asked = np.zeros(count, np.uint64)
            self._check_pointers = (
                abi.column("berth_node_id *", self._asked),
                abi.column("berth_verdict *", self._verdicts),
            )
            self._reasons = self._verdicts["reason"]
        self._asked[:count] = nodes
        asked, verdicts = self._check_pointers
        status = abi.lib.berth_class_check(
            self.engine._pointer, self._setting.class_list[spec], asked, count, verdicts, abi.NULL
        )
        if status:
            self.engine._refuse(status)
        fits: np.ndarray = self._reasons[:count] == 0
        return fits


def _running(workload: Workload, requests: np.ndarray) -> np.ndarray:
    """int64 [N, R]: what pods hold that run from the beginning."""
    held = np.zeros((len(workload.nodes), requests.shape[1]), np.int64)
    bound = workload.pods["node"] >= 0
    np.add.at(held, workload.pods["node"][bound], requests[workload.pods["spec"][bound]])
    return held
