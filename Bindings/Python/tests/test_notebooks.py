"""The notebooks run from a fresh kernel, and are kept without what they print."""

import pytest
from conftest import PACKAGE

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
for needed in ("ipykernel", "matplotlib", "pandas"):
    pytest.importorskip(needed)

NOTEBOOKS = sorted((PACKAGE / "notebooks").glob("*.ipynb"))
NEEDS = {"reproducing-fgd": ("openb", "fgd-reference")}
PICTURES = {"first-steps": 1, "reproducing-fgd": 2, "a-policy-in-20-lines": 1, "a-gang-on-a-fragmented-cluster": 3}


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, shared, tmp_path, monkeypatch):
    folders = [shared(name) for name in NEEDS.get(path.stem, ())]
    if folders:
        monkeypatch.setenv("BERTH_SHARED", str(folders[0].parents[1].resolve()))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()  # raises with the cell and its traceback
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    errors = [output.text for output in outputs if output.get("name") == "stderr" and "Warning" in output.text]
    assert not errors
    assert sum("image/png" in output.get("data", {}) for output in outputs) == PICTURES[path.stem]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    for cell in book.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_there_are_four_and_the_policy_is_short():
    assert sorted(path.stem for path in NOTEBOOKS) == sorted(PICTURES)
    book = nbformat.read(PACKAGE / "notebooks" / "a-policy-in-20-lines.ipynb", as_version=4)
    policy = next(cell.source for cell in book.cells if "@scoring.policy" in cell.source)
    assert len(policy.splitlines()) <= 20
