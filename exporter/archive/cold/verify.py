"""Re-reads cold files against the ledger, and finds objects that the ledger does not know."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import DAY_S, HOUR_S, hour_of
from exporter.archive.cold.store import StoredObject
from exporter.archive.cold.tier import ColdTier, prove
from exporter.archive.ledger import AuditEvent, ColdFile
from exporter.archive.profile_files import is_profile_file
from exporter.errors import CorruptEntry, KeyRemoved

ORPHAN_AFTER_S = DAY_S
"""A younger object may be about to be noted by the process that put it."""


class VerifiedState(StrEnum):
    """SEALED: the bytes are right, but their key was removed, so that nobody can read the rows."""

    RIGHT = "right"
    SEALED = "sealed"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """What one file of the ledger was found to be; `detail` says what is wrong with it."""

    file: ColdFile
    state: VerifiedState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    files   : those that were read, ordered by name.
    orphans : objects, ordered by name, that the ledger does not know and that no running copy can own.
    """

    files: Sequence[VerifiedFile]
    orphans: Sequence[StoredObject]

    @property
    def wrong(self) -> Sequence[VerifiedFile]:
        return [verified for verified in self.files if verified.state is VerifiedState.WRONG]


def verify(
    tiers: Tiers, cold: ColdTier, files: Sequence[ColdFile], told: Callable[[int, int, VerifiedFile], None]
) -> Verification:
    """Reads each of these files of the ledger whole; `told` after each. RetryLater when the store is away."""
    verified = []
    for number, file in enumerate(files, 1):
        found = verify_file(cold, file)
        verified.append(found)
        told(number, len(files), found)
    return Verification(verified, find_orphans(tiers, cold))


def verify_file(cold: ColdTier, file: ColdFile) -> VerifiedFile:
    """Proves a file by its bytes, and its rows by number, digest and range."""
    try:
        prove(cold.open_whole(file), file)
    except CorruptEntry as error:
        return VerifiedFile(file, VerifiedState.WRONG, str(error))
    except KeyRemoved as error:
        return VerifiedFile(file, VerifiedState.SEALED, str(error))
    return VerifiedFile(file, VerifiedState.RIGHT)


def sample_files(files: Sequence[ColdFile], share: float, rng: random.Random) -> list[ColdFile]:
    """A random share of files, at least one, in their order."""
    count = min(len(files), max(1, round(share * len(files))))
    return sorted(rng.sample(list(files), count), key=lambda file: file.name)


def find_orphans(
    tiers: Tiers, cold: ColdTier, monitor: str | None = None, since: float = -math.inf
) -> list[StoredObject]:
    """Objects without a file in the ledger: what a crash left behind, or what the archive never wrote.

    monitor : only below its name. since : only of hours that end after it, as their names tell; where a name tells no
              hour, objects that were written after it.
    """
    before = tiers.clock.now() - ORPHAN_AFTER_S
    objects = [found for found in cold.store.list(monitor or "") if found.modified_at < before]
    known = {file.name for file in tiers.ledger.cold_files()}
    unknown = (found for found in objects if found.name not in known and not is_profile_file(found.name))
    return sorted((found for found in unknown if _end_of(found) > since), key=lambda found: found.name)


def _end_of(found: StoredObject) -> float:
    """When the hour of an object's name ended, or when it was written."""
    hour = hour_of(found.name)
    return found.modified_at if hour is None else hour + HOUR_S


def remove_orphans(tiers: Tiers, cold: ColdTier, orphans: Sequence[StoredObject]) -> int:
    """Deletes objects that the ledger still does not know; how many.

    Only for a ledger that is whole: after a loss of the database, files that it forgot are orphans too.
    """
    known = {file.name for file in tiers.ledger.cold_files()}
    removed = [orphan for orphan in orphans if orphan.name not in known]
    for orphan in removed:
        detail = {"file": orphan.name, "size_bytes": str(orphan.size_bytes)}
        tiers.ledger.audit(AuditEvent(tiers.clock.now(), tiers.actor, "archive.remove_orphan", detail))
        cold.store.delete(orphan.name)
    return len(removed)
