"""The experiments of the FGD paper through Python: how long one takes, and whether every figure is the authors'.

    python benchmarks/fgd.py --data ../shared/data
    python benchmarks/fgd.py --data ../shared/data --all --json

Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC
2023: pods of the openb trace arrive one after the other until they ask for 130 % of all GPUs; whoever fits is placed,
and nobody leaves. DATA holds `openb`, the trace, and `fgd-reference`: the authors' tables, and the orders in which pods
arrive and nodes win ties. One experiment is one workload, policy and seed. Its time has everything in it but the
reading of files: the cluster, one decision for each pod, the fragmentation of the cluster after each, and the figures.
`berth fgd` is the same from Swift.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from berth.readers import openb
from berth.simulation import fgd
from machine import describe

# Off by no more than the last digit that the authors print: they sum floats in another order.
ALLOCATION_TOLERANCE, FRAGMENTATION_TOLERANCE = 0.011, 0.006
PUBLISHED = {
    "seconds_per_experiment": 600,
    "cpus": 2,
    "words": "10 min per experiment on 2 vCPU",
    "source": "hkust-adsl/kubernetes-scheduler-simulator, commit 8f3d641, experiments/README.md",
}


def measure(data: Path, workload: str, policy: str, seed: int) -> dict:
    """One experiment: its time, and how many of the authors' cells it does not meet."""
    experiment = openb.experiment(data / "openb", data / "fgd-reference", workload, seed=seed)
    wall, cpu = time.perf_counter(), time.process_time()
    cells = fgd.cells(fgd.run(experiment, policy, progress=False))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    published = fgd.published(data / "fgd-reference", workload, policy, seed)
    compared = unequal = 0
    tolerances = (ALLOCATION_TOLERANCE, FRAGMENTATION_TOLERANCE)
    for own, wanted, tolerance in zip(cells, published, tolerances, strict=True):
        own = np.concatenate([own, np.full(len(wanted), np.nan)])[: len(wanted)]
        there = ~np.isnan(wanted)
        compared += int(there.sum())
        # a figure that is missing is unequal, too
        unequal += int((~(np.abs(own - wanted) <= tolerance) & there).sum())
    reached = cells.allocation[:131][~np.isnan(cells.allocation[:131])]
    return {
        "workload": workload,
        "policy": policy,
        "seed": seed,
        "cells": compared,
        "unequal": unequal,
        "seconds": round(wall, 4),
        "cpu_seconds": round(cpu, 4),
        "allocation_at_130_percent": float(reached[-1]),
    }


def workloads(data: Path) -> list[str]:
    files = (data / "fgd-reference" / "arrivals").glob("openb_pod_list_*.csv.gz")
    return sorted(file.name.removeprefix("openb_pod_list_").removesuffix(".csv.gz") for file in files)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Run experiments of the FGD paper through Python, compare every figure with the authors' tables, "
        "and tell the time of an experiment.",
        epilog="The exit status is 1 if a figure differs.",
    )
    shared = Path(os.environ.get("BERTH_SHARED", "../shared")) / "data"
    parser.add_argument("--data", type=Path, default=shared, help="the folder of openb and fgd-reference (%(default)s)")
    parser.add_argument("--workload", help="one list of pods (default: default; with --all: each)")
    parser.add_argument("--policy", choices=fgd.PUBLISHED, help="who decides (default: fgd; with --all: each)")
    parser.add_argument("--seed", type=int, help="order of arrival (default: 42; with --all: each)")
    parser.add_argument("--all", action="store_true", help="all that the other options leave open")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args(arguments)
    if not (options.data / "fgd-reference").is_dir():
        parser.error(f"--data: there is no folder {options.data / 'fgd-reference'}")
    every = options.all
    names = [options.workload] if options.workload else workloads(options.data) if every else ["default"]
    policies = [options.policy] if options.policy else list(fgd.PUBLISHED) if every else ["fgd"]
    reference = options.data / "fgd-reference"
    chosen = [options.seed] if options.seed is not None else None if every else [42]
    seeds = {name: chosen or openb.seeds(reference, name) for name in names}
    results = []
    for name, policy, seed in [(one, policy, seed) for one in names for policy in policies for seed in seeds[one]]:
        own = measure(options.data, name, policy, seed)
        results.append(own)
        if not options.json:
            print(
                f"{name:<12}{policy:<15}{seed:>4}{own['allocation_at_130_percent']:>9.2f} %{own['cells']:>5} cells"
                f"{own['unequal']:>4} unequal{own['seconds']:>9.3f} s",
                flush=True,
            )
    times = np.array([own["seconds"] for own in results])
    summary = {
        "experiments": len(results),
        "cells": sum(own["cells"] for own in results),
        "unequal": sum(own["unequal"] for own in results),
        "mean_seconds": round(float(times.mean()), 4),
        "median_seconds": round(float(np.median(times)), 4),
        "mean_cpu_seconds": round(float(np.mean([own["cpu_seconds"] for own in results])), 4),
        "published": PUBLISHED,
        "times_faster": round(PUBLISHED["seconds_per_experiment"] / float(times.mean())),
    }
    if options.json:
        print(json.dumps({"machine": describe(), "summary": summary, "results": results}))
    else:
        print(
            f"mean of {len(results)}: {summary['mean_seconds']:.3f} s each, {summary['mean_cpu_seconds']:.3f} s of "
            f"CPU; published: {PUBLISHED['words']} ({PUBLISHED['source']}), {summary['times_faster']:,} times as long"
        )
    return 1 if summary["unequal"] else 0


if __name__ == "__main__":
    sys.exit(main())
