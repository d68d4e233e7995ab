"""Lands one spool: claims its origin, lands its entries in groups, sets aside what cannot be landed."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.entry import Entry, SequencedEntry, decode_entry
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.files import spool_bytes
from exporter.archive.spool.group_log import Entropy
from exporter.archive.spool.identity import renew_identity, spool_identity
from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.reader import SpoolReader
from exporter.archive.spool.stored_entry import StoredEntry
from exporter.archive.spool.trimming import delete_landed
from exporter.archive.spool.watermark import Watermark
from exporter.archive.warm.tier import Claim, Landed, WarmTier
from exporter.clock import Clock
from exporter.errors import CorruptEntry, RetryLater, StopError

WhenLanded = Callable[[Sequence[SequencedEntry], Landed], object]
"""Called after each transaction, with what it was given and what it did."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LandingBounds:
    """How much goes with one transaction, and how long to wait after one that did not take place.

    A transaction ends with the entry that reaches one of the first three.
    """

    entries: int = 64
    rows: int = 50_000
    size_bytes: int = 16 * 2**20
    first_delay_s: float = 0.25
    longest_delay_s: float = 30.0


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """How far one spool has landed.

    origin           : as the warm tier knows it; None before it was first claimed.
    durable_sequence : the last entry that is durable; landed_sequence the last one that needs no more landing.
    size_bytes       : of the spool's files.
    oldest_at        : when the oldest entry that waits was received, where one has been read; seconds since the epoch.
    set_aside        : entries that the tier refused, kept in the folder `quarantine`.
    missing          : acknowledged entries that the disk has lost.
    failure          : why it waits; None: it does not.
    """

    slot: str
    origin: str | None
    durable_sequence: int
    landed_sequence: int
    size_bytes: int
    oldest_at: float | None
    set_aside: int
    missing: int
    failure: str | None


@dataclass(frozen=True, slots=True)
class LandingTools:
    """What the landings of all slots share."""

    disk: Disk
    warm: WarmTier
    clock: Clock
    rng: random.Random
    when_landed: WhenLanded
    bounds: LandingBounds = LandingBounds()
    decode: Callable[[bytes], Entry] = decode_entry
    entropy: Entropy = os.urandom


@dataclass(frozen=True, slots=True)
class _Pending:
    stored: StoredEntry
    entry: Entry


