"""A small cluster for tests."""

import berth
import numpy as np


def cluster(nodes: int = 4, cpu: int = 4000, memory: int = 8192, **options) -> tuple[berth.Engine, np.ndarray]:
    """Nodes alike, of millicores and MiB, named n0, n1, ..."""
    engine = berth.Engine(resources={"cpu": "milli", "memory": "MiB"}, **options)
    ids = engine.add_nodes(np.tile(np.array([cpu, memory]), (nodes, 1)), names=[f"n{index}" for index in range(nodes)])
    return engine, ids
