"""The header for bindings: cffi parses its text, no struct has hidden padding, layout*.c pin fields and constants.

python3 Tests/abi/check_header.py include/berth.h Tests/abi/layout*.c
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Bindings/Python/src"))
import cffi
from berth.abi import declarations, read_constants


def main(header: Path, layouts: list[Path]) -> None:
    layout = "\n".join(path.read_text() for path in layouts)
    ffi = cffi.FFI()
    ffi.cdef(declarations(header.read_text()))
    pinned = set(re.findall(r"^FIELD\((\w+), (\w+),", layout, re.MULTILINE))
    found = set()
    for name in re.findall(r"^} (berth_\w+);", header.read_text(), re.MULTILINE):
        struct = ffi.typeof(name)
        end = 0
        for field, place in struct.fields:
            assert place.offset == end, f"{name}: {place.offset - end} bytes of padding before {field}"
            assert place.bitsize < 0, f"{name}.{field} is a bit field"
            end = place.offset + ffi.sizeof(place.type)
            found.add((name, field))
        assert ffi.sizeof(struct) == end, f"{name}: {ffi.sizeof(struct) - end} bytes of padding at its end"
    assert len(found) > 100, f"only {len(found)} fields found"
    assert found == pinned, f"header and layout*.c differ in {sorted(found ^ pinned)}"

    text = header.read_text()
    named = set(read_constants(text)) | set(re.findall(r"\b(BERTH_[A-Z0-9_]+) = \d", text))
    values = set(re.findall(r"^VALUE\((\w+),", layout, re.MULTILINE)) | {"BERTH_ABI_VERSION"}
    assert len(named) > 80, f"only {len(named)} constants found"
    assert named == values, f"header and layout*.c differ in {sorted(named ^ values)}"


main(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]])
