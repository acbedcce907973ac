"""The demo and the examples, as programs."""

import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
EXPECTED = EXAMPLES.parents[1] / "expected"


def run(*arguments):
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize("scene", ["first_program", "what_if", "gangs"])
def test_scenes_print_what_they_print_in_other_languages(scene):
    done = run(EXAMPLES / f"{scene}.py")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines(keepends=True) if not line.startswith("allocator ")]
    assert "".join(lines) == (EXPECTED / f"{scene}.txt").read_text()


def test_the_demo():
    done = run("-m", "berth.demo", "--nodes", 1000, "--pods", 500)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "1000 nodes; 3 web pods:" and lines[2].startswith("  on node-0, score ")
    assert "a pod of 9 cores: 0/1000 nodes are available: 1000 Insufficient cpu." in lines
    assert "afterwards the cluster is the same" in lines
    assert lines[-2].startswith("500 pods in one call: 500 placed, ")
    told = run("-m", "berth.demo", "--help")
    assert "--nodes" in told.stdout and "at least 10" in told.stdout
    refused = run("-m", "berth.demo", "--nodes", 3)
    assert refused.returncode == 2 and "--nodes must be at least 10" in refused.stderr


def test_the_readme_runs(capsys):
    """Its blocks of Python, one after the other."""
    pytest.importorskip("pandas")
    text = (EXAMPLES.parent / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 2
    names = {}
    for block in blocks:
        exec(block, names)
    printed = capsys.readouterr().out.splitlines()
    told = [line.split("#", 1)[1].strip() for line in "".join(blocks).splitlines() if line.startswith("print(")]
    assert printed == told
