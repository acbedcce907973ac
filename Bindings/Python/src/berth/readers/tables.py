"""CSV files whose columns are found by the names in their first line, by RFC 4180."""

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .errors import ReadError
from .files import read_text

MAX_QUANTITY = 2**50
"""BERTH_MAX_QUANTITY: the largest allocatable quantity and request."""
MAX_NAME_BYTES = 1024
"""BERTH_MAX_TEXT_BYTES."""
_MOST_DIGITS = 30
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d{1,3})?", re.ASCII)


class Table:
    """A CSV file. Columns that are not asked for are passed over; `has` says whether one is there."""

    def __init__(self, path: str | os.PathLike[str], required: Sequence[str]):
        self.file = os.fspath(path)
        rows = self._rows(read_text(path))
        head = next(rows, None)
        if head is None:
            raise ReadError(self.file, 1, "", f"expected column names {','.join(required)}, the file is empty")
        names = head[1]
        for name in names:
            if names.count(name) > 1:
                raise ReadError(self.file, 1, name, "expected each column once, found it again")
        missing = [name for name in required if name not in names]
        if missing:
            raise ReadError(self.file, 1, missing[0], f"expected a column of this name, found {','.join(names)}")
        self.lines: list[int] = []
        records: list[list[str]] = []
        for line, fields in rows:
            if len(fields) != len(names):
                found = "an empty line" if not fields else f"{len(fields)}"
                raise ReadError(self.file, line, "", f"expected {len(names)} fields, found {found}")
            self.lines.append(line)
            records.append(fields)
        if not records:
            raise ReadError(self.file, 2, "", "expected at least one record after the column names")
        self._columns = dict(zip(names, zip(*records, strict=True), strict=True))

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, name: str) -> bool:
        return name in self._columns

    def error(self, row: Any, field: str, message: str) -> ReadError:
        return ReadError(self.file, self.lines[row], field, message)

    def text(self, name: str, default: str = "") -> list[str]:
        """A column as it stands; `default` in every row where there is no such column."""
        return list(self._columns.get(name, [default] * len(self)))

    def names(self, name: str, *, unique: bool = True) -> list[str]:
        """A column of names: 1 to 1024 bytes each, and each once if they are unique."""
        line_of: dict[str, int] = {}
        for row, text in enumerate(self._columns[name]):
            size = len(text.encode())
            if not 0 < size <= MAX_NAME_BYTES:
                raise self.error(row, name, f"expected a text of 1 to {MAX_NAME_BYTES} bytes, found {size}")
            if unique and text in line_of:
                raise self.error(row, name, f"expected each name once, found {text!r} of line {line_of[text]} again")
            line_of[text] = self.lines[row]
        return self.text(name)

    def whole(self, name: str, least: int = 0, most: int = MAX_QUANTITY) -> np.ndarray:
        """A column of whole numbers within a range, int64 [rows]: decimal digits only."""
        values = np.empty(len(self), np.int64)
        for row, text in enumerate(self._columns[name]):
            is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
            if not is_number or not least <= int(text) <= most:
                raise self.error(row, name, f"expected a whole number from {least} to {most}, found {text[:60]!r}")
            values[row] = int(text)
        return values

    def number(self, name: str, empty: float | None = None) -> np.ndarray:
        """A column of finite numbers, not negative, float64 [rows]; an empty field is `empty`, if that is given."""
        values = np.empty(len(self))
        for row, text in enumerate(self._columns[name]):
            if text == "" and empty is not None:
                values[row] = empty
                continue
            if not _NUMBER.fullmatch(text) or float(text) == np.inf:
                raise self.error(row, name, f"expected a number that is not negative, found {text!r}")
            values[row] = float(text)
        return values

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        if text and not text.endswith("\n"):
            # A file that was cut off in its last field could not be told from a whole one otherwise.
            raise ReadError(self.file, text.count("\n") + 1, "", "expected a line break after the last record")
        # Empty lines at the end are some exporters' habit; elsewhere they are records without fields.
        reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
        line = 1
        try:
            for fields in reader:
                yield line, fields
                line = reader.line_num + 1
        except csv.Error as error:
            raise ReadError(self.file, reader.line_num, "", f"expected CSV by RFC 4180: {error}") from error
