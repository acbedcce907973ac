"""The words of an engine: resources, domains, labels, taints, images, profiles, and the ids that it gave to them.

The engine interns; what it gave is kept here, so that equal sets are asked for once. Ids that were given out inside of
a statement are void when it is taken back: `mark` and `undo` follow it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import c_text, column
from .quantities import quantity

if TYPE_CHECKING:
    from .engine import Engine

EFFECTS = {"": 0, "NoSchedule": 1, "PreferNoSchedule": 2, "NoExecute": 3}
"""BERTH_EFFECT_*, by Kubernetes' words; "" is every effect, for tolerations."""

KINDS = {"other": 0, "cpu": 1, "memory": 2, "gpu": 3, "ephemeral-storage": 4, "pods": 5, "counted": 6, "ignored": 7}
"""BERTH_RESOURCE_*: what a resource is to the profiles."""

UNITS = {"cpu": "milli", "memory": "bytes", "ephemeral-storage": "bytes"}
"""The units of resources that are named without one; others are counts."""


class Resource(NamedTuple):
    """A resource of an engine. `unit` is the caller's: "milli", "bytes", "KiB", "MiB", "GiB" or "count"."""

    id: int
    name: str
    unit: str
    kind: str


class Taint(NamedTuple):
    """A taint of a node. `effect` is "NoSchedule", "PreferNoSchedule" or "NoExecute"."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


def kind_of(name: str) -> str:
    """The kind of a resource by its name, as Kubernetes calls them; what ends in "/gpu" is a GPU."""
    if name in ("cpu", "memory", "ephemeral-storage", "pods"):
        return name
    return "gpu" if name.endswith("/gpu") or name == "gpu" else "other"


class NamedNodes(NamedTuple):
    """Nodes that were added together, by rising id, and where their names are."""

    ids: np.ndarray
    order: np.ndarray
    names: Sequence[str | None]


@dataclass
class Words:
    """What the engine was told so far; forks go on from a copy."""

    levels: tuple[str, ...] = ()
    resources: dict[str, Resource] = field(default_factory=dict)
    domains: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})
    profiles: dict[str, int] = field(default_factory=dict)
    sets: dict[Hashable, int] = field(default_factory=dict)  # ("labels", ...), ("taints", ...), ("images", ...)
    measured: dict[str, None] = field(default_factory=dict)  # resources that load is reported of, in order
    names: list[NamedNodes] = field(default_factory=list)
    log: list[tuple[Any, Hashable]] | None = None  # what open statements added

    def copy(self) -> Words:
        """For a fork, which has no open statement."""
        return Words(
            self.levels,
            dict(self.resources),
            dict(self.domains),
            dict(self.profiles),
            dict(self.sets),
            dict(self.measured),
            list(self.names),
        )

    def put(self, table: dict[Any, Any], key: Hashable, value: Any) -> Any:
        table[key] = value
        if self.log is not None:
            self.log.append((table, key))
        return value

    def put_names(self, ids: np.ndarray, names: Sequence[str | None]) -> None:
        order = np.argsort(ids, kind="stable")
        self.names.append(NamedNodes(ids[order], order, names))
        if self.log is not None:
            self.log.append((self.names, None))

    def mark(self) -> int:
        """The present, for `undo`; from now on additions are noted."""
        if self.log is None:
            self.log = []
        return len(self.log)

    def undo(self, mark: int) -> None:
        """Forgets what was added since `mark`."""
        log = self.log or []
        while len(log) > mark:
            table, key = log.pop()
            if isinstance(table, list):
                table.pop()
            else:
                del table[key]


class Vocabulary:
    """Asks the engine for ids, each thing once."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._words = engine._words

    @property
    def levels(self) -> tuple[str, ...]:
        """The label keys of the topology's levels, widest first."""
        return self._words.levels

    @property
    def resources(self) -> dict[str, Resource]:
        """By name, in the order of their ids."""
        return dict(self._words.resources)

    @property
    def domains(self) -> dict[tuple[str, ...], int]:
        """Ids by path, widest level first; () is the cluster."""
        return dict(self._words.domains)

    def resource(self, name: str | int) -> Resource:
        """A resource by name or id. KeyError names those that there are."""
        if isinstance(name, str) and name in self._words.resources:
            return self._words.resources[name]
        for found in self._words.resources.values():
            if found.id == name:
                return found
        known = ", ".join(map(repr, self._words.resources)) or "none yet"
        raise KeyError(f"resource {name!r} is unknown to this engine: it has {known}")

    def add_resource(self, name: str, unit: str | None = None, kind: str | None = None) -> Resource:
        """Adds a resource; all of them come before the first node and class. Duplicate if it exists."""
        kind = kind_of(name) if kind is None else kind
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} of resource {name!r} is unknown: use {', '.join(KINDS)}")
        id = self._engine._id("uint32_t", abi.lib.berth_resource_add, c_text(name), KINDS[kind])
        return self._remember(id, name, unit or UNITS.get(name, "count"), kind)

    def _remember(self, id: int, name: str, unit: str, kind: str) -> Resource:
        quantity("0", unit)  # refuses a unit that nobody knows
        resource = Resource(id, name, unit, kind)
        self._words.put(self._words.resources, name, resource)
        return resource

    def add_domain(self, path: Sequence[str]) -> int:
        """The id of a domain by its names, widest level first, added with all above it where it is not there yet."""
        path = tuple(path)
        if path in self._words.domains:
            return self._words.domains[path]
        if len(path) > len(self._words.levels):
            raise ValueError(f"domain {path!r} has {len(path)} names, the engine has levels {self._words.levels!r}")
        parent = self.add_domain(path[:-1])
        id = self._engine._id("uint32_t", abi.lib.berth_domain_add, parent, c_text(path[-1]))
        self._words.put(self._words.domains, path, id)
        return id

    def domain_ids(self, domains: Any, count: int) -> np.ndarray:
        """Domain ids [count] for nodes: of ids, of paths, of [count, levels] names, of names in an engine of one level,
        or of one of these for all."""
        if domains is None:
            if self._words.levels:
                raise ValueError(f"domains: nodes of an engine with levels {self._words.levels!r} need one each")
            return np.zeros(count, np.uint32)
        if isinstance(domains, np.ndarray) and domains.dtype.kind in "iu":
            return column(domains, np.uint32, "domains", (count,))
        if isinstance(domains, (int, np.integer)):
            return np.full(count, domains, np.uint32)
        if isinstance(domains, str):
            return np.full(count, self.add_domain((domains,)), np.uint32)
        if isinstance(domains, tuple) and domains and all(isinstance(part, str) for part in domains):
            return np.full(count, self.add_domain(domains), np.uint32)
        rows = domains.tolist() if isinstance(domains, np.ndarray) else list(domains)
        if len(rows) != count:
            raise ValueError(f"domains: {len(rows)} for {count} nodes")
        return np.fromiter((self._domain(row) for row in rows), np.uint32, count)

    def _domain(self, row: Any) -> int:
        if isinstance(row, (int, np.integer)):
            return int(row)
        path = (row,) if isinstance(row, str) else tuple(row)
        found = self._words.domains.get(path)
        return self.add_domain(path) if found is None else found

    # Sets of nodes' things

    def label_set(self, labels: Mapping[str, str] | None) -> int:
        """The id of a set of labels."""
        if not labels:
            return 0
        key = ("labels", frozenset(labels.items()))
        return self._interned(key, labels.items(), "berth_label[]", abi.lib.berth_label_set_intern, _label)

    def taint_set(self, taints: Iterable[Taint | Sequence[str]] | None) -> int:
        """The id of a list of taints: Taint, (key, value, effect), or "key=value:NoSchedule" as kubectl has it."""
        parsed = tuple(_taint(taint) for taint in ([taints] if isinstance(taints, (str, Taint)) else taints or ()))
        if not parsed:
            return 0
        return self._interned(("taints", parsed), parsed, "berth_taint[]", abi.lib.berth_taint_set_intern, _taint_cells)

    def image_set(self, images: Mapping[str, int] | None) -> int:
        """The id of a node's images: bytes by name."""
        if not images:
            return 0
        key = ("images", frozenset(images.items()))
        return self._interned(key, images.items(), "berth_image[]", abi.lib.berth_image_set_intern, _image)

    def _interned(self, key: Hashable, items: Iterable[Any], ctype: str, function: Any, cells: Any) -> int:
        found = self._words.sets.get(key)
        if found is not None:
            return found
        alive: list[Any] = []
        rows = [cells(item, alive) for item in items]
        id = self._engine._id("uint32_t", function, abi.ffi.new(ctype, rows), len(rows))
        self._words.put(self._words.sets, key, id)
        return id

    # Namespaces

    def set_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Tells a namespace's labels, for namespace selectors; what was told before is replaced."""
        alive: list[Any] = []
        rows = abi.ffi.new("berth_label[]", [_label(item, alive) for item in labels.items()])
        self._engine._call(abi.lib.berth_namespace_set, c_text(name), rows, len(rows))

    def remove_namespace(self, name: str) -> None:
        """Forgets a namespace's labels. NotFound if it was not told."""
        self._engine._call(abi.lib.berth_namespace_remove, c_text(name))


