"""Shares over time, or over what has arrived: how much is allocated, how much of the rest is fragmented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def allocation_curve(
    x: Any,
    allocated: Any,
    *,
    x_label: str = "time (s)",
    resource: str = "",
    title: str | None = "Allocated",
    ax: Axes | None = None,
) -> Axes:
    """Draws the allocated share of the cluster.

    x: `(t,)`, ascending: seconds, or whatever `x_label` says. allocated: shares `(t,)`, a step at each x; or
    `(repeats, t)`, drawn as mean and as band from the least to the greatest; or a mapping from a label to either, one
    line each, where a pair `(x, shares)` brings its own x. NaN leaves a gap.

    Returns the Axes. TypeError for what is no number, ValueError where lengths differ or x goes back.
    """
    label = f"{resource} allocated (% of cluster)".strip()
    return _curves(x, allocated, x_label, label, title, ax)


def fragmentation_curve(
    x: Any,
    fragmented: Any,
    *,
    x_label: str = "time (s)",
    of: str = "cluster",
    title: str | None = "Fragmented",
    ax: Axes | None = None,
) -> Axes:
    """Draws the share that is free, but of no use to the pods expected: FGD's F (USENIX ATC 2023), as
    `Engine.devices.fragmentation` gives it in milli-GPU, over the cluster's or the idle GPUs (`of` names which).

    Arguments, result and errors are those of `allocation_curve`.
    """
    return _curves(x, fragmented, x_label, f"fragmented (% of {of})", title, ax)


def _curves(x: Any, series: Any, x_label: str, y_label: str, title: str | None, ax: Axes | None) -> Axes:
    named = series if isinstance(series, Mapping) else {None: series}
    # all are checked before the first is drawn, so that a refused call leaves the caller's Axes as they were
    lines = [
        (label, *_line(x, values, "the shares" if label is None else repr(label))) for label, values in named.items()
    ]
    if not lines:
        raise ValueError("there is nothing to draw: no series was given")
    ax = style.axes(ax)
    for number, (label, own_x, shares) in enumerate(lines):
        colour = style.COLOURS[number % len(style.COLOURS)]
        dashes = "-" if number < len(style.COLOURS) else "--"
        per_cent = 100 * shares
        if per_cent.ndim == 2:
            ax.fill_between(
                own_x, per_cent.min(axis=0), per_cent.max(axis=0), step="post", color=colour, alpha=0.2, linewidth=0
            )
            per_cent = per_cent.mean(axis=0)
        ax.plot(own_x, per_cent, drawstyle="steps-post", color=colour, linestyle=dashes, linewidth=1.6, label=label)
    if any(label is not None for label, _, _ in lines):
        ax.legend(frameon=False)
    ax.set_ylim(bottom=0)
    ax.margins(x=0)
    style.quiet_frame(ax)
    return style.finish(ax, title, x_label, y_label)


def _line(x: Any, values: Any, what: str) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(values, tuple):
        if len(values) != 2:
            raise ValueError(f"{what}: a pair (x, shares) is needed, not {len(values)} values")
        x, values = values
    x = style.numbers(x, f"x of {what}")
    shares = style.numbers(values, what, (1, 2))
    if shares.shape[-1] != len(x):
        raise ValueError(f"{what}: {shares.shape[-1]} values for {len(x)} of x")
    if np.any(np.diff(x) < 0):
        raise ValueError(f"x of {what}: goes back at position {int(np.argmax(np.diff(x) < 0)) + 1}")
    return x, shares
