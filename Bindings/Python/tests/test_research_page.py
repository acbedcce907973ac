"""The page for researchers: its blocks of Python run as they stand, one after the other."""

import re

import pytest
from conftest import ROOT

PAGE = ROOT / "docs" / "research.md"


def test_the_page_runs_as_it_stands(capsys):
    pytest.importorskip("gymnasium")
    pytest.importorskip("pandas")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    names = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "(40, 2) (2000, 2)" in printed and "placed," in printed


def test_the_page_links_to_what_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parent / target).exists(), target
