"""The objects of a file as kubectl prints it, each with the line where it begins."""

import json
import os
from collections.abc import Iterator
from typing import Any

from ..errors import ReadError
from ..files import read_text

_BLANKS = " \t\r\n"


def read_items(path: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of one object or list, or of several one behind the other; lists are taken apart. An item of a
    typed list (PodList) that does not say its kind gets that of the list."""
    text = read_text(path)
    scan = _Scan(os.fspath(path), text)
    if scan.skip() == "":
        raise ReadError(scan.file, 0, "", "expected JSON as kubectl prints it, the file is empty")
    while scan.skip():
        yield from scan.document()


class _Scan:
    """A place in a text of JSON. Values are decoded by json; only what stands around items is walked here."""

    def __init__(self, file: str, text: str):
        self.file, self.text, self.at = file, text, 0
        self._decode = json.JSONDecoder(parse_constant=self._constant).raw_decode
        self._counted = (0, 1)

    def line(self, offset: int) -> int:
        start, line = self._counted
        if offset < start:
            start, line = 0, 1
        self._counted = (offset, line + self.text.count("\n", start, offset))
        return self._counted[1]

    def error(self, message: str, offset: int | None = None) -> ReadError:
        return ReadError(self.file, self.line(self.at if offset is None else offset), "", message)

    def skip(self) -> str:
        """The next character that is no blank; "" at the end."""
        while self.text[self.at : self.at + 1] and self.text[self.at] in _BLANKS:
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> None:
        found = self.skip()
        if found != wanted:
            raise self.error(
                f"expected {wanted!r}, found {found!r}" if found else f"expected {wanted!r}, the text ends"
            )
        self.at += 1

    def value(self) -> Any:
        self.skip()
        try:
            value, self.at = self._decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise self.error(f"expected JSON: {error.msg}", error.pos) from error
        except ValueError as error:  # a number of too many digits
            raise self.error(f"expected JSON: {error}") from error
        except RecursionError:
            raise self.error("expected JSON that is not so deep") from None
        return value

    def document(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The members of an object; the elements of "items" are given at once, the others are the object."""
        start = self.line(self.at)
        self.take("{")
        own: dict[str, Any] = {}
        items: list[tuple[int, Any]] | None = None
        while self.skip() != "}":
            if own or items is not None:
                self.take(",")
            key = self.value()
            self.take(":")
            if key == "items" and self.skip() == "[":
                items = list(self.elements())
            else:
                own[key] = self.value()
            if self.skip() not in ",}":
                self.take("}")
        self.take("}")
        if items is None:
            yield start, own
            return
        kind = own.get("kind")
        of_list = kind.removesuffix("List") if isinstance(kind, str) else ""
        for line, item in items:
            if not isinstance(item, dict):
                raise ReadError(self.file, line, "items", f"expected objects, found {type(item).__name__}")
            yield line, {"kind": of_list, **item} if of_list else item

    def elements(self) -> Iterator[tuple[int, Any]]:
        self.take("[")
        if self.skip() == "]":
            self.at += 1
            return
        while True:
            self.skip()
            line = self.line(self.at)
            yield line, self.value()
            if self.skip() != ",":
                break
            self.at += 1
        self.take("]")

    @staticmethod
    def _constant(text: str) -> Any:
        raise json.JSONDecodeError(f"{text} is no JSON", text, 0)
