"""Names of objects and keys of the cold tier, made of what is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span

HOUR_S = 3600
DAY_S = 86_400
SEQUENCE_DIGITS = 20

_HOUR = "%Y-%m-%dT%H"
_UNSAFE = re.compile(rb"[^A-Za-z0-9-]")


@dataclass(frozen=True, slots=True, order=True)
class RowHour:
    """Rows of one monitor and kind whose `time` lies in the hour that starts at `start`, seconds since the epoch."""

    monitor: str
    kind: Kind
    start: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + HOUR_S)

    @property
    def day(self) -> int:
        """Start of its UTC day."""
        return self.start - self.start % DAY_S

    @property
    def folder(self) -> str:
        return f"{self.monitor}/{self.kind.value}/{datetime.fromtimestamp(self.start, UTC).strftime(_HOUR)}"

    def __str__(self) -> str:
        return self.folder


def object_name(hour: RowHour, origin: str, first_sequence: int) -> str:
    """Monitor/kind/hour/origin/first sequence; of letters that every store and file system takes as they are."""
    safe = _UNSAFE.sub(lambda match: b"_%02X" % match[0][0], origin.encode()).decode()
    return f"{hour.folder}/{safe}/{first_sequence:0{SEQUENCE_DIGITS}d}.parquet"


def hour_of(name: str) -> int | None:
    """The hour that the name of an object tells; None where it is no name that `object_name` gives."""
    try:
        return int(datetime.strptime(name.split("/")[2], _HOUR).replace(tzinfo=UTC).timestamp())
    except (IndexError, ValueError):
        return None


def key_name(monitor: str, hour: int) -> str:
    """The key of a monitor's rows of one month (UTC)."""
    return f"{monitor}/{datetime.fromtimestamp(hour, UTC):%Y-%m}"
