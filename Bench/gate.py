#!/usr/bin/env python3
"""The benchmarks' gate: counts that repeat, compared with Bench/baseline.json. Nothing here looks at a clock.

For every case of `berth-bench list`, at its small size:
  checksum      what was decided; must be equal to the baseline on every CPU level this machine has
  counters      what the engine says it did (leaves opened, nodes scored exactly, leaf splits, allocations, ...)
  instructions  executed in the measured step, by callgrind, for the CPU levels that valgrind knows
  allocators    functions that callgrind saw inside the step: none where the case says so, some where it says that

A count that rises above the baseline by more than its tolerance fails. One that falls passes with a remark: run
`Bench/gate.py --update` and commit the better baseline together with the change that earned it.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
BASELINE = BENCH / "baseline.json"
PROGRAM = ROOT / ".build" / "release" / "berth-bench"
# valgrind 3.19 gives up on Swift's DWARF 5; symbols are all it needs.
STRIPPED = ROOT / ".build" / "berth-bench-stripped"

# Counters repeat exactly; the room lets a change of a few blocks pass without ceremony.
COUNTER_TOLERANCE = 0.02
# Instructions move a little with libc and the linker's layout.
INSTRUCTION_TOLERANCE = 0.03
# valgrind 3.19 does not know AVX-512, so V4 is left to the checksums and to `make bench`.
CALLGRIND_LEVELS = ("baseline", "v3")
ALL_LEVELS = ("scalar", "baseline", "v3", "v4")
ALLOCATORS = re.compile(
    r"^('2)?(malloc|calloc|realloc|free|memalign|posix_memalign|aligned_alloc|mmap(64)?|munmap|mremap|madvise"
    r"|swift_allocObject|swift_slowAlloc|swift_slowDealloc|swift_deallocClassInstance)(@.*)?$"
)
CALLGRIND_NAME = re.compile(r"^c?fn=\(\d+\) (.+)$", re.MULTILINE)
CALLGRIND_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


class Failed(Exception):
    """A command that did not do what the gate needs; the message has its output."""


def output_of(command, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(str(part) for part in command)
        raise Failed(f"{words}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build():
    output_of(
        ["swift", "build", "--package-path", ROOT, "-c", "release", "--product", "berth-bench"], BERTH_BUILD="levels"
    )
    output_of(["strip", "--strip-debug", "-o", STRIPPED, PROGRAM])


def cases():
    """Name -> whether the measured step allocates."""
    lines = output_of([PROGRAM, "list"]).splitlines()
    return {name: word == "allocates" for name, word in (line.split() for line in lines)}


def native(case, level):
    return json.loads(output_of([PROGRAM, "run", case, level]))


def cpu_levels():
    """The levels this CPU has: the engine refuses the others, and scalar always works."""
    levels = []
    for level in ALL_LEVELS:
        try:
            native("boundary.place", level)
        except Failed:
            if level == "scalar":
                raise
            continue
        levels.append(level)
    return levels


def callgrind(case, level):
    """Instructions of the measured step, and the allocating functions in it."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        tool = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={profile}",
            "--collect-atstart=no",
            "--toggle-collect=*measuredStep*",
        ]
        # Swift seeds its hash tables per process; a fixed seed makes the counts repeat.
        output_of([*tool, STRIPPED, "run", case, level], SWIFT_DETERMINISTIC_HASHING="1")
        text = profile.read_text()
    total = CALLGRIND_TOTAL.search(text)
    if total is None or int(total[1]) == 0:
        raise Failed(f"callgrind collected nothing in {case} at {level}: is measuredStep inlined?")
    return int(total[1]), sorted({name for name in CALLGRIND_NAME.findall(text) if ALLOCATORS.match(name)})


def toolchain():
    return re.search(r"Swift version (\S+)", output_of(["swift", "--version"]))[1]


def measure(case, allocates, levels, count_instructions):
    """What the baseline keeps of a case, and what is wrong with it whatever the baseline says."""
    runs = {level: native(case, level) for level in levels}
    first = runs[levels[0]]
    wrong = [
        f"{case}: {level} decided otherwise than {levels[0]} ({run['checksum']}, {first['checksum']})"
        for level, run in runs.items()
        if run["checksum"] != first["checksum"]
    ]
    entry = {
        "operations": first["operations"],
        "checksum": first["checksum"],
        # Most cases leave most counters alone; one that is not there counts as 0.
        "counters": {name: value for name, value in runs["baseline"]["counters"].items() if value},
    }
    if count_instructions:
        entry["instructions"] = {}
        for level in (level for level in CALLGRIND_LEVELS if level in levels):
            entry["instructions"][level], allocators = callgrind(case, level)
            if allocators and not allocates:
                wrong.append(f"{case}: must not allocate, but called {', '.join(allocators)} at {level}")
            if allocates and not allocators:
                wrong.append(f"{case}: is known to allocate, but callgrind saw no allocator: is the check blind?")
    if not allocates and entry["counters"].get("allocations"):
        wrong.append(f"{case}: must not allocate, but asked for {entry['counters']['allocations']} blocks")
    return entry, wrong


