"""Window profiles to be stored, and readers of the latest ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from exporter.archive.kept_profiles import KeptProfile, encode_kept
from exporter.archive.latest_windows import LatestWindows
from exporter.archive.ledger import Ledger, StoredProfile
from exporter.errors import RetryLater
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.profile import Profile
from tests.support.archives import HOUR_S, MONITOR, predictions
from tests.support.batches import a_monitor
from tests.support.profiled import profile_of, with_labels

FIRST = 1_749_999_600
"""2025-06-15T15:00:00Z"""
AGES = a_monitor({"age": {"type": "number", "max": 100}, "region": {"type": "category", "values": ["north", "south"]}})


def a_profile_of(
    ages: list[float | None],
    monitor: Monitor = AGES,
    regions: list[str] | None = None,
    reference: Reference | None = None,
) -> Profile:
    """Of as many predictions of 0.5, all in the north where nothing else is said, the first of them labelled."""
    count = len(ages)
    rows = predictions([f"p{row}" for row in range(count)], float(FIRST), age=ages, region=regions or ["north"] * count)
    return profile_of(with_labels(rows, [1.0, *[None] * (count - 1)], [float(FIRST)] * count), monitor, reference)


def a_stored_window(number: int, profile: Profile, revision: int = 1, monitor: str = MONITOR) -> StoredProfile:
    """The profile of the hour that is so many hours after FIRST."""
    start = FIRST + number * HOUR_S
    payload = encode_kept(KeptProfile(profile))
    return StoredProfile(monitor, "1", "", start, start + HOUR_S, revision, profile.rows, profile.labelled, payload)


@dataclass
class WatchedLedger:
    """Opens a ledger as a reader does, counts how often, and can be away."""

    ledger: Ledger
    opened: int = 0
    is_away: bool = False

    def open(self) -> AbstractContextManager[Ledger]:
        @contextmanager
        def opening() -> Iterator[Ledger]:
            self.opened += 1
            if self.is_away:
                raise RetryLater("the warm tier is away", 3)
            yield self.ledger

        return opening()


def starts(reader: LatestWindows, last: int = 24) -> list[int]:
    """The hours after FIRST that are read, in order."""
    return [(read.stored.start - FIRST) // HOUR_S for read in reader.read(MONITOR, last)]
