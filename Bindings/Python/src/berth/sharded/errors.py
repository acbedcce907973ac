"""What a sharded engine raises beside an engine's own errors."""


class NotShardable(ValueError):
    """What is asked needs to be known of nodes in other shards than the one that decides; one Engine can do it."""


class ShardFailed(RuntimeError):
    """A shard cannot be brought back: its process died again and again, or decided otherwise when it was made anew."""
