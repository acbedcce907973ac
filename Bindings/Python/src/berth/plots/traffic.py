"""What a training job sends over each level of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..ranks import Assignment
from . import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def traffic_per_level(
    bytes_by_link: Any,
    *,
    levels: Sequence[str] | None = None,
    before: Any = None,
    title: str | None = "Traffic by level of the network, in a step",
    ax: Axes | None = None,
) -> Axes:
    """Draws bytes by link, the widest first, as `engine.ranks` tells them; with `before` both, and the change.

    bytes_by_link: what `engine.ranks.assign` gives, with what was before; or, as before, bytes `(links,)` in both
    directions: link 0 is between the widest domains, the last one within an innermost domain. levels: a name
    for each link; trailing links beyond these names are left out and must be 0, as the entries of a report's arrays
    beyond its network's levels are.

    Returns the Axes. TypeError for what is no number, ValueError for negative bytes or lengths that differ.
    """
    if isinstance(bytes_by_link, Assignment):
        before = bytes_by_link.bytes_before if before is None else before
        bytes_by_link = bytes_by_link.bytes
    after = _links(bytes_by_link, levels, "bytes_by_link")
    series = [("assigned", after)]
    if before is not None:
        series.insert(0, ("as given", _links(before, levels, "before")))
        if len(series[0][1]) != len(after):
            raise ValueError(f"before: {len(series[0][1])} links, but bytes_by_link has {len(after)}")
    names = list(levels) if levels is not None else [f"link {link}" for link in range(len(after))]
    exponent = min(len(_UNITS) - 1, int(np.log10(max(1.0, max(values.max() for _, values in series))) // 3))
    unit = 1000.0**exponent
    ax = style.axes(ax, 8, 1.6 + 0.75 * len(after))
    thickness = 0.8 / len(series)
    colours = {"as given": style.COLOURS[1], "assigned": style.COLOURS[0]}
    for number, (label, values) in enumerate(series):
        places = np.arange(len(values)) + (number - (len(series) - 1) / 2) * thickness
        bars = ax.barh(places, values / unit, thickness * 0.92, label=label, color=colours[label])
        texts = [f"{value:,.3g}" for value in values / unit]
        if label == "assigned" and before is not None:
            texts = [text + _change(was, now) for text, was, now in zip(texts, series[0][1], values, strict=True)]
        ax.bar_label(bars, texts, padding=4, fontsize=9)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.margins(x=0.18)
    style.quiet_frame(ax)
    ax.grid(False, axis="y")
    if before is not None:
        ax.legend(frameon=False, loc="best")
    return style.finish(ax, title, f"sent, both directions ({_UNITS[exponent]})", "")


def _links(values: Any, levels: Sequence[str] | None, what: str) -> np.ndarray:
    links = style.numbers(values, what)
    if np.any(links < 0) or not np.all(np.isfinite(links)):
        raise ValueError(f"{what}: bytes are finite and not negative")
    if levels is None:
        return links
    if len(levels) > len(links) or np.any(links[len(levels) :]):
        raise ValueError(f"{what}: {len(links)} links, but {len(levels)} names for them")
    return links[: len(levels)]


def _change(was: float, now: float) -> str:
    if was == now:
        return ""
    return " (new)" if was == 0 else f" ({100 * (now - was) / was:+.3g} %)"