def text(value: str | None, alive: list[Any]) -> Any:
    """A C string that lives as long as `alive`; NULL for None."""
    if value is None:
        return abi.NULL
    made = abi.ffi.new("char[]", c_text(value))
    alive.append(made)
    return made


def _label(item: tuple[str, str], alive: list[Any]) -> tuple[Any, Any]:
    return text(item[0], alive), text(item[1], alive)


def _image(item: tuple[str, int], alive: list[Any]) -> tuple[Any, int]:
    return text(item[0], alive), int(item[1])


def _taint_cells(taint: Taint, alive: list[Any]) -> tuple[Any, Any, int, int]:
    return text(taint.key, alive), text(taint.value, alive), EFFECTS[taint.effect], 0


def _taint(given: Any) -> Taint:
    if isinstance(given, str):
        key, colon, effect = given.rpartition(":")
        name, _, value = key.partition("=")
        given = Taint(name, value, effect) if colon else Taint(given)
    elif isinstance(given, Mapping):
        given = Taint(given["key"], given.get("value") or "", given["effect"])
    taint = Taint(*given)
    if not taint.effect or taint.effect not in EFFECTS:
        raise ValueError(f"effect {taint.effect!r} of taint {taint.key!r} is unknown: use {', '.join(EFFECTS)[2:]}")
    return taint
