"""All runs as one Arrow table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .outcome import Outcome
from .plan import Run

if TYPE_CHECKING:
    import pyarrow


def arrow() -> Any:
    """pyarrow, or what to do without it."""
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError(
            "berth.sweep gives a table of pyarrow, which is not here: pip install 'berth[arrow]'"
        ) from error
    return pyarrow


def table(runs: Sequence[Run], outcomes: Sequence[Outcome]) -> pyarrow.Table:
    """A row for each run, by number. Columns: run, repeat, seed, parameters as the grid names them, figures in the
    order in which they occur first, wall_seconds, error (null where a run went well)."""
    columns: dict[str, list[Any]] = {
        "run": [run.number for run in runs],
        "repeat": [run.repeat for run in runs],
        "seed": [run.seed for run in runs],
    }
    rows = [run.parameters for run in runs]
    columns |= {name: [row.get(name) for row in rows] for name in _names(rows)}
    figures = [outcome.figures or {} for outcome in outcomes]
    columns |= {name: [row.get(name) for row in figures] for name in _names(figures)}
    columns["wall_seconds"] = [outcome.wall_seconds for outcome in outcomes]
    arrays = {name: _array(values) for name, values in columns.items()}
    # a column without a value has no type of its own; texts of errors always have
    arrays["error"] = arrow().array([outcome.error for outcome in outcomes], arrow().string())
    return arrow().table(arrays)


def _names(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _array(values: list[Any]) -> pyarrow.Array:
    """Whole numbers, numbers, truth values or texts; a mixture of others is written as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        values = [None if value is None else float(value) for value in values]
    elif len(kinds) > 1:
        values = [None if value is None else str(value) for value in values]
    return arrow().array(values)
