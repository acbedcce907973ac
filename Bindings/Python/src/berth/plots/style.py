"""What all pictures have in common: matplotlib itself, colours, and how arguments are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

try:
    from matplotlib import pyplot
except ImportError as error:
    raise ImportError("berth.plots draws with matplotlib, which is not here: pip install 'berth[plot]'") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BEYOND", "COLOURS", "DPI", "MISSING", "SCALE", "axes", "finish", "numbers", "pyplot", "quiet_frame"]

# Okabe and Ito 2008, "Color universal design", in an order in which neighbours differ most; its yellow is too light for
# lines on white and comes last.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
SCALE = "cividis"
MISSING = "#d0d0d0"
BEYOND = "#D55E00"
DPI = 100


def axes(ax: Axes | None, width_inches: float = 8, height_inches: float = 4.5) -> Axes:
    """The caller's Axes, or those of a new figure."""
    if ax is not None:
        return ax
    return pyplot.subplots(figsize=(width_inches, height_inches), dpi=DPI, layout="constrained")[1]


def finish(ax: Axes, title: str | None, x_label: str, y_label: str) -> Axes:
    ax.set_title(title or "")
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    return ax


def quiet_frame(ax: Axes) -> None:
    """Only the two axes that are read, and a light grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)


def numbers(values: Any, what: str, dimensions: tuple[int, ...] = (1,)) -> np.ndarray:
    """Values as float64. TypeError for what is no number, ValueError for another shape or for nothing at all."""
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what}: numbers are needed, not {_kind(values)}") from error
    if given.ndim not in dimensions:
        wanted = " or ".join(f"{count}" for count in dimensions)
        raise ValueError(f"{what}: {wanted} dimension(s) are needed, the shape is {given.shape}")
    if given.size == 0:
        raise ValueError(f"{what}: there is nothing to draw, the shape is {given.shape}")
    return given


def _kind(values: Any) -> str:
    return f"an array of {values.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
