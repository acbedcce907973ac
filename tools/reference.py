#!/usr/bin/env python3
"""The reference of the C library, made from the text of include/berth.h, which is its only source.

    tools/reference.py man DIR [HEADER]        berth.3, a page for each part of the header, and for each function and
                                               struct a page of its name that leads to its part
    tools/reference.py markdown FILE [HEADER]  the same as one file

What it relies on: banners begin the parts, blank lines separate blocks, and a block is a comment, code, or a comment
and the code that it is about. In comments, lines that are indented are kept as they stand; others are filled. The
comment at the top has headings and below them indented text, of which a list has its terms in the first columns.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HEADER = Path(__file__).resolve().parent.parent / "include" / "berth.h"
BANNER = re.compile(r"/\* -{20,} \*/\n/\* (.*?) +\*/\n/\* -{20,} \*/\n")
WIDTH = 76  # of prototypes in manual pages
TERM = 14  # columns of a term in the list of the comment at the top


@dataclass
class Block:
    """A comment's paragraphs, each a list of lines, and the code below it."""

    paragraphs: list[list[str]]
    code: str

    @property
    def functions(self) -> list[str]:
        return re.findall(r"^\w[\w *]*?\b(berth_\w+)\(", self.code, flags=re.MULTILINE)

    @property
    def types(self) -> list[str]:
        return re.findall(r"^typedef (?:struct (berth_\w+)|\w+ \(\*(berth_\w+)\)|\w+ (berth_\w+);)", self.code, re.M)

    @property
    def names(self) -> list[str]:
        """What has a page of its own: functions and types."""
        return list(dict.fromkeys(self.functions + ["".join(found) for found in self.types]))

    @property
    def prototypes(self) -> list[str]:
        """Each function on one line."""
        return [re.sub(r"\s+", " ", text) for text in re.findall(r"^\w[^;{}]*\)\s*;", self.code, flags=re.MULTILINE)]


@dataclass
class Part:
    title: str
    blocks: list[Block]

    @property
    def page(self) -> str:
        """berth-resources for "Resources, topology, labels, taints"."""
        first = re.split(r", | and ", self.title)[0]
        return "berth-" + re.sub(r"\W+", "-", first.lower())

    @property
    def names(self) -> list[str]:
        return [name for block in self.blocks for name in block.names]


def read(header: str) -> tuple[str, list[list[str]], list[Part]]:
    """Version, the paragraphs of the comment at the top, and the parts."""
    version = re.search(r'^#define BERTH_VERSION "(.*)"', header, flags=re.MULTILINE)[1]
    head, *rest = BANNER.split(header.partition("#ifdef __cplusplus\n}")[0])
    introduction = _paragraphs(re.match(r"/\*.*?\*/", head, flags=re.DOTALL)[0])
    parts = [Part(title, _blocks(text)) for title, text in zip(rest[::2], rest[1::2], strict=True)]
    return version, introduction, parts


def _blocks(text: str) -> list[Block]:
    blocks = []
    for chunk in re.split(r"\n\s*\n", text.strip("\n")):
        comment, code = re.match(r"((?:/\*(?:.|\n)*?\*/\n?)?)((?:.|\n)*)", chunk).groups()
        blocks.append(Block(_paragraphs(comment), code.strip("\n")))
    return blocks


def _paragraphs(comment: str) -> list[list[str]]:
    """The text of a comment. Lines that are indented make paragraphs of their own."""
    lines = [re.sub(r"^( \*/?|/\*) ?", "", line) for line in re.sub(r" *\*/\s*$", "", comment).split("\n")]
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        last = paragraphs[-1]
        if not line.strip():
            paragraphs.append([])
        elif last and line.startswith("  ") != last[0].startswith("  "):
            paragraphs.append([line])
        else:
            last.append(line)
    return [paragraph for paragraph in paragraphs if paragraph]


def is_kept(paragraph: list[str]) -> bool:
    return paragraph[0].startswith("  ")


def wrapped(prototype: str) -> list[str]:
    """A prototype in lines that fit a terminal, broken behind commas."""
    lines, line = [], ""
    for word in re.findall(r".*?(?:, |$)", prototype):
        if line and len(line) + len(word.rstrip()) > WIDTH:
            lines.append(line.rstrip())
            line = "    "
        line += word
    return [*lines, line]


# Manual pages


