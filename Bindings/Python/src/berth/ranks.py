"""Which rank of a training job goes to which GPU.

    ranks = berth.Ranks()                  # needs no engine
    network = ranks.network([[0, 0], [0, 0], [0, 1], [0, 1]], links=[(5e9, 9000), (50e9, 3000), (450e9, 1000)])
    job = ranks.job([2, 2], [("RING_ALL_REDUCE", [0], 1 << 26, 64), ("PIPELINE", [1], 1 << 20, 8)])
    found = ranks.assign(network, job)
    found.places                       # [ranks] uint32: the place of each rank

Costs are picoseconds, bytes are of both directions together, levels count from the widest. What is proven and what is
not says docs/ranks.md. A refused call is a BerthError, values that the header's types cannot hold a ValueError."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import abi
from .columns import column, pointer

Links = Sequence[tuple[float, float]]
Collectives = Sequence[tuple[str, Sequence[int] | None, int, int]]


class Assignment(NamedTuple):
    """Where the ranks go, and what that costs."""

    places: np.ndarray  # [ranks] uint32
    cost_ps: int
    cost_before_ps: int  # of the order as given; 0 after a failure
    lower_bound_ps: int  # no assignment costs less
    is_exact: bool  # proven: nothing is cheaper
    bytes: np.ndarray  # [links] int64, widest first
    bytes_before: np.ndarray
    iterations: int


class Ranks:
    """The calls about ranks, which need no engine. What `network` and `job` give keeps alive what it points to."""

    _alive: ClassVar[weakref.WeakKeyDictionary[Any, Any]] = weakref.WeakKeyDictionary()

    def network(self, domains: Any, links: Links) -> Any:
        """domains: [places, levels], widest level first; links: (bytes a second, latency in ns), levels + 1 of them."""
        rows = column(domains, np.uint32, "domains", (-1, -1))
        made = self._new("berth_rank_network")
        made.place_count, made.level_count = rows.shape
        made.domains = pointer(rows, "uint32_t *")
        made.links = pairs = self._links(links, rows.shape[1] + 1)
        return self._keep(made, rows, pairs)

    def job(self, dimensions: Any, collectives: Collectives = (), flows: Any = None) -> Any:
        """dimensions: sizes, the fastest varying first. collectives: (name, dimensions that vary in a group or None for
        all ranks, bytes, times a step). flows: [n, 4] of from, to, bytes, messages, with one dimension instead."""
        sizes = column(dimensions, np.uint32, "dimensions")
        made = self._new("berth_rank_job")
        made.dimension_count, made.dimensions = len(sizes), pointer(sizes, "uint32_t *")
        records = abi.ffi.new("berth_collective[]", len(collectives))
        for record, (name, varying, size, times) in zip(records, collectives, strict=True):
            record.kind = getattr(abi.lib, f"BERTH_{name}")
            record.dimensions = 2**32 - 1 if varying is None else sum(1 << index for index in set(varying))
            record.bytes, record.times = size, times
        made.collective_count, made.collectives = len(collectives), records
        rows = column(np.empty((0, 4), np.int64) if flows is None else flows, np.int64, "flows", (-1, 4))
        table = np.zeros(len(rows), abi.dtype("berth_flow"))
        for index, field in enumerate(table.dtype.names):
            table[field] = column(rows[:, index], table.dtype[field], f"flows[:, {index}]")
        made.flow_count, made.flows = len(table), pointer(table, "berth_flow *")
        return self._keep(made, sizes, records, table)

    def assign(self, network: Any, job: Any, order: Any = None, **options: int) -> Assignment:
        """The cheapest order that is found, never dearer than `order` ([ranks] places; without it rank r at place r).
        options: fields of berth_rank_options."""
        given = None if order is None else self._places(order, job, "order")
        return self._result(
            job, abi.lib.berth_ranks_assign, network, job, pointer(given, "uint32_t *"), self._options(options)
        )

    def replace(self, network: Any, job: Any, places: Any, lost: Any, replacements: Any, **options: int) -> Assignment:
        """New places for the lost ranks, all others where they are in `places`."""
        old = self._places(places, job, "places")
        gone, new = column(lost, np.uint32, "lost"), column(replacements, np.uint32, "replacements")
        return self._result(
            job,
            abi.lib.berth_ranks_replace,
            network,
            job,
            pointer(old, "uint32_t *"),
            pointer(gone, "uint32_t *"),
            len(gone),
            pointer(new, "uint32_t *"),
            len(new),
            self._options(options),
        )

    def cost(self, network: Any, job: Any, places: Any) -> tuple[int, np.ndarray]:
        """Picoseconds, and bytes over each link."""
        given = self._places(places, job, "places")
        cost = abi.ffi.new("int64_t *")
        sums = np.zeros(network.level_count + 1, np.int64)
        self._check(
            abi.lib.berth_ranks_cost(network, job, pointer(given, "uint32_t *"), cost, pointer(sums, "int64_t *"))
        )
        return cost[0], sums

    def multiples(self, job: Any, pod_size: int, links: Links, domain_pods: Any = None) -> np.ndarray:
        """Records of berth_rank_multiple: pods that are best placed in one domain together, the fewest first."""
        pairs = self._links(links, None)
        levels = max(len(pairs) - 1, 0)
        sizes = None if domain_pods is None else column(domain_pods, np.uint32, "domain_pods")
        if sizes is not None and len(sizes) != levels:
            raise ValueError(f"domain_pods: {len(sizes)} sizes, {levels} levels")
        found = np.zeros(abi.constants["BERTH_MAX_RANK_MULTIPLES"], abi.dtype("berth_rank_multiple"))
        count = abi.ffi.new("uint32_t *")
        self._check(
            abi.lib.berth_rank_multiples(
                job,
                pod_size,
                pairs,
                pointer(sizes, "uint32_t *"),
                levels,
                pointer(found, "berth_rank_multiple *"),
                count,
            )
        )
        return found[: count[0]]

    def _new(self, name: str) -> Any:
        made = abi.ffi.new(f"{name} *")
        getattr(abi.lib, f"{name}_init")(made)
        return made

    def _keep(self, made: Any, *parts: Any) -> Any:
        self._alive[made] = parts
        return made

    def _links(self, links: Links, count: int | None) -> Any:
        pairs = column([[int(value) for value in link] for link in links], np.int64, "links", (-1, 2))
        if count is not None and len(pairs) != count:
            raise ValueError(f"links: {len(pairs)}, {count} are needed: one more than levels")
        return abi.ffi.new("berth_rank_link[]", pairs.tolist())

    def _places(self, values: Any, job: Any, what: str) -> np.ndarray:
        ranks = int(np.prod([job.dimensions[index] for index in range(job.dimension_count)]))
        return column(values, np.uint32, what, (ranks,))

    def _options(self, options: dict[str, int]) -> Any:
        made = self._new("berth_rank_options")
        for field, value in options.items():
            setattr(made, field, value)
        return made

    def _check(self, status: int) -> None:
        abi.check(abi.NULL, status)

    def _result(self, job: Any, function: Any, *arguments: Any) -> Assignment:
        places = np.zeros(int(np.prod([job.dimensions[index] for index in range(job.dimension_count)])), np.uint32)
        report = abi.ffi.new("berth_rank_report *")
        report.struct_size = abi.ffi.sizeof("berth_rank_report")
        self._check(function(*arguments, pointer(places, "uint32_t *"), report))
        links = arguments[0].level_count + 1
        return Assignment(
            places,
            report.cost_ps,
            report.cost_before_ps,
            report.lower_bound_ps,
            report.is_exact == 1,
            np.array(list(report.bytes)[:links], np.int64),
            np.array(list(report.bytes_before)[:links], np.int64),
            report.iterations,
        )
