"""What the dead letters of a server tell: how many, why, and the newest of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from pathlib import Path

import msgspec

from exporter.archive.dead_letters import SUFFIX, DeadLetter


class LetterCount(msgspec.Struct, frozen=True):
    """Records of one kind that were set aside for one reason."""

    monitor: str
    kind: str
    reason: str
    records: int


class DeadLetterSummary(msgspec.Struct, frozen=True):
    """Over all files that are kept.

    counts     : the most frequent first.
    newest     : the newest first.
    unreadable : lines that are no dead letter, such as one that a full disk cut off.
    """

    counts: list[LetterCount]
    newest: list[DeadLetter]
    unreadable: int
    files: int
    size_bytes: int


def monitors_with_letters(directory: Path) -> list[str]:
    """The monitors that have a folder, by name; none where there is no directory."""
    return sorted(path.name for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else []


def summarise(directory: Path, monitors: list[str], newest: int) -> DeadLetterSummary:
    """Reads the files of the given monitors once, a line at a time. A file that is deleted meanwhile is left out."""
    reader = _LetterReader(newest)
    files = [path for monitor in monitors for path in sorted((directory / monitor).glob(f"*{SUFFIX}"))]
    sizes = [reader.read(path) for path in files]
    counts = [LetterCount(*key, records) for key, records in reader.counts.most_common()]
    return DeadLetterSummary(counts, reader.newest, reader.unreadable, len(files), sum(sizes))


class _LetterReader:
    """Keeps no more letters than asked for, however many there are."""

    def __init__(self, keep: int) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.newest: list[DeadLetter] = []
        self.unreadable = 0
        self._keep = keep
        self._decoder = msgspec.json.Decoder(DeadLetter)

    def read(self, path: Path) -> int:
        """The file's size in bytes."""
        try:
            with path.open("rb") as lines:
                self.newest = nlargest(self._keep, [*self.newest, *self._newest_of(lines)], key=_time)
                return lines.tell()
        except FileNotFoundError:
            return 0

    def _newest_of(self, lines: Iterator[bytes]) -> list[DeadLetter]:
        return nlargest(self._keep, self._letters(lines), key=_time)

    def _letters(self, lines: Iterator[bytes]) -> Iterator[DeadLetter]:
        for line in lines:
            try:
                letter = self._decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self.unreadable += 1
                continue
            self.counts[letter.monitor, letter.kind, letter.reason] += 1
            yield letter


def _time(letter: DeadLetter) -> str:
    return letter.time
