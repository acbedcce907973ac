"""What a column of the caller's own costs, by how many distinct values it has.

    python Bindings/Python/benchmarks/column_steps.py --nodes 100000

Equal nodes get a NodeColumn of so many distinct values, beside least_allocated; pods are placed in batches of 200.
Times are of this process alone (process_time), the best of three."""

import argparse
import json
import time

import berth
import numpy as np
from berth import scoring


def measure(count, steps, seconds):
    """Microseconds a decision, and seconds to set the column of all nodes."""
    values = np.random.default_rng(0).random(count)
    column = np.argsort(np.argsort(values)) if steps >= count else scoring.quantised(values, steps)
    with berth.Engine(resources={"cpu": "milli", "memory": "MiB"}) as engine:
        nodes = engine.add_nodes(np.tile([32_000, 131_072], (count, 1)))
        start = time.process_time()
        rating = scoring.NodeColumn(engine, column, nodes)
        update = time.process_time() - start
        engine.add_profile("rated", [berth.Term("least_allocated", 2), rating.term()])
        pods = engine.pod_class({"cpu": 500, "memory": 1024}, profile="rated")
        engine.place(pods, count=10)
        best = np.inf
        for _ in range(3):
            placed, start = 0, time.process_time()
            while time.process_time() - start < seconds / 3:
                placed += int(engine.place(pods, count=200).placed.sum())
            best = min(best, (time.process_time() - start) / placed * 1e6)
    return {"nodes": count, "values": len(np.unique(column)), "us_per_pod": best, "update_seconds": update}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100_000, help="equal nodes of 32 cores and 128 GiB")
    parser.add_argument("--steps", type=int, nargs="+", default=[2, 16, 64, 256, 1024, 1 << 62], help="distinct values")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each figure")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    rows = [measure(options.nodes, steps, options.seconds) for steps in options.steps]
    if options.json:
        print(json.dumps({"case": "column", "rows": rows}))
        return
    print(f"{'nodes':>9} {'values':>9} {'µs/pod':>8} {'update s':>9}")
    for row in rows:
        print(f"{row['nodes']:>9,} {row['values']:>9,} {row['us_per_pod']:>8.1f} {row['update_seconds']:>9.2f}")


if __name__ == "__main__":
    main()
