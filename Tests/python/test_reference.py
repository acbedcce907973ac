"""The manual pages and the Markdown that tools/reference.py makes of the header say all that the header says."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

HEADER = (ROOT / "include" / "berth.h").read_text()
CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
FUNCTIONS = set(re.findall(r"\b(berth_\w+)\(", CODE))
TYPES = set(re.findall(r"\b(berth_\w+)\b", CODE)) - FUNCTIONS
CONSTANTS = set(re.findall(r"\bBERTH_[A-Z0-9_]+\b", CODE)) - {"BERTH_H"}


def generate(*arguments):
    subprocess.run([sys.executable, ROOT / "tools" / "reference.py", *arguments], check=True)


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """A folder as MANPATH has them."""
    folder = tmp_path_factory.mktemp("man")
    generate("man", folder / "man3")
    return folder


@pytest.fixture(scope="module")
def pages(manual):
    """The pages that are no aliases, by name."""
    texts = {path.stem: path.read_text() for path in (manual / "man3").iterdir()}
    return {name: text for name, text in texts.items() if not text.startswith(".so ")}


def shown(text):
    """What roff shows of a page's source: the escapes that the generator writes, undone."""
    for escape, character in (
        (r"\-", "-"),
        (r"\(aq", "'"),
        (r"\(ga", "`"),
        (r"\(ha", "^"),
        (r"\(ti", "~"),
        (r"\&", ""),
    ):
        text = text.replace(escape, character)
    return text.replace(r"\fB", "").replace(r"\fR", "").replace(r"\e", "\\")


def test_the_header_is_not_read_in_vain():
    assert len(FUNCTIONS) > 100 and len(TYPES) > 60 and len(CONSTANTS) > 250


def test_every_function_struct_and_constant_is_in_the_pages(pages):
    words = set(re.findall(r"\w+", shown("\n".join(pages.values()))))
    assert words >= FUNCTIONS | TYPES | CONSTANTS


def test_every_comment_is_in_the_pages(pages):
    text = " ".join(shown("\n".join(pages.values())).split())
    for comment in re.findall(r"^/\*(?! -)((?:.|\n)*?)\*/", HEADER, flags=re.MULTILINE):
        for line in comment.split("\n"):
            said = " ".join(re.sub(r"^ ?\*", "", line).split())
            if said and "Berth: an embedded" not in said and not re.match(r"[A-Z][a-z]+(, seed)? ", said):
                assert said in text


def test_the_exported_functions_have_pages(manual):
    library = os.path.join(os.environ.get("BERTH_LIBRARY_DIR", ROOT / ".build" / "release"), "libberth.so")
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = set(re.findall(r" T (berth_\w+)", symbols))
    assert exported == FUNCTIONS
    for name in exported | TYPES:
        assert (manual / "man3" / f"{name}.3").exists(), name


def test_aliases_lead_to_pages_that_name_them(manual, pages):
    for path in (manual / "man3").iterdir():
        if path.stem in pages:
            continue
        target = re.fullmatch(r"\.so man3/(.*)\.3\n", path.read_text())[1]
        assert re.search(rf"^\.SS .*\b{path.stem}\b", shown(pages[target]), flags=re.MULTILINE), path.stem


def test_groff_takes_the_pages_without_a_warning(manual, pages):
    if not shutil.which("groff"):
        pytest.skip("no groff")
    for name in pages:
        command = ["groff", "-ww", "-man", "-Tutf8", "-z", manual / "man3" / f"{name}.3"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), name


def test_man_shows_the_page_of_a_function(manual):
    if not shutil.which("man"):
        pytest.skip("no man")
    environment = {**os.environ, "MANPATH": str(manual), "MANWIDTH": "100", "LC_ALL": "C"}
    done = subprocess.run(
        ["man", "berth_pods_place"],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "BERTH-PLACEMENT(3)" in done.stdout
    assert "const berth_class_id *classes, size_t count, uint32_t flags," in done.stdout
    assert "Places pods one after the other, each seeing those before it" in done.stdout


def test_markdown_has_every_declaration(tmp_path):
    generate("markdown", tmp_path / "reference.md")
    text = (tmp_path / "reference.md").read_text()
    blocks = "\n".join(re.findall(r"^```c\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
    assert set(re.findall(r"\w+", blocks)) >= FUNCTIONS | TYPES | CONSTANTS
    assert text.count("```") % 2 == 0
    for name in FUNCTIONS:
        assert re.search(rf"^### .*`{name}`", text, flags=re.MULTILINE), name


def test_wrong_usage_is_told():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "reference.py man DIR" in done.stderr
