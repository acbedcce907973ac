"""The experiments of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
Gradient Descent", USENIX ATC 2023, and the figures as the authors' analysis has them (experiments/analysis of
hkust-adsl/kubernetes-scheduler-simulator).

    experiment = openb.experiment(trace_folder, reference_folder, "default", seed=42)
    cells = fgd.cells(fgd.run(experiment, "fgd"))
    published = fgd.published(reference_folder, "default", "fgd", seed=42)"""

import os
from typing import NamedTuple

import numpy as np

from ..engine import Engine
from ..profiles import Term
from ..readers.loading import GPU
from ..readers.openb import Experiment
from ..readers.tables import Table
from .course import Course
from .replay import replay

POLICIES = {
    "random": "gpu_random",
    "bestfit": "gpu_best_fit",
    "dotprod": "gpu_dot_product",
    "gpupacking": "gpu_packing",
    "gpuclustering": "gpu_clustering",
    "fgd": "gpu_fgd",
    "berth": "gpu_berth",
}
"""Terms of a profile by what `berth fgd` calls them."""
PUBLISHED = {
    "bestfit": "05-BestFit",
    "dotprod": "02-DotProd",
    "gpupacking": "04-GpuPacking",
    "gpuclustering": "03-GpuClustering",
    "fgd": "06-FGD",
}
"""What the authors' tables call those whose rows can be repeated."""
_SCALES = {"cpu": 128_000, GPU: 8_000}
"""The largest host of the trace counts as 1."""
_NEED_SCALES = ("gpu_best_fit", "gpu_dot_product", "gpu_clustering")


def policy(name: str) -> Term:
    """The profile of a policy. ValueError names those that there are."""
    if name not in POLICIES:
        raise ValueError(f"policy {name!r} is unknown: use {', '.join(POLICIES)}")
    kind = POLICIES[name]
    return Term(kind, scales=_SCALES if kind in _NEED_SCALES else {})


def run(experiment: Experiment, name: str, *, fragmentation: bool = True, progress: bool | None = None) -> Course:
    """Fills the cluster of an experiment by a policy; with the fragmentation after every arrival."""
    engine, loaded = experiment.workload.engine(profile=policy(name))
    with engine:
        set_typical_pods(engine, experiment)
        return replay(engine, loaded, fragmentation="gpu" if fragmentation else None, progress=progress)


def set_typical_pods(engine: Engine, experiment: Experiment) -> None:
    """Tells an engine that has the experiment's nodes what to keep room for."""
    kinds = experiment.typical
    engine.devices.set_typical_pods(
        [kind["cpu"] for kind in kinds],
        [kind["gpus"] for kind in kinds],
        [kind["share_milli"] for kind in kinds],
        [kind["weight"] for kind in kinds],
        [kind["models"] or None for kind in kinds],
        total=experiment.total,
    )


class Cells(NamedTuple):
    """In per cent of all GPUs, with two decimals, by per cent of them that had been asked for (0, 1, 2 ...); NaN where
    too little arrived."""

    allocation: np.ndarray
    fragmentation: np.ndarray


def cells(course: Course) -> Cells:
    """A bin holds the arrivals up to which so many per cent had been asked for, rounded half to even; its cell is their
    mean. Allocation is rounded before, too. An empty bin takes those beside it."""
    gpu = course.resources.index(GPU)
    capacity = int(course.capacity[gpu])
    bins = _half_even(course.asked[:, gpu] * 100, capacity)
    allocation = _half_even(course.used[:, gpu] * 10_000, capacity) / 100
    return Cells(_means(bins, allocation), _means(bins, course.fragmentation * 100))


def _half_even(value: np.ndarray, divisor: int) -> np.ndarray:
    quotient, rest = np.divmod(value, divisor)
    rounded: np.ndarray = quotient + ((2 * rest > divisor) | ((2 * rest == divisor) & (quotient % 2 == 1)))
    return rounded


def _means(bins: np.ndarray, values: np.ndarray) -> np.ndarray:
    size = int(bins.max(initial=-1)) + 1
    count, total = np.bincount(bins, minlength=size), np.bincount(bins, values, minlength=size)
    near_count = count + np.pad(count, 1)[:-2] + np.pad(count, 1)[2:]
    near_total = total + np.pad(total, 1)[:-2] + np.pad(total, 1)[2:]
    count, total = np.where(count > 0, count, near_count), np.where(count > 0, total, near_total)
    means: np.ndarray = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return np.round(means, 2)


def published(reference: str | os.PathLike[str], workload: str, name: str, seed: int) -> Cells:
    """The authors' figures for a policy of PUBLISHED, from analysis_allo_discrete.csv and
    analysis_frag_discrete.csv."""
    if name not in PUBLISHED:
        raise ValueError(f"policy {name!r} has no figures that can be repeated: {', '.join(PUBLISHED)} have")
    rows = []
    for figure in ("allo", "frag"):
        table = Table(os.path.join(reference, f"analysis_{figure}_discrete.csv"), ["workload", "sc_policy", "seed"])
        key = (f"openb_pod_list_{workload}", PUBLISHED[name], str(seed))
        keys = list(zip(table.text("workload"), table.text("sc_policy"), table.text("seed"), strict=True))
        if key not in keys:
            raise ValueError(f"{table.file} has no row {','.join(key)}")
        row = keys.index(key)
        rows.append(np.array([float(table.text(str(percent))[row] or "nan") for percent in range(131)]))
    return Cells(*rows)
