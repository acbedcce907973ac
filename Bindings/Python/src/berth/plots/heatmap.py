"""A cluster as a picture: one pixel a node, in topology order, with the borders of its domains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection

from ..nodes import NodeTable
from . import style
from .style import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LABELS = 40
# Pixels without a node that giving each domain rows of its own may cost, as a share of all.
MOST_PADDING = 0.2
# Where domains are on average less than so many pixels of the screen across, their borders would hide the nodes.
LEAST_ACROSS = 8
_PADDING = -1.0
# borders by level, in points
_WIDTHS = (1.4, 0.8, 0.5)


def utilisation_heatmap(
    used: Any,
    *,
    domains: Any = None,
    width: int | None = None,
    resource: str = "",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws how much of each node is in use, one pixel a node.

    used: a table of nodes (`engine.nodes.table()`), of which `resource` (its first one) and the domains are drawn; or
    shares `(n,)` in topology order: 1.0 is all that is allocatable, more is over-committed and gets a colour of its
    own, NaN is a node that lacks the resource (grey). domains: names or numbers of the nodes' domains, `(n,)` or
    `(n, levels)` with the widest level first. Each domain of the widest level is a band of whole rows, filled column by
    column, so that the domains inside are blocks beside each other; where bands would leave a fifth of the picture
    empty, all nodes are one band. Borders are drawn level by level as long as domains are 8 pixels of the screen across
    on average. width: pixels in a row at most (the square root of the number of nodes).

    Without `ax` the figure is made so large that each node is a whole number of pixels. A million nodes take one image
    and a few lines: no artist for each node.

    Returns the Axes. Its image holds per cent by row and column, -1 where no node is. TypeError for what is no number,
    ValueError for other shapes, negative shares, or a domain in two places.
    """
    if isinstance(used, NodeTable):
        used, resource, domains = _of_table(used, resource, domains)
    shares = style.numbers(used, "used")
    if np.any(shares < 0):
        raise ValueError(f"used: {np.nanmin(shares)} is negative; shares are 0 and more")
    names = _names(domains, len(shares))
    width = max(1, math.isqrt(len(shares) - 1) + 1) if width is None else _whole(width)
    changes = [_changes(names[:, : level + 1]) for level in range(names.shape[1])]
    bands = _Bands.of(names, changes, len(shares), width)
    rows, columns = bands.places()
    pixels = np.full((int(bands.first_rows[-1] + bands.heights[-1]), int(columns.max()) + 1), _PADDING)
    pixels[rows, columns] = 100 * shares

    ax, bar = _axes(ax, *pixels.shape)
    scale = pyplot.get_cmap(style.SCALE).with_extremes(bad=style.MISSING, under=(0, 0, 0, 0), over=style.BEYOND)
    image = ax.imshow(
        np.ma.masked_invalid(pixels), cmap=scale, vmin=0, vmax=100, aspect="auto", interpolation_stage="rgba"
    )
    _draw_borders(ax, bands, changes, pixels.shape[1])
    ax.set_xticks([])
    ax.set_yticks([])
    if names.shape[1] and 1 < len(bands.starts) <= MOST_LABELS:
        ax.set_yticks(bands.first_rows + (bands.heights - 1) / 2, [str(name) for name in names[bands.starts, 0]])
        ax.tick_params(axis="y", length=0)
    extend = "max" if np.any(shares > 1) else "neither"
    label = f"{resource} in use (% of allocatable)".strip()
    ax.figure.colorbar(image, cax=bar, ax=None if bar else ax, label=label, extend=extend)
    if title is None:
        has = shares[~np.isnan(shares)]
        mean = f", {100 * has.mean():.1f} % in use on average" if len(has) else ""
        title = f"{len(shares):,} node{'s' if len(shares) > 1 else ''}{mean}"
    return style.finish(ax, title, "one pixel a node, in topology order", "")


def _of_table(table: NodeTable, resource: str, domains: Any) -> tuple[np.ndarray, str, np.ndarray]:
    """Shares, the resource, and the nodes' domains."""
    resource = resource or table.resources[0]
    if resource not in table.resources:
        raise KeyError(f"resource {resource!r} is not in the table, which has {', '.join(map(repr, table.resources))}")
    column = table.resources.index(resource)
    has = table.allocatable[:, column]
    shares = np.divide(table.requested[:, column], has, out=np.full(len(has), np.nan), where=has > 0)
    return shares, resource, table.states["domain"] if domains is None else domains


