"""What if: calls that can be taken back."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from . import abi
from .errors import WrongState

if TYPE_CHECKING:
    from .engine import Engine


class Checkpoint(NamedTuple):
    """A moment of an open trial."""

    id: int
    mark: int


class Trial:
    """A stretch of calls on an engine that is taken back at the end of its `with`, unless it is committed before. Every
    call inside sees the changes before it. Trials nest: what an inner one commits still belongs to the outer one.

        with engine.what_if() as trial:
            placed = engine.place(wanted)
            if placed.placed.all():
                trial.commit()

    Ids that were given out inside are void when it is taken back, and will be given out again. A trial that the inner
    one of is still open is refused commit and discard (WrongState); leaving its `with` takes the inner ones back, too,
    and says so."""

    def __init__(self, engine: Engine):
        self._engine: Engine | None = None
        self._open_on = engine
        self._id = 0
        self._mark = 0

    @property
    def is_open(self) -> bool:
        return self._engine is not None

    def begin(self) -> Trial:
        """Opens it; `with` does so. Whoever calls this closes it with commit() or discard()."""
        if self._engine is not None:
            raise ValueError("this trial is open already: make another one with engine.what_if()")
        engine = self._open_on
        self._id = engine._id("berth_statement_id", abi.lib.berth_statement_begin)
        self._mark = engine._words.mark()
        engine._trials.append(self._id)
        self._engine = engine
        return self

    def checkpoint(self) -> Checkpoint:
        """Marks this moment; WrongState while an inner trial is open."""
        engine = self._inside("checkpoint")
        return Checkpoint(engine._id("berth_checkpoint_id", abi.lib.berth_statement_checkpoint), engine._words.mark())

    def rollback(self, checkpoint: Checkpoint) -> None:
        """Takes back everything since a checkpoint, which stays; later ones are gone (Stale)."""
        engine = self._inside("roll back")
        engine._call(abi.lib.berth_statement_rollback, checkpoint.id)
        engine._words.undo(checkpoint.mark)

    def commit(self) -> None:
        """Keeps what was done, and closes the trial. WrongState while an inner one is open."""
        engine = self._live()
        engine._call(abi.lib.berth_statement_commit, self._id)
        self._close(engine)

    def discard(self) -> None:
        """Takes back what was done, and closes the trial. WrongState while an inner one is open."""
        engine = self._live()
        engine._call(abi.lib.berth_statement_discard, self._id)
        engine._words.undo(self._mark)
        self._close(engine)

    def _live(self) -> Engine:
        if self._engine is None:
            raise ValueError("this trial is not open: it was committed or discarded, or never begun")
        return self._engine

    def _inside(self, what: str) -> Engine:
        engine = self._live()
        if engine._trials[-1:] != [self._id]:
            raise ValueError(f"an inner trial is open: commit or discard it before you {what} this one")
        return engine

    def _close(self, engine: Engine) -> None:
        self._engine = None
        engine._trials.remove(self._id)
        if not engine._trials:
            engine._words.log = None

    def __enter__(self) -> Trial:
        return self if self.is_open else self.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._engine is None or self._engine.closed:
            return
        engine, inner = self._engine, 0
        while engine._trials[-1] != self._id:
            engine._call(abi.lib.berth_statement_discard, engine._trials.pop())
            inner += 1
        self.discard()
        if inner and error is None:
            raise WrongState(
                abi.lib.BERTH_WRONG_STATE,
                "BERTH_WRONG_STATE",
                f"{inner} inner trial(s) were still open when this one ended: all was taken back",
            )

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None and not engine.closed and self._id in engine._trials:
            warnings.warn(
                "a trial was forgotten while it was open: the engine keeps its statement until it is closed",
                ResourceWarning,
                stacklevel=2,
            )
