"""Keeps every rejected record, raw, with why it was rejected: NDJSON files, bounded in size.

STATE/dead-letters/<monitor>/<UTC date>-<process>-<number>.ndjson
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import logging
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from exporter.batch import Reject
from exporter.clock import Clock

SUFFIX = ".ndjson"
LONGEST_RAW_BYTES = 65_536
FILE_BYTES = 64 * 2**20
MONITOR_BYTES = 512 * 2**20

_COMPLAIN_EVERY_S = 60.0

log = logging.getLogger(__name__)


class DeadLetter(msgspec.Struct, omit_defaults=True):
    """One line of a dead-letter file.

    raw          : the record as it came, where it is UTF-8; else `raw_base64`. Of a monitor with private fields: the
                   record without them where it is a JSON object, else neither.
    raw_bytes    : its length, and `raw_sha256` its digest, where only the beginning is kept.
    """

    time: str
    monitor: str
    source: str
    kind: str
    position: int
    reason: str
    detail: str
    raw: str | None = None
    raw_base64: str | None = None
    raw_bytes: int | None = None
    raw_sha256: str | None = None


@dataclass(slots=True)
class _LetterFile:
    path: Path
    size_bytes: int = 0


class DeadLetters:
    """Appends rejects to files of this process. A write never fails its caller: what cannot be kept is counted.

    file_bytes    : a file that has grown beyond it is closed and the next one begun.
    monitor_bytes : of all files of a monitor; the oldest are deleted.
    on_letters    : told what was written, and when.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        file_bytes: int = FILE_BYTES,
        monitor_bytes: int = MONITOR_BYTES,
        on_letters: Callable[[Sequence[DeadLetter], float], None] = lambda _letters, _now: None,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._file_bytes = file_bytes
        self._monitor_bytes = monitor_bytes
        self._on_letters = on_letters
        self._files: dict[str, _LetterFile] = {}
        self._encoder = msgspec.json.Encoder()
        self._complained_at = 0.0
        self.dropped = 0
        """Records that could not be written."""

    def write(
        self, monitor: str, source: str, kind: str, rejects: Sequence[Reject], private: Collection[str] = ()
    ) -> None:
        """Appends the rejects of one body in one write, without the fields named in `private`."""
        now = self._clock.now()
        time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        letters = [_letter(time, monitor, source, kind, reject, private) for reject in rejects]
        try:
            self._append(monitor, self._encoder.encode_lines(letters))
        except OSError as error:
            self._files.pop(monitor, None)
            self.dropped += len(rejects)
            self._complain(error)
        self._on_letters(letters, now)

    def _append(self, monitor: str, lines: bytes) -> None:
        file = self._files.get(monitor)
        if file is None or file.size_bytes >= self._file_bytes:
            file = self._next_file(monitor)
        with file.path.open("ab", buffering=0) as stream:
            written = stream.write(lines)
        if written != len(lines):
            raise OSError(errno.ENOSPC, f"only {written} of {len(lines)} bytes were written to {file.path}")
        file.size_bytes += len(lines)

    def _next_file(self, monitor: str) -> _LetterFile:
        folder = self._directory / monitor
        folder.mkdir(parents=True, exist_ok=True)
        self._make_room(folder)
        date = datetime.fromtimestamp(self._clock.now(), UTC).date().isoformat()
        number = 0
        while (path := folder / f"{date}-{os.getpid()}-{number:04d}{SUFFIX}").exists():
            number += 1
        self._files[monitor] = _LetterFile(path)
        return self._files[monitor]

    def _make_room(self, folder: Path) -> None:
        """Deletes the oldest files, so that a new one can grow to its full size within the bound."""
        files = sorted(_files_in(folder))
        excess = sum(size_bytes for _, _, size_bytes in files) + self._file_bytes - self._monitor_bytes
        for _, path, size_bytes in files:
            if excess <= 0:
                return
            excess -= size_bytes
            path.unlink(missing_ok=True)
            log.warning(
                "deleted the dead letters in %s: the monitor's are larger than %d bytes", path, self._monitor_bytes
            )

    def _complain(self, error: OSError) -> None:
        now = self._clock.now()
        if now - self._complained_at >= _COMPLAIN_EVERY_S:
            self._complained_at = now
            log.error("cannot keep rejected records in %s: %s; %d lost so far", self._directory, error, self.dropped)


def _files_in(folder: Path) -> Iterator[tuple[float, Path, int]]:
    """When each file was last written, and its size; another process may delete one at any time."""
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime, path, status.st_size


def _letter(time: str, monitor: str, source: str, kind: str, reject: Reject, private: Collection[str]) -> DeadLetter:
    detail = reject.detail.encode("utf-8", "replace").decode()
    letter = DeadLetter(time, monitor, source, kind, reject.position, reject.reason.value, detail)
    raw = _without(private, reject.raw) if private else reject.raw
    kept = raw[:LONGEST_RAW_BYTES]
    try:
        letter.raw = kept.decode("utf-8")
    except UnicodeDecodeError:
        letter.raw_base64 = base64.b64encode(kept).decode("ascii")
    if kept != reject.raw:
        letter.raw_bytes = len(reject.raw)
        letter.raw_sha256 = hashlib.sha256(reject.raw).hexdigest()
    return letter


def _without(private: Collection[str], raw: bytes) -> bytes:
    """A JSON object without its private fields; nothing of a record that cannot be read, since they may be in it."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b""
    return msgspec.json.encode({name: value for name, value in fields.items() if name not in private})
