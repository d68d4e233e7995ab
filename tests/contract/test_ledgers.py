"""What every ledger keeps, whatever database it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, ColdFile, Ledger, Measurement, StoredProfile, WindowRevision
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, InvalidSettings, LateRows
from tests.support.archives import DAY_S, EVER, HOUR_S, MONITOR, ORIGIN, a_stream, predictions
from tests.support.batches import START_S
from tests.support.polling import wait_until
from tests.support.warm_places import PLACES, WarmPlace

START = int(START_S // HOUR_S * HOUR_S)


def a_file(hour: int = START, monitor: str = MONITOR, kind: Kind = Kind.PREDICTIONS, first: int = 1) -> ColdFile:
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


def a_profile(
    start: int = START, version: str = "1", segment: str = "", revision: int = 1, rows: int = 10
) -> StoredProfile:
    return StoredProfile(MONITOR, version, segment, start, start + HOUR_S, revision, rows, 3, b"\x00\xff profile")


def a_measurement(start: int = START, feature: str = "age", revision: int = 1, value: float = 0.25) -> Measurement:
    return Measurement(MONITOR, "1", "", feature, "psi", start, start + HOUR_S, revision, value, 1000)


def test_cold_files_are_listed_by_name(ledger: Ledger) -> None:
    files = [a_file(first=20), a_file(first=1), a_file(START + HOUR_S, "churn"), a_file(kind=Kind.LABELS)]
    for file in files:
        ledger.add_cold_file(file)
    assert list(ledger.cold_files()) == sorted(files, key=lambda file: file.name)
    assert list(ledger.cold_files("churn")) == [files[2]]
    assert list(ledger.cold_files(kind=Kind.LABELS)) == [files[3]]
    assert list(ledger.cold_files("churn", Kind.LABELS)) == []


@pytest.mark.parametrize(
    ("start", "end", "is_listed"),
    [
        (START, START + 1, True),
        (START + HOUR_S - 1, START + HOUR_S, True),
        (START - DAY_S, START + DAY_S, True),
        (START - 1, START, False),
        (START + HOUR_S, START + 2 * HOUR_S, False),
    ],
)
def test_cold_files_are_listed_when_their_hour_touches_the_span(
    ledger: Ledger, start: int, end: int, is_listed: bool
) -> None:
    ledger.add_cold_file(a_file())
    assert len(ledger.cold_files(span=Span(start, end))) == is_listed


def test_a_cold_file_is_added_once(ledger: Ledger) -> None:
    ledger.add_cold_file(a_file())
    ledger.add_cold_file(a_file())
    assert list(ledger.cold_files()) == [a_file()]


@pytest.mark.parametrize("change", [{"sha256": "00" * 32}, {"rows": 1}, {"digest": "00" * 16}, {"size_bytes": 1}])
def test_another_cold_file_of_the_same_name_is_refused(ledger: Ledger, change: Mapping[str, object]) -> None:
    ledger.add_cold_file(a_file())
    other = replace(a_file(), **change)  # type: ignore[arg-type]  # any of its fields
    with pytest.raises(CorruptEntry, match=a_file().name):
        ledger.add_cold_file(other)
    assert list(ledger.cold_files()) == [a_file()]


def test_a_cold_file_is_removed(ledger: Ledger) -> None:
    ledger.add_cold_file(a_file())
    ledger.add_cold_file(a_file(first=20))
    ledger.remove_cold_file(a_file().name)
    ledger.remove_cold_file("not/there")
    assert list(ledger.cold_files()) == [a_file(first=20)]


def test_a_cold_file_on_hold_stays_until_it_is_let_go(ledger: Ledger) -> None:
    file, other = a_file(), a_file(first=20)
    ledger.add_cold_file(file)
    ledger.add_cold_file(other)
    ledger.hold_cold_files([file.name], is_held=True)
    assert list(ledger.cold_files()) == [replace(file, is_held=True), other]
    with pytest.raises(LateRows, match="hold"):
        ledger.remove_cold_file(file.name)
    assert len(ledger.cold_files()) == 2
    ledger.hold_cold_files([file.name, other.name], is_held=False)
    ledger.remove_cold_file(file.name)
    assert list(ledger.cold_files()) == [other]


def test_a_file_that_is_added_again_while_on_hold_stays_on_hold(ledger: Ledger) -> None:
    ledger.add_cold_file(a_file())
    ledger.hold_cold_files([a_file().name], is_held=True)
    ledger.add_cold_file(a_file())
    assert [file.is_held for file in ledger.cold_files()] == [True]


def test_profiles_are_replaced_by_those_of_the_next_revision(ledger: Ledger) -> None:
    first = [a_profile(version="1"), a_profile(version="2", segment="north")]
    assert ledger.put_profiles(first, replaces=0)
    second = [a_profile(version="2", revision=2, rows=11)]
    assert ledger.put_profiles(second, replaces=1)
    assert list(ledger.profiles(MONITOR, EVER)) == second


def test_profiles_are_not_replaced_where_another_revision_stands(ledger: Ledger) -> None:
    assert not ledger.put_profiles([a_profile(revision=2)], replaces=1)
    assert list(ledger.profiles(MONITOR, EVER)) == []
    assert ledger.put_profiles([a_profile()], replaces=0)
    for stale in (0, 2):
        assert not ledger.put_profiles([a_profile(version="9", revision=stale + 1)], replaces=stale)
    assert list(ledger.profiles(MONITOR, EVER)) == [a_profile()]


def test_two_processes_do_not_both_replace_a_revision(place: WarmPlace) -> None:
    one, other = place.ledger(), place.ledger()
    assert one.put_profiles([a_profile()], replaces=0)
    assert not other.put_profiles([a_profile(rows=99)], replaces=0)
    assert other.put_profiles([a_profile(revision=2, rows=99)], replaces=1)
    assert not one.put_profiles([a_profile(revision=2, rows=50)], replaces=1)
    assert [profile.rows for profile in one.profiles(MONITOR, EVER)] == [99]


def test_windows_and_monitors_have_revisions_of_their_own(ledger: Ledger) -> None:
    other = replace(a_profile(), monitor="churn")
    later = a_profile(START + HOUR_S)
    longer = replace(a_profile(), end=START + DAY_S)
    for profile in (a_profile(), other, later, longer):
        assert ledger.put_profiles([profile], replaces=0)
    assert {profile.end for profile in ledger.profiles(MONITOR, Span(START, START + 1))} == {
        START + HOUR_S,
        START + DAY_S,
    }
    assert list(ledger.profiles("churn", EVER)) == [other]


def test_profiles_come_in_order_of_start_version_and_segment(ledger: Ledger) -> None:
    window = [a_profile(version=version, segment=segment) for version in ("2", "1") for segment in ("b", "", "a")]
    later = a_profile(START + HOUR_S, version="0")
    assert ledger.put_profiles([later], replaces=0)
    assert ledger.put_profiles(window, replaces=0)
    listed = [(profile.start, profile.model_version, profile.segment) for profile in ledger.profiles(MONITOR, EVER)]
    assert listed == sorted(listed)
    assert len(listed) == 7
    assert list(ledger.profiles(MONITOR, Span(START + 1, START + HOUR_S + 1))) == [later]
    assert list(ledger.profiles(MONITOR, Span(START + 1, START + HOUR_S))) == []


def test_the_newest_windows_are_told_with_their_revision(ledger: Ledger) -> None:
    assert list(ledger.newest_windows(MONITOR, 2)) == []
    for hour in (1, 0, 2):
        start = START + hour * HOUR_S
        assert ledger.put_profiles([a_profile(start), a_profile(start, "2")], replaces=0)
    assert ledger.put_profiles([a_profile(START + HOUR_S, revision=2)], replaces=1)
    assert ledger.put_profiles([replace(a_profile(START + 3 * HOUR_S), monitor="other")], replaces=0)
    assert list(ledger.newest_windows(MONITOR, 2)) == [
        WindowRevision(START + 2 * HOUR_S, 1),
        WindowRevision(START + HOUR_S, 2),
    ]
    assert len(ledger.newest_windows(MONITOR, 9)) == 3


def test_old_profiles_and_measurements_are_forgotten(ledger: Ledger) -> None:
    for start in (START, START + HOUR_S, START + 2 * HOUR_S):
        assert ledger.put_profiles([a_profile(start), a_profile(start, version="2")], replaces=0)
        ledger.put_measurements([a_measurement(start)])
    assert ledger.drop_profiles("churn", START + DAY_S) == 0
    assert ledger.drop_profiles(MONITOR, START + 2 * HOUR_S) == 2
    assert {profile.start for profile in ledger.profiles(MONITOR, EVER)} == {START + HOUR_S, START + 2 * HOUR_S}
    assert {value.start for value in ledger.measurements(MONITOR, EVER)} == {START + HOUR_S, START + 2 * HOUR_S}


def test_measurements_replace_those_of_older_revisions(ledger: Ledger) -> None:
    ledger.put_measurements([a_measurement(), a_measurement(feature="")])
    ledger.put_measurements([a_measurement(revision=3, value=0.5)])
    ledger.put_measurements([a_measurement(revision=2, value=0.9)])
    ledger.put_measurements([])
    stored = {value.feature: (value.revision, value.value) for value in ledger.measurements(MONITOR, EVER)}
    assert stored == {"age": (3, 0.5), "": (1, 0.25)}


def test_measurements_are_those_of_windows_that_start_in_the_span(ledger: Ledger) -> None:
    ledger.put_measurements([a_measurement(START), a_measurement(START + HOUR_S, value=float("inf"))])
    assert list(ledger.measurements(MONITOR, Span(START, START + HOUR_S))) == [a_measurement()]
    assert [value.value for value in ledger.measurements(MONITOR, Span(START + 1, START + DAY_S))] == [float("inf")]
    assert list(ledger.measurements("churn", EVER)) == []


def test_events_are_listed_in_order(ledger: Ledger) -> None:
    events = [
        AuditEvent(START_S + 5, "anna", "hold", {"files": "3", "grund": "größer 😀"}),
        AuditEvent(START_S, "exporter", "drop", {}),
        AuditEvent(START_S + 5, "anna", "hold", {"files": "3", "grund": "größer 😀"}),
    ]
    for event in events:
        ledger.audit(event)
    assert list(ledger.audit_events(EVER)) == [events[1], events[0], events[2]]
    assert list(ledger.audit_events(Span(START_S, START_S + 5))) == [events[1]]
    assert list(ledger.audit_events(Span(START_S + 5, START_S + 6))) == [events[0], events[2]]
    assert list(ledger.audit_events(EVER, ["drop"])) == [events[1]]
    assert list(ledger.audit_events(Span(START_S, START_S + 5), ["hold"])) == []
    assert list(ledger.audit_events(EVER, [])) == []
    assert list(ledger.audit_events(EVER, ("drop", "hold"))) == [events[1], events[0], events[2]]


def test_one_process_at_a_time_has_a_duty(place: WarmPlace) -> None:
    first_tier, first = place.open()
    second = place.ledger()
    assert first.elect("move")
    assert first.elect("move")
    assert not second.elect("move")
    assert second.elect("profiles / 😀")
    first_tier.close()
    wait_until(lambda: second.elect("move"), 10, "a server lets go a moment after its client has gone")


@pytest.mark.parametrize("kind", PLACES)
def test_a_dump_fills_an_empty_ledger_of_any_kind(place: WarmPlace, kind: str, tmp_path: Path) -> None:
    tier, ledger = place.open()
    fill(ledger)
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), predictions(["b"])))
    dumped = ledger.dump()
    assert all(isinstance(table, pa.Table) for table in dumped.values())
    (tmp_path / "other").mkdir()
    with PLACES[kind](tmp_path / "other") as other:
        other_tier, restored = other.open()
        restored.load(dumped)
        assert {name: table.schema for name, table in restored.dump().items()} == {
            name: table.schema for name, table in dumped.items()
        }
        assert list(restored.cold_files()) == list(ledger.cold_files())
        assert list(restored.profiles(MONITOR, EVER)) == list(ledger.profiles(MONITOR, EVER))
        assert list(restored.measurements(MONITOR, EVER)) == list(ledger.measurements(MONITOR, EVER))
        assert list(restored.audit_events(EVER)) == list(ledger.audit_events(EVER))
        assert other_tier.claim(ORIGIN).next_sequence == 3
        restored.audit(AuditEvent(START_S + 99, "anna", "restore", {}))
        assert len(restored.audit_events(EVER)) == len(ledger.audit_events(EVER)) + 1


def test_an_empty_dump_can_be_loaded(place: WarmPlace) -> None:
    ledger = place.ledger()
    ledger.load(ledger.dump())
    assert list(ledger.cold_files()) == []


def test_a_ledger_that_is_not_empty_is_not_filled(place: WarmPlace) -> None:
    tier, ledger = place.open()
    dumped = ledger.dump()
    tier.claim(ORIGIN)
    with pytest.raises(InvalidSettings, match="empty"):
        ledger.load(dumped)
    fill(ledger)
    with pytest.raises(InvalidSettings, match="empty"):
        ledger.load(ledger.dump())
    assert len(ledger.cold_files()) == 2


def test_everything_in_the_ledger_survives_reopening(place: WarmPlace) -> None:
    tier, ledger = place.open()
    fill(ledger)
    before = {name: table.to_pylist() for name, table in ledger.dump().items()}
    tier.close()
    assert {name: table.to_pylist() for name, table in place.ledger().dump().items()} == before


def fill(ledger: Ledger) -> None:
    ledger.add_cold_file(a_file())
    ledger.add_cold_file(a_file(kind=Kind.LABELS))
    ledger.hold_cold_files([a_file().name], is_held=True)
    assert ledger.put_profiles([a_profile(), a_profile(version="2")], replaces=0)
    ledger.put_measurements([a_measurement(), a_measurement(feature="", value=-0.5)])
    ledger.audit(AuditEvent(START_S, "anna", "hold", {"files": "1"}))


def test_offsets_tell_how_far_each_origin_has_landed(place: WarmPlace) -> None:
    tier, ledger = place.tier(), place.ledger()
    assert ledger.offsets() == {}
    claim = tier.claim(ORIGIN)
    tier.claim("exporter-2/0")
    tier.land(claim, a_stream(predictions(["a"]), predictions(["b"]), first=7))
    assert ledger.offsets() == {ORIGIN: 9, "exporter-2/0": 0}
