"""What of a sweep outlives the process: a file to which every finished run is appended.

`sweep.json` says which experiment the results are of, `results.jsonl` has a line for each finished run, in the order
in which they finished: eight digits of CRC-32, a blank, and the run as JSON. What a crash leaves is a beginning of the
file, so a last line that is cut is a run to be made again, and is cut off; any other line whose sum is wrong was
altered, and is refused.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import SweepChanged, SweepFileError
from .outcome import Outcome
from .plan import Run

FORMAT = 1
# A crash of the process loses nothing that was written; one of the machine what was written so long ago at most.
SYNC_SECONDS = 0.2


class Record:
    """The results of a directory, for one sweep at a time. A context manager."""

    def __init__(self, directory: str | os.PathLike[str], experiment: dict[str, str]):
        """Opens or makes the directory. SweepChanged if it is another experiment's, SweepFileError if a file is altered
        or another process is at work in it."""
        self.path = Path(directory) / "results.jsonl"
        self.finished: dict[str, Outcome] = {}
        Path(directory).mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._lock()
            _match(Path(directory) / "sweep.json", experiment, is_new=os.fstat(self._file).st_size == 0)
            self._read()
        except BaseException:
            os.close(self._file)
            raise
        self._synced = time.monotonic()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        os.fsync(self._file)
        os.close(self._file)

    def add(self, outcomes: Iterable[tuple[Run, Outcome]]) -> None:
        """Appends finished runs in one write."""
        lines = []
        for run, outcome in outcomes:
            self.finished[run.key] = outcome
            # parameters, repeat and seed are for whoever reads the file; the key is what counts
            fields = {"key": run.key, "parameters": run.parameters, "repeat": run.repeat, "seed": run.seed}
            lines.append(_line(fields | asdict(outcome)))
        data = b"".join(lines)
        while data:
            data = data[os.write(self._file, data) :]
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = time.monotonic()

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # not a system with flock
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = f"{self.path}: another sweep is at work here; wait for it or take another directory"
            raise SweepFileError(text) from error

    def _read(self) -> None:
        whole = 0
        data = self.path.read_bytes()
        for number, line in enumerate(data.split(b"\n")[:-1], start=1):
            fields = _parse(line)
            if fields is None:
                raise SweepFileError(
                    f"{self.path}, line {number}: the line does not match its sum, it was altered; delete the line to "
                    "have its run made again"
                )
            self.finished[fields["key"]] = Outcome(fields["figures"], fields["error"], fields["wall_seconds"])
            whole += len(line) + 1
        os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)


def _line(fields: dict[str, Any]) -> bytes:
    text = json.dumps(fields, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> dict[str, Any] | None:
    text = line[9:]
    if line[:9] != b"%08x " % zlib.crc32(text):
        return None
    fields: dict[str, Any] = json.loads(text)
    return fields


def _match(path: Path, experiment: dict[str, str], is_new: bool) -> None:
    """Writes down which experiment it is, or compares it with what stands there."""
    wanted = {"format": FORMAT, **experiment}
    if is_new or not path.exists():
        if not is_new:
            raise SweepChanged(f"{path} is missing, though there are results beside it: take another directory")
        fresh = path.with_suffix(".new")
        with open(fresh, "w") as file:
            json.dump(wanted, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        return
    try:
        known = json.loads(path.read_text())
    except ValueError as error:
        raise SweepFileError(f"{path}: {error}; take another directory") from error
    for field, value in wanted.items():
        was = known.get(field) if isinstance(known, dict) else None
        if was != value:
            raise SweepChanged(
                f"{path}: the results are of another sweep, {_FIELDS[field]} was {was!r} and is {value!r} now; take "
                "another directory, or delete this one to begin anew"
            )


_FIELDS = {
    "format": "the format of the files",
    "experiment": "the experiment",
    "code": "the digest of the experiment's source text",
    "version": "version=",
}
