"""Every error that Infranaut raises, split by what the caller should do.

    InfranautError
    ├── StopError                 the caller cannot go on as asked: say it and stop
    │   ├── InvalidMonitors       monitor files with mistakes, all of them at once
    │   ├── InvalidReference      a reference that cannot be built, read or used
    │   ├── InvalidSettings       a flag, port or folder that cannot be used
    │   ├── InvalidQuery          SQL that cannot be answered
    │   ├── ServiceFailed         a server that this program started, or talks to, failed
    │   ├── Fenced                somebody else has taken over what was claimed
    │   └── DiskFailed            what was written may not be on disk; no later write can be trusted
    ├── RetryLater                nothing was taken; the same call may succeed later
    │   └── TooManyRecords        … once the monitor's limit of records allows it
    ├── LateRows                  rows have come that the caller did not know of: look again
    ├── CorruptEntry              archived bytes that are not what was written
    ├── KeyRemoved                archived rows whose key somebody took away, so that nobody can read them
    └── RejectedPayload           a whole body is set aside; carries its reason

Single records that are set aside are not exceptions: they are rows of a
`exporter.batch.Rejects`, so that one bad row never costs its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class InfranautError(Exception):
    """The root of the tree above."""


class StopError(InfranautError):
    """The caller cannot go on as asked."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a monitor file; line 0 means the file or folder as a whole."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ": ".join(part for part in (place, self.key, self.message) if part)


class InvalidMonitors(StopError):
    """One or more monitor files have mistakes; the message holds one line for each."""

    def __init__(self, mistakes: Sequence[Mistake] | str) -> None:
        """From mistakes, or from the words of a single one that has no file."""
        self.mistakes = (Mistake("", 0, "", mistakes),) if isinstance(mistakes, str) else tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class InvalidReference(StopError):
    """A reference file that cannot be built, read or used with its monitor."""


class InvalidSettings(StopError):
    """A flag, an address or a folder that cannot be used."""


class InvalidQuery(StopError):
    """SQL that is no single SELECT over the tables there are, or that fails on the rows in them."""


class ServiceFailed(StopError):
    """A server that was started or called did not do its part."""


class Fenced(StopError):
    """Somebody else has claimed what this process held; it must not write there any more."""


class DiskFailed(StopError):
    """A flush failed: what was written may be lost, and what the disk shows since may not be what it holds."""


class LateRows(InfranautError):
    """Rows have come since the caller looked; nothing was changed."""


class CorruptEntry(InfranautError):
    """Bytes of the archive that cannot be read as what they should be."""


class KeyRemoved(InfranautError):
    """Rows of the archive are sealed with a key that was taken away; they are meant to stay unreadable."""


class RetryLater(InfranautError):
    """Nothing was taken; the same call may succeed after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRecords(RetryLater):
    """More came than `spec.limits.records_per_second` of the monitor; nothing was taken."""


class RejectedPayload(InfranautError):
    """A whole body is set aside for `reason` (one of `exporter.batch.Reason`)."""

    def __init__(self, reason: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
