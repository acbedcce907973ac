"""Results as frames of pandas and tables of Arrow. Both are optional: `pip install 'berth[pandas,arrow]'`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    import pyarrow


def optional(module: str, extra: str, what: str) -> Any:
    """A module of an extra. ImportError says how to get it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise ImportError(f"{what} needs {module}: pip install 'berth[{extra}]'", name=module) from None


class Tabular:
    """A result that is columns of one length."""

    def columns(self) -> Mapping[str, np.ndarray]:
        """Its columns by name."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """A frame of pandas; ImportError without pandas."""
        return to_pandas(self.columns())

    def to_arrow(self) -> pyarrow.Table:
        """A table of Arrow; ImportError without pyarrow."""
        return to_arrow(self.columns())


def as_columns(given: Any) -> Mapping[str, np.ndarray]:
    """Columns of a mapping, or of a structured array; a field that is an array itself is a column for each place."""
    if not isinstance(given, np.ndarray):
        return dict(given)
    if given.dtype.names is None:
        raise TypeError(f"columns: a structured array is needed, not {given.dtype}")
    columns: dict[str, np.ndarray] = {}
    for name in given.dtype.names:
        values = given[name]
        if values.ndim == 1:
            columns[name] = values
        else:
            columns.update({f"{name}_{index}": values[:, index] for index in range(values.shape[1])})
    return columns


def to_pandas(given: Any) -> pandas.DataFrame:
    """A frame of columns or of a structured array."""
    pandas = optional("pandas", "pandas", "to_pandas()")
    return pandas.DataFrame({name: np.ascontiguousarray(values) for name, values in as_columns(given).items()})


def to_arrow(given: Any) -> pyarrow.Table:
    """A table of columns or of a structured array."""
    pyarrow = optional("pyarrow", "arrow", "to_arrow()")
    return pyarrow.table({name: np.ascontiguousarray(values) for name, values in as_columns(given).items()})
