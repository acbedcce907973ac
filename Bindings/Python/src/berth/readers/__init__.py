"""Traces and dumps as one kind of tables.

    from berth.readers import openb, kubernetes, philly, azure, hosts, fleet

    workload = openb.read(nodes_csv, pods_csv)
    workload.nodes["cpu"], workload.pods["arrival_s"]     # NumPy columns; workload.to_pandas() for DataFrames
    engine, loaded = workload.engine(profile="binpack")   # the nodes in an engine, and each pod's class

What is wrong in a file raises ReadError with file, line, field, and what was expected there. Files may be packed by
gzip. No reader downloads anything."""

from . import azure, hosts, kubernetes, openb, philly
from .errors import ReadError
from .workload import Workload, fleet, node_table, pod_table

__all__ = [
    "ReadError",
    "Workload",
    "azure",
    "fleet",
    "hosts",
    "kubernetes",
    "node_table",
    "openb",
    "philly",
    "pod_table",
]
