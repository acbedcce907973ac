"""libberth as it is: the header's own text is the binding, so nothing is declared twice.

    from berth import abi
    pointer = abi.create(levels=["topology.kubernetes.io/zone"])
    abi.check(pointer, abi.lib.berth_resource_add(pointer, b"cpu", abi.lib.BERTH_RESOURCE_CPU, abi.ffi.new(...)))

`lib` has every function and enum constant of berth.h, `constants` its #define numbers, `ffi` makes structs and arrays.
`berth.Engine` is what users want; this module is for what it does not say, and for tests of the library itself.

Where the library comes from: the directory in BERTH_LIBRARY_DIR, else the package itself (a wheel brings it along),
else `.build/release` of the repository that this file lies in. Calls release Python's global lock (cffi does so for
each of them), so other threads run meanwhile."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cffi
import numpy as np

from . import errors

if TYPE_CHECKING:
    from ._lib import Lib

_HERE = Path(__file__).resolve().parent
_REPOSITORY = _HERE.parents[3] if len(_HERE.parents) > 3 else _HERE
_WIDEST = {"UINT32_MAX": 2**32 - 1, "UINT64_MAX": 2**64 - 1}


def declarations(header: str) -> str:
    """The header without its preprocessor lines, as cffi wants it."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", header, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def read_constants(header: str) -> dict[str, int]:
    """The numbers that the header defines with #define."""
    found = re.findall(r"^#define (BERTH_\w+) (\d+)?(UINT32_MAX|UINT64_MAX)?u?\b", header, flags=re.MULTILINE)
    return {name: int(digits) if digits else _WIDEST[widest] for name, digits, widest in found if digits or widest}


def find_library() -> tuple[Path, Path]:
    """libberth.so and the berth.h that it is read with. ImportError says where was looked."""
    headers = [_HERE / "berth.h", _REPOSITORY / "include" / "berth.h"]
    header = next((path for path in headers if path.exists()), None)
    if header is None:
        raise ImportError(f"berth.h is missing: neither {' nor '.join(map(str, headers))} is there; install the wheel")
    given = os.environ.get("BERTH_LIBRARY_DIR")
    folders = [Path(given)] if given else [_HERE, _REPOSITORY / ".build" / "release"]
    for folder in folders:
        if (folder / "libberth.so").exists():
            return folder / "libberth.so", header
    looked = " nor ".join(str(folder / "libberth.so") for folder in folders)
    cure = (
        "set BERTH_LIBRARY_DIR to its folder" if given else "run `make build`, or set BERTH_LIBRARY_DIR to its folder"
    )
    raise ImportError(f"libberth.so is missing: neither {looked} is there; {cure}")


def _load(library: Path, header: Path) -> tuple[Any, Lib, dict[str, int]]:
    text = header.read_text(encoding="utf-8")
    numbers = read_constants(text)
    made = cffi.FFI()
    made.cdef(declarations(text))
    try:
        loaded = made.dlopen(str(library))
    except OSError as error:
        raise ImportError(f"{library} cannot be loaded: {error}") from error
    built, expected = loaded.berth_abi_version(), numbers["BERTH_ABI_VERSION"]
    if built != expected:
        raise ImportError(f"{library} speaks ABI {built}, {header} is ABI {expected}: use files of one release")
    return made, loaded, numbers


library_path, header_path = find_library()
ffi, lib, constants = _load(library_path, header_path)
NULL = ffi.NULL
version: str = ffi.string(lib.berth_version()).decode()


def create(levels: Any = (), **options: int) -> Any:
    """A new engine that is destroyed with its last reference; options are fields of berth_engine_options."""
    settings, _keep = engine_options(levels, **options)
    return owned(NULL, lib.berth_engine_create, settings)