def roff(text: str) -> str:
    """Text as it stands: nothing of it is a request or another character."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text.startswith(".") else text


def roff_kept(lines: list[str]) -> list[str]:
    return [".PP", ".nf", *("\\&" + roff(line) if not line.strip() else roff(line) for line in lines), ".fi"]


def roff_paragraphs(paragraphs: list[list[str]]) -> list[str]:
    out = []
    for paragraph in paragraphs:
        out += roff_kept(paragraph) if is_kept(paragraph) else [".PP", *map(roff, paragraph)]
    return out


def roff_block(block: Block) -> list[str]:
    out = [f".SS {roff(', '.join(block.names))}"] if block.names else []
    if block.functions:
        code = [line for prototype in block.prototypes for line in wrapped(prototype)]
        return [
            *out,
            ".PP",
            ".nf",
            *(f"\\fB{roff(line)}\\fR" for line in code),
            ".fi",
            *roff_paragraphs(block.paragraphs),
        ]
    out += roff_paragraphs(block.paragraphs)
    return out + (roff_kept(block.code.split("\n")) if block.code else [])


def definitions(paragraph: list[str]) -> list[tuple[str, list[str]]]:
    """Terms and what is said of them, or one entry without a term for a paragraph that is no list."""
    if not any(line.startswith(" " * TERM) for line in paragraph):
        return [("", [line.strip() for line in paragraph])]
    found: list[tuple[str, list[str]]] = []
    for line in paragraph:
        if term := line[:TERM].strip():
            found.append((term, []))
        found[-1][1].append(line[TERM:])
    return found


def roff_introduction(paragraphs: list[list[str]]) -> list[str]:
    out = []
    for paragraph in paragraphs:
        if not is_kept(paragraph):
            is_heading = len(paragraph) == 1
            out += [".SS " + roff(paragraph[0])] if is_heading else [".PP", *map(roff, paragraph)]
            continue
        for term, text in definitions(paragraph):
            out += [".TP", f"\\fB{roff(term)}\\fR", *map(roff, text)] if term else [".PP", *map(roff, text)]
    return out


def page(name: str, version: str, names: list[str], what: str, body: list[str], see: list[str]) -> str:
    head = [
        '.\\" Made from include/berth.h by tools/reference.py.',
        f'.TH {roff(name.upper())} 3 "" "berth {version}" "Berth"',
        *(".nh", ".ad l"),  # names stay whole, gaps small
        ".SH NAME",
        f"{', '.join(map(roff, [name, *names]))} \\- {roff(what)}",
        ".SH LIBRARY",
        "Embedded scheduling engine",
        roff("(pkg-config --cflags --libs berth)"),
    ]
    tail = [".SH SEE ALSO", *(f".BR {roff(other)} (3)," for other in see[:-1]), f".BR {roff(see[-1])} (3)"]
    return "\n".join([*head, *body, *tail]) + "\n"


def man_pages(header: str) -> dict[str, str]:
    """The text of each page by its file's name."""
    version, introduction, parts = read(header)
    pages = {}
    contents = [".SH PAGES"]
    for part in parts:
        contents += [".TP", f".BR {roff(part.page)} (3)", roff(part.title)]
        prototypes = [line for block in part.blocks for text in block.prototypes for line in wrapped(text)]
        body = [".SH SYNOPSIS", ".nf", "\\fB#include <berth.h>\\fR"]
        body += [".PP", *(f"\\fB{roff(line)}\\fR" for line in prototypes)] if prototypes else []
        body += [".fi", ".SH DESCRIPTION"]
        body += [line for block in part.blocks for line in roff_block(block)]
        what = f"{part.title[0].lower()}{part.title[1:]} in the Berth scheduling engine"
        pages[f"{part.page}.3"] = page(part.page, version, part.names, what, body, ["berth"])
        for name in part.names:
            pages[f"{name}.3"] = f".so man3/{part.page}.3\n"
    body = [".SH SYNOPSIS", ".nf", "\\fB#include <berth.h>\\fR", ".fi", ".SH DESCRIPTION"]
    body += [*roff_introduction(introduction[1:]), *contents]
    pages["berth.3"] = page("berth", version, [], "embedded scheduling engine", body, [part.page for part in parts])
    return pages


# Markdown


def markdown_paragraphs(paragraphs: list[list[str]]) -> list[str]:
    out = []
    for paragraph in paragraphs:
        out += ["```", *paragraph, "```", ""] if is_kept(paragraph) else [*map(markdown_text, paragraph), ""]
    return out


def markdown_introduction(paragraphs: list[list[str]]) -> list[str]:
    out = []
    for paragraph in paragraphs:
        if not is_kept(paragraph):
            out += [("## " if len(paragraph) == 1 else "") + markdown_text(" ".join(paragraph)), ""]
            continue
        for term, text in definitions(paragraph):
            said = markdown_text(" ".join(text))
            out += [f"- **{term}**: {said}"] if term else [said]
        out.append("")
    return out


def markdown_text(text: str) -> str:
    """Markdown's signs as they stand, but for its quotes of code."""
    return re.sub(r"([*_<\[])", r"\\\1", text)


def markdown(header: str) -> str:
    version, introduction, parts = read(header)
    out = [f"# C reference of berth {version}", "", *markdown_introduction(introduction[1:])]
    for part in parts:
        out += [f"## {part.title}", ""]
        for block in part.blocks:
            out += [f"### {', '.join(f'`{name}`' for name in block.names)}", ""] if block.names else []
            out += markdown_paragraphs(block.paragraphs)
            out += ["```c", block.code, "```", ""] if block.code else []
    return "\n".join(out).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3) or arguments[0] not in ("man", "markdown"):
        print(__doc__, file=sys.stderr)
        return 2
    target = Path(arguments[1])
    header = Path(arguments[2] if len(arguments) == 3 else HEADER).read_text()
    if arguments[0] == "markdown":
        target.write_text(markdown(header))
        return 0
    target.mkdir(parents=True, exist_ok=True)
    for name, text in man_pages(header).items():
        (target / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
