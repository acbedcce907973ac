"""What is wrong in a file, and where."""

import os
from typing import Any


class ReadError(ValueError):
    """A file that cannot be read as what it should be. The text has the file, the line (from 1), the field and what was
    expected and found there: "pods.csv:7: gpu_milli: expected a whole number from 0 to 1000, found '1200'"."""

    def __init__(self, file: str | os.PathLike[str], line: int, field: str, message: str):
        place = f"{os.fspath(file)}:{line}" if line else os.fspath(file)
        super().__init__(f"{place}: {field}: {message}" if field else f"{place}: {message}")
        self.file = os.fspath(file)
        self.line = line
        """From 1; 0 where the file as a whole is meant."""
        self.field = field
        """A column's name, or a path within an object; empty where the line as a whole is meant."""
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.file, self.line, self.field, self.message)
