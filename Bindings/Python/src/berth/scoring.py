"""Scores of the caller's own, on two levels.

Columns and weights are given as arrays and go into the engine's index: no call of Python, no look at every node.

    green = scoring.NodeColumn(engine, watts_saved)             # a whole number for each node, larger is better
    engine.add_profile("green", [*scoring.weighted(["least_allocated"], [5]), green.term(weight=2)])

Measured usage is a column, too: engine.load.add(name, "usage", "cpu") before the first node, engine.load.update with an
array whenever there are figures, and Term("least_allocated", resources=[name]) for 0..100 by what is unused.

A policy is a function of NumPy arrays that ranks the engine's k best candidates anew; it may compute anything, and
costs a call of Python for each pod or batch of pods.

    @scoring.policy(k=32, features=["price", ("free", "cpu")])
    def cheap(batch):
        return -batch.feature("price")                          # [pods, k], the largest wins

    with cheap.on(engine):
        engine.place(small, count=100)"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from . import abi
from .columns import column
from .nodes import as_node_ids
from .profiles import Term
from .rerank import Feature, RerankBatch

if TYPE_CHECKING:
    from .engine import Engine

MAX_VALUE: int = abi.constants["BERTH_MAX_PRICE"]
"""2^40: the widest span of a column's values."""
MAX_WEIGHT: int = abi.constants["BERTH_MAX_WEIGHT"]
_FEATURE = Feature | str | tuple[str, str | int]


# Columns and weights


def weighted(terms: Sequence[str | Term], weights: Any, *, resolution: int = 10_000) -> list[Term]:
    """Terms with weights [n], for Engine.add_profile; a weight of 0 leaves its term out.

    Whole weights (1..1,000,000) are taken as they are. Of floats only the proportions count: they are scaled so that
    the largest is `resolution`, and rounded. ValueError where one is negative or not finite, or nothing is left."""
    given = np.asarray(weights)
    if given.shape != (len(terms),):
        raise ValueError(f"weights: the shape is {given.shape}, ({len(terms)},) is needed")
    if given.dtype.kind not in "iuf" or not np.isfinite(given).all() or (given < 0).any() or not (given > 0).any():
        raise ValueError(f"weights: numbers that are not negative, and one above 0, are needed, not {given.tolist()}")
    if given.dtype.kind == "f":
        if not 1 <= resolution <= MAX_WEIGHT:
            raise ValueError(f"resolution: {resolution} is outside 1..{MAX_WEIGHT}")
        given = np.rint(given / given.max() * resolution).astype(np.int64)
    made = [Term(term) if isinstance(term, str) else term for term in terms]
    return [
        Term(**{**term.__dict__, "weight": int(weight)})
        for term, weight in zip(made, given.tolist(), strict=True)
        if weight
    ]


def quantised(values: Any, steps: int = 64) -> np.ndarray:
    """Finite floats [n] as whole numbers 0..steps - 1, in equal steps from the smallest to the largest; int64 [n].
    Equal ones stay equal, and none changes places with another. The fewer distinct values, the faster the index."""
    given = np.asarray(values, np.float64)
    if not np.isfinite(given).all():
        raise ValueError("values: finite numbers are needed")
    if not 2 <= steps <= MAX_VALUE:
        raise ValueError(f"steps: {steps} is outside 2..{MAX_VALUE}")
    if not given.size:
        return np.zeros(given.shape, np.int64)
    span = float(given.max() - given.min())
    if not np.isfinite(span):
        raise ValueError("values: they are too far apart")
    shares = (given - given.min()) / span if span else np.zeros(given.shape)
    return np.minimum((shares * steps).astype(np.int64), steps - 1)


class NodeColumn:
    """A whole number for each node, larger is better, as a term of profiles.

    The engine keeps it as the nodes' prices, of which it has one for each node: price = top - value, and the term is
    -price. So profiles with this term rank nodes by the other terms + weight x value; the score that is told is less by
    weight x top.

    values: int64 [n] for `nodes` [n] (None: all, in topology order), at most 2^40 apart. top: the largest value that
    there will ever be; None: the largest of these. Updating costs what Nodes.update costs, and changes no pods.
    ValueError for other shapes and values."""

    def __init__(self, engine: Engine, values: Any, nodes: Any = None, *, top: int | None = None):
        self._engine = engine
        asked = engine.nodes.ids() if nodes is None else as_node_ids(nodes)
        given = column(values, np.int64, "values", asked.shape)
        self.top = int(given.max(initial=0)) if top is None else top
        """The value whose price is 0."""
        self.update(given, asked)

    def term(self, weight: int = 1) -> Term:
        """For Engine.add_profile: one point of weight for each unit of the values."""
        return Term("price", weight)

    def values(self, nodes: Any = None) -> np.ndarray:
        """int64 [n]: what nodes have now; None: all, in topology order."""
        return self.top - self._engine.nodes.states(nodes)["price"]

    def update(self, values: Any, nodes: Any = None) -> None:
        """Sets the values of nodes [n]; None: of all. All or nothing."""
        engine = self._engine
        asked = engine.nodes.ids() if nodes is None else as_node_ids(nodes)
        given = column(values, np.int64, "values", asked.shape)
        if not len(given):
            return
        least, most = int(given.min()), int(given.max())
        if most > self.top or self.top - least > MAX_VALUE:
            raise ValueError(f"values: {least}..{most}, they must be {self.top - MAX_VALUE}..{self.top} (top)")
        set_prices(engine, self.top - given, asked)