def engine_options(levels: Any = (), **options: int) -> tuple[Any, Any]:
    """berth_engine_options, and what must live as long as they are used."""
    settings = ffi.new("berth_engine_options *")
    lib.berth_engine_options_init(settings)
    keys = [ffi.new("char[]", level.encode()) for level in levels]
    level_keys = ffi.new("char *[]", keys)
    settings.level_count, settings.level_keys = len(keys), level_keys
    for field, value in options.items():
        setattr(settings, field, value)
    return settings, (keys, level_keys)


def make(engine: Any, function: Any, *arguments: Any) -> Any:
    """The engine that a call makes as its last result. `engine`, or NULL, is the one that has the sentence of a
    refusal."""
    made = ffi.new("berth_engine **")
    check(engine, function(*arguments, made))
    return made[0]


def owned(engine: Any, function: Any, *arguments: Any) -> Any:
    """`make`, destroyed with its last reference."""
    return ffi.gc(make(engine, function, *arguments), lib.berth_engine_destroy)


def check(engine: Any, status: int) -> None:
    """Raises the error of a refused call."""
    if status:
        raise refusal(engine, status)


def refusal(engine: Any, status: int) -> errors.BerthError:
    """What a refused call raises: the class of its status, with the engine's sentence."""
    return errors.of_status(status, status_name(status), last_error(engine, status))


def status_name(status: int) -> str:
    return str(ffi.string(lib.berth_status_name(status)).decode())


def last_error(engine: Any, status: int) -> str:
    """The sentence to a refused call. A call that was not let in left it with the thread."""
    if status in (lib.BERTH_BAD_ENGINE, lib.BERTH_BUSY):
        engine = NULL
    length = ffi.new("size_t *")
    if lib.berth_engine_last_error(engine, NULL, 0, length) != lib.BERTH_OK:
        return "the sentence cannot be read now"
    text = ffi.new("char[]", length[0] + 1)
    lib.berth_engine_last_error(engine, text, len(text), NULL)
    return str(ffi.string(text).decode(errors="replace"))


@cache
def dtype(ctype: str) -> np.dtype[Any]:
    """The layout that the header gives a record, for arrays of numpy: abi.dtype("berth_event")."""
    layout: np.dtype[Any] = np.dtype(_format(ffi.typeof(ctype)))
    return layout


def _format(ctype: Any) -> Any:
    if ctype.kind == "struct":
        names, members = zip(*ctype.fields, strict=True)
        return {
            "names": names,
            "formats": [_format(member.type) for member in members],
            "offsets": [member.offset for member in members],
            "itemsize": ffi.sizeof(ctype),
        }
    if ctype.kind == "array":
        return (_format(ctype.item), (ctype.length,))
    if ctype.kind != "primitive":
        raise TypeError(f"{ctype.cname} has no place in an array of numpy")
    letter = "f" if ctype.cname == "double" else "u" if ctype.cname.startswith(("u", "size_t")) else "i"
    return f"{letter}{ffi.sizeof(ctype)}"


def view(pointer: Any, count: int) -> Any:
    """The memory that a callback is shown, as numpy.frombuffer() takes it; valid until the callback returns."""
    return ffi.buffer(pointer, count * ffi.sizeof(ffi.typeof(pointer).item))


def column(ctype: str, values: np.ndarray) -> Any:
    """A numpy array's own memory as a C array: no copy. It must be contiguous; what is returned keeps it."""
    array, size = _array_of(ctype)
    if values.itemsize != size or not values.flags.c_contiguous:
        raise TypeError(f"{ctype} needs contiguous elements of {size} bytes, got {values.dtype}")
    return ffi.from_buffer(array, values)


@cache
def _array_of(ctype: str) -> tuple[Any, int]:
    item = ctype.removesuffix("*").rstrip()
    return ffi.typeof(f"{item}[]"), ffi.sizeof(item)


def record(ctype: str) -> Any:
    """A struct that may grow, for a call to fill in: zero but for its struct_size."""
    made = ffi.new(f"{ctype} *")
    made.struct_size = ffi.sizeof(ctype)
    return made
