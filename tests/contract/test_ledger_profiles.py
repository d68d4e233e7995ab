"""Profiles and measurements in every ledger: one revision of a window replaces the one before, and no other."""

from __future__ import annotations

from dataclasses import replace

from exporter.archive.ledger import Ledger, WindowRevision
from exporter.archive.warm.tier import Span
from tests.support.archives import DAY_S, EVER, HOUR_S, MONITOR
from tests.support.ledgers import START, a_measurement, a_stored_profile
from tests.support.warm_places import WarmPlace


def test_profiles_are_replaced_by_those_of_the_next_revision(ledger: Ledger) -> None:
    first = [a_stored_profile(version="1"), a_stored_profile(version="2", segment="north")]
    assert ledger.put_profiles(first, replaces=0)
    second = [a_stored_profile(version="2", revision=2, rows=11)]
    assert ledger.put_profiles(second, replaces=1)
    assert list(ledger.profiles(MONITOR, EVER)) == second


def test_profiles_are_not_replaced_where_another_revision_stands(ledger: Ledger) -> None:
    assert not ledger.put_profiles([a_stored_profile(revision=2)], replaces=1)
    assert list(ledger.profiles(MONITOR, EVER)) == []
    assert ledger.put_profiles([a_stored_profile()], replaces=0)
    for stale in (0, 2):
        assert not ledger.put_profiles([a_stored_profile(version="9", revision=stale + 1)], replaces=stale)
    assert list(ledger.profiles(MONITOR, EVER)) == [a_stored_profile()]


def test_two_processes_do_not_both_replace_a_revision(place: WarmPlace) -> None:
    one, other = place.ledger(), place.ledger()
    assert one.put_profiles([a_stored_profile()], replaces=0)
    assert not other.put_profiles([a_stored_profile(rows=99)], replaces=0)
    assert other.put_profiles([a_stored_profile(revision=2, rows=99)], replaces=1)
    assert not one.put_profiles([a_stored_profile(revision=2, rows=50)], replaces=1)
    assert [profile.rows for profile in one.profiles(MONITOR, EVER)] == [99]


def test_windows_and_monitors_have_revisions_of_their_own(ledger: Ledger) -> None:
    other = replace(a_stored_profile(), monitor="churn")
    later = a_stored_profile(START + HOUR_S)
    longer = replace(a_stored_profile(), end=START + DAY_S)
    for profile in (a_stored_profile(), other, later, longer):
        assert ledger.put_profiles([profile], replaces=0)
    assert {profile.end for profile in ledger.profiles(MONITOR, Span(START, START + 1))} == {
        START + HOUR_S,
        START + DAY_S,
    }
    assert list(ledger.profiles("churn", EVER)) == [other]


def test_profiles_come_in_order_of_start_version_and_segment(ledger: Ledger) -> None:
    window = [
        a_stored_profile(version=version, segment=segment) for version in ("2", "1") for segment in ("b", "", "a")
    ]
    later = a_stored_profile(START + HOUR_S, version="0")
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
        assert ledger.put_profiles([a_stored_profile(start), a_stored_profile(start, "2")], replaces=0)
    assert ledger.put_profiles([a_stored_profile(START + HOUR_S, revision=2)], replaces=1)
    assert ledger.put_profiles([replace(a_stored_profile(START + 3 * HOUR_S), monitor="other")], replaces=0)
    assert list(ledger.newest_windows(MONITOR, 2)) == [
        WindowRevision(START + 2 * HOUR_S, 1),
        WindowRevision(START + HOUR_S, 2),
    ]
    assert len(ledger.newest_windows(MONITOR, 9)) == 3


def test_old_profiles_and_measurements_are_forgotten(ledger: Ledger) -> None:
    for start in (START, START + HOUR_S, START + 2 * HOUR_S):
        assert ledger.put_profiles([a_stored_profile(start), a_stored_profile(start, version="2")], replaces=0)
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
