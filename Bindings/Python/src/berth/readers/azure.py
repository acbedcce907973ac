"""Requests for virtual machines in Azure, in batches of tenants: Cortez et al., "Resource Central", SOSP 2017, as
processed in huaweicloud/trace_generation_rnn.

    workload = azure.read("v1.train.txt.gz", "flav_map.txt")
    workload = azure.read("v1.dev.txt.gz", "flav_map.txt", lifetimes="v1.dev.c2100000.txt.gz",
                          intervals="v1.interval_map.txt", nodes=fleet(...))

The trace says nothing of nodes: give some, or add them with `with_nodes`."""

import os
import re

import numpy as np

from ..classes import PodSpec
from .errors import ReadError
from .files import read_text
from .tables import MAX_QUANTITY
from .workload import NO_INDEX, Workload, node_table, pod_table

RESOURCES = {"cpu": "milli", "memory": "MiB"}
_FLAVOUR = re.compile(r"(\d+(?:\.\d+)?),(\d+(?:\.\d+)?) ([^\s,|]+)", re.ASCII)
_LIFETIME = re.compile(r"([UC])(\d{1,6})", re.ASCII)


def read(
    trace: str | os.PathLike[str],
    flavours: str | os.PathLike[str],
    *,
    lifetimes: str | os.PathLike[str] | None = None,
    intervals: str | os.PathLike[str] | None = None,
    nodes: Workload | None = None,
    seed: int = 0,
) -> Workload:
    """Lines "300 g,|,b,m,|": what arrives within five minutes; `|` ends the batch of a tenant, and a batch of several
    is a gang. `flavours` has lines "2,3.5 g": vCPUs and GB of a flavour, here 2,000 milli and 3,584 MiB. arrival_s is
    the trace's, less that of its first line.

    `lifetimes` has for each request U and the number of a bin, or C where it ran still when the trace ended: that one
    stays. `intervals` has lines "3900 13": the seconds that a bin holds, of which one is drawn by `seed`. Without
    lifetimes all stay. ReadError says what is wrong where."""
    if (lifetimes is None) != (intervals is None):
        raise ValueError("lifetimes and intervals belong together: give both or none")
    sizes = _flavours(flavours)
    index_of = {name: index for index, name in enumerate(sizes)}
    seconds, batches, words = _words(trace)
    for line, line_words in enumerate(words, 1):
        for word in line_words:
            if word not in index_of:
                raise ReadError(trace, line, "flavour", f"expected one of {', '.join(index_of)}, found {word!r}")
    spec = np.array([index_of[word] for line_words in words for word in line_words], np.int32)
    counts = np.array([len(line_words) for line_words in words])
    batch = np.concatenate([np.zeros(0, np.int64), *batches])
    _, first, size = np.unique(batch, return_index=True, return_counts=True)
    gang = np.where(np.repeat(size, size) > 1, np.repeat(np.arange(len(first)), size), NO_INDEX)
    duration = np.full(len(spec), np.inf)
    if lifetimes is not None and intervals is not None:
        duration = _durations(lifetimes, intervals, seconds, counts, seed)
    amounts = np.array(list(sizes.values()), np.int64).reshape(-1, 2)
    width = len(str(max(len(spec) - 1, 0)))
    workload = Workload(
        name="azure-vm",
        resources=dict(RESOURCES),
        nodes=node_table([], {name: [] for name in RESOURCES}),
        pods=pod_table(
            [f"vm-{index:0{width}}" for index in range(len(spec))],
            {"cpu": amounts[spec, 0], "memory": amounts[spec, 1]},
            spec=spec,
            arrival_s=np.repeat(seconds - seconds[0], counts).astype(np.float64),
            duration_s=duration,
            gang=gang,
        ),
        specs=tuple(PodSpec({"cpu": int(cpu), "memory": int(memory)}) for cpu, memory in amounts),
    )
    return workload.with_nodes(nodes) if nodes is not None else workload


