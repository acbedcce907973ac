"""Cutting what the caller has for all shards into what each shard gets, and ids that say which shard they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import abi, errors

MOST_SHARDS = 255
# An engine has at most 2^24 nodes, so bits 24 to 31 of a node's id are free; at most 2^28 pods, whose ids have 28 bits
# of generation above 32 bits of index, so bits 28 to 31 and 60 to 63 are.
_NODE_SHIFT = np.uint64(24)
_NODE_MASK = np.uint64(0xFF << 24)
_LOW_SHIFT, _HIGH_SHIFT = np.uint64(28), np.uint64(60)
_POD_MASK = np.uint64(0xF << 28 | 0xF << 60)
_NIBBLE = np.uint64(0xF)


def global_nodes(nodes: np.ndarray, shard: int) -> np.ndarray:
    found: np.ndarray = nodes | np.uint64(shard) << _NODE_SHIFT
    return found


def global_pods(pods: np.ndarray, shard: int) -> np.ndarray:
    found: np.ndarray = pods | np.uint64(shard & 15) << _LOW_SHIFT | np.uint64(shard >> 4) << _HIGH_SHIFT
    return found


def local_nodes(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shards, and ids in them."""
    return (ids & _NODE_MASK) >> _NODE_SHIFT, ids & ~_NODE_MASK


def local_pods(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shards, and ids in them."""
    shards = (ids >> _LOW_SHIFT & _NIBBLE) | (ids >> _HIGH_SHIFT & _NIBBLE) << np.uint64(4)
    return shards, ids & ~_POD_MASK


def by_shard(shards: np.ndarray, count: int, what: str) -> dict[int, np.ndarray]:
    """Positions by shard. NotFound for an id of a shard that there is not."""
    if len(shards) and int(shards.max()) >= count:
        position = int(np.argmax(shards >= count))
        raise refusal(
            "BERTH_UNKNOWN_ID", f"{what}[{position}] was never given out: there is no shard {shards[position]}"
        )
    return {int(shard): np.flatnonzero(shards == shard) for shard in np.unique(shards)}


def refusal(name: str, sentence: str) -> errors.BerthError:
    """What an engine would raise."""
    return errors.of_status(getattr(abi.lib, name), name, sentence)


class NodeColumns:
    """The columns of `ShardedEngine.add_nodes`, checked as far as all shards must agree, and cut by rows."""

    def __init__(self, allocatable: Any, columns: dict[str, Any], levels: Sequence[str]):
        self._columns = dict(columns)
        self._allocatable = allocatable
        if isinstance(allocatable, Mapping):
            self._allocatable = {name: np.asarray(values) for name, values in allocatable.items()}
            lengths = {len(values) for values in self._allocatable.values()}
            if len(lengths) != 1:
                raise ValueError(f"allocatable: columns of one length are needed, not of {sorted(lengths)}")
            self.count = lengths.pop()
        else:
            self._allocatable = np.asarray(allocatable)
            if self._allocatable.ndim != 2:
                raise ValueError(f"allocatable: the shape is {self._allocatable.shape}, (n, resources) is needed")
            self.count = len(self._allocatable)
        self.paths = _paths(self._columns.pop("domains", None), self.count, levels)
        names = self._columns.get("names")
        self.names = None if names is None else list(names)
        for name in ("labels", "taints", "images"):
            given = self._columns.get(name)
            if isinstance(given, np.ndarray | int | np.integer):
                raise TypeError(f"{name}: shards number sets each for itself, give the sets and not their ids")
        for name, values in self._columns.items():
            if _is_per_node(name, values) and not isinstance(values, Mapping) and len(values) != self.count:
                raise ValueError(f"{name}: {len(values)} for {self.count} nodes")

    def sets(self, name: str) -> list[Any]:
        """All label sets, or lists of taints, that occur."""
        given = self._columns.get(name)
        if given is None:
            return []
        if _is_per_node(name, given):
            return [own for own in given if own]
        return [given]

    def take(self, rows: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """allocatable and columns of some rows."""
        columns = {
            name: _rows(values, rows) if _is_per_node(name, values) else values
            for name, values in self._columns.items()
        }
        columns["domains"] = [self.paths[row] for row in rows.tolist()]
        if isinstance(self._allocatable, dict):
            return {name: values[rows] for name, values in self._allocatable.items()}, columns
        return self._allocatable[rows], columns


def _paths(domains: Any, count: int, levels: Sequence[str]) -> list[tuple[str, ...]]:
    if isinstance(domains, str):
        domains = [(domains,)] * count
    elif isinstance(domains, tuple) and domains and all(isinstance(part, str) for part in domains):
        domains = [domains] * count
    if domains is None or (isinstance(domains, np.ndarray) and domains.dtype.kind in "iu"):
        raise TypeError(
            f"domains: names of {tuple(levels)!r} are needed for every node; ids mean nothing across shards"
        )
    rows = domains.tolist() if isinstance(domains, np.ndarray) else list(domains)
    if len(rows) != count:
        raise ValueError(f"domains: {len(rows)} for {count} nodes")
    paths = [(row,) if isinstance(row, str) else tuple(row) for row in rows]
    for position, path in enumerate(paths):
        if len(path) != len(levels) or not all(isinstance(part, str) for part in path):
            raise ValueError(f"domains[{position}]: names of {tuple(levels)!r} are needed, not {path!r}")
    return paths


def _is_per_node(name: str, values: Any) -> bool:
    """Whether there is a value for each node, or one for all of them."""
    if values is None or name == "resources":
        return False
    if isinstance(values, Mapping):
        return name == "requested"
    if isinstance(values, str) or (isinstance(values, tuple) and name in ("labels", "taints", "images")):
        return False
    return bool(np.ndim(values) > 0) if isinstance(values, np.ndarray) else isinstance(values, Sequence)


def _rows(values: Any, rows: np.ndarray) -> Any:
    if isinstance(values, Mapping):
        return {name: np.asarray(own)[rows] for name, own in values.items()}
    if isinstance(values, np.ndarray):
        return values[rows]
    return [values[row] for row in rows.tolist()]
