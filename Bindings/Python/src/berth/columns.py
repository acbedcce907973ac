"""What Python has, as columns that the library takes: contiguous, of the right width, and no value changed on the
way."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from . import abi

Shape = tuple[int, ...]


def column(values: Any, dtype: Any, what: str, shape: Shape = (-1,)) -> np.ndarray:
    """Integers as a contiguous array of `dtype` and `shape`: the very array that was given where it is one already. A
    single value stands for all of them; -1 in a shape is any length. ValueError for another shape, or a value that the
    type cannot hold; TypeError for what is no integer."""
    if type(values) is np.ndarray and values.dtype == dtype and values.flags.c_contiguous and _fits(values, shape):
        return values
    given = np.asarray(values)
    if given.dtype == float and not isinstance(values, np.ndarray):
        given = _whole(given, values)
    if given.size and given.dtype.kind not in "iub":
        raise TypeError(f"{what}: integers are needed, not {given.dtype}")
    if given.ndim == 0 and -1 not in shape:
        given = np.broadcast_to(given, shape)
    if not _fits(given, shape):
        raise ValueError(f"{what}: the shape is {given.shape}, {_words(shape)} is needed")
    limits = np.iinfo(dtype)
    if given.size and (int(given.min()) < limits.min or int(given.max()) > limits.max):
        raise ValueError(f"{what}: {int(given.min())}..{int(given.max())} is outside {limits.min}..{limits.max}")
    return np.ascontiguousarray(given, dtype=dtype)


def ids(values: Any, what: str) -> np.ndarray:
    """Node or pod ids [n]; a single id is one of them."""
    return column(np.atleast_1d(values) if np.ndim(values) == 0 else values, np.uint64, what)


def pointer(values: np.ndarray | None, ctype: str) -> Any:
    """The memory of a contiguous array for the library, or NULL for None."""
    return abi.NULL if values is None else abi.column(ctype, values)


def records(values: Any, dtype: np.dtype[Any], what: str, length: int | None = None) -> np.ndarray:
    """Records as a contiguous array of that very layout. TypeError for another one: numpy would convert by position."""
    given = np.asarray(values)
    if given.dtype != dtype:
        raise TypeError(f"{what}: records {dtype.names} are needed, not {given.dtype}")
    given = np.atleast_1d(given)
    if given.ndim != 1 or (length is not None and len(given) != length):
        raise ValueError(f"{what}: the shape is {given.shape}, {_words((-1 if length is None else length,))} is needed")
    return np.ascontiguousarray(given)


def mask(indices: Iterable[int], most: int, what: str) -> int:
    """Indices of devices as the bits of a mask. ValueError outside of 0..most - 1."""
    bits = 0
    for index in column(list(indices), np.int64, what).tolist():
        if not 0 <= index < most:
            raise ValueError(f"{what}: {index} is outside 0..{most - 1}")
        bits |= 1 << index
    return bits


def c_text(text: str) -> bytes:
    """As C has it, who would end it at a zero byte."""
    if not isinstance(text, str):
        raise TypeError(f"a text is needed, not {text!r}")
    if "\0" in text:
        raise ValueError(f"{text!r} has a zero byte inside")
    return text.encode()


def c_texts(texts: Sequence[str | None]) -> tuple[Any, Any]:
    """Texts as C's array of pointers (NULL for None), and what must live as long as it is used. All of them lie in one
    piece of memory, which is how a million names are quick."""
    known = ["" if text is None else text for text in texts]
    wrong = next((text for text in known if not isinstance(text, str)), None)
    if wrong is not None:
        raise TypeError(f"a text is needed, not {wrong!r}")
    memory = "\0".join([*known, ""]).encode()
    ends = np.flatnonzero(np.frombuffer(memory, np.uint8) == 0)
    if len(ends) != len(known):
        raise ValueError(f"{next(text for text in known if chr(0) in text)!r} has a zero byte inside")
    bytes_ = abi.ffi.from_buffer(memory)
    pointers = np.full(len(known), int(abi.ffi.cast("uintptr_t", bytes_)), np.uint64)
    pointers[1:] += (ends[:-1] + 1).astype(np.uint64)
    pointers[[text is None for text in texts]] = 0
    return abi.ffi.cast("const char *const *", abi.ffi.from_buffer(pointers)), (pointers, bytes_)


def read_text(call: Any, *arguments: Any) -> str:
    """A text that a call writes into (text, capacity, length_out), its last arguments; it is asked for the length
    first, and again should it have grown."""
    length, room = abi.ffi.new("size_t *"), 0
    text = abi.NULL
    while True:
        call(*arguments, text, room, length)
        if length[0] < room:
            return str(abi.ffi.string(text).decode(errors="replace"))
        room = length[0] + 1 + length[0] // 8
        text = abi.ffi.new("char[]", room)


def _fits(given: np.ndarray, shape: Shape) -> bool:
    return given.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, given.shape, strict=True))


def _whole(given: np.ndarray, values: Any) -> np.ndarray:
    """numpy makes float64 of signed and unsigned integers side by side, [np.uint64(1), 2], and rounds large ones: takes
    them as what they are. Other values stay what numpy made of them."""
    elements = np.asarray(values, dtype=object)
    if all(isinstance(element, (int, np.integer)) for element in elements.flat) and given.size:
        signed = min(map(int, elements.flat)) < 0
        return np.array([int(element) for element in elements.flat], np.int64 if signed else np.uint64).reshape(
            given.shape
        )
    return given


def _words(shape: Shape) -> str:
    return "(" + ", ".join("n" if length == -1 else str(length) for length in shape) + ("," * (len(shape) == 1)) + ")"
