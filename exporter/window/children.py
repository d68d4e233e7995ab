"""Which row of the counts each model version and segment has, agreed by all processes of a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from exporter.catalog import OTHER
from exporter.window.memory import Shape, SharedLock, SharedMemory

_NAME_BYTES = 2048
LABEL_VALUE_LIMIT = 128


@dataclass(frozen=True, slots=True)
class Child:
    """A model version and, where the monitor asks, a segment: one row of counts, one set of series."""

    model_version: str
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """The row of a child; `dropped` says which limit sent it to `__other__` (empty: none did)."""

    row: int
    dropped: str = ""


class ChildRegister(Protocol):
    """Gives each child its row of the counts, always the same."""

    def row_of(self, child: Child) -> Allocation: ...


class Children:
    """Rows are given out under the shared lock and never taken back; each process keeps what it has looked up.

    The last row is kept for `__other__`, under which everything beyond the budget counts.
    """

    def __init__(self, memory: SharedMemory, lock: SharedLock, segment_limit: int | None) -> None:
        self._header = memory["children_header"]
        self._names = memory["children_names"]
        self.shown: npt.NDArray[np.uint8] = memory["children_shown"]
        self._lock = lock
        self._segment_limit = segment_limit
        self._rows: dict[Child, int] = {}

    @staticmethod
    def arrays(capacity: int) -> dict[str, tuple[npt.DTypeLike, Shape]]:
        """What `SharedMemory` must hold; one row more than `capacity`, for the rest."""
        return {
            "children_header": (np.int64, (1,)),
            "children_names": (np.uint8, (capacity + 1, _NAME_BYTES)),
            "children_shown": (np.uint8, (capacity + 1,)),
        }

    def __len__(self) -> int:
        return int(self._header[0])

    def all(self) -> Sequence[Child]:
        """Every child so far, by row."""
        for row in range(len(self._rows), len(self)):
            text = self._names[row].tobytes().rstrip(b"\0")
            version, segment = msgspec.json.decode(text, type=tuple[str, str | None])
            self._rows[Child(version, segment)] = row
        return list(self._rows)

    def row_of(self, child: Child) -> Allocation:
        """The child's row, a new one if need be; that of `__other__` when a limit is reached."""
        row = self._rows.get(child)
        if row is not None:
            return Allocation(row)
        if self._is_full() and child not in self.all() and (rest := self._rows.get(rest_of(child))) is not None:
            return Allocation(rest, "series_limit")
        with self._lock:
            self.all()
            if child.segment is not None and self._segments_are_spent(child):
                return Allocation(self._row_or_append(Child(child.model_version, OTHER)), "segment_limit")
            row = self._row_or_append(child)
        return Allocation(row, "" if self._rows.get(child) == row else "series_limit")

    def _is_full(self) -> bool:
        return len(self) >= len(self._names) - 1

    def _segments_are_spent(self, child: Child) -> bool:
        segments = {known.segment for known in self._rows} - {OTHER}
        return child.segment not in segments and len(segments) >= (self._segment_limit or 0)

    def _row_or_append(self, child: Child) -> int:
        """The row of the child, new while there is room; else that of the rest. Under the lock."""
        if child not in self._rows and self._is_full():
            child = rest_of(child)
        if child not in self._rows:
            row = len(self)
            encoded = msgspec.json.encode((child.model_version, child.segment))
            self._names[row, : len(encoded)] = np.frombuffer(encoded, dtype=np.uint8)
            self._header[0] = row + 1
            self._rows[child] = row
        return self._rows[child]


def rest_of(child: Child) -> Child:
    """Under what a child counts that has no row of its own."""
    return Child(OTHER, None if child.segment is None else OTHER)
