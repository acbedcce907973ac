"""Where the members of gangs are: a row for each gang, a column for each domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import PowerNorm

from ..placements import Placements
from . import style
from .style import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..engine import Engine

# Cells that are few enough to have their number written inside.
MOST_NUMBERS = 400
MOST_LABELS = 60


def gang_spans(
    gangs: Mapping[Any, Any],
    *,
    engine: Engine | None = None,
    domains: Any = None,
    level: str = "domain",
    title: str | None = "Members of gangs by domain",
    ax: Axes | None = None,
) -> Axes:
    """Draws how many members of each gang are in which domains.

    gangs: name of a gang -> the domain of each member, `(members,)`, or its path `(members, levels)` with the widest
    level first, numbers or names; or with `engine`, the Placements of its members, or their nodes' ids. A column is an
    innermost domain with its path; where the next wider domain changes, a line is drawn. domains: all columns there are
    to be, in order, in the same words, `(d,)` or `(d, levels)`; without it those where some gang has a member, sorted.
    level: what such a domain is called ("rack").

    Returns the Axes. Its image holds the numbers of members by gang and domain. ValueError for no gangs at all, other
    shapes, and members in a domain that is not among `domains`.
    """
    if not gangs:
        raise ValueError("gangs: there is nothing to draw, the mapping is empty")
    if engine is not None:
        gangs = {name: _domains(engine, members) for name, members in gangs.items()}
    members = {name: _paths(paths, f"gang {name!r}") for name, paths in gangs.items()}
    levels = {paths.shape[1] for paths in members.values()}
    if len(levels) > 1:
        raise ValueError(f"gangs: paths of one length are needed, not of {sorted(levels)} levels")
    # tuples, because names and numbers may stand side by side
    columns = (
        sorted({tuple(path) for paths in members.values() for path in paths.tolist()}, key=_in_order)
        if domains is None
        else [tuple(path) for path in _paths(domains, "domains").tolist()]
    )
    place = {path: column for column, path in enumerate(columns)}
    counts = np.zeros((len(members), len(columns)), np.int64)
    for row, (name, paths) in enumerate(members.items()):
        for path in paths.tolist():
            if tuple(path) not in place:
                raise ValueError(f"gang {name!r}: a member is in {_words(path)}, which is not among the domains")
            counts[row, place[tuple(path)]] += 1
    ax = style.axes(ax, min(16, 4 + 0.35 * len(columns)), min(12, 1.8 + 0.4 * len(members)))
    scale = pyplot.get_cmap(style.SCALE).with_extremes(bad="white")
    # the square root keeps a single member apart from none beside a full domain
    image = ax.imshow(
        np.ma.masked_equal(counts, 0),
        cmap=scale,
        norm=PowerNorm(0.5, vmin=0, vmax=max(1, int(counts.max()))),
        aspect="auto",
        interpolation="nearest",
    )
    ax.figure.colorbar(image, ax=ax, label="members")
    ax.set_yticks(range(len(members)), [_summary(str(name), row) for name, row in zip(members, counts, strict=True)])
    if len(columns) <= MOST_LABELS:
        ax.set_xticks(range(len(columns)), [_words(path) for path in columns], rotation=60, ha="right")
    else:
        ax.set_xticks([])
    for column in range(1, len(columns)):
        if columns[column][:-1] != columns[column - 1][:-1]:
            ax.axvline(column - 0.5, color="0.3", linewidth=1)
    for row in range(1, len(members)):
        ax.axhline(row - 0.5, color="0.85", linewidth=0.8)
    if counts.size <= MOST_NUMBERS:
        _write(ax, counts)
    return style.finish(ax, title, f"{level}s ({len(columns)})", "")


def _domains(engine: Engine, members: Any) -> np.ndarray:
    """The names of the domains of members that were placed, (members, levels)."""
    nodes = members.nodes[members.placed] if isinstance(members, Placements) else members
    names = {id: path for path, id in engine.vocabulary.domains.items()}
    paths = [names[domain] for domain in engine.nodes.states(nodes)["domain"].tolist()]
    return np.array(paths, np.str_).reshape(len(paths), -1)


def _paths(paths: Any, what: str) -> np.ndarray:
    given = np.asarray(paths)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(f"{what}: the shape is {np.shape(paths)}, (members,) or (members, levels) is needed")
    if given.dtype.kind not in "iuUSOT":
        raise TypeError(f"{what}: numbers or names of domains are needed, not {given.dtype}")
    return given


def _in_order(path: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((isinstance(name, str), name) for name in path)


def _words(path: Any) -> str:
    return "/".join(str(name) for name in path)


def _summary(name: str, row: np.ndarray) -> str:
    return f"{name}: {int(row.sum()):,} in {np.count_nonzero(row)}"


def _write(ax: Axes, counts: np.ndarray) -> None:
    """The numbers, dark on light and light on dark."""
    most = max(1, int(counts.max()))
    for row, column in zip(*np.nonzero(counts), strict=True):
        members = int(counts[row, column])
        colour = "black" if (members / most) ** 0.5 > 0.6 else "white"
        ax.text(column, row, f"{members}", ha="center", va="center", color=colour, fontsize=8)
