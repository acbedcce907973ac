"""libberth for Python: the header's own text is the binding, so nothing is declared twice.

    from berth_abi import load
    berth = load()
    engine = berth.create(levels=["topology.kubernetes.io/zone"])
    berth.check(engine, berth.lib.berth_resource_add(engine, b"cpu", berth.lib.BERTH_RESOURCE_CPU, berth.ffi.new(...)))

`berth.lib` has every function and enum constant of berth.h, `berth.constants` its #define numbers. A callback is an
ordinary one of cffi, which must outlive its use; what it raises is printed, and refuses the call that placed:

    @berth.ffi.callback("berth_rerank_callback", error=1)
    def cheapest(context, batch, order_out): ...
"""

import os
import re
from pathlib import Path

import cffi

_HERE = Path(__file__).resolve().parent
_WIDEST = {"UINT32_MAX": 2**32 - 1, "UINT64_MAX": 2**64 - 1}


class BerthError(Exception):
    """A refused call: `status` is the number, `name` its name, and the text says what was wrong and where."""

    def __init__(self, status: int, name: str, message: str):
        super().__init__(f"{name}: {message}")
        self.status = status
        self.name = name


def declarations(header: str) -> str:
    """The header without its preprocessor lines, as cffi wants it."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", header, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def constants(header: str) -> dict[str, int]:
    """The numbers that the header defines with #define."""
    found = re.findall(r"^#define (BERTH_\w+) (\d+)?(UINT32_MAX|UINT64_MAX)?u?\b", header, flags=re.MULTILINE)
    return {name: int(digits) if digits else _WIDEST[widest] for name, digits, widest in found if digits or widest}


class Berth:
    """The loaded library: `ffi` to make structs and arrays, `lib` to call, `constants`."""

    def __init__(self, library: Path, header: Path):
        text = header.read_text()
        self.constants = constants(text)
        self.ffi = cffi.FFI()
        self.ffi.cdef(declarations(text))
        self.lib = self.ffi.dlopen(str(library))
        built, expected = self.lib.berth_abi_version(), self.constants["BERTH_ABI_VERSION"]
        if built != expected:
            raise ImportError(f"{library} speaks ABI {built}, {header} is ABI {expected}: use files of one release")

    def create(self, levels: list[str] = (), **options: int):
        """A new engine that is destroyed with its last reference; options are fields of berth_engine_options."""
        settings = self.ffi.new("berth_engine_options *")
        self.lib.berth_engine_options_init(settings)
        keys = [self.ffi.new("char[]", level.encode()) for level in levels]
        level_keys = self.ffi.new("char *[]", keys)
        settings.level_count, settings.level_keys = len(keys), level_keys
        for field, value in options.items():
            setattr(settings, field, value)
        return self.owned(self.ffi.NULL, self.lib.berth_engine_create, settings)

    def owned(self, engine, function, *arguments):
        """The engine that a call makes as its last result, destroyed with its last reference. `engine`, or NULL, is the
        one that has the sentence of a refusal."""
        made = self.ffi.new("berth_engine **")
        self.check(engine, function(*arguments, made))
        return self.ffi.gc(made[0], self.lib.berth_engine_destroy)

    def check(self, engine, status: int) -> None:
        """Raises BerthError for a refused call."""
        if status != self.lib.BERTH_OK:
            raise BerthError(status, self.status_name(status), self.last_error(engine, status))

    def status_name(self, status: int) -> str:
        return self.ffi.string(self.lib.berth_status_name(status)).decode()

    def last_error(self, engine, status: int) -> str:
        """The sentence to a refused call. A call that was not let in left it with the thread."""
        if status in (self.lib.BERTH_BAD_ENGINE, self.lib.BERTH_BUSY):
            engine = self.ffi.NULL
        length = self.ffi.new("size_t *")
        if self.lib.berth_engine_last_error(engine, self.ffi.NULL, 0, length) != self.lib.BERTH_OK:
            return "the sentence cannot be read now"
        text = self.ffi.new("char[]", length[0] + 1)
        self.lib.berth_engine_last_error(engine, text, len(text), self.ffi.NULL)
        return self.ffi.string(text).decode()

    def dtype(self, ctype: str):
        """What numpy.dtype() makes the elements of an array of, as the header says: berth.dtype("berth_event")."""
        return self._format(self.ffi.typeof(ctype))

    def _format(self, ctype):
        if ctype.kind == "struct":
            names, members = zip(*ctype.fields, strict=True)
            return {
                "names": names,
                "formats": [self._format(member.type) for member in members],
                "offsets": [member.offset for member in members],
                "itemsize": self.ffi.sizeof(ctype),
            }
        if ctype.kind == "array":
            return (self._format(ctype.item), (ctype.length,))
        if ctype.kind != "primitive":
            raise TypeError(f"{ctype.cname} has no place in an array of numpy")
        letter = "f" if ctype.cname == "double" else "u" if ctype.cname.startswith(("u", "size_t")) else "i"
        return f"{letter}{self.ffi.sizeof(ctype)}"

    def view(self, pointer, count: int):
        """The memory that a callback is shown, as numpy.frombuffer() takes it; valid until the callback returns."""
        return self.ffi.buffer(pointer, count * self.ffi.sizeof(self.ffi.typeof(pointer).item))

    def column(self, ctype: str, values):
        """A numpy array's own memory as a C array; it must be contiguous and stay alive during the call."""
        item = re.sub(r"\s*\*$", "", ctype)
        if values.itemsize != self.ffi.sizeof(item) or not values.flags.c_contiguous:
            raise TypeError(f"{ctype} needs contiguous elements of {self.ffi.sizeof(item)} bytes, got {values.dtype}")
        return self.ffi.cast(ctype, values.ctypes.data)


def load(library: str | os.PathLike | None = None, header: str | os.PathLike | None = None) -> Berth:
    """Loads libberth.so and berth.h: as given, from BERTH_LIBRARY_DIR, or from this repository after `make build`."""
    directory = Path(os.environ.get("BERTH_LIBRARY_DIR", _HERE / "../../.build/release"))
    return Berth(
        Path(library) if library else directory / "libberth.so",
        Path(header) if header else _HERE / "../../include/berth.h",
    )
