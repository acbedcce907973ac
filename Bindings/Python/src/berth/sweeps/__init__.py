"""Thousands of simulations: every combination of parameters, on all cores or a Ray cluster, as one Arrow table.

    def experiment(policy, nodes, seed):
        ...
        return {"allocated": 0.93, "failed": 12}

    table = berth.sweep(experiment, {"policy": ["binpack", "spread"], "nodes": [1000, 5000]},
                        repeats=20, directory="results")

`directory` keeps every run that has finished, so the same call made again after a crash does only what is missing.
"""

from .errors import SweepChanged, SweepError, SweepFileError
from .run import sweep

__all__ = ["SweepChanged", "SweepError", "SweepFileError", "sweep"]
