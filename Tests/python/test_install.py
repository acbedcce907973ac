"""What `make install` leaves behind is enough to build against: header, library, berth.pc, command, reference."""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT

EXAMPLES = ROOT / "Bindings" / "C" / "examples"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
COMPILERS = [("gcc", "c11", "c"), ("clang", "c11", "c"), ("g++", "c++17", "cpp"), ("clang++", "c++17", "cpp")]


def run(*command, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pkg_config(prefix, *arguments, **environment):
    """What pkg-config says of the berth below prefix, and of no other one."""
    return run("pkg-config", *arguments, "berth", PKG_CONFIG_LIBDIR=str(prefix / "lib" / "pkgconfig"), **environment)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run(ROOT / "tools" / "install.sh", folder)
    return folder


def play(flags, library_dir, tmp_path, compiler, standard, suffix):
    """Compiles the first program with nothing but these flags, runs it, and compares what it prints."""
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    source = tmp_path / f"program.{suffix}"  # away from the repository, whose header it must not find
    shutil.copy(EXAMPLES / f"first_program.{suffix}", source)
    run(compiler, f"-std={standard}", *STRICT, source, *flags.split(), "-o", tmp_path / "program")
    printed = run(tmp_path / "program", LD_LIBRARY_PATH=str(library_dir)).splitlines()
    assert printed[:-1] == (ROOT / "Bindings" / "expected" / "first_program.txt").read_text().splitlines()
    assert printed[-1].startswith("allocator ")


@pytest.mark.parametrize(("compiler", "standard", "suffix"), COMPILERS)
def test_the_first_program_builds_with_pkg_config_alone(prefix, tmp_path, compiler, standard, suffix):
    play(pkg_config(prefix, "--cflags", "--libs"), prefix / "lib", tmp_path, compiler, standard, suffix)


def test_pkg_config_tells_version_and_places(prefix):
    pkg_config(prefix, "--validate")
    program = "import ctypes, sys; f = ctypes.CDLL(sys.argv[1]).berth_version; f.restype = ctypes.c_char_p; print(f())"
    library = run("python3", "-c", program, prefix / "lib" / "libberth.so").strip()
    assert library == repr(pkg_config(prefix, "--modversion").strip().encode())
    assert pkg_config(prefix, "--variable=prefix").strip() == str(prefix)
    assert pkg_config(prefix, "--variable=libdir").strip() == str(prefix / "lib")
    # One library has everything inside: linking statically asks for nothing more.
    assert pkg_config(prefix, "--libs", "--static") == pkg_config(prefix, "--libs")


def test_an_rpath_replaces_the_environment(prefix, tmp_path):
    library_dir = pkg_config(prefix, "--variable=libdir").strip()
    flags = pkg_config(prefix, "--cflags", "--libs") + f" -Wl,-rpath,{library_dir}"
    play(flags, "", tmp_path, "gcc", "c11", "c")


def test_a_staged_installation_names_the_place_where_it_will_stand(tmp_path):
    stage = tmp_path / "stage"
    run(ROOT / "tools" / "install.sh", "/opt/berth", stage)
    staged = stage / "opt" / "berth"
    assert pkg_config(staged, "--variable=prefix").strip() == "/opt/berth"
    # What a package builder says, and what somebody says who moved the folder.
    flags = pkg_config(staged, "--cflags", "--libs", PKG_CONFIG_SYSROOT_DIR=str(stage))
    play(flags, staged / "lib", tmp_path, "gcc", "c11", "c")
    moved = tmp_path / "moved"
    staged.rename(moved)
    flags = pkg_config(moved, "--define-prefix", "--cflags", "--libs")
    play(flags, moved / "lib", tmp_path, "gcc", "c11", "c")


def test_the_reference_is_installed(prefix):
    assert (prefix / "share" / "doc" / "berth" / "c-reference.md").read_text().startswith("# C reference of berth ")
    pages = {path.name for path in (prefix / "share" / "man" / "man3").iterdir()}
    assert {"berth.3", "berth-placement.3", "berth_pods_place.3", "berth_node_batch.3"} <= pages


def test_the_installed_command_answers(prefix):
    assert "simulate" in run(prefix / "bin" / "berth", "--help")
