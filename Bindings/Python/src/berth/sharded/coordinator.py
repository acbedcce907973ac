"""The coordinator: one cluster over several shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

import numpy as np

from .. import placing
from ..classes import PodClass, PodSpec
from ..columns import column, ids
from ..placements import NO_NODE, Placements
from ..placing import CANDIDATE, POD_STATE
from ..profiles import Term, terms_of
from .errors import ShardFailed
from .fleet import Fleet
from .order import ORDER
from .placer import Placer
from .split import (
    MOST_SHARDS,
    NodeColumns,
    by_shard,
    global_nodes,
    global_pods,
    local_nodes,
    local_pods,
    refusal,
)
from .support import Support


class ShardedEngine:
    """A cluster over several engines that decides as one Engine with the same calls would: node for node, score for
    score. For clusters that outgrow a machine; where one Engine has room, it is faster.

    levels, resources, profile, tie, allocator, cpu_level: as of Engine; at least one level is needed. shards: how many
    (1..255). backend: "processes" of this machine, "ray" actors (`pip install 'berth[ray]'`; joins the cluster that
    ray.init() would; ray_options are those of ray.remote), or "inline", all in this process. zones: names of the widest
    level's domains to numbers of shards; others go to the shard with the fewest nodes.

    How it decides. A class of pods in a row is tried by every shard as if all came to it; the best heads of the shards
    are merged, and each shard keeps as many as it won. Other batches are guessed: each shard is told the best nodes of
    the others as far as known, and places what it would win; what comes before the first wrong guess is kept. Either
    way a decision is final only when the best nodes of all shards, in the true state, have been compared.

    What is served. Fit and score must depend on a node and its zone alone: requests, node selectors and required
    affinity, taints and tolerations, node names, host ports, required anti-affinity over kubernetes.io/hostname or the
    widest level; the terms least_allocated, most_allocated, requested_to_capacity_ratio, balanced_allocation, binpack,
    spread, price, dot_product, best_fit. The other terms of Kubernetes' profile are accepted, and what they would look
    at is refused: topology spread, pod affinity, preferred terms, images, PreferNoSchedule taints. NotShardable says
    which and why. There are no devices, gangs, reservations, trials and forks over shards.

    When a worker dies, another one is started and brought to where the lost one was, by the list of calls and their
    answers that is kept here; what was only tried is tried again. ShardFailed if that fails three times in a row, or if
    an answer differs. The list is replaced by the shard's snapshot from time to time. An interrupted call
    (KeyboardInterrupt) may have placed some of its pods. One thread at a time."""

    def __init__(
        self,
        levels: Sequence[str],
        resources: Mapping[str, Any] | Iterable[str] = ("cpu", "memory"),
        profile: str | Term | Sequence[Term] = "binpack",
        *,
        shards: int = 2,
        backend: Literal["processes", "ray", "inline"] = "processes",
        zones: Mapping[str, int] | None = None,
        tie: str = "topology",
        allocator: str = "auto",
        cpu_level: str = "auto",
        ray_options: Mapping[str, Any] | None = None,
    ):
        if isinstance(levels, str) or not levels:
            raise ValueError(f"levels: a list of label keys is needed, whose first divides the shards; got {levels!r}")
        if isinstance(shards, bool) or not isinstance(shards, int) or not 1 <= shards <= MOST_SHARDS:
            raise ValueError(f"shards: a number in 1..{MOST_SHARDS} is needed, not {shards!r}")
        if backend not in ("processes", "ray", "inline"):
            raise ValueError(f"backend: 'processes', 'ray' or 'inline' is needed, not {backend!r}")
        wrong = {zone: shard for zone, shard in (zones or {}).items() if not 0 <= shard < shards}
        if wrong:
            raise ValueError(f"zones: there are shards 0..{shards - 1}, not {wrong}")
        self.levels = tuple(levels)
        self._support = Support(self.levels)
        self._asked = dict(zones or {})
        self._zones: dict[str, tuple[int, int]] = {}  # name -> rank in topology order, shard
        self._sizes = np.zeros(shards, np.int64)
        self._names: dict[str, int] = {}
        self._named: dict[int, str] = {}
        self._classes = 0
        words = dict(resources) if isinstance(resources, Mapping) else list(resources)
        options = {"levels": self.levels, "resources": words, "profile": None, "tie": tie}
        options |= {"allocator": allocator, "cpu_level": cpu_level}
        self._fleet = Fleet(shards, backend, options, dict(ray_options or {}))
        self._placer = Placer(self._fleet)
        try:
            self.add_profile("default", profile)
        except BaseException:
            self.close()
            raise

    # What is asked for

    def add_profile(self, name: str, profile: str | Term | Sequence[Term]) -> int:
        """Adds a profile, as Engine.add_profile. NotShardable for terms that weigh devices."""
        terms = list(terms_of(profile))
        self._support.check_profile(name, terms)
        id = int(self._fleet.tell_all("add_profile", name, terms))
        self._support.add_profile(name, id, terms)
        return id

    def pod_class(self, requests: Mapping[str, int | str] | PodSpec, **asked: Any) -> PodClass:
        """The class of pods that ask for this, as Engine.pod_class. NotShardable for what all shards would decide."""
        spec = requests if isinstance(requests, PodSpec) else PodSpec(requests, **asked)
        self._support.check_class(spec)
        id = self._fleet.tell_all("intern", [spec])[0]
        self._support.note_class(spec)
        self._classes = max(self._classes, id + 1)
        return PodClass(id, spec)

    # Nodes

    def add_nodes(self, allocatable: Any, **columns: Any) -> np.ndarray:
        """Adds nodes and gives their ids, uint64 [n], as Engine.add_nodes; all or nothing. domains are names: a path
        for each node, or a name in a cluster of one level. labels, taints and images are sets, not ids."""
        given = NodeColumns(allocatable, columns, self.levels)
        prefers = self._support.check_nodes(given.sets("labels"), given.sets("taints"))
        self._check_names(given.names)
        zones, sizes = dict(self._zones), self._sizes.copy()
        shards = np.zeros(given.count, np.int64)
        ranks = np.zeros(given.count, np.int64)
        names, rows = np.unique([path[0] for path in given.paths] or np.zeros(0, str), return_inverse=True)
        first = {path[0]: None for path in given.paths}  # zones in the order in which they come
        counts = np.bincount(rows, minlength=len(names))
        number = {str(name): place for place, name in enumerate(names)}
        for zone in first:
            if zone not in zones:
                zones[zone] = (len(zones), self._asked.get(zone, int(np.argmin(sizes))))
            sizes[zones[zone][1]] += counts[number[zone]]
        table = np.array([zones[str(name)] for name in names], np.int64).reshape(-1, 2)
        ranks, shards = table[rows, 0], table[rows, 1]
        calls, where = {}, {}
        for shard in np.unique(shards).tolist():
            where[shard] = np.flatnonzero(shards == shard)
            calls[shard] = ("add_nodes", (*given.take(where[shard]), ranks[where[shard]]))
        made = np.zeros(given.count, np.uint64)
        for shard, own in self._fleet.all_or_nothing(calls).items():
            made[where[shard]] = global_nodes(own, shard)
        self._zones, self._sizes = zones, sizes
        self._support.note_nodes(prefers)
        for name, node in zip(given.names or (), made.tolist(), strict=False):
            if name is not None:
                self._names[name], self._named[node] = node, name
        return made

    def remove_nodes(self, nodes: Any) -> None:
        """Removes nodes, as Engine.nodes.remove; all or nothing."""
        given = ids(nodes, "nodes")
        shards, local = local_nodes(given)
        parts = by_shard(shards, len(self._fleet), "nodes")
        self._fleet.all_or_nothing({shard: ("remove_nodes", (local[at],)) for shard, at in parts.items()})
        for shard, at in parts.items():
            self._sizes[shard] -= len(at)
        for node in given.tolist():
            self._names.pop(self._named.pop(node, ""), None)

    def cordon(self, nodes: Any, cordoned: bool = True) -> None:
        """Cordons nodes, or uncordons them; all or nothing."""
        shards, local = local_nodes(ids(nodes, "nodes"))
        parts = by_shard(shards, len(self._fleet), "nodes")
        self._fleet.all_or_nothing({shard: ("cordon", (local[at], cordoned)) for shard, at in parts.items()})

    def find_node(self, name: str) -> int:
        """The node of that name. NotFound if there is none."""
        if name not in self._names:
            raise refusal("BERTH_UNKNOWN_ID", f"no node is named {name!r}")
        return self._names[name]

    def read_nodes(self, nodes: Any) -> tuple[np.ndarray, np.ndarray]:
        """What nodes have and what of it is requested, int64 [n, resources] each."""
        given = ids(nodes, "nodes")
        shards, local = local_nodes(given)
        parts = by_shard(shards, len(self._fleet), "nodes")
        answers = self._fleet.ask({shard: ("read_nodes", (local[at],)) for shard, at in parts.items()})
        width = next((own[0].shape[1] for own in answers.values()), 0)
        found = np.zeros((2, len(given), width), np.int64)
        for shard, own in answers.items():
            found[:, parts[shard]] = own
        return found[0], found[1]

    # Pods

    def place(self, classes: Any, count: int | None = None) -> Placements:
        """Places pods one after the other, as Engine.place: every decision is the one that a single engine would make.
        NotFound for an unknown class refuses all of them before anything is placed."""
        wanted = placing.class_column(classes, count)
        if len(wanted) and int(wanted.max()) >= self._classes:
            position = int(np.argmax(wanted >= self._classes))
            raise refusal("BERTH_UNKNOWN_ID", f"classes[{position}]: class {wanted[position]} was never given out")
        placed = self._placer.place(wanted)
        self._fleet.save_long_logs()
        return Placements(placed)

    def bind(self, classes: Any, nodes: Any) -> np.ndarray:
        """Records pods that run already, as Engine.bind; all or nothing."""
        shards, local = local_nodes(ids(nodes, "nodes"))
        wanted = column(classes, np.uint32, "classes", shards.shape)
        parts = by_shard(shards, len(self._fleet), "nodes")
        calls = {shard: ("bind", (wanted[at], local[at])) for shard, at in parts.items()}
        made = np.zeros(len(shards), np.uint64)
        for shard, own in self._fleet.all_or_nothing(calls).items():
            made[parts[shard]] = global_pods(own, shard)
        return made

    def confirm(self, pods: Any) -> None:
        """Assumed pods become bound. All or nothing."""
        self._each("confirm", pods)

    def forget(self, pods: Any) -> None:
        """Assumed pods are taken back. All or nothing."""
        self._each("forget", pods)

    def release(self, pods: Any) -> None:
        """Pods leave, assumed or bound. All or nothing."""
        self._each("release", pods)

    def read_pods(self, pods: Any) -> np.ndarray:
        """Pods by id, as Engine.read_pods."""
        given = placing.pod_ids(pods)
        shards, local = local_pods(given)
        parts = by_shard(shards, len(self._fleet), "pods")
        found = np.zeros(len(given), POD_STATE)
        answers = self._fleet.ask({shard: ("read_pods", (local[at],)) for shard, at in parts.items()})
        for shard, answer in answers.items():
            own = answer.copy()
            on_node = own["node"] != NO_NODE
            own["pod"] = global_pods(own["pod"], shard)
            own["node"][on_node] = global_nodes(own["node"][on_node], shard)
            found[parts[shard]] = own
        return found

    def candidates(self, pod_class: int, k: int) -> np.ndarray:
        """The k best feasible nodes of all shards, best first: records of node, score, as Engine.candidates."""
        answers = self._fleet.ask_all("candidates", int(pod_class), k)
        found = np.concatenate([own[0] for own in answers]) if answers else np.zeros(0, CANDIDATE)
        order = np.concatenate([own[1] for own in answers]) if answers else np.zeros(0, ORDER)
        start = 0
        for shard, (own, _) in enumerate(answers):
            found["node"][start : start + len(own)] = global_nodes(own["node"], shard)
            start += len(own)
        # stable: within a shard equal places stay in its engine's order
        best = np.lexsort((order["zone"], order["tie"], order["score"]))
        return found[best[:k]]

    def _each(self, method: str, pods: Any) -> None:
        shards, local = local_pods(placing.pod_ids(pods))
        parts = by_shard(shards, len(self._fleet), "pods")
        self._fleet.all_or_nothing({shard: ("pods", (method, local[at])) for shard, at in parts.items()})

    def _check_names(self, names: list[str | None] | None) -> None:
        seen: set[str] = set()
        for position, name in enumerate(names or ()):
            if name is None:
                continue
            if name in self._names or name in seen:
                raise refusal("BERTH_DUPLICATE", f"names[{position}]: there is a node {name!r} already")
            seen.add(name)

    # Life

    @property
    def shards(self) -> list[dict[str, int]]:
        """Of each shard: nodes, pods, and how often its worker had to be made again."""
        return [
            {"nodes": nodes, "pods": pods, "restarts": restarts}
            for (nodes, pods), restarts in zip(self._fleet.ask_all("counts"), self._fleet.restarts, strict=True)
        ]

    @property
    def zones(self) -> dict[str, int]:
        """The shard of each zone, in topology order."""
        return {zone: shard for zone, (_, shard) in self._zones.items()}

    def close(self) -> None:
        """Ends all shards. A second time does nothing; what is used afterwards raises EngineClosed."""
        self._fleet.stop()

    def __enter__(self) -> ShardedEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


__all__ = ["ShardFailed", "ShardedEngine"]