def compare(case, now, then, same_toolchain):
    """Failures and remarks of one case against its baseline."""
    if then is None:
        return [f"{case}: not in {BASELINE.name}; run Bench/gate.py --update"], []
    failures, remarks = [], []
    for key in ("operations", "checksum"):
        if now[key] != then[key]:
            failures.append(f"{case}: {key} is {now[key]}, the baseline has {then[key]}")

    def hold(name, value, limit, tolerance):
        if value > limit * (1 + tolerance):
            failures.append(f"{case}: {name} rose from {limit:,} to {value:,} (tolerance {tolerance:.0%})")
        elif value < limit * (1 - tolerance):
            remarks.append(f"{case}: {name} fell from {limit:,} to {value:,}; --update keeps that")

    for name in now["counters"].keys() | then["counters"].keys():
        hold(name, now["counters"].get(name, 0), then["counters"].get(name, 0), COUNTER_TOLERANCE)
    if same_toolchain:
        for level, value in now.get("instructions", {}).items():
            if level in then.get("instructions", {}):
                hold(f"instructions at {level}", value, then["instructions"][level], INSTRUCTION_TOLERANCE)
    return failures, remarks


def report(entries):
    print(f"{'case':<24}{'operations':>11}{'opened':>9}{'exact':>8}{'blocks':>8}{'instr/op':>15}{'at v3':>9}  checksum")
    for case, entry in entries.items():
        counters, instructions = entry["counters"], entry.get("instructions", {})
        opened = counters.get("leaves_opened", 0) + counters.get("inners_opened", 0)
        per_operation = [
            f"{instructions[level] / entry['operations']:,.0f}" if level in instructions else "-"
            for level in CALLGRIND_LEVELS
        ]
        print(
            f"{case:<24}{entry['operations']:>11,}{opened:>9,}{counters.get('exact_scores', 0):>8,}"
            f"{counters.get('allocations', 0):>8,}{per_operation[0]:>15}{per_operation[1]:>9}  {entry['checksum']}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write Bench/baseline.json from this run")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="compare with another file")
    parser.add_argument("--no-callgrind", action="store_true", help="counters and checksums only: a few seconds")
    options = parser.parse_args()

    build()
    known = cases()
    levels = cpu_levels()
    swift = toolchain()
    count_instructions = platform.machine() == "x86_64" and not options.no_callgrind
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        measured = pool.map(lambda item: measure(*item, levels, count_instructions), known.items())
        results = dict(zip(known, measured, strict=True))
    entries = {case: entry for case, (entry, _) in results.items()}
    failures = [line for _, wrong in results.values() for line in wrong]
    remarks = []
    report(entries)

    if options.update:
        if options.no_callgrind:
            parser.error("--update needs the instructions: leave --no-callgrind out")
        options.baseline.write_text(json.dumps({"swift": swift, "cases": entries}, indent=2) + "\n")
        remarks.append(f"wrote {options.baseline}")
    else:
        if not options.baseline.exists():
            parser.error(f"{options.baseline} is missing: Bench/gate.py --update writes it")
        baseline = json.loads(options.baseline.read_text())
        same_toolchain = baseline["swift"] == swift
        if not same_toolchain:
            remarks.append(f"instructions not compared: the baseline is Swift {baseline['swift']}'s, this is {swift}")
        for case, entry in entries.items():
            bad, notes = compare(case, entry, baseline["cases"].get(case), same_toolchain)
            failures += bad
            remarks += notes
        for case in baseline["cases"].keys() - entries.keys():
            failures.append(f"{case}: in the baseline, but no longer a case; run Bench/gate.py --update")

    for line in remarks:
        print(f"note: {line}")
    for line in failures:
        print(f"FAILED: {line}")
    verdict = f"{len(failures)} failures" if failures else "all counts within tolerance"
    print(f"bench: {len(entries)} cases at {', '.join(levels)}: {verdict}")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        print(f"bench: {problem}", file=sys.stderr)
        sys.exit(1)
