"""Up to where a spool is durable, told by the process that writes it to the one that lands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Watermark(Protocol):
    """A sequence that one process sets and others read; in memory that they share, and never torn."""

    def get(self) -> int:
        """The last durable sequence; 0 while nobody has told one."""

    def set(self, sequence: int) -> None:
        """Tells it."""


@dataclass(slots=True)
class LocalWatermark:
    """A `Watermark` within one process."""

    sequence: int = 0

    def get(self) -> int:
        return self.sequence

    def set(self, sequence: int) -> None:
        self.sequence = sequence
