"""Pictures of clusters and of what happens in them, with matplotlib (`pip install 'berth[plot]'`).

    from berth import plots

    plots.utilisation_heatmap(engine.nodes.table(), resource="cpu")     # one pixel a node
    plots.allocation_curve(time_s, {"binpack": a, "spread": b})
    plots.fragmentation_curve(time_s, fragmented)
    plots.gang_spans({"train": placements}, engine=engine)
    plots.traffic_per_level(engine.ranks.assign(network, job), levels=["between racks", "within a rack"])

Every function takes NumPy arrays, or what the engine gives (a NodeTable, Placements, an Assignment of ranks), draws
into `ax` or into a new figure, and returns the Axes: `ax.figure.savefig(...)` keeps the picture. Shares are fractions
(1.0 is all of it) and are drawn as per cent. Colours are those of Okabe and Ito (2008) for lines and bars, and
matplotlib's cividis for scales: both are told apart by colour-blind readers.
"""

from .curves import allocation_curve, fragmentation_curve
from .gangs import gang_spans
from .heatmap import utilisation_heatmap
from .traffic import traffic_per_level

__all__ = ["allocation_curve", "fragmentation_curve", "gang_spans", "traffic_per_level", "utilisation_heatmap"]
