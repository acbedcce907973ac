"""Builds the wheel: the library and its header go inside, and the tag says on which systems they run.

Where libberth.so is taken from: BERTH_LIBRARY_DIR, else `.build/release` of the repository, where `make build` leaves
it. The hook does not call that: it sets up the very environment that pip may be running in. The library is stripped
where `strip` is at hand. The package is Python only and speaks to the library by cffi, so one wheel serves every
Python 3."""

import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "libberth.so"
# ELF e_machine to the platform's name in tags (PEP 600).
MACHINES = {62: "x86_64", 183: "aarch64"}
# The newest symbols that a manylinux policy lets a library ask of a system's libstdc++ and libgcc, by its glibc: the
# versions of the distribution that the policy is made after (auditwheel's manylinux-policy.json).
LIMITS = {
    (2, 17): {"GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0)},
    (2, 28): {"GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
    (2, 31): {"GLIBCXX": (3, 4, 28), "CXXABI": (1, 3, 12), "GCC": (7, 0, 0)},
    (2, 34): {"GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (7, 0, 0)},
    (2, 35): {"GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "GCC": (12, 0, 0)},
    (2, 39): {"GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15), "GCC": (14, 0, 0)},
}


class Hook(BuildHookInterface[Any]):
    """What hatchling calls."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "sdist":
            raise SystemExit(
                "berth has no source distribution: the engine is built with Swift from the repository. "
                "Cure: pip install ./Bindings/Python there, or pip wheel --no-deps ./Bindings/Python"
            )
        if version == "editable":
            return
        library = find_library()
        self.folder = tempfile.TemporaryDirectory(prefix="berth-wheel-")
        stripped = Path(self.folder.name) / LIBRARY
        shutil.copy2(library, stripped)
        if shutil.which("strip"):
            subprocess.run(["strip", "--strip-unneeded", str(stripped)], check=True)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(stripped)}"
        build_data["force_include"] |= {
            str(stripped): f"berth/{LIBRARY}",
            str(ROOT / "include" / "berth.h"): "berth/berth.h",
            str(ROOT / "LICENSE"): "berth/LICENSE",
        }

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


def find_library() -> Path:
    """The library to put into the wheel."""
    given = os.environ.get("BERTH_LIBRARY_DIR")
    library = Path(given) / LIBRARY if given else ROOT / ".build" / "release" / LIBRARY
    if library.exists():
        return library
    cure = f"set BERTH_LIBRARY_DIR to the folder that has {LIBRARY}"
    if not given:
        cure = f"run `make build` in {ROOT}, or {cure}"
    raise SystemExit(f"berth: {library} is missing. Cure: {cure}")


def platform_tag(library: Path) -> str:
    """manylinux_X_Y_<machine>: the oldest glibc whose policy has every symbol that the library needs."""
    machine, needs = needed_symbols(library.read_bytes())
    glibc = max(needs.pop("GLIBC", {(2, 17)}))
    for policy, limits in sorted(LIMITS.items()):
        if all(max(versions) <= limits.get(name, ()) for name, versions in needs.items()):
            return "manylinux_{}_{}_{}".format(*max(glibc, policy)[:2], machine)
    told = ", ".join(f"{name} {'.'.join(map(str, max(versions)))}" for name, versions in needs.items())
    raise SystemExit(f"berth: no manylinux policy is known for glibc {glibc} with {told}: see LIMITS in build_hook.py")


def needed_symbols(elf: bytes) -> tuple[str, dict[str, set[tuple[int, ...]]]]:
    """The machine of a 64-bit little-endian ELF file, and the symbol versions that it needs of others, by name: its
    section .gnu.version_r (Linux Standard Base, "Symbol Versioning")."""
    if elf[:6] != b"\x7fELF\x02\x01":
        raise SystemExit(f"berth: {LIBRARY} is no 64-bit little-endian ELF file")
    machine = MACHINES.get(struct.unpack_from("<H", elf, 18)[0])
    if machine is None:
        raise SystemExit(f"berth: {LIBRARY} is for a machine that no wheel is made for")
    table, size, count = struct.unpack_from("<Q", elf, 40)[0], *struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, table + index * size) for index in range(count)]
    needs: dict[str, set[tuple[int, ...]]] = {}
    for _, kind, _, _, start, _, link, entries, _, _ in sections:
        if kind != 0x6FFFFFFE:  # SHT_GNU_verneed
            continue
        texts, place = sections[link][4], start
        for _ in range(entries):
            _, versions, _, first, following = struct.unpack_from("<HHIII", elf, place)
            entry = place + first
            for _ in range(versions):
                _, _, _, name, later = struct.unpack_from("<IHHII", elf, entry)
                text = elf[texts + name : elf.index(b"\0", texts + name)].decode()
                parts = re.fullmatch(r"(\w+?)_(\d+(?:\.\d+)*)", text)
                if parts:
                    needs.setdefault(parts[1], set()).add(tuple(map(int, parts[2].split("."))))
                entry += later
            place += following
    return machine, needs
