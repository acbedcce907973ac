"""What every reader gives: nodes, and pods that arrive and leave, as tables of NumPy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..classes import PodSpec
    from ..engine import Engine
    from .loading import Loaded

NO_INDEX = -1
"""No gang; no node."""


class Frames(NamedTuple):
    """A workload's tables for pandas."""

    nodes: "pd.DataFrame"
    pods: "pd.DataFrame"


def node_table(names: Sequence[str], quantities: Mapping[str, Any], *, gpus: Any = 0, models: Any = None) -> np.ndarray:
    """Nodes as records: `name`, an int64 of what is allocatable for each resource by its name, `gpus` (int16: devices
    that are placed one by one) and `model` (of the GPUs; empty without)."""
    return _table(names, quantities, {"gpus": (np.int16, gpus), "model": (_text_dtype(models), models or "")})


def pod_table(
    names: Sequence[str],
    quantities: Mapping[str, Any],
    *,
    spec: Any,
    arrival_s: Any = 0.0,
    duration_s: Any = np.inf,
    gang: Any = NO_INDEX,
    node: Any = NO_INDEX,
    gpus: Any = 0,
    gpu_milli: Any = 0,
    gpu_models: Any = None,
    terminating: Any = False,
) -> np.ndarray:
    """Pods as records: `name`, `arrival_s` and `duration_s` (float64 seconds; infinite: it stays), `gang` (int32: pods
    of equal number start together; -1: alone), `node` (int32: index of the node it runs on already; -1: to be placed),
    `spec` (int32: index into Workload.specs), an int64 of the request for each resource by its name, `gpus` (int16),
    `gpu_milli` (int16: of each GPU, 1000 is whole), `gpu_models` ("G2|V100M32": one of these; empty: any) and
    `terminating` (bool: it is being deleted)."""
    return _table(
        names,
        quantities,
        {
            "arrival_s": (np.float64, arrival_s),
            "duration_s": (np.float64, duration_s),
            "gang": (np.int32, gang),
            "node": (np.int32, node),
            "spec": (np.int32, spec),
            "gpus": (np.int16, gpus),
            "gpu_milli": (np.int16, gpu_milli),
            "gpu_models": (_text_dtype(gpu_models), "" if gpu_models is None else gpu_models),
            "terminating": (np.bool_, terminating),
        },
    )


def _text_dtype(texts: Any) -> np.dtype[Any]:
    return np.asarray([""] if texts is None or len(texts) == 0 else texts, dtype=np.str_).dtype


def _table(names: Sequence[str], quantities: Mapping[str, Any], more: Mapping[str, tuple[Any, Any]]) -> np.ndarray:
    columns: dict[str, tuple[Any, Any]] = {"name": (_text_dtype(names), names)}
    columns.update({resource: (np.int64, values) for resource, values in quantities.items()})
    taken = set(columns) & set(more)
    if taken or "name" in quantities:
        raise ValueError(f"resource {min(taken or {'name'})!r}: a column of this name is there already")
    columns.update(more)
    table = np.zeros(len(names), [(name, dtype) for name, (dtype, _) in columns.items()])
    for name, (_, values) in columns.items():
        table[name] = values
    return table


