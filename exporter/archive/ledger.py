"""What the archive knows about itself: files of the cold tier, window profiles, measurements, and who did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span


@dataclass(frozen=True, slots=True)
class ColdFile:
    """One file of the cold tier; readers trust only files that stand in the ledger.

    name           : the object's key, below the tier's address: monitor/kind/hour/origin/first sequence.
    hour           : start of the hour that its rows' `time` lies in, seconds since the epoch.
    first_sequence : of the entries in it; last_sequence inclusive.
    digest         : of its rows, whatever their order (`exporter.archive.digest`).
    sha256         : of its bytes.
    expires_at     : when retention lets go of it, seconds since the epoch; a file on legal hold stays.
    """

    name: str
    monitor: str
    kind: Kind
    hour: int
    origin: str
    first_sequence: int
    last_sequence: int
    rows: int
    digest: str
    size_bytes: int
    sha256: str
    created_at: float
    expires_at: float
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """The summary of one model version (and segment) over one event-time window.

    revision : 1 when the window closed, one more each time late rows or labels were merged in.
    rows     : predictions in it; labelled: those with a label. Where they differ from the side counts it is stale.
    payload  : the profile's bytes (`exporter.window.profile`).
    """

    monitor: str
    model_version: str
    segment: str
    start: int
    end: int
    revision: int
    rows: int
    labelled: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class WindowRevision:
    """Which profiles a window has, of all model versions and segments: those of this revision."""

    start: int
    revision: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value that was computed over one window, of one revision of its profile; feature is empty for the model's."""

    monitor: str
    model_version: str
    segment: str
    feature: str
    measure: str
    start: int
    end: int
    revision: int
    value: float
    observations: int


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Somebody, or the exporter by itself, changed what is kept."""

    at: float
    actor: str
    action: str
    detail: Mapping[str, str]


class Ledger(Protocol):
    """Stands in the warm tier's database. Calls block, from one thread; a database that is away raises RetryLater."""

    def offsets(self) -> Mapping[str, int]:
        """By origin: the sequence before which every entry has landed."""

    def add_cold_file(self, file: ColdFile) -> None:
        """Adds it; again: no effect. CorruptEntry when another file stands under its name."""

    def cold_files(
        self, monitor: str | None = None, kind: Kind | None = None, span: Span | None = None
    ) -> Sequence[ColdFile]:
        """Files whose hour touches `span`, ordered by name."""

    def hold_cold_files(self, names: Sequence[str], is_held: bool) -> None:
        """Puts files on legal hold, or lets go of them."""

    def remove_cold_file(self, name: str) -> None:
        """Forgets a file whose object is to be deleted; LateRows when it is on hold."""

    def put_profiles(self, profiles: Sequence[StoredProfile], replaces: int) -> bool:
        """Stores the profiles of one monitor and window, all at once, in place of those of revision `replaces`.

        0 where there are none. False, and nothing changed, when another revision stands there.
        """

    def profiles(self, monitor: str, span: Span) -> Sequence[StoredProfile]:
        """Profiles whose window starts in `span`, ordered by start, model version and segment."""

    def newest_windows(self, monitor: str, limit: int) -> Sequence[WindowRevision]:
        """The windows with profiles that start last, newest first."""

    def drop_profiles(self, monitor: str, before: float) -> int:
        """Forgets the profiles, and measurements, of windows that ended before; how many profiles."""

    def put_measurements(self, measurements: Sequence[Measurement]) -> None:
        """Stores values, in place of those of older revisions."""

    def measurements(self, monitor: str, span: Span) -> Sequence[Measurement]:
        """Values of windows that start in `span`."""

    def audit(self, event: AuditEvent) -> None:
        """Notes an event; nothing takes it away again."""

    def audit_events(self, span: Span, actions: Sequence[str] | None = None) -> Sequence[AuditEvent]:
        """Events in `span`, in order; of all actions, or of some, which are found without a look at the others."""

    def elect(self, duty: str) -> bool:
        """Whether this connection holds a duty that one process at a time may do; it is free again once closed."""

    def dump(self) -> Mapping[str, pa.Table]:
        """Everything but the rows: offsets, manifest, profiles, measurements, audit; by name, for a backup."""

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Fills an empty ledger from a dump; InvalidSettings when it is not empty."""
