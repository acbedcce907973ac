"""The command under test: BERTH_COMMAND, or what `make build` leaves in .build/release."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def command_path():
    if "BERTH_COMMAND" in os.environ:
        return os.environ["BERTH_COMMAND"]
    for name in ("berth", "berth-cli"):
        path = ROOT / ".build" / "release" / name
        if path.exists():
            return str(path)
    raise FileNotFoundError("no berth command in .build/release: run `make build`, or set BERTH_COMMAND")


@pytest.fixture(scope="session")
def berth():
    """Runs `berth <arguments>`; the finished process with its text output."""
    path = command_path()

    def run(*arguments):
        command = [path, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture(scope="session")
def berth_json(berth):
    """Runs `berth <arguments> --json`, insists on success and exactly one line, and parses it."""

    def run(*arguments):
        done = berth(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("\n")
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def shared():
    """The folder of public data of a name."""

    def find(name):
        folder = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared")) / "data" / name
        if not folder.is_dir():
            pytest.skip(f"no {folder}; set BERTH_SHARED to the folder that holds data/{name}")
        return folder

    return find


@pytest.fixture(scope="session")
def openb(shared):
    """The folder of the openb trace."""
    return shared("openb")
