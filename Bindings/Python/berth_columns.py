"""What Python has, as columns that the library takes: contiguous, of the right width, and no value changed on the
way."""

import numpy as np


def column(values, dtype, what: str, shape: tuple = (-1,)) -> np.ndarray:
    """Integers as a contiguous array of `dtype` and `shape`. A single value stands for all of them; -1 in a shape is
    any length. ValueError for another shape, or a value that the type cannot hold; TypeError for what is no
    integer."""
    given = np.asarray(values)
    if given.dtype == float and not isinstance(values, np.ndarray):
        given = _whole(given, values)
    if given.size and given.dtype.kind not in "iub":
        raise TypeError(f"{what}: integers are needed, not {given.dtype}")
    if given.ndim == 0 and -1 not in shape:
        given = np.broadcast_to(given, shape)
    if given.ndim != len(shape) or any(want not in (-1, got) for want, got in zip(shape, given.shape, strict=True)):
        raise ValueError(f"{what}: the shape is {given.shape}, {_words(shape)} is needed")
    limits = np.iinfo(dtype)
    if given.size and (int(given.min()) < limits.min or int(given.max()) > limits.max):
        raise ValueError(f"{what}: {int(given.min())}..{int(given.max())} is outside {limits.min}..{limits.max}")
    return np.ascontiguousarray(given, dtype=dtype)


def records(values, dtype: np.dtype, what: str, length: int | None = None) -> np.ndarray:
    """Records as a contiguous array of that very layout. TypeError for another one: numpy would convert by position."""
    given = np.asarray(values)
    if given.dtype != dtype:
        raise TypeError(f"{what}: records {dtype.names} are needed, not {given.dtype}")
    given = np.atleast_1d(given)
    if given.ndim != 1 or (length is not None and len(given) != length):
        raise ValueError(f"{what}: the shape is {given.shape}, {_words((-1 if length is None else length,))} is needed")
    return np.ascontiguousarray(given)


def mask(indices, most: int, what: str) -> int:
    """Indices of devices as the bits of a mask. ValueError outside of 0..most - 1."""
    bits = 0
    for index in column(list(indices), np.int64, what).tolist():
        if not 0 <= index < most:
            raise ValueError(f"{what}: {index} is outside 0..{most - 1}")
        bits |= 1 << index
    return bits


def c_text(text: str) -> bytes:
    """As C has it, who would end it at a zero byte."""
    if "\0" in text:
        raise ValueError(f"{text!r} has a zero byte inside")
    return text.encode()


def _whole(given: np.ndarray, values) -> np.ndarray:
    """numpy makes float64 of signed and unsigned integers side by side, [np.uint64(1), 2], and rounds large ones: takes
    them as what they are. Other values stay what numpy made of them."""
    elements = np.asarray(values, dtype=object)
    if all(isinstance(element, (int, np.integer)) for element in elements.flat) and given.size:
        signed = min(map(int, elements.flat)) < 0
        return np.array([int(element) for element in elements.flat], np.int64 if signed else np.uint64).reshape(
            given.shape
        )
    return given


def _words(shape: tuple) -> str:
    return "(" + ", ".join("n" if length == -1 else str(length) for length in shape) + ("," * (len(shape) == 1)) + ")"
