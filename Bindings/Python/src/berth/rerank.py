"""A rule of the caller's own among the engine's best candidates.

def cheapest(batch: berth.RerankBatch):
    return np.argsort(batch.feature("price"), axis=1, kind="stable")

engine.set_rerank(cheapest, k=3, features=["price"])
engine.place(small, count=10)
engine.clear_rerank()"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from . import abi
from .columns import column
from .errors import BerthError

if TYPE_CHECKING:
    from .engine import Engine

FEATURES = {
    "term": 1,
    "free": 2,
    "allocatable": 3,
    "request": 4,
    "price": 5,
    "slot": 6,
    "domain": 7,
    "labels": 8,
    "priority": 9,
}
"""BERTH_FEATURE_*."""


class Feature(NamedTuple):
    """What the rule is told of a candidate, as int64. argument: for free, allocatable and request a resource by name,
    for domain a level's key (or 1 for the first), for term its number in the profile."""

    kind: str
    argument: str | int = 0


class RerankBatch(NamedTuple):
    """Pods [p], each with its best candidates, at most k. Arrays are copies, so they may be kept; behind a pod's last
    candidate they have no meaning."""

    classes: np.ndarray  # uint32 [p]
    counts: np.ndarray  # uint32 [p]: candidates of each pod, 1..k
    nodes: np.ndarray  # uint64 [p, k], best first
    scores: np.ndarray  # int64 [p, k]
    features: np.ndarray  # int64 [p, k, features]
    round: int  # higher where pods come again because others of their batch took what they wanted
    names: tuple[Feature, ...]

    @property
    def valid(self) -> np.ndarray:
        """bool [p, k]: where there is a candidate."""
        return np.arange(self.nodes.shape[1]) < self.counts[:, None]

    def feature(self, kind: str, argument: str | int = 0) -> np.ndarray:
        """int64 [p, k] of one feature."""
        return self.features[:, :, self.names.index(Feature(kind, argument))]


Rule = Callable[[RerankBatch], Any]


class _Ranking:
    """What the engine calls, and what its rule raised."""

    def __init__(self, rule: Rule, features: tuple[Feature, ...], cells: Any):
        self.rule, self.features, self.cells = rule, features, cells
        self.error: BaseException | None = None
        self.callback = abi.ffi.callback("berth_rerank_callback", self._order, error=1)

    def explain(self, refused: BerthError) -> None:
        """Gives a refusal the exception of the rule as its cause. What no program catches is raised itself."""
        error, self.error = self.error, None
        if error is None:
            return
        if not isinstance(error, Exception):
            raise error
        refused.__cause__ = error
        refused.sentence += f" ({type(error).__name__}: {error})"
        refused.args = (f"{refused.name}: {refused.sentence}",)

    def _order(self, _context: Any, batch: Any, order_out: Any) -> int:
        self.error = None
        try:
            told = _copy(batch, self.features)
            pods, k = told.nodes.shape
            wanted = self.rule(told)
            if wanted is not None:
                order = np.frombuffer(abi.view(order_out, pods * k), np.int32).reshape(pods, k)
                order[:] = _checked(wanted, told)
            return 0
        except BaseException as error:
            self.error = error
            return 1


class Reranking:
    """What an engine has for rules of the caller's own."""

    _ranking: _Ranking | None

    def set_rerank(
        self, rule: Rule, k: int = 8, features: Sequence[Feature | str | tuple[str, str | int]] = (), batch: int = 1
    ) -> None:
        """From now on each pod goes to the first of `rule`'s order of its k best candidates that fits.

        rule(batch) gives [p, at most k] indices of candidates, most wanted first; shorter rows, or rows ended by -1,
        refuse the others for this pod, and indices behind a pod's last candidate are passed over. None keeps the
        engine's order. features: kinds by name, or Feature. batch: pods in one call of the rule; with 1, each pod's
        candidates are what the pods before it left over.

        What the rule raises refuses the call that placed, and nothing is placed: BadCallback, with the exception as its
        cause. Calls on the engine from inside are refused with Busy. The rule is neither forked nor saved."""
        engine = cast("Engine", self)
        named = tuple(_named(feature) for feature in features)
        rows = [(_number(feature), _argument(engine, feature)) for feature in named]
        cells = abi.ffi.new("berth_feature[]", rows)
        ranking = _Ranking(rule, named, cells)
        options = abi.ffi.new("berth_rerank_options *")
        abi.lib.berth_rerank_options_init(options)
        options.candidate_limit, options.batch_limit = k, batch
        options.features, options.feature_count = cells, len(rows)
        options.callback = ranking.callback
        engine._call(abi.lib.berth_engine_set_rerank, options)
        self._ranking = ranking

    def clear_rerank(self) -> None:
        """The engine's own order again."""
        cast("Engine", self)._call(abi.lib.berth_engine_set_rerank, abi.NULL)
        self._ranking = None


def _named(feature: Feature | str | tuple[str, str | int]) -> Feature:
    return Feature(feature) if isinstance(feature, str) else Feature(*feature)


def _number(feature: Feature) -> int:
    if feature.kind not in FEATURES:
        raise ValueError(f"feature {feature.kind!r} is unknown: use {', '.join(FEATURES)}")
    return FEATURES[feature.kind]


def _argument(engine: Engine, feature: Feature) -> int:
    if isinstance(feature.argument, str):
        if feature.kind == "domain":
            levels = engine.vocabulary.levels
            if feature.argument not in levels:
                raise ValueError(f"level {feature.argument!r} is unknown: use {', '.join(levels)}")
            return levels.index(feature.argument) + 1
        return engine.vocabulary.resource(feature.argument).id
    return feature.argument


def _copy(batch: Any, features: tuple[Feature, ...]) -> RerankBatch:
    pods, k, width = batch.pod_count, batch.candidate_limit, batch.feature_count

    def array(memory: Any, count: int, dtype: Any) -> np.ndarray:
        return np.frombuffer(abi.view(memory, count), dtype).copy() if count else np.zeros(0, dtype)

    candidates = array(batch.candidates, pods * k, abi.dtype("berth_candidate")).reshape(pods, k)
    return RerankBatch(
        array(batch.classes, pods, np.uint32),
        array(batch.candidate_counts, pods, np.uint32),
        candidates["node"],
        candidates["score"],
        array(batch.features, pods * k * width, np.int64).reshape(pods, k, width),
        batch.round,
        features,
    )


def _checked(wanted: Any, batch: RerankBatch) -> np.ndarray:
    """The rule's order as the engine wants it: no index behind a pod's last candidate, -1 behind the end."""
    pods, k = batch.nodes.shape
    given = column(wanted, np.int64, "the rule's order", (-1, -1))
    if given.shape[0] != pods or given.shape[1] > k:
        raise ValueError(f"the rule's order: the shape is {given.shape}, ({pods}, at most {k}) is needed")
    order = np.full((pods, k), -1, np.int32)
    if given.size and ((given < -1).any() or (given >= k).any()):
        raise ValueError(f"the rule's order: indices are 0..{k - 1}, and -1 for the end")
    for pod, row in enumerate(given):
        ends = np.flatnonzero(row == -1)
        kept = row[: ends[0]] if len(ends) else row
        kept = kept[kept < batch.counts[pod]]
        order[pod, : len(kept)] = kept
    return order
