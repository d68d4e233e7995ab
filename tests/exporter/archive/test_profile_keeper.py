"""Windows close, and are revised, and no crash makes a difference to what is kept in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.ledger import StoredProfile
from exporter.archive.profiles import AGE_TO_PAUSE, IDLE_S, REVISION_PAUSE_S, WINDOW_S
from exporter.archive.warm.tier import Span
from tests.support.archives import labels, predictions
from tests.support.kept_hours import HOUR, MONITOR, REFERENCE, a_labelled_monitor, assert_as_raw, close_window, some
from tests.support.profile_keepers import DyingLedger, KeptArchive, Killed, a_kept_archive
from tests.support.warm_places import PLACES


@pytest.fixture(params=PLACES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptArchive]:
    with a_kept_archive(tmp_path, [(MONITOR, REFERENCE)], HOUR + 100, request.param) as opened:
        yield opened


def test_a_window_closes_when_the_watermark_has_passed_it_and_not_before(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 60
    assert archive.settle() == 0
    archive.land(predictions(["b"], HOUR + 2 * WINDOW_S - 1, age=1.0, region="north"))
    assert archive.settle() == 0
    archive.land(predictions(["c"], HOUR + 2 * WINDOW_S, age=1.0, region="north"))
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 1}
    assert_as_raw(archive)


def test_a_prediction_from_the_future_closes_nothing(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(predictions(["b"], HOUR + 5 * WINDOW_S, age=1.0, region="north"))
    archive.clock.now_s = HOUR + 2 * WINDOW_S - 1
    assert archive.settle() == 0


def test_the_last_window_of_a_silent_monitor_closes_by_the_clock(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    assert archive.settle() == 0
    archive.clock.now_s = HOUR + 2 * WINDOW_S - 1
    assert archive.settle() == 0
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 1
    assert archive.settle() == 1
    assert_as_raw(archive)


def test_a_window_that_still_grows_is_not_closed_by_the_clock(archive: KeptArchive) -> None:
    archive.clock.now_s = HOUR + 20 * WINDOW_S
    for name in "abc":
        archive.land(some(name, 10))
        assert archive.settle() == 0
        archive.clock.move(IDLE_S - 1)
        assert archive.settle() == 0
    archive.clock.move(1)
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 1}


def test_a_short_horizon_is_all_the_lateness(tmp_path: Path) -> None:
    monitor = a_labelled_monitor(horizon="10m")
    with a_kept_archive(tmp_path, [(monitor, REFERENCE)], HOUR + WINDOW_S + 601) as archive:
        archive.land(some("a", 10))
        archive.land(predictions(["b"], HOUR + WINDOW_S + 600, age=1.0, region="north"))
        assert archive.settle() == 1


def test_late_rows_make_a_new_revision(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.land(some("late", 7, version="2"))
    archive.clock.move(REVISION_PAUSE_S - 1)
    assert archive.settle() == 0
    archive.clock.move(REVISION_PAUSE_S)
    assert archive.settle() == 1
    assert archive.revisions() == {HOUR: 2}
    assert sorted((each.model_version, each.rows) for each in archive.stored()) == [("1", 50), ("2", 7)]
    assert_as_raw(archive)


def test_late_labels_make_a_new_revision_credited_to_the_hour_of_the_prediction(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.clock.move(3 * WINDOW_S)
    archive.land(labels([f"a{row}" for row in range(20)], archive.clock.now()))
    archive.settle()
    [profile] = [each for each in archive.stored() if each.start == HOUR]
    assert (profile.revision, profile.rows, profile.labelled) == (2, 50, 20)
    assert_as_raw(archive)


def test_revisions_wait_longer_the_older_a_window_is(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    age_s = 2 * 24 * WINDOW_S
    archive.clock.now_s = HOUR + WINDOW_S + age_s
    archive.land(labels(["a0"], archive.clock.now()))
    archive.settle()
    assert archive.revisions()[HOUR] == 2
    archive.land(labels(["a1"], archive.clock.now()))
    archive.clock.move(age_s / AGE_TO_PAUSE - 1)
    archive.settle()
    assert archive.revisions()[HOUR] == 2
    archive.clock.move(age_s / AGE_TO_PAUSE)
    archive.settle()
    assert archive.revisions()[HOUR] == 3


def test_nothing_is_done_twice(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    before = archive.stored()
    archive.restart()
    archive.clock.move(WINDOW_S / 2)
    assert archive.settle() == 0
    assert archive.stored() == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["elect", "profiles", "put_profiles", "put_measurements"])
@pytest.mark.parametrize("is_revision", [False, True])
def test_a_crash_at_any_step_changes_nothing_in_the_end(
    archive: KeptArchive, call: str, when: str, is_revision: bool
) -> None:
    archive.land(some("a", 50))
    if is_revision:
        close_window(archive)
        archive.land(some("late", 5))
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 200
    if not is_revision:
        archive.land(predictions(["later"], HOUR + 2 * WINDOW_S + 30, age=1.0, region="north"))
    archive.restart(DyingLedger(archive.ledger, call, when))
    with pytest.raises(Killed):
        archive.settle()
    archive.restart()
    archive.settle()
    assert archive.revisions() == {HOUR: 2 if is_revision else 1}
    assert_as_raw(archive)
    measured = {each.revision for each in archive.ledger.measurements("credit", Span(HOUR, HOUR + 1))}
    assert measured == {2 if is_revision else 1}


def test_two_keepers_at_once_do_no_harm(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    other = archive.restart()
    archive.restart()
    archive.clock.now_s = HOUR + 2 * WINDOW_S + 60
    archive.land(predictions(["later"], HOUR + 2 * WINDOW_S + 30, age=1.0, region="north"))
    assert other.step(archive.clock.now())
    archive.settle()
    while other.step(archive.clock.now()):
        pass
    assert archive.revisions() == {HOUR: 1}
    assert_as_raw(archive)


def test_profiles_replaced_by_another_process_are_looked_at_again(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    archive.land(some("late", 5))
    [stored] = archive.stored()
    racing = archive.ledger

    class RacedLedger:
        """Another process replaces the profiles between the look and the put, once."""

        raced = False

        def __getattr__(self, name: str) -> Any:
            return getattr(racing, name)

        def put_profiles(self, profiles: list[StoredProfile], replaces: int) -> bool:
            if not self.raced:
                self.raced = True
                assert racing.put_profiles(profiles, replaces)
            return racing.put_profiles(profiles, replaces)

    archive.restart(RacedLedger())
    archive.settle()
    assert archive.revisions()[HOUR] == stored.revision + 1
    assert {each.revision for each in archive.ledger.measurements("credit", Span(HOUR, HOUR + 1))} == {2}
    assert_as_raw(archive)


def test_a_profile_that_cannot_be_read_is_left_alone_and_said(
    archive: KeptArchive, caplog: pytest.LogCaptureFixture
) -> None:
    strange = StoredProfile("credit", "1", "", HOUR, HOUR + WINDOW_S, 4, 10, 0, b"from the future")
    assert archive.ledger.put_profiles([strange], replaces=0)
    archive.land(some("a", 50))
    close_window(archive)
    assert [each for each in archive.stored() if each.start == HOUR] == [strange]
    assert "credit" in caplog.text
    assert "revision 4" in caplog.text


def test_a_window_older_than_the_warm_tier_gets_no_first_profile(archive: KeptArchive) -> None:
    """It had one, which has moved on with its rows."""
    archive.land(some("a", 50))
    archive.clock.now_s = HOUR + WINDOW_S + 30 * 24 * WINDOW_S
    archive.settle()
    archive.clock.move(IDLE_S)
    archive.settle()
    assert archive.stored() == []


def test_only_monitors_that_are_loaded_are_profiled(archive: KeptArchive) -> None:
    archive.land(some("a", 50), monitor="unknown")
    archive.clock.now_s = HOUR + 30 * WINDOW_S
    archive.settle()
    archive.clock.move(IDLE_S)
    archive.settle()
    assert archive.stored("unknown") == []
