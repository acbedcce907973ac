"""One shard: an engine with the nodes of some zones. It lives in a worker and answers the coordinator."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .. import abi
from ..engine import Engine
from ..placements import PLACED
from ..placing import PLACEMENT
from .order import NOTHING, ORDER, keys

_INDEX = np.uint64(0xFFFFFFFF)


class Shard:
    """What is tried stands in an open trial until the next message says how much of it is kept: a try is never binding,
    and costs no message of its own to be taken back."""

    def __init__(self, options: dict[str, Any]):
        self.engine = Engine(**options)
        self._by_key = options.get("tie") == "key"
        self._zone = np.zeros(0, np.int64)  # by node index: the rank of its zone in topology order
        self._tie = np.zeros(0, np.uint32)  # by node index
        self._tried: np.ndarray | None = None  # classes placed in the open trial; None: the trial has another call
        self._trial: Any = None
        self._heads: dict[int, tuple[int, int, int]] = {}  # best node of a class in the present state

    def handle(self, keep: int, method: str, arguments: tuple[Any, ...]) -> Any:
        """Keeps so much of what is tried, then does what it is told."""
        self._settle(keep)
        return getattr(self, method)(*arguments)

    # What is told outright

    def add_profile(self, name: str, profile: Any) -> int:
        return self.engine.add_profile(name, profile)

    def intern(self, specs: list[Any]) -> list[int]:
        return [int(made) for made in self.engine.pod_classes(specs)]

    def attempt(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """A call that is kept or taken back as a whole with the next message."""
        self._trial = self.engine.what_if().begin()
        self._tried = None
        try:
            return self.perform(method, arguments)
        except BaseException:
            self._settle(0)
            raise

    def perform(self, method: str, arguments: tuple[Any, ...]) -> Any:
        self._heads.clear()
        return getattr(self, f"do_{method}")(*arguments)

    def do_add_nodes(self, allocatable: Any, columns: dict[str, Any], zones: np.ndarray) -> np.ndarray:
        ids = self.engine.add_nodes(allocatable, **columns)
        self._know(ids, zones, columns.get("tie_keys", 0))
        return ids

    def do_remove_nodes(self, nodes: np.ndarray) -> None:
        self.engine.nodes.remove(nodes)

    def do_cordon(self, nodes: np.ndarray, cordoned: bool) -> None:
        self.engine.nodes.cordon(nodes, cordoned)

    def do_bind(self, classes: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        return self.engine.bind(classes, nodes)

    def do_pods(self, method: str, pods: np.ndarray) -> None:
        getattr(self.engine, method)(pods)

    # What is read

    def read_pods(self, pods: np.ndarray) -> np.ndarray:
        return self.engine.read_pods(pods)

    def read_nodes(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.engine.nodes.allocatable(nodes), self.engine.nodes.requested(nodes)

    def counts(self) -> tuple[int, int]:
        info = self.engine.metrics.info()
        return int(info["nodes"]), int(info["pods"])

    def candidates(self, pod_class: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Records of node and score, best first, and their places in the order of all shards."""
        found = self.engine.candidates(pod_class, k)
        return found, self._order(found["node"], found["score"])

    def heads(self, classes: np.ndarray) -> np.ndarray:
        """The best node of each class now, as its place in the order of all shards."""
        return np.array([self._head(int(pod_class)) for pod_class in classes], ORDER)

    # What is tried

    def try_run(self, pod_class: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """As if all of `count` pods of a class came here: what would be placed, and the places in the order."""
        placed = self._place(np.full(count, pod_class, np.uint32))
        return placed, self._order(placed["node"], placed["score"], placed["outcome"] == PLACED)

    def try_mixed(self, classes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places those pods for which this shard's best node comes before the best of the others, as far as that is
        known. Gives the best node's place in the order for every pod, which pods were placed, and what came of them."""
        self._begin()
        wanted = classes.tolist()
        bounds = others.tolist()
        best: list[tuple[int, int, int]] = []
        taken: list[int] = []
        made = np.zeros(len(wanted), PLACEMENT)
        call, engine = abi.lib.berth_pods_place, self.engine
        out = abi.ffi.cast("berth_placement *", made.ctypes.data)
        one = abi.ffi.new("berth_class_id[1]")
        for position, pod_class in enumerate(wanted):
            head = self._head(pod_class)
            best.append(head)
            if head < bounds[position]:
                one[0] = pod_class
                engine._call(call, one, 1, 0, out + len(taken))
                taken.append(position)
                self._heads.clear()
        positions = np.array(taken, np.int64)
        self._tried = classes[positions]
        return np.array(best, ORDER), positions, made[: len(taken)]

    def settle(self) -> None:
        """Only keeps what is to be kept."""

    # What outlives the process

    def replay(self, saved: dict[str, Any] | None, calls: list[tuple[str, tuple[Any, ...]]]) -> str | None:
        """Makes this shard what a lost one was. Gives a sentence if a pod came to another node than it had come to."""
        if saved is not None:
            self.load(saved)
        for method, arguments in calls:
            if method != "place":
                getattr(self, method)(*arguments)
                continue
            classes, nodes = arguments
            differ = np.flatnonzero(self.engine.place(classes).nodes != nodes)
            if len(differ):
                return f"a pod of class {classes[differ[0]]} was on node {nodes[differ[0]]}, and is elsewhere now"
        self._heads.clear()
        return None

    def save(self) -> dict[str, Any]:
        """All that this shard is, for `load`."""
        with tempfile.TemporaryDirectory(prefix="berth-shard-") as folder:
            path = Path(folder) / "snapshot"
            self.engine.snapshot(path)
            state = path.read_bytes()
        return {"state": state, "names": self.engine.names, "zone": self._zone, "tie": self._tie}

    def load(self, saved: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="berth-shard-") as folder:
            path = Path(folder) / "snapshot"
            path.write_bytes(saved["state"])
            loaded = Engine.recover(path, names=saved["names"])
        self.engine.close()
        self.engine, self._zone, self._tie = loaded, saved["zone"].copy(), saved["tie"].copy()
        self._heads.clear()

    # Inside

    def _begin(self) -> None:
        self._trial = self.engine.what_if().begin()
        self._tried = np.zeros(0, np.uint32)

    def _place(self, classes: np.ndarray) -> np.ndarray:
        self._begin()
        self._heads.clear()
        placed = self.engine.place(classes)
        self._tried = classes[placed.placed]
        return placed.array

    def _settle(self, keep: int) -> None:
        """Closes the trial. Of pods the first `keep` stay: taking all back and placing those again gives the same nodes
        and ids, and needs no checkpoint for every pod."""
        if self._trial is None:
            return
        trial, tried, self._trial, self._tried = self._trial, self._tried, None, None
        self._heads.clear()
        if keep == (1 if tried is None else len(tried)):
            trial.commit()
            return
        trial.discard()
        if tried is not None and keep:
            self.engine.place(tried[:keep])

    def _head(self, pod_class: int) -> tuple[int, int, int]:
        known = self._heads.get(pod_class)
        if known is None:
            found = self.engine.candidates(pod_class, 1)
            known = NOTHING
            if len(found):
                index = int(found["node"][0]) & 0xFFFFFFFF
                known = (-int(found["score"][0]), int(self._tie[index]), int(self._zone[index]))
            self._heads[pod_class] = known
        return known

    def _order(self, nodes: np.ndarray, scores: np.ndarray, valid: Any = None) -> np.ndarray:
        index = (nodes & _INDEX).astype(np.int64)
        if valid is not None:
            index = np.where(valid, index, 0)
        if not len(self._zone):  # no node, so nothing was found
            return keys(scores, 0, 0, np.zeros(len(scores), bool))
        return keys(scores, self._tie[index], self._zone[index], valid)

    def _know(self, ids: np.ndarray, zones: np.ndarray, tie_keys: Any) -> None:
        index = (ids & _INDEX).astype(np.int64)
        most = int(index.max(initial=-1)) + 1
        if most > len(self._zone):
            room = max(most, 2 * len(self._zone)) - len(self._zone)
            self._zone = np.concatenate([self._zone, np.zeros(room, np.int64)])
            self._tie = np.concatenate([self._tie, np.zeros(room, np.uint32)])
        self._zone[index] = zones
        self._tie[index] = tie_keys if self._by_key else 0
