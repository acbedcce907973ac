"""What `make install` leaves behind is enough to build against: header, library, berth.pc, command."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
#include <berth.h>
#include <stdio.h>
int main(void) {
  if (berth_abi_version() != BERTH_ABI_VERSION) return 1;
  puts(berth_version());
  return 0;
}
"""


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


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run(ROOT / "tools" / "install.sh", folder)
    return folder


def test_a_c_program_builds_with_pkg_config(prefix, tmp_path):
    (tmp_path / "program.c").write_text(PROGRAM)
    search = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "berth", **search).strip()
    script = (
        f"cd {tmp_path} && gcc -Wall -Werror program.c {flags} -o program && LD_LIBRARY_PATH='{prefix}/lib' ./program"
    )
    version = run("sh", "-c", script).strip()
    assert version == run("pkg-config", "--modversion", "berth", **search).strip()


def test_the_installed_command_answers(prefix):
    assert "simulate" in run(prefix / "bin" / "berth", "--help")