class SlotLanding:
    """A step machine over one spool folder; one caller."""

    def __init__(self, directory: Path, exporter: str, durable: Watermark, tools: LandingTools) -> None:
        self._directory = directory
        self._exporter = exporter
        self._durable = durable
        self._tools = tools
        self._quarantine = Quarantine(tools.disk, directory)
        self._claim: Claim | None = None
        self._reader = SpoolReader(tools.disk, directory, 0)
        self._pending: list[_Pending] = []
        self._undecoded: tuple[StoredEntry, CorruptEntry] | None = None
        self._is_one_by_one = False
        self._identity = ""
        self.set_aside = 0
        self._failures = 0
        self._failure: str | None = None
        self._retry_at = 0.0

    @property
    def origin(self) -> str | None:
        """As the warm tier knows it, once it is claimed."""
        return None if self._claim is None else self._claim.origin

    @property
    def missing(self) -> int:
        """Acknowledged entries that the disk has lost."""
        return self._reader.missing

    def step(self) -> bool:
        """Lands one group, if there is one and the last failure was long enough ago; whether it did.

        Fenced, and other errors that end the exporter's work, go on to the caller.
        """
        now, longest_s = self._tools.clock.now(), self._tools.bounds.longest_delay_s
        if now < self._retry_at <= now + longest_s:
            return False
        try:
            has_landed = self._land_next()
        except (RetryLater, OSError) as error:
            self._wait(error)
            return False
        self._failures, self._failure = 0, None
        return has_landed

    def status(self) -> SlotStatus:
        """How it stands now."""
        return SlotStatus(
            slot=self._directory.name,
            origin=self.origin,
            durable_sequence=self._durable.get(),
            landed_sequence=self._pending[0].stored.sequence - 1 if self._pending else self._reader.position,
            size_bytes=spool_bytes(self._tools.disk, self._directory),
            oldest_at=self._pending[0].entry.received_at if self._pending else None,
            set_aside=self.set_aside,
            missing=self.missing,
            failure=self._failure,
        )

    def close(self) -> None:
        """Lets go of the file that is being read."""
        self._reader.close()

    def _land_next(self) -> bool:
        durable = self._durable.get()
        if not durable:
            return False
        if self._claim is None:
            self._claim = self._take_over()
        if not self._has_group:
            self._read_group(durable)
        had_group = self._has_group
        self._land_pending(self._claim)
        if self._undecoded is not None:
            stored, error = self._undecoded
            self._put_aside(stored, self._claim, error)
            self._undecoded = None
        if delete_landed(self._tools.disk, self._directory, self._reader.position):
            self._reader.close()
        return had_group

    @property
    def _has_group(self) -> bool:
        return bool(self._pending) or self._undecoded is not None

    def _take_over(self) -> Claim:
        """Claims the origin. A tier that has landed more than the folder holds knows another folder by its name."""
        disk, warm = self._tools.disk, self._tools.warm
        self._identity = spool_identity(disk, self._directory, self._tools.entropy)
        claim = warm.claim(f"{self._exporter}/{self._identity}")
        durable = self._durable.get()
        if claim.next_sequence > durable + 1:
            log.error(
                "%s: the warm tier has landed up to %d, but the spool ends at %d: it has lost entries, or is not the "
                "one that was here before; all that it holds lands again, under a new origin",
                self._directory, claim.next_sequence - 1, durable,
            )  # fmt: skip
            self._identity = renew_identity(disk, self._directory, self._tools.entropy)
            claim = warm.claim(f"{self._exporter}/{self._identity}")
        self._reader.position = max(claim.next_sequence - 1, self._quarantine.last_entry(self._identity))
        return claim

    def _read_group(self, durable: int) -> None:
        bounds, rows, size_bytes = self._tools.bounds, 0, 0
        for stored in self._reader.entries(durable):
            try:
                entry = self._tools.decode(stored.payload)
            except CorruptEntry as error:
                self._undecoded = stored, error
                return
            self._pending.append(_Pending(stored, entry))
            rows += entry.rows.num_rows
            size_bytes += len(stored.payload)
            if len(self._pending) >= bounds.entries or rows >= bounds.rows or size_bytes >= bounds.size_bytes:
                return

    def _land_pending(self, claim: Claim) -> None:
        if self._pending and not self._is_one_by_one:
            refusal = self._land(claim, self._pending)
            if refusal is not None:
                log.warning("%s: a group was refused (%s); its entries land one by one", self._directory, refusal)
                self._is_one_by_one = True
        while self._pending:
            one = self._pending[0]
            refusal = self._land(self._claim or claim, [one])
            if refusal is not None:
                self._put_aside(one.stored, claim, refusal)
                self._pending = self._pending[1:]
        self._is_one_by_one = False

    def _land(self, claim: Claim, group: Sequence[_Pending]) -> Exception | None:
        """Lands the first of those that are pending; why the tier refuses them for ever, where it does."""
        entries = [SequencedEntry(pending.stored.sequence, pending.entry) for pending in group]
        try:
            landed = self._tools.warm.land(claim, entries)
        except (StopError, RetryLater):
            raise
        except Exception as error:  # noqa: BLE001 - whatever one entry makes the tier raise, the others shall land
            return error
        self._claim = landed.claim
        self._pending = self._pending[len(group) :]
        self._reader.confirm_gaps()
        self._tools.when_landed(entries, landed)
        return None

    def _put_aside(self, stored: StoredEntry, claim: Claim, error: Exception) -> None:
        self._quarantine.keep_entry(self._identity, stored, claim.epoch)
        self.set_aside += 1
        log.error(
            "%s: entry %d cannot be landed (%s: %s); it is kept in `quarantine`",
            self._directory, stored.sequence, type(error).__name__, error,
        )  # fmt: skip

    def _wait(self, error: RetryLater | OSError) -> None:
        bounds = self._tools.bounds
        delay_s = min(bounds.longest_delay_s, bounds.first_delay_s * 2 ** min(self._failures, 30))
        delay_s *= 0.5 + self._tools.rng.random() / 2
        self._failures += 1
        self._failure = str(error)
        self._retry_at = self._tools.clock.now() + delay_s
        log.warning("%s: not landed, again in %.1f s: %s", self._directory, delay_s, error)