def set_prices(engine: Engine, prices: Any, nodes: Any = None) -> None:
    """Sets the prices of nodes [n] (None: all, in topology order), 0..2^40, in millionths of a currency unit an hour by
    custom, and leaves everything else of them as it is. All or nothing. The term "price" is -price."""
    asked = engine.nodes.ids() if nodes is None else as_node_ids(nodes)
    states = engine.nodes.states(asked)
    own = [name for name, resource in engine.vocabulary.resources.items() if not resource.kind.startswith("load")]
    flags = states["flags"]
    engine.nodes.update(
        asked,
        engine.nodes.allocatable(asked, own),
        resources=own,
        domains=np.ascontiguousarray(states["domain"]),
        labels=np.ascontiguousarray(states["labels"]),
        taints=np.ascontiguousarray(states["taints"]),
        images=np.ascontiguousarray(states["images"]),
        tie_keys=np.ascontiguousarray(states["tie_key"]),
        cordoned=(flags & abi.lib.BERTH_NODE_CORDONED) != 0,
        no_hostname=(flags & abi.lib.BERTH_NODE_NO_HOSTNAME) != 0,
        prices=column(prices, np.int64, "prices", asked.shape),
    )


# Policies


class Policy:
    """A rule that ranks an engine's candidates anew. Subclasses override `score`, or `order`.

    k: how many candidates of the profile it sees (1..65,536). features: what it is told of each, kinds of
    berth.rerank.FEATURES by name, or (kind, argument). batch: pods in one call; with more than 1, the pods of a batch
    are ranked against the same state and placed in turn."""

    k: int = 8
    features: Sequence[_FEATURE] = ()
    batch: int = 1

    def score(self, batch: RerankBatch) -> Any:
        """[pods, k] numbers, the largest wins; ties go to the candidate that the profile prefers. NaN and -infinity
        refuse a candidate for its pod. What stands behind a pod's last candidate is passed over."""
        raise NotImplementedError("override score() or order()")

    def order(self, batch: RerankBatch) -> np.ndarray:
        """[pods, k] indices of candidates, most wanted first, -1 behind the last; by `score`."""
        return by_score(self.score(batch), batch)

    @contextmanager
    def on(self, engine: Engine) -> Iterator[Engine]:
        """Inside, placements of the engine are ranked by this policy; afterwards by the profile alone. What the policy
        raises refuses the call that placed: BadCallback, with the exception and its traceback as the cause."""
        engine.set_rerank(self.order, self.k, list(self.features), self.batch)
        try:
            yield engine
        finally:
            if not engine.closed:
                engine.clear_rerank()


def policy(
    k: int = 8, features: Sequence[_FEATURE] = (), batch: int = 1
) -> Callable[[Callable[[RerankBatch], Any]], Policy]:
    """Makes a Policy of a function that scores."""

    def made(score: Callable[[RerankBatch], Any]) -> Policy:
        own = {"k": k, "features": tuple(features), "batch": batch, "__doc__": score.__doc__}
        own["score"] = lambda self, given: score(given)
        policy: Policy = type(score.__name__, (Policy,), own)()
        return policy

    return made


def by_score(scores: Any, batch: RerankBatch) -> np.ndarray:
    """The order of candidates by scores [pods, k], as `Policy.score` says. ValueError for another shape."""
    given = np.asarray(scores, np.float64)
    if given.shape != batch.nodes.shape:
        raise ValueError(f"scores: the shape is {given.shape}, {batch.nodes.shape} (pods, k) is needed")
    kept = batch.valid & (given > -np.inf)  # false for NaN, too
    order = np.argsort(np.where(kept, -given, np.inf), axis=1, kind="stable")
    # what is kept may be infinite itself: those that are not go last, in a stable order
    order = np.take_along_axis(order, np.argsort(~np.take_along_axis(kept, order, 1), axis=1, kind="stable"), 1)
    return np.where(np.take_along_axis(kept, order, 1), order, -1)
