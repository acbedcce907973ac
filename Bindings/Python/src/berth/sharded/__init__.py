"""A cluster over several processes or machines that decides as one engine would.

    with berth.ShardedEngine(levels=["zone", "rack"], shards=4, backend="ray") as engine:
        engine.add_nodes(allocatable, domains=paths)
        placed = engine.place(engine.pod_class({"cpu": "500m"}), count=100_000)

Each shard is an ordinary engine with the nodes of some zones (domains of the widest level), in a process of its own or
in an actor of Ray. `ShardedEngine` says what is decided how, and what cannot be sharded. A shard whose process dies is
made again from what the coordinator has written down of it: nothing is lost, and nothing is placed twice.
"""

from .coordinator import ShardedEngine
from .errors import NotShardable, ShardFailed

__all__ = ["NotShardable", "ShardFailed", "ShardedEngine"]
