"""Plays a case of `berth bench boundary` in Python, as README.md says.

boundary.py CASE <commands
"""

import sys
from pathlib import Path
from time import process_time_ns

import berth
import numpy as np

FNV_OFFSET, FNV_PRIME, WORD = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1


class Game:
    """A case: the engine before any pod arrives, and the classes of the pods in order of arrival."""

    def __init__(self, directory: Path):
        self.engine = berth.Engine.recover(directory / "cluster.snapshot", allocator="mmap")
        self.arrivals = np.fromfile(directory / "arrivals.u32", dtype=np.uint32)
        self.placements = np.empty(len(self.arrivals), berth.PLACEMENT)

    def greeting(self) -> str:
        info = self.engine.metrics.info()
        return f"python {info['allocator']} {info['cpu_level']}"

    def answer(self, command: str) -> str:
        match command.split():
            case ["release"]:
                return self.release()
            case ["place", *words] if len(words) == 3 and all(word.isdigit() for word in words):
                first, count, pods_per_call = map(int, words)
                if pods_per_call > 0 and first + count <= len(self.arrivals):
                    place = self.place_one_by_one if pods_per_call == 1 else self.place
                    return str(place(first, first + count, pods_per_call))
        raise ValueError(f"{command!r} is none of: place FIRST COUNT PODS_PER_CALL, release")

    def place(self, first: int, end: int, pods_per_call: int) -> int:
        """Nanoseconds of CPU time."""
        engine, arrivals, placements = self.engine, self.arrivals, self.placements
        start = process_time_ns()
        for begin in range(first, end, pods_per_call):
            last = min(begin + pods_per_call, end)
            engine.place(arrivals[begin:last], out=placements[begin:last])
        return process_time_ns() - start

    def place_one_by_one(self, first: int, end: int, _pods_per_call: int) -> int:
        """Nanoseconds of CPU time, with the call that is made for single pods."""
        place_one, classes, placed = self.engine.place_one, self.arrivals[first:end].tolist(), []
        start = process_time_ns()
        for pod_class in classes:
            placed.append(place_one(pod_class))
        elapsed = process_time_ns() - start
        self.placements[first:end] = placed
        return elapsed

    def release(self) -> str:
        """Lets go what was placed; the digest of all decisions, and how many pods were placed."""
        digest = FNV_OFFSET
        words = np.stack([self.placements["node"], self.placements["score"].view(np.uint64)], axis=1)
        for word in words.ravel().tolist():  # FNV-1a, a word in one step
            digest = (digest ^ word) * FNV_PRIME & WORD
        pods = self.placements["pod"][self.placements["outcome"] == berth.PLACED]
        self.engine.release(pods)
        return f"{digest:016x} {len(pods)}"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    game = Game(Path(arguments[0]))
    print(game.greeting(), flush=True)
    for command in sys.stdin:
        print(game.answer(command), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
