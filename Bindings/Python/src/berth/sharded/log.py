"""What the coordinator writes down of a shard, so that it can be made again."""

from __future__ import annotations

from typing import Any

import numpy as np

# When the calls are about so many nodes and pods, the state is fetched and the list begins anew.
SAVE_AFTER = 2_000_000


class ShardLog:
    """The calls that made a shard what it is, in order, after the last state that was fetched."""

    def __init__(self) -> None:
        self.saved: dict[str, Any] | None = None
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.size = 0  # about how many nodes and pods the calls are about
        self._classes: list[np.ndarray] = []  # of the placements since the last other call
        self._nodes: list[np.ndarray] = []

    def call(self, method: str, *arguments: Any) -> None:
        self._flush()
        self.calls.append((method, arguments))
        inner = arguments[1] if method == "perform" else arguments
        self.size += max([1, *(len(value) for value in inner if isinstance(value, np.ndarray))])

    def place(self, classes: np.ndarray, nodes: np.ndarray) -> None:
        """Pods that were placed, and where."""
        self._classes.append(classes)
        self._nodes.append(nodes)
        self.size += len(classes)

    def all_calls(self) -> list[tuple[str, tuple[Any, ...]]]:
        self._flush()
        return self.calls

    def save(self, state: dict[str, Any]) -> None:
        """The state after all that is written here."""
        self.saved, self.calls, self.size = state, [], 0
        self._classes, self._nodes = [], []

    def _flush(self) -> None:
        if self._classes:
            self.calls.append(("place", (np.concatenate(self._classes), np.concatenate(self._nodes))))
            self._classes, self._nodes = [], []