def _flavours(path: str | os.PathLike[str]) -> dict[str, tuple[int, int]]:
    """Milli cpu and MiB by name."""
    sizes: dict[str, tuple[int, int]] = {}
    for line, text in enumerate(read_text(path).splitlines(), 1):
        match = _FLAVOUR.fullmatch(text)
        if match is None:
            raise ReadError(path, line, "", f"expected vCPUs,GB and a name, as in '2,3.5 g', found {text!r}")
        cpu, memory = float(match[1]) * 1000, float(match[2]) * 1024
        if max(cpu, memory) > MAX_QUANTITY or cpu % 1 or memory % 1:
            raise ReadError(path, line, "", f"expected whole milli cpu and MiB, found {cpu} and {memory}")
        if match[3] in sizes:
            raise ReadError(path, line, "name", f"expected each flavour once, found {match[3]!r} again")
        sizes[match[3]] = int(cpu), int(memory)
    if not sizes:
        raise ReadError(path, 1, "", "expected at least one flavour, the file is empty")
    return sizes


def _words(path: str | os.PathLike[str]) -> tuple[np.ndarray, list[np.ndarray], list[list[str]]]:
    """Of each line its second, the number of each word's batch (counted over the file), and its words."""
    seconds: list[int] = []
    batches: list[np.ndarray] = []
    words: list[list[str]] = []
    last = 0
    for line, text in enumerate(read_text(path).splitlines(), 1):
        second, _, rest = text.partition(" ")
        if not (second.isascii() and second.isdigit() and len(second) < 16):
            raise ReadError(path, line, "time", f"expected whole seconds, found {second!r}")
        if seconds and int(second) <= seconds[-1]:
            raise ReadError(path, line, "time", f"expected more than {seconds[-1]}, found {second}")
        seconds.append(int(second))
        fields = rest.split(",") if rest else []
        if fields and fields[-1] != "|":
            raise ReadError(path, line, "", f"expected | behind the last batch, found {fields[-1]!r}")
        ends = np.array([field == "|" for field in fields], bool)
        batches.append((last + np.cumsum(ends))[~ends])
        last += int(ends.sum())
        words.append([field for field in fields if field != "|"])
    if not seconds:
        raise ReadError(path, 1, "", "expected at least one line, the file is empty")
    return np.array(seconds, np.int64), batches, words


def _durations(
    path: str | os.PathLike[str], intervals: str | os.PathLike[str], seconds: np.ndarray, counts: np.ndarray, seed: int
) -> np.ndarray:
    first, size, all_seconds = _intervals(intervals)
    own_seconds, _, words = _words(path)
    if not np.array_equal(own_seconds, seconds):
        raise ReadError(path, 0, "time", "expected the same times as the trace of flavours has")
    bins: list[int] = []
    stays: list[bool] = []
    for line, line_words in enumerate(words, 1):
        if len(line_words) != counts[line - 1]:
            message = f"expected {counts[line - 1]} lifetimes, as there are flavours, found {len(line_words)}"
            raise ReadError(path, line, "", message)
        for word in line_words:
            match = _LIFETIME.fullmatch(word)
            if match is None or int(match[2]) >= len(size) or size[int(match[2])] == 0:
                raise ReadError(path, line, "lifetime", f"expected U or C and the number of a bin, found {word!r}")
            bins.append(int(match[2]))
            stays.append(match[1] == "C")
    bin_of = np.array(bins, np.int64)
    drawn = np.random.default_rng(seed).integers(0, size[bin_of]) if len(bin_of) else bin_of
    return np.where(np.array(stays, bool), np.inf, all_seconds[first[bin_of] + drawn])


def _intervals(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By bin: where its seconds begin in the list of all, and how many there are."""
    pairs: list[tuple[int, int]] = []
    for line, text in enumerate(read_text(path).splitlines(), 1):
        fields = text.split(" ")
        if len(fields) != 2 or not all(re.fullmatch(r"\d{1,15}", field, re.ASCII) for field in fields):
            raise ReadError(path, line, "", f"expected seconds and the number of a bin, found {text!r}")
        if int(fields[1]) > 1_000_000:
            raise ReadError(path, line, "bin", f"expected at most 1000000, found {fields[1]}")
        pairs.append((int(fields[1]), int(fields[0])))
    if not pairs:
        raise ReadError(path, 1, "", "expected at least one line, the file is empty")
    pairs.sort()
    bins = np.array([pair[0] for pair in pairs])
    size = np.bincount(bins)
    return np.cumsum(size) - size, size, np.array([pair[1] for pair in pairs], np.float64)
