"""What happens to a workload over time.

    workload = openb.read(nodes_csv, pods_csv)
    engine, loaded = workload.engine(profile="binpack")
    course = berth.simulation.replay(engine, loaded, on_refusal="wait")
    course.allocated_share[:, 0], course.failed[-1]; course.to_pandas()

`fgd` repeats the experiments of the FGD paper. Replays are the same every time: what is drawn is drawn from seeds."""

from . import fgd
from .course import ENDED, PLACED, REFUSED, WAITING, Course
from .figures import Fragmentation, stranded
from .replay import replay

__all__ = ["ENDED", "PLACED", "REFUSED", "WAITING", "Course", "Fragmentation", "fgd", "replay", "stranded"]
