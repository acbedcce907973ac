"""Snapshots and journals: an engine that outlives its process.

    engine.snapshot("cluster.snapshot")
    with engine.journal("cluster.journal"): ...            # every call is on file before it returns
    again = Engine.recover("cluster.snapshot", "cluster.journal")

The library's files have ids, not the names of resources, domains and profiles. They go into a file beside it, with
".names" at its end, in JSON; without that file they are unknown to the recovered engine, unless `names` gives them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from . import abi
from .errors import BadFile, FileError
from .lifetime import making
from .vocabulary import Resource, Words

if TYPE_CHECKING:
    from .engine import Engine

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class Recovery:
    """What was found in a journal."""

    discarded: int  # statements that were open at the end
    skipped: int  # calls that the snapshot had already
    replayed: int  # calls that were made again
    end_offset: int  # where the last complete record ends
    torn_bytes: int  # what a crash left behind it


class Journal:
    """An open journal; the end of its `with` closes it."""

    def __init__(self, engine: Engine, path: Path):
        self._engine = engine
        self.path = path

    def write_names(self) -> None:
        """Writes the file of names; opening, sync() and close() do so."""
        _write_names(self.path, self._engine)

    def sync(self) -> None:
        """Writes what is buffered, and waits until the file is on the disk."""
        self.write_names()
        self._engine._call(abi.lib.berth_journal_sync)

    def close(self) -> None:
        """Synchronises and closes it. WrongState while a trial is open."""
        self.write_names()
        self._engine._call(abi.lib.berth_journal_close)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._engine.closed:
            self.close()


class Records:
    """What an engine has for files."""

    recovery: Recovery | None = None
    """Of an engine that was made with a journal: what was found in it."""

    def snapshot(self, path: Path) -> None:
        """Writes the state to a file, synchronised, under its name in one step. WrongState while a trial is open."""
        engine = cast("Engine", self)
        _write_names(path, engine)
        engine._call(abi.lib.berth_snapshot_write, _c_path(path))

    def journal(self, path: Path, *, buffered: bool = False, synced: bool = False) -> Journal:
        """From now on every call that changes something is recorded. A new file begins from the present state; one that
        is there must end in it, and is continued. buffered: 64 KiB at a time, a crash loses the rest. synced: on the
        disk before each call returns. FileError if somebody else has it open, WrongState while a trial is open."""
        engine = cast("Engine", self)
        options = abi.ffi.new("berth_journal_options *")
        abi.lib.berth_journal_options_init(options)
        options.flags = (abi.lib.BERTH_JOURNAL_BUFFERED if buffered else 0) | (
            abi.lib.BERTH_JOURNAL_SYNCED if synced else 0
        )
        engine._call(abi.lib.berth_journal_open, _c_path(path), options)
        _write_names(path, engine)
        return Journal(engine, path)

    @classmethod
    def recover(
        cls,
        snapshot: Path | None = None,
        journal: Path | None = None,
        *,
        names: Words | None = None,
        allocator: str = "auto",
        cpu_level: str = "auto",
    ) -> Engine:
        """The engine of a snapshot and the journal that continues it; of a snapshot alone; or of a journal alone, if it
        began with an empty engine. BadFile with the offset for a file that is cut, altered or foreign, FileError for
        one that cannot be read. `recovery` of the engine says what was found; `Engine.journal` continues the journal.
        names: `engine.names`, if there is no file of them."""
        from .engine import Engine, options

        if snapshot is None and journal is None:
            raise TypeError("recover: a snapshot, a journal, or both are needed")
        settings, _keep = abi.engine_options((), **options(allocator, cpu_level, "topology"))
        found, out = None, abi.ffi.new("berth_engine **")
        with making():
            if journal is None:
                abi.check(abi.NULL, abi.lib.berth_snapshot_read(_c_path(snapshot), settings, out))
            else:
                told = abi.record("berth_recovery")
                first = abi.NULL if snapshot is None else _c_path(snapshot)
                abi.check(abi.NULL, abi.lib.berth_engine_recover(first, _c_path(journal), settings, told, out))
                found = Recovery(told.discarded, told.skipped, told.replayed, told.end_offset, told.torn_bytes)
        engine = Engine._made(out[0], names.copy() if names else _read_names(journal, snapshot))
        engine.recovery = found
        return engine

    @property
    def names(self) -> Words:
        """What the engine was told the names of, for `recover`."""
        return cast("Engine", self)._words.copy()


def _c_path(path: Any) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError(f"path {path!r} has a zero byte inside")
    return name


def _names_path(path: Path) -> str:
    return os.fspath(path) + ".names"


def _write_names(path: Path, engine: Engine) -> None:
    """Writes the names that a file's ids have; nothing while a trial is open, whose ids may become void."""
    _c_path(path)
    if engine.closed or engine._trials:
        return
    words = engine._words
    told = {
        "levels": words.levels,
        "resources": [list(resource) for resource in words.resources.values()],
        "domains": [[list(names), id] for names, id in words.domains.items()],
        "profiles": words.profiles,
        "measured": list(words.measured),
    }
    target = _names_path(path)
    try:
        with open(f"{target}.new", "w", encoding="utf-8") as file:
            json.dump(told, file)
        os.replace(f"{target}.new", target)
    except OSError as error:
        raise FileError(abi.lib.BERTH_IO, "BERTH_IO", f"{target}: {error.strerror}") from error


def _read_names(*paths: Path | None) -> Words:
    for path in paths:
        if path is None:
            continue
        try:
            with open(_names_path(path), encoding="utf-8") as file:
                told = json.load(file)
            return Words(
                tuple(told["levels"]),
                {cells[1]: Resource(*cells) for cells in told["resources"]},
                {tuple(names): id for names, id in told["domains"]},
                dict(told["profiles"]),
                measured=dict.fromkeys(told["measured"]),
            )
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FileError(abi.lib.BERTH_IO, "BERTH_IO", f"{_names_path(path)}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(abi.lib.BERTH_BAD_FILE, "BERTH_BAD_FILE", f"{_names_path(path)}: {error}") from error
    return Words()
