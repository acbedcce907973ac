"""Files as texts, packed or not."""

import gzip
import os
import zlib
from pathlib import Path

from .errors import ReadError

_GZIP = b"\x1f\x8b"


def read_text(path: str | os.PathLike[str]) -> str:
    """The whole of a UTF-8 file; one that begins as gzip's do is unpacked. FileNotFoundError and its like as the system
    has them; ReadError where the bytes are no text."""
    data = Path(path).read_bytes()
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ReadError(path, 0, "", f"expected a whole gzip file: {error}") from error
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise ReadError(path, line, "", "expected text, found a zero byte")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(path, line, "", f"expected UTF-8 text, found the byte {data[error.start]:#04x}") from error
