"""Writes src/berth/_lib.pyi: the types of `berth.abi.lib`, as the header has them, for editors and type checkers.

python3 Bindings/Python/make_stub.py [--check]
"""

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
STUB = PACKAGE / "src" / "berth" / "_lib.pyi"
HEADER = PACKAGE.parents[1] / "include" / "berth.h"

HEAD = '''"""What `berth.abi.lib` has. Made of include/berth.h by make_stub.py: do not edit."""

from typing import Any

Pointer = Any  # a pointer of cffi, or what cffi makes one of: ffi.NULL, a list of numbers, bytes for char *

class Lib:
'''


def stub(header: str) -> str:
    """The text of the stub."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    constants = re.findall(r"\b(BERTH_[A-Z0-9_]+) = \d", text)
    lines = [f"    {name}: int" for name in constants]
    for result, name, arguments in re.findall(r"^([\w ]+[ *])(berth_\w+)\(([^)]*)\);", text, re.MULTILINE):
        told = ["self", *(argument(one) for one in arguments.split(",") if one.strip() != "void"), "/"]
        told = told if len(told) > 2 else ["self"]
        lines.append(f"    def {name}({', '.join(told)}) -> {kind(result)}: ...")
    return HEAD + "\n".join(wrapped(line) for line in lines) + "\n"


def argument(declared: str) -> str:
    """ "name: type" of an argument's declaration."""
    name = re.findall(r"\w+", declared)[-1]
    return f"{name}: {kind(declared.rsplit(name, 1)[0])}"


def kind(ctype: str) -> str:
    """The type that Python has for one of C."""
    if "*" in ctype or "callback" in ctype:
        return "Pointer"
    return {"void": "None", "double": "float"}.get(ctype.strip(), "int")


def wrapped(line: str) -> str:
    """A definition in lines of at most 120 columns, as ruff format has it."""
    if len(line) <= 120:
        return line
    head, rest = line.split("(", 1)
    arguments, result = rest.rsplit(")", 1)
    flat = f"        {arguments}"
    body = flat if len(flat) <= 120 else "\n".join(f"        {one}," for one in arguments.split(", "))
    return f"{head}(\n{body}\n    ){result}"


def main() -> None:
    made = stub(HEADER.read_text())
    if "--check" in sys.argv[1:]:
        if STUB.read_text() != made:
            raise SystemExit(f"{STUB} is not what the header says. Cure: python3 {sys.argv[0]}")
    else:
        STUB.write_text(made)


if __name__ == "__main__":
    main()