@dataclass(frozen=True)
class Workload:
    """Nodes and pods of a trace or a cluster. What readers give; also what is made of other data by hand.

    `nodes` are records of `node_table`, `pods` of `pod_table`, with a column for each of `resources`. Nothing in it is
    an engine's: `engine()` makes one of it, `load_into` adds it to one."""

    name: str
    resources: Mapping[str, str]
    """Unit by name: "milli", "MiB", "bytes", "count". Their order is that of `allocatable` and `requests`."""
    nodes: np.ndarray
    pods: np.ndarray
    specs: "Sequence[PodSpec]" = ()
    """What each kind of pods asks for; without a profile, which loading says."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Resources that are not what Engine takes their names for: "cpu", "memory", "gpu", "other", "counted" by name."""
    levels: Sequence[str] = ()
    """Keys of the topology's levels, widest first."""
    domains: Sequence[tuple[str, ...]] = ()
    """[nodes] names of the domains that a node is in, one for each level; empty without levels."""
    attributes: Sequence[Mapping[str, Any]] = ()
    """[nodes] labels, taints, images, unschedulable of each node; empty: none has any."""
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of namespaces, by name."""
    notes: Sequence[str] = ()
    """What was read and is not carried on, in words."""

    @property
    def allocatable(self) -> np.ndarray:
        """int64 [nodes, resources]."""
        return _matrix(self.nodes, self.resources)

    @property
    def requests(self) -> np.ndarray:
        """int64 [pods, resources]."""
        return _matrix(self.pods, self.resources)

    @property
    def uses_devices(self) -> bool:
        """Whether GPUs are devices that are placed one by one."""
        return bool((self.nodes["gpus"] > 0).any() or (self.pods["gpus"] > 0).any())

    def to_pandas(self) -> Frames:
        """Both tables as DataFrames, with a column for each level of the topology."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install 'berth[pandas]'") from error
        nodes = pd.DataFrame({name: self.nodes[name] for name in self.nodes.dtype.names or ()})
        for index, level in enumerate(self.levels):
            nodes[level] = [path[index] for path in self.domains]
        return Frames(nodes, pd.DataFrame({name: self.pods[name] for name in self.pods.dtype.names or ()}))

    def with_nodes(self, other: "Workload") -> "Workload":
        """These pods on the nodes of another workload. ValueError where the two count other resources or units."""
        if dict(other.resources) != dict(self.resources):
            raise ValueError(f"resources: {dict(self.resources)} of the pods, {dict(other.resources)} of the nodes")
        if (self.pods["node"] != NO_INDEX).any():
            raise ValueError("pods that run already belong to their own nodes")
        return replace(self, nodes=other.nodes, levels=other.levels, domains=other.domains, attributes=other.attributes)

    def with_pods(self, which: Any) -> "Workload":
        """The same with some of its pods, in the order given: indices (one may come several times), or a mask
        [pods]."""
        which = np.asarray(which)
        if which.dtype == bool and which.shape != self.pods.shape:
            raise ValueError(f"which: a mask of {which.shape}, there are {len(self.pods)} pods")
        return replace(self, pods=self.pods[which])

    def shuffled(self, seed: int) -> "Workload":
        """The same pods in another order, drawn from a seed; times of arrival stay with their places in the order."""
        pods = self.pods[np.random.default_rng(seed).permutation(len(self.pods))]
        pods["arrival_s"] = self.pods["arrival_s"]
        return replace(self, pods=pods)

    def engine(self, *, profile: Any = "binpack", **options: Any) -> "tuple[Engine, Loaded]":
        """A new engine with these nodes, and what they became in it. `profile` scores all pods; `options` are those of
        Engine."""
        from .loading import make_engine

        return make_engine(self, profile, options)

    def load_into(self, engine: "Engine", *, profile: Any = None) -> "Loaded":
        """Adds the nodes to an engine that has the workload's resources and levels, binds the pods that run already,
        and says which class each pod is of. Nothing is placed: berth.simulation does that."""
        from .loading import load

        return load(self, engine, profile)


def _matrix(table: np.ndarray, resources: Mapping[str, str]) -> np.ndarray:
    if not resources:
        return np.zeros((len(table), 0), np.int64)
    return np.stack([table[name] for name in resources], axis=1)


def fleet(
    count: int,
    quantities: Mapping[str, int],
    resources: Mapping[str, str],
    *,
    gpus: int = 0,
    model: str = "GPU",
    name: str = "node",
    levels: Sequence[str] = (),
    shape: Sequence[int] = (),
) -> Workload:
    """`count` equal nodes without pods, for traces that tell nothing of theirs. With levels, `shape` says how many
    domains each has within one of the level above; nodes are dealt out to the last level in turn of the list."""
    if count < 1:
        raise ValueError(f"count: {count}, at least 1 is needed")
    if len(levels) != len(shape) or any(part < 1 for part in shape):
        raise ValueError(f"shape: {tuple(shape)} does not say how many domains each of {tuple(levels)} has")
    width = len(str(count - 1))
    names = [f"{name}-{index:0{width}}" for index in range(count)]
    leaves = int(np.prod(shape)) if shape else 1
    paths = []
    for index in range(count if levels else 0):
        place = np.unravel_index(index * leaves // count, tuple(shape))
        paths.append(tuple(f"{key}-{'.'.join(map(str, place[: i + 1]))}" for i, key in enumerate(levels)))
    nodes = node_table(
        names, {key: quantities.get(key, 0) for key in resources}, gpus=gpus, models=[model] * count if gpus else None
    )
    return Workload(
        name=name,
        resources=dict(resources),
        nodes=nodes,
        pods=pod_table([], {key: [] for key in resources}, spec=[]),
        levels=tuple(levels),
        domains=tuple(paths),
    )
