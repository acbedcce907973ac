"""Nodes as columns: what they have, what of it is requested, and what can be done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import abi
from .columns import c_text, c_texts, column, ids, pointer
from .frames import Tabular

if TYPE_CHECKING:
    from .engine import Engine

NODE = abi.dtype("berth_node")
NODE_STATE = abi.dtype("berth_node_state")


class NodeTable(Tabular):
    """Nodes [n] with resources [r]: what they have and what of it is in use."""

    def __init__(
        self,
        states: np.ndarray,
        allocatable: np.ndarray,
        requested: np.ndarray,
        resources: Sequence[str],
        names: np.ndarray,
    ):
        self.states = states  # [n] records of node, domain, labels, taints, flags, tie_key, slot, price, images
        self.allocatable = allocatable  # int64 [n, r]
        self.requested = requested  # int64 [n, r], with what reservations have left
        self.resources = tuple(resources)
        self.names = names  # objects [n]: str, or None for the nameless

    @property
    def nodes(self) -> np.ndarray:
        """uint64 [n]."""
        return self.states["node"]

    @property
    def free(self) -> np.ndarray:
        """int64 [n, r]; negative where a node is over-committed."""
        return np.asarray(self.allocatable - self.requested)

    @property
    def share(self) -> np.ndarray:
        """float64 [n, r]: requested / allocatable; 0 where a node has none of a resource."""
        shares = np.zeros(self.allocatable.shape)
        np.divide(self.requested, self.allocatable, out=shares, where=self.allocatable != 0)
        return shares

    @property
    def cordoned(self) -> np.ndarray:
        """bool [n]."""
        return np.asarray((self.states["flags"] & abi.lib.BERTH_NODE_CORDONED) != 0)

    def columns(self) -> Mapping[str, np.ndarray]:
        found = {"node": self.nodes, "name": self.names, "domain": self.states["domain"], "cordoned": self.cordoned}
        found["price"] = self.states["price"]
        for index, name in enumerate(self.resources):
            found[f"{name} allocatable"] = self.allocatable[:, index]
            found[f"{name} requested"] = self.requested[:, index]
        return found

    def __len__(self) -> int:
        return len(self.states)


class Nodes:
    """The nodes of one engine. Arrays are in topology order where no nodes are named."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def __len__(self) -> int:
        return int(self._engine.metrics.info()["nodes"])

    def add(self, allocatable: Any, **columns: Any) -> np.ndarray:
        """Adds nodes [n], and gives their ids, uint64 [n]. All or nothing.

        allocatable: int64 [n, resources], row by row, which is taken without a copy; or columns [n] by resource.
        resources: the names of its columns; None: all of the engine, in their order. requested: the same shape, what
        runs there without being told pod by pod. names: texts [n] or None, unique in the engine. domains: in an engine
        with levels, see `Vocabulary.domain_ids`: ids, or names from the widest level to the narrowest. labels, taints,
        images: of `Vocabulary`'s sets, one for all or a list [n]; or their ids as an array. prices: millionths of a
        currency unit an hour. tie_keys, cordoned, no_hostname: numbers and booleans, one for all or [n].

        ValueError for other shapes, KeyError for unknown resources, Duplicate for a name that is there, LimitReached,
        BadQuantity with the node that is wrong."""
        names = columns.pop("names", None)
        batch, count, alive = self._batch(allocatable, columns)
        if names is not None:
            names = names.tolist() if isinstance(names, np.ndarray) else list(names)
            if len(names) != count:
                raise ValueError(f"names: {len(names)} for {count} nodes")
            texts, kept = c_texts(names)
            batch.names = texts  # reading it back would give a pointer that keeps nothing alive
            alive.append((texts, kept))
        made = np.empty(count, np.uint64)
        self._engine._call(abi.lib.berth_nodes_add, batch, pointer(made, "berth_node_id *"))
        if names is not None:
            self._engine._words.put_names(made, names)
        return made

    def update(self, nodes: Any, allocatable: Any, **columns: Any) -> None:
        """Replaces everything of nodes [n] but their pods, their names and what ran there untold: columns as in `add`,
        without names and requested. All or nothing."""
        for name in {"names", "requested"} & set(columns):
            raise TypeError(f"{name}: nodes keep theirs, it cannot be updated")
        given = as_node_ids(nodes)
        batch, count, _alive = self._batch(allocatable, columns)
        if count != len(given):
            raise ValueError(f"allocatable: {count} rows for {len(given)} nodes")
        self._engine._call(abi.lib.berth_nodes_update, pointer(given, "berth_node_id *"), batch)

    def remove(self, nodes: Any) -> None:
        """Removes nodes. Their pods stay known until they are released, and hold nothing. All or nothing."""
        given = as_node_ids(nodes)
        self._engine._call(abi.lib.berth_nodes_remove, pointer(given, "berth_node_id *"), len(given))

    def cordon(self, nodes: Any, cordoned: bool = True) -> None:
        """Cordons nodes, or uncordons them. All or nothing."""
        given = as_node_ids(nodes)
        self._engine._call(abi.lib.berth_nodes_cordon, pointer(given, "berth_node_id *"), len(given), int(cordoned))

    def uncordon(self, nodes: Any) -> None:
        self.cordon(nodes, False)

    def find(self, name: str) -> int:
        """The node of that name. NotFound if there is none."""
        return self._engine._id("berth_node_id", abi.lib.berth_node_find, c_text(name))

    def ids(self) -> np.ndarray:
        """All nodes, uint64, in topology order."""
        return list_all(self._engine, abi.lib.berth_nodes_list, len(self))

    def names(self, nodes: Any = None) -> np.ndarray:
        """Names of nodes [n], as objects: those that this process gave them; None for others."""
        asked = self.ids() if nodes is None else as_node_ids(nodes)
        found = np.full(len(asked), None, object)
        for batch in self._engine._words.names:
            place = np.minimum(np.searchsorted(batch.ids, asked), len(batch.ids) - 1)
            for index in np.flatnonzero(batch.ids[place] == asked) if len(batch.ids) else ():
                found[index] = batch.names[batch.order[place[index]]]
        return found

    def states(self, nodes: Any = None) -> np.ndarray:
        """Records [n] of node, domain, labels, taints, flags, tie_key, slot, price, images."""
        return self._read(nodes, (), "s")[1]

    def allocatable(self, nodes: Any = None, resources: Sequence[str] | None = None) -> np.ndarray:
        """int64 [n, resources] of nodes (None: all) and resources by name (None: all)."""
        return self._read(nodes, self._resources(resources), "a")[2]

    def requested(self, nodes: Any = None, resources: Sequence[str] | None = None) -> np.ndarray:
        """int64 [n, resources]: what pods hold, with what reservations have left."""
        return self._read(nodes, self._resources(resources), "r")[3]

    def free(self, nodes: Any = None, resources: Sequence[str] | None = None) -> np.ndarray:
        """int64 [n, resources]; negative where a node is over-committed."""
        _, _, allocatable, requested = self._read(nodes, self._resources(resources), "ar")
        allocatable -= requested
        return allocatable

    def table(self, nodes: Any = None, resources: Sequence[str] | None = None) -> NodeTable:
        """States, names, and what nodes have and hold: a table for pandas and Arrow, too."""
        wanted = self._resources(resources)
        asked, states, allocatable, requested = self._read(nodes, wanted, "sar")
        return NodeTable(states, allocatable, requested, [name for name, _ in wanted], self.names(asked))

    def _resources(self, names: Sequence[str] | None) -> list[tuple[str, int]]:
        vocabulary = self._engine.vocabulary
        if isinstance(names, str):
            names = [names]
        return [
            (vocabulary.resource(name).name, vocabulary.resource(name).id) for name in names or vocabulary.resources
        ]

    def _read(self, nodes: Any, resources: Sequence[tuple[str, int]], what: str) -> tuple[np.ndarray, ...]:
        asked = self.ids() if nodes is None else as_node_ids(nodes)
        shape = (len(asked), len(resources))
        wanted = np.array([id for _, id in resources], np.uint32)
        states = np.zeros(len(asked), NODE_STATE) if "s" in what else None
        cells = [np.zeros(shape, np.int64) if letter in what else None for letter in "ar"]
        self._engine._call(
            abi.lib.berth_nodes_read,
            pointer(asked, "berth_node_id *"),
            len(asked),
            pointer(wanted, "berth_resource_id *"),
            len(wanted),
            pointer(states, "berth_node_state *"),
            *(pointer(cell, "int64_t *") for cell in cells),
        )
        none = np.zeros(0)
        return (asked, *(none if part is None else part for part in (states, *cells)))

    def _batch(self, allocatable: Any, columns: dict[str, Any]) -> tuple[Any, int, list[Any]]:
        """A berth_node_batch, how many nodes, and what must live as long as it is used."""
        engine, words = self._engine, self._engine.vocabulary
        resources = columns.pop("resources", None)
        if isinstance(allocatable, Mapping):
            if resources is not None:
                raise TypeError("resources: allocatable names them already")
            resources = list(allocatable)
            values = list(allocatable.values())
            allocatable = np.column_stack(values) if values else np.zeros((0, 0), np.int64)
        wanted = self._resources(resources)
        amounts = column(allocatable, np.int64, "allocatable", (-1, len(wanted)))
        count = len(amounts)
        requested = columns.pop("requested", None)
        if requested is not None:
            if isinstance(requested, Mapping):
                requested = np.column_stack([requested[name] for name, _ in wanted])
            requested = column(requested, np.int64, "requested", amounts.shape)
        rows = np.zeros(count, NODE)
        rows["domain"] = words.domain_ids(columns.pop("domains", None), count)
        rows["labels"] = _sets(columns.pop("labels", None), count, "labels", words.label_set, Mapping)
        rows["taints"] = _sets(columns.pop("taints", None), count, "taints", words.taint_set, (str, tuple))
        rows["images"] = _sets(columns.pop("images", None), count, "images", words.image_set, Mapping)
        rows["price"] = column(columns.pop("prices", 0), np.int64, "prices", (count,))
        rows["tie_key"] = column(columns.pop("tie_keys", 0), np.uint32, "tie_keys", (count,))
        for flag, bit in (
            ("cordoned", abi.lib.BERTH_NODE_CORDONED),
            ("no_hostname", abi.lib.BERTH_NODE_NO_HOSTNAME),
        ):
            rows["flags"] |= (column(columns.pop(flag, False), np.uint32, flag, (count,)) != 0).astype(np.uint32) * bit
        if columns:
            raise TypeError(f"nodes have no {', '.join(map(repr, columns))}: see help(berth.nodes.Nodes.add)")
        resource_ids = np.array([id for _, id in wanted], np.uint32)
        batch = abi.ffi.new("berth_node_batch *")
        abi.lib.berth_node_batch_init(batch)
        batch.count, batch.resource_count = count, len(resource_ids)
        batch.nodes = pointer(rows, "berth_node *")
        batch.resources = pointer(resource_ids, "berth_resource_id *")
        batch.allocatable = pointer(amounts, "int64_t *")
        batch.requested = pointer(requested, "int64_t *")
        return batch, count, [rows, resource_ids, amounts, requested, engine]


