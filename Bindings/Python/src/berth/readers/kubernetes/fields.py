"""Fields of an object by their names; what is wrong with one is told with the whole path to it."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from ..errors import ReadError
from ..tables import MAX_QUANTITY
from .quantity import exact

_Read = TypeVar("_Read")
_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a whole number"}


class Fields:
    """An object of the API, or a part of one. A field that is null counts as one that is not there."""

    def __init__(self, value: Mapping[str, Any], file: str, line: int, path: str):
        self.value, self.file, self.line, self.path = value, file, line, path

    def error(self, key: str, message: str) -> ReadError:
        return ReadError(self.file, self.line, self._at(key), message)

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if key and self.path else key or self.path

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def _get(self, key: str, type_: type, default: Any) -> Any:
        value = self.value.get(key)
        if value is None:
            return default
        if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
            raise self.error(key, f"expected {_WORDS[type_]}, found {_short(value)}")
        return value

    def text(self, key: str, default: str = "") -> str:
        text = str(self._get(key, str, default))
        if not _is_clean(text):
            raise self.error(key, f"expected text without zero bytes and lone surrogates, found {_short(text)}")
        return text

    def required(self, key: str) -> str:
        text = self.text(key)
        if not text:
            raise self.error(key, "expected a text, it is missing")
        return text

    def choice(self, key: str, words: Sequence[str], default: str = "") -> str:
        """One of some words; without a default it must be there."""
        text = self.text(key) or default
        if text not in words:
            raise self.error(key, f"expected one of {', '.join(words)}, found {text!r}" if text else "is missing")
        return text

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, False))

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        value = self._get(key, int, default)
        if value is None:
            raise self.error(key, f"expected a whole number from {least} to {most}, it is missing")
        if not least <= value <= most:
            raise self.error(key, f"expected a whole number from {least} to {most}, found {value}")
        return int(value)

    def child(self, key: str) -> "Fields | None":
        value = self._get(key, dict, None)
        return None if value is None else Fields(value, self.file, self.line, self._at(key))

    def list(self, key: str, read: "Callable[[Fields], _Read]") -> list[_Read]:
        """What `read` makes of each object of a list."""
        made = []
        for index, value in enumerate(self._get(key, list, [])):
            if not isinstance(value, dict):
                raise self.error(f"{key}[{index}]", f"expected an object, found {_short(value)}")
            made.append(read(Fields(value, self.file, self.line, f"{self._at(key)}[{index}]")))
        return made

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._get(key, list, [])
        for index, value in enumerate(values):
            if not isinstance(value, str) or not _is_clean(value):
                raise self.error(f"{key}[{index}]", f"expected a text, found {_short(value)}")
        return tuple(values)

    def labels(self, key: str) -> dict[str, str]:
        """A map of texts."""
        values = self._get(key, dict, {})
        for name, value in values.items():
            if not isinstance(value, str) or not _is_clean(name + value):
                raise self.error(f"{key}[{_shown(name)}]", f"expected a text, found {_short(value)}")
        return dict(values)

    def quantities(self, key: str) -> dict[str, Fraction]:
        """A map of Kubernetes' quantities, exact, in cores, bytes and pieces; none is below 0."""
        made = {}
        for name, value in self._get(key, dict, {}).items():
            field = f"{key}[{_shown(name)}]"
            if not _is_clean(name):
                raise self.error(field, "expected the name of a resource")
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise self.error(field, f"expected a quantity such as '500m' or '2Gi', found {_short(value)}")
            try:
                made[name] = exact(str(value))
            except ValueError:
                raise self.error(field, f"expected a quantity such as '500m' or '2Gi', found {value!r}") from None
            if made[name] < 0:
                raise self.error(field, f"expected a quantity that is not negative, found {value!r}")
        return made

    def whole_amount(self, key: str, name: str, amount: Fraction) -> int:
        """In the engine's units, cpu in milli and all else in whole ones, rounded up as Kubernetes does."""
        whole = math.ceil(amount * 1000 if name == "cpu" else amount)
        if whole > MAX_QUANTITY:
            raise self.error(f"{key}[{name}]" if key else name, f"expected at most 2^50 units, found {float(amount):g}")
        return whole


def _is_clean(text: str) -> bool:
    """Whether C and UTF-8 have it, too."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _shown(name: str) -> str:
    return name if _is_clean(name) else _short(name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
