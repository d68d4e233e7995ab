"""What stands in a ledger, and a ledger that holds some of each."""

from __future__ import annotations

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, ColdFile, Ledger, Measurement, StoredProfile
from tests.support.archives import DAY_S, HOUR_S, MONITOR, ORIGIN
from tests.support.batches import START_S

START = int(START_S // HOUR_S * HOUR_S)
"""Of the hour in which the rows of tests happen."""


def a_cold_file(hour: int = START, monitor: str = MONITOR, kind: Kind = Kind.PREDICTIONS, first: int = 1) -> ColdFile:
    return ColdFile(
        f"{monitor}/{kind.value}/{hour}/{ORIGIN}/{first:020d}.parquet",
        monitor,
        kind,
        hour,
        ORIGIN,
        first,
        first + 9,
        1000,
        "ab" * 16,
        123_456_789_012,
        "cd" * 32,
        START_S + 0.25,
        START_S + 7 * 365 * DAY_S,
    )


def a_stored_profile(
    start: int = START, version: str = "1", segment: str = "", revision: int = 1, rows: int = 10
) -> StoredProfile:
    return StoredProfile(MONITOR, version, segment, start, start + HOUR_S, revision, rows, 3, b"\x00\xff profile")


def a_measurement(start: int = START, feature: str = "age", revision: int = 1, value: float = 0.25) -> Measurement:
    return Measurement(MONITOR, "1", "", feature, "psi", start, start + HOUR_S, revision, value, 1000)


def fill_ledger(ledger: Ledger) -> None:
    """Some of everything that a ledger holds."""
    ledger.add_cold_file(a_cold_file())
    ledger.add_cold_file(a_cold_file(kind=Kind.LABELS))
    ledger.hold_cold_files([a_cold_file().name], is_held=True)
    assert ledger.put_profiles([a_stored_profile(), a_stored_profile(version="2")], replaces=0)
    ledger.put_measurements([a_measurement(), a_measurement(feature="", value=-0.5)])
    ledger.audit(AuditEvent(START_S, "anna", "hold", {"files": "1"}))
