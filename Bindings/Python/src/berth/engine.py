"""The engine: one cluster's state, and everything that can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, NoReturn, overload

import numpy as np

from . import abi, explain, placing, profiles
from .classes import PodClass, PodSpec, intern
from .errors import BerthError
from .lifetime import Life, making
from .nodes import Nodes, as_node_ids
from .parts import Parts
from .placements import Placement, Placements
from .profiles import Term
from .statements import Trial
from .vocabulary import Vocabulary, Words

ALLOCATORS = {"auto": 0, "jemalloc": 1, "mmap": 2}
CPU_LEVELS = {"auto": 0, "scalar": 1, "baseline": 2, "v3": 3, "v4": 4}
TIES = {"topology": 0, "key": 1}
PATHS = {"auto": 0, "tree": 1, "scan": 2, "rows": 3, "slots": 4}
"""BERTH_ALLOCATOR_*, BERTH_CPU_*, BERTH_TIE_*, BERTH_PATH_*."""

Resources = Mapping[str, str | tuple[str, str]] | Iterable[str]


class Engine(Parts):
    """A cluster of nodes and pods, which places pods one after the other, each on the best node for it.

        engine = berth.Engine(levels=["zone"], resources={"cpu": "milli", "memory": "bytes"}, profile="binpack")
        nodes = engine.add_nodes(np.array([[8000, 32 << 30]] * 4), domains=["a", "a", "b", "b"])
        small = engine.pod_class({"cpu": 500, "memory": "1Gi"})
        placed = engine.place(small, count=100)

    levels: label keys of the topology's levels, widest first. resources: units by name ("milli", "bytes", "KiB", "MiB",
    "GiB", "count"), or (unit, kind), or names alone; kinds are those of `berth.vocabulary.KINDS` and follow from
    Kubernetes' names. profile: how classes are scored that name no other: a preset, a term or terms (berth.profiles).
    allocator, cpu_level, tie: of ALLOCATORS, CPU_LEVELS and TIES. journal: a new file in which every change is recorded
    from the beginning, so that Engine.recover(journal=...) needs no snapshot; `Journal(engine, path)` syncs and closes
    it.

    An engine serves one call at a time: a second thread that calls while another is inside gets Busy. Engines are
    independent of each other, and calls release Python's global lock. After os.fork() the engine stays with the parent:
    in the child every call on it raises EngineClosed. It is ended by close(), by the end of its `with`, with its last
    reference, or with the process; what is used afterwards raises EngineClosed."""

    def __init__(
        self,
        levels: Sequence[str] = (),
        resources: Resources = ("cpu", "memory"),
        profile: str | Term | Sequence[Term] | None = "binpack",
        *,
        allocator: str = "auto",
        cpu_level: str = "auto",
        tie: str = "topology",
        journal: str | os.PathLike[str] | None = None,
    ):
        if isinstance(levels, str):
            raise TypeError(f"levels: a list of label keys is needed, not {levels!r}")
        settings, _keep = abi.engine_options(levels, **options(allocator, cpu_level, tie))
        with making():
            pointer = abi.make(abi.NULL, abi.lib.berth_engine_create, settings)
        self._adopt(pointer, Words(tuple(levels)))
        try:
            recorded = None if journal is None else self.journal(journal)
            units = resources if isinstance(resources, Mapping) else dict.fromkeys(resources)
            for name, unit in units.items():
                self.vocabulary.add_resource(name, *((unit,) if unit is None or isinstance(unit, str) else unit))
            if profile is not None:
                self.add_profile("default", profile)
            if recorded is not None:
                recorded.write_names()
        except BaseException:
            self.close()
            raise

    @classmethod
    def _made(cls, pointer: Any, words: Words) -> Engine:
        """An engine of what a call made."""
        engine = cls.__new__(cls)
        engine._adopt(pointer, words)
        return engine

    def _adopt(self, pointer: Any, words: Words) -> None:
        self._pointer = pointer
        self._words = words
        self._trials: list[int] = []
        self._ranking: Any = None
        self._life = Life(self, pointer)

    # Calls

    def _call(self, function: Any, *arguments: Any) -> None:
        status = function(self._pointer, *arguments)
        if status:
            self._refuse(status)

    def _id(self, ctype: str, function: Any, *arguments: Any) -> int:
        """The one number that a call gives as its last result."""
        out = abi.ffi.new(f"{ctype} *")
        status = function(self._pointer, *arguments, out)
        if status:
            self._refuse(status)
        return int(out[0])

    def _refuse(self, status: int) -> NoReturn:
        raise self._life.refusal(self, status)

    def _profile(self, profile: str | int | None) -> int:
        """The id of a profile by name; None is the engine's default."""
        if isinstance(profile, (int, np.integer)):
            return int(profile)
        name = "default" if profile is None else profile
        if name in self._words.profiles:
            return self._words.profiles[name]
        known = ", ".join(map(repr, self._words.profiles)) or "none"
        raise KeyError(f"profile {name!r} is unknown to this engine, which has {known}: add_profile() adds one")

    # Life

    @property
    def closed(self) -> bool:
        return bool(self._pointer == abi.NULL)

    def close(self) -> None:
        """Ends the engine and frees its memory; what open trials did is gone with it. A second time does nothing.
        Busy while another thread is inside a call."""
        self._life.end(self)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fork(self) -> Engine:
        """An independent engine that is what this one is now, sharing what neither changes. All ids mean the same in
        both at first. It has no open trial, no callback, no journal and no events of the past."""
        with making():
            out = abi.ffi.new("berth_engine **")
            self._call(abi.lib.berth_engine_fork, out)
        return self._made(out[0], self._words.copy())

    def __reduce__(self) -> NoReturn:
        raise TypeError("an engine cannot be pickled: write engine.snapshot(path), and Engine.recover(path) elsewhere")

    def __repr__(self) -> str:
        if self.closed:
            return "<Engine: closed>"
        try:
            info = self.metrics.info()
        except BerthError as refused:
            return f"<Engine: {refused.name}>"
        return f"<Engine: {info['nodes']} nodes, {info['pods']} pods>"

    # Nodes and classes

    @property
    def vocabulary(self) -> Vocabulary:
        """Resources, domains, labels, taints, namespaces by their names."""
        return Vocabulary(self)

    @property
    def nodes(self) -> Nodes:
        """The nodes as columns, and what can be done to them."""
        return Nodes(self)

    def add_nodes(self, allocatable: Any, **columns: Any) -> np.ndarray:
        """Adds nodes and gives their ids: `Nodes.add` says what of."""
        return self.nodes.add(allocatable, **columns)

    def add_profile(self, name: str, profile: str | Term | Sequence[Term]) -> int:
        """Adds a profile: a preset ("kubernetes"), a term by name ("binpack"), or terms. Gives its id."""
        return profiles.add_profile(self, name, profile)

    def pod_class(self, requests: Mapping[str, int | str] | PodSpec, **asked: Any) -> PodClass:
        """The class of pods that ask for this, old or new: a PodSpec, or requests by resource and the other fields of
        PodSpec by name. KeyError for an unknown resource or profile, InvalidArgument with the place for what the engine
        refuses."""
        spec = requests if isinstance(requests, PodSpec) else PodSpec(requests, **asked)
        return intern(self, [spec])[0]

    def pod_classes(self, specs: Iterable[PodSpec]) -> list[PodClass]:
        """The classes of specs, in one call: all or nothing."""
        return intern(self, list(specs))

    # Placing

    def place(
        self,
        classes: Any,
        count: int | None = None,
        *,
        pods: Any = None,
        dry_run: bool = False,
        out: np.ndarray | None = None,
    ) -> Placements:
        """Places pods one after the other, in one call: `placing.place` says how."""
        return placing.place(self, classes, count, pods, dry_run, out)

    def place_one(self, pod_class: int) -> Placement:
        """Places one pod, with as little around the call as can be."""
        return placing.place_one(self, pod_class)

    def placer(self, pod_class: int) -> Callable[[], Placement]:
        """A function that places one pod of the class with each call: the fastest way to place one by one."""
        return placing.placer(self, pod_class)

    def bind(self, classes: Any, nodes: Any, *, pods: Any = None) -> np.ndarray:
        """Records pods that run already: `placing.bind`."""
        return placing.bind(self, classes, nodes, pods)

    def confirm(self, pods: Any) -> None:
        """Assumed pods become bound. All or nothing; WrongState if one is bound already. Here and below: ids [n], or
        Placements, of which those without a pod are passed over."""
        placing.each(self, abi.lib.berth_pods_confirm, pods)

    def forget(self, pods: Any) -> None:
        """Assumed pods are taken back. All or nothing; WrongState if one is bound."""
        placing.each(self, abi.lib.berth_pods_forget, pods)

    def release(self, pods: Any) -> None:
        """Pods leave, assumed or bound. All or nothing; Duplicate for an id that occurs twice."""
        placing.each(self, abi.lib.berth_pods_release, pods)

    def terminate(self, pods: Any) -> None:
        """Pods are being deleted: topology spread counts them no more. All or nothing."""
        placing.each(self, abi.lib.berth_pods_terminate, pods)

    def read_pods(self, pods: Any) -> np.ndarray:
        """Pods by id: records [n] of pod, node, pod_class, state (1 assumed, 2 bound), flags (1 terminating)."""
        return placing.read(self, pods)

    @overload
    def candidates(self, pod_class: int, k: int, *, terms: Literal[False] = False) -> np.ndarray: ...
    @overload
    def candidates(self, pod_class: int, k: int, *, terms: Literal[True]) -> placing.TermScores: ...
    def candidates(self, pod_class: int, k: int, *, terms: bool = False) -> np.ndarray | placing.TermScores:
        """The k best feasible nodes, best first: `placing.candidates`."""
        return placing.candidates(self, pod_class, k, terms)

    # Asking

    def feasible(self, pod_class: int, nodes: Any = None) -> np.ndarray:
        """The nodes that a pod of the class fits on now, uint64, in topology order (of `nodes`, in their order). In
        proportion to the number of nodes asked about."""
        asked = self.nodes.ids() if nodes is None else as_node_ids(nodes)
        return np.asarray(asked[self.feasible_mask(pod_class, asked)])

    def feasible_mask(self, pod_class: int, nodes: Any = None) -> np.ndarray:
        """bool [n]: on which of nodes a pod of the class fits now; None: all, in topology order."""
        return explain.check(self, pod_class, self.nodes.ids() if nodes is None else nodes).fits

    def check(self, pod_class: int, nodes: Any) -> explain.Verdicts:
        """Why single nodes would refuse a pod, or that they would not."""
        return explain.check(self, pod_class, nodes)

    def explain(self, pod_class: int) -> explain.Explanation:
        """Where a pod fits and why not elsewhere, in proportion to the nodes; print it for kube-scheduler's words."""
        return explain.explain(self, pod_class)

    def message(self, pod_class: int) -> str:
        """What kube-scheduler says of a pod that fits nowhere: "0/5 nodes are available: 2 Insufficient cpu, ..."."""
        return explain.message(self, pod_class)

    def what_if(self) -> Trial:
        """A stretch of calls that is taken back at the end of its `with`, unless it is committed."""
        return Trial(self)

    # Time, checks

    @property
    def time_ms(self) -> int:
        """What time the engine was told, in milliseconds of the caller's clock; it does not go back (InvalidArgument).
        Setting it lapses what expires by then."""
        return self._id("int64_t", abi.lib.berth_engine_read_time)

    @time_ms.setter
    def time_ms(self, now: int) -> None:
        self._call(abi.lib.berth_engine_set_time, now)

    @property
    def digest(self) -> int:
        """A number for everything that decides anything, in O(state): equal states have equal ones, everywhere."""
        return self._id("uint64_t", abi.lib.berth_engine_digest)

    def validate(self) -> None:
        """Checks every invariant, in O(nodes + pods). Corrupt names the first broken one."""
        self._call(abi.lib.berth_engine_validate)

    def set_path(self, path: str) -> None:
        """Forces one way of searching, of PATHS, for tests and measurements; every one gives the same node."""
        self._call(abi.lib.berth_engine_set_path, choice(PATHS, path, "path"))


def choice(words: Mapping[str, int], value: str, what: str) -> int:
    """The number of an option's word. ValueError with all words."""
    if value not in words:
        raise ValueError(f"{what} {value!r} is unknown: use {', '.join(words)}")
    return words[value]


def options(allocator: str, cpu_level: str, tie: str) -> dict[str, int]:
    """Fields of berth_engine_options by their words."""
    return {
        "allocator": choice(ALLOCATORS, allocator, "allocator"),
        "cpu_level": choice(CPU_LEVELS, cpu_level, "cpu_level"),
        "tie_rule": choice(TIES, tie, "tie"),
    }
