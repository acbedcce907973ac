"""How engines end: by close(), with their last reference, with the process; and what becomes of them in a forked child.

os.fork() copies the engines of the parent, but neither the threads that may be inside of them nor the claim on their
journals, which two processes would write at once. So a child does not touch them: there they are closed, and never
destroyed. Engines that the child makes are its own."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import abi
from .errors import BerthError, EngineClosed

if TYPE_CHECKING:
    from .engine import Engine

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()
# The library's table of engines has a lock, which must be free in the child: no fork while it may be held.
_table = threading.RLock()


@contextmanager
def making() -> Iterator[None]:
    """Around calls that make or end an engine; os.fork() waits for its end."""
    with _table:
        yield


class Life:
    """The end of one engine."""

    def __init__(self, engine: Engine, pointer: Any):
        self._why = "this engine was closed"
        self._finalizer = weakref.finalize(engine, _destroy, pointer, os.getpid())
        _engines.add(engine)

    def end(self, engine: Engine) -> None:
        """Destroys the engine; nothing if that was done before. Busy while another thread is inside of it."""
        if engine._pointer == abi.NULL:
            return
        with making():
            status = abi.lib.berth_engine_destroy(engine._pointer)
        if status:
            engine._refuse(status)
        self._finalizer.detach()
        engine._pointer = abi.NULL

    def abandon(self, engine: Engine, why: str) -> None:
        """Lets go of an engine of another process."""
        if engine._pointer != abi.NULL:
            self._why = why
            self._finalizer.detach()
            engine._pointer = abi.NULL

    def refusal(self, engine: Engine, status: int) -> BerthError:
        """What a refused call on the engine raises."""
        pointer = engine._pointer
        if status == abi.lib.BERTH_BAD_ENGINE and pointer == abi.NULL:
            return EngineClosed(status, "BERTH_BAD_ENGINE", self._why)
        error = abi.refusal(pointer, status)
        if status == abi.lib.BERTH_BAD_CALLBACK and engine._ranking is not None:
            engine._ranking.explain(error)
        return error


def _destroy(pointer: Any, process: int) -> None:
    if os.getpid() == process:
        with making():
            abi.lib.berth_engine_destroy(pointer)


def _in_child() -> None:
    _table.release()
    for engine in list(_engines):
        engine._life.abandon(
            engine,
            "this engine belongs to the process that this one was forked from: make one here, or fork before there are "
            "engines, or let the child recover from a snapshot",
        )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_table.acquire, after_in_parent=_table.release, after_in_child=_in_child)