def as_node_ids(nodes: Any) -> np.ndarray:
    """Node ids [n]: of ids, of one, or of a NodeTable."""
    return ids(nodes.nodes if isinstance(nodes, NodeTable) else nodes, "nodes")


def list_all(engine: Engine, function: Any, count: int) -> np.ndarray:
    """All ids of a call that lists them (offset, capacity, ids_out, count_out)."""
    found, written = np.empty(count, np.uint64), abi.ffi.new("size_t *")
    engine._call(function, 0, count, pointer(found, "uint64_t *"), written)
    return found[: written[0]]


def _sets(given: Any, count: int, what: str, intern: Callable[[Any], int], one: Any) -> np.ndarray:
    """Ids [count] of sets: one for all, or a list of them, or ids."""
    if given is None:
        return np.zeros(count, np.uint32)
    if isinstance(given, np.ndarray) and given.dtype.kind in "iu":
        return column(given, np.uint32, what, (count,))
    if isinstance(given, (int, np.integer)):
        return np.full(count, given, np.uint32)
    if isinstance(given, one):
        return np.full(count, intern([given] if isinstance(given, tuple) else given), np.uint32)
    sets = list(given)
    if len(sets) != count:
        raise ValueError(f"{what}: {len(sets)} for {count} nodes")
    return np.fromiter((intern(each) for each in sets), np.uint32, count)