@dataclass
class _Bands:
    """Stretches of nodes, one below the other; within one, column by column. All arrays are by band."""

    starts: np.ndarray  # the first node
    sizes: np.ndarray
    heights: np.ndarray  # rows
    first_rows: np.ndarray

    @classmethod
    def of(cls, names: np.ndarray, changes: list[np.ndarray], count: int, width: int) -> _Bands:
        starts = np.concatenate([[0], changes[0]]) if changes else np.zeros(1, np.int64)
        if changes and len(np.unique(names[:, 0])) != len(starts):
            raise ValueError("domains: one is in two places; nodes are to be in topology order")
        sizes = np.diff(np.append(starts, count))
        heights = -(-sizes // width)
        if heights.sum() * width > count / (1 - MOST_PADDING) + width:
            starts, sizes = np.zeros(1, np.int64), np.array([count])
            heights = -(-sizes // width)
        return cls(starts, sizes, heights, np.cumsum(heights) - heights)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of every node."""
        within = np.arange(self.sizes.sum()) - np.repeat(self.starts, self.sizes)
        heights = np.repeat(self.heights, self.sizes)
        return np.repeat(self.first_rows, self.sizes) + within % heights, within // heights


def _names(domains: Any, count: int) -> np.ndarray:
    """Names or numbers of domains, (count, levels)."""
    if domains is None:
        return np.zeros((count, 0), np.int64)
    given = np.asarray(domains)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or len(given) != count:
        raise ValueError(f"domains: the shape is {np.shape(domains)}, ({count},) or ({count}, levels) is needed")
    return given


def _whole(width: Any) -> int:
    if isinstance(width, bool) or not isinstance(width, int | np.integer):
        raise TypeError(f"width: an integer is needed, not {type(width).__name__}")
    if width < 1:
        raise ValueError(f"width: {width} is below 1")
    return int(width)


def _changes(names: np.ndarray) -> np.ndarray:
    """The first node of every domain but the first."""
    return np.flatnonzero(np.any(names[1:] != names[:-1], axis=1)) + 1


def _axes(ax: Axes | None, height: int, width: int) -> tuple[Axes, Axes | None]:
    """The caller's Axes; else new ones of a whole number of pixels for each node, and a place for the colour bar."""
    if ax is not None:
        return ax, None
    zoom = max(1, 640 // max(width, height))
    left, right, bottom, top, gap, bar = 110, 90, 50, 45, 20, 20
    wide, high = (side * zoom if side * zoom >= 160 else 160 // side * side for side in (width, height))
    total = (left + wide + gap + bar + right, bottom + high + top)
    figure = pyplot.figure(figsize=(total[0] / style.DPI, total[1] / style.DPI), dpi=style.DPI)

    def box(x: int, across: int) -> tuple[float, float, float, float]:
        return x / total[0], bottom / total[1], across / total[0], high / total[1]

    return figure.add_axes(box(left, wide)), figure.add_axes(box(left + wide + gap, bar))


def _draw_borders(ax: Axes, bands: _Bands, changes: list[np.ndarray], width: int) -> None:
    """A collection of lines for each level. Within a band, a border that begins in the middle of a column is a step."""
    extent = ax.get_window_extent()
    drawn = bands.starts
    if len(drawn) > 1 and extent.height >= LEAST_ACROSS * len(drawn):
        lines = [[(-0.5, row - 0.5), (width - 0.5, row - 0.5)] for row in bands.first_rows[1:].tolist()]
        ax.add_collection(LineCollection(lines, colors="white", linewidths=_WIDTHS[0]), autolim=False)
    across = extent.width / width * (-(-bands.sizes // bands.heights)).sum()
    for level, nodes in enumerate(changes):
        nodes = np.setdiff1d(nodes, drawn)
        if len(nodes) == 0:
            continue
        if across < LEAST_ACROSS * (len(nodes) + len(bands.starts)):
            return
        band = np.searchsorted(bands.starts, nodes, side="right") - 1
        columns_of, rows_of = np.divmod(nodes - bands.starts[band], bands.heights[band])
        tops = bands.first_rows[band] - 0.5
        lines = []
        for x, row, top, height in zip(
            columns_of.tolist(), rows_of.tolist(), tops.tolist(), bands.heights[band].tolist(), strict=True
        ):
            left, bottom = x - 0.5, top + height
            step = [(left + 1, top), (left + 1, top + row), (left, top + row)] if row else [(left, top)]
            lines.append([*step, (left, bottom)])
        thickness = _WIDTHS[min(level, len(_WIDTHS) - 1)]
        ax.add_collection(LineCollection(lines, colors="white", linewidths=thickness), autolim=False)
        drawn = np.union1d(drawn, nodes)
