"""The wheel: what is in it, what its tag says, and that a fresh environment with nothing else runs it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest
from berth import abi

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
NO_NETWORK = (
    r"No matching distribution|Could not find a version|Temporary failure|ConnectionError|Network is unreachable"
)


@pytest.fixture(scope="module")
def hook():
    """The build hook as a module."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install hatchling")
    sys.path.insert(0, str(PACKAGE))
    try:
        import build_hook
    finally:
        sys.path.pop(0)
    return build_hook


def build(folder, **environment):
    """pip wheel, from a copy of the tree's environment."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    return subprocess.run(
        [*command, str(PACKAGE)], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


@pytest.fixture(scope="module")
def wheel(hook, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = build(folder, BERTH_LIBRARY_DIR=str(abi.library_path.parent))
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_has_all_it_needs(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        library, metadata = (
            file.read("berth/libberth.so"),
            file.read(f"berth-{abi.version}.dist-info/METADATA").decode(),
        )
        header, info = file.read("berth/berth.h"), file.read(f"berth-{abi.version}.dist-info/WHEEL").decode()
    modules = {f"berth/{path.relative_to(PACKAGE / 'src' / 'berth')}" for path in (PACKAGE / "src/berth").rglob("*.py")}
    assert modules | {"berth/py.typed", "berth/LICENSE"} <= names
    assert not [name for name in names if "test" in name or "__pycache__" in name]
    assert header == abi.header_path.read_bytes() and library[:4] == b"\x7fELF"
    assert f"Version: {abi.version}\n" in metadata and "Requires-Python: >=3.10" in metadata
    assert {"cffi", "numpy"} <= {
        line.split()[1].split(">")[0] for line in metadata.splitlines() if "Requires-Dist" in line
    }
    assert "Root-Is-Purelib: false" in info
    if shutil.which("strip"):
        assert b".symtab" not in library and len(library) < abi.library_path.stat().st_size


def test_its_tag_is_the_oldest_glibc_that_has_its_symbols(hook, wheel):
    """Reckoned again from what objdump prints."""
    tag = re.fullmatch(r"berth-[\d.]+-py3-none-manylinux_2_(\d+)_(x86_64|aarch64)\.whl", wheel.name)
    assert tag, wheel.name
    objdump = shutil.which("objdump")
    if not objdump:
        pytest.skip("no objdump to compare with")
    text = subprocess.run([objdump, "-T", str(abi.library_path)], capture_output=True, text=True, check=True).stdout
    needed = {tuple(map(int, found.split("."))) for found in re.findall(r"\(?GLIBC_([\d.]+)\)?", text)}
    machine, needs = hook.needed_symbols(abi.library_path.read_bytes())
    assert needs["GLIBC"] == needed and machine == tag[2]
    stdcxx = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBCXX_([\d.]+)", text)}
    assert needs.get("GLIBCXX", set()) == stdcxx
    least = max(max(needed)[1], min(minor for (_, minor), limits in hook.LIMITS.items()
                                    if not stdcxx or limits["GLIBCXX"] >= max(stdcxx)))  # fmt: skip
    assert int(tag[1]) == least


@pytest.mark.parametrize(
    ("needs", "tag"),
    [
        ({"GLIBC": {(2, 2, 5), (2, 14)}}, "manylinux_2_17_x86_64"),
        ({"GLIBC": {(2, 2, 5), (2, 30)}}, "manylinux_2_30_x86_64"),
        ({"GLIBC": {(2, 17)}, "GLIBCXX": {(3, 4), (3, 4, 29)}}, "manylinux_2_34_x86_64"),
        ({"GLIBC": {(2, 35)}, "GLIBCXX": {(3, 4, 29)}, "GCC": {(3, 3)}, "CXXABI": {(1, 3)}}, "manylinux_2_35_x86_64"),
        ({"GLIBC": {(2, 17)}, "GCC": {(14, 0, 0)}}, "manylinux_2_39_x86_64"),
        ({}, "manylinux_2_17_x86_64"),
    ],
)
def test_tags_follow_the_policies(hook, monkeypatch, needs, tag):
    monkeypatch.setattr(
        hook, "needed_symbols", lambda elf: ("x86_64", {name: set(found) for name, found in needs.items()})
    )
    assert hook.platform_tag(abi.header_path) == tag


def test_what_cannot_be_built_says_why(hook, monkeypatch, tmp_path):
    monkeypatch.setenv("BERTH_LIBRARY_DIR", str(tmp_path))
    with pytest.raises(SystemExit, match=r"libberth.so is missing. Cure: set BERTH_LIBRARY_DIR"):
        hook.find_library()
    monkeypatch.delenv("BERTH_LIBRARY_DIR")
    monkeypatch.setattr(hook, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="make build"):
        hook.find_library()
    for text in (b"", b"\x7fELF\x01\x01" + bytes(60), b"MZ" + bytes(60)):
        with pytest.raises(SystemExit, match="no 64-bit little-endian ELF file"):
            hook.needed_symbols(text)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE, check=False)
    assert done.returncode != 0 and "berth has no source distribution" in done.stdout + done.stderr
    done = build(tmp_path, BERTH_LIBRARY_DIR=str(tmp_path))
    assert done.returncode != 0 and "Cure: set BERTH_LIBRARY_DIR" in done.stdout + done.stderr


def test_a_fresh_environment_runs_it(wheel, tmp_path):
    """Nothing but the wheel and what it needs: no repository, no environment variable."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.lower().startswith(("pip_", "http", "no_proxy"))}
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", wheel],
        capture_output=True,
        text=True,
        env={**clean, **pip},
        check=False,
    )
    if done.returncode and re.search(NO_NETWORK, done.stderr):
        pytest.skip("cffi and numpy cannot be had from an index here")
    assert done.returncode == 0, done.stderr

    def run(*arguments):
        told = subprocess.run(
            [python, *arguments], capture_output=True, text=True, env=clean, cwd=tmp_path, check=False
        )
        assert told.returncode == 0, told.stderr
        return told.stdout

    first = "import berth; print(berth.__version__, berth.abi.library_path); engine = berth.Engine(); " \
            "engine.add_nodes([[4000, 1 << 33]]); print(engine.place(engine.pod_class({'cpu': '1'}), 5))"  # fmt: skip
    version, library, rest = run("-c", first).split(maxsplit=2)
    assert version == abi.version and library.startswith(str(tmp_path / "venv"))
    assert rest == "<Placements: 4 of 5 placed>\n"
    assert "afterwards the cluster is the same" in run("-m", "berth.demo", "--nodes", "100", "--pods", "100")
    scene = (PACKAGE.parent / "expected" / "first_program.txt").read_text()
    assert run(PACKAGE / "examples" / "first_program.py").startswith(scene)
    without = "import berth\ntry: berth.Engine().place([]).to_pandas()\nexcept ImportError as error: print(error)"
    assert run("-c", without) == "to_pandas() needs pandas: pip install 'berth[pandas]'\n"
