"""Windows that the keeper published are read from every hot tier, and what it lost comes from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.archive.hot.tier import HotTier
from exporter.archive.hot.windows import HotWindows
from exporter.archive.latest_windows import LATEST_WINDOWS, LatestWindows, WindowPublisher
from exporter.archive.ledger import Ledger
from tests.support.archives import MONITOR
from tests.support.hot_places import PLACES, HotPlace
from tests.support.polling import wait_until
from tests.support.warm_places import embedded_place
from tests.support.windows import FIRST, WatchedLedger, a_profile_of, a_stored_window, starts

HOT_S = 7200.0
PROFILE = a_profile_of([20.0, 30.0])


@pytest.fixture(params=PLACES)
def hot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HotPlace]:
    with PLACES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with embedded_place(tmp_path) as place:
        yield place.ledger()


def a_publisher(hot: HotTier, ledger: Ledger) -> WindowPublisher:
    return WindowPublisher(hot, ledger, {MONITOR: HOT_S})


def close(ledger: Ledger, *numbers: int, revision: int = 1) -> None:
    """Gives windows their profile of a revision."""
    for number in numbers:
        assert ledger.put_profiles([a_stored_window(number, PROFILE, revision)], replaces=revision - 1)


def test_what_was_published_is_read_without_the_ledger(hot: HotPlace, ledger: Ledger) -> None:
    watched = WatchedLedger(ledger, is_away=True)
    reader = LatestWindows(hot.other, watched.open)
    publisher = a_publisher(hot.tier, ledger)
    close(ledger, *range(LATEST_WINDOWS + 2))
    publisher.publish(MONITOR)
    assert starts(reader) == list(range(LATEST_WINDOWS + 1, 1, -1))
    assert starts(reader, last=2) == [LATEST_WINDOWS + 1, LATEST_WINDOWS]
    [newest] = reader.read(MONITOR, 1)
    assert newest.stored == a_stored_window(LATEST_WINDOWS + 1, PROFILE)
    assert newest.profile is not None
    assert newest.profile.exact() == PROFILE.exact()
    assert watched.opened == 0


def test_a_revision_replaces_what_was_published(hot: HotPlace, ledger: Ledger) -> None:
    reader = LatestWindows(hot.other, WatchedLedger(ledger, is_away=True).open)
    publisher = a_publisher(hot.tier, ledger)
    close(ledger, 0, 1)
    publisher.publish(MONITOR)
    close(ledger, 0, revision=2)
    publisher.publish(MONITOR)
    assert [(read.stored.start, read.stored.revision) for read in reader.read(MONITOR, 9)] == [
        (a_stored_window(1, PROFILE).start, 1),
        (a_stored_window(0, PROFILE).start, 2),
    ]


def test_what_was_published_is_gone_after_the_retention(hot: HotPlace, ledger: Ledger) -> None:
    close(ledger, 0)
    WindowPublisher(hot.tier, ledger, {MONITOR: 0.05}).publish(MONITOR)
    hot.clock.move(0.1)
    there = HotWindows(hot.other)
    wait_until(lambda: there.newest(MONITOR) is None and there.profiles(MONITOR, FIRST) is None, 5, "both gone")


def test_what_is_not_there_is_read_from_the_ledger_and_put_back(hot: HotPlace, ledger: Ledger) -> None:
    close(ledger, 0, 1)
    watched = WatchedLedger(ledger)
    assert starts(LatestWindows(hot.tier, watched.open)) == [1, 0]
    assert watched.opened == 1
    watched.is_away = True
    assert starts(LatestWindows(hot.other, watched.open)) == [1, 0]
    assert watched.opened == 1


def test_a_monitor_without_windows_has_an_empty_list(hot: HotPlace, ledger: Ledger) -> None:
    close(ledger, 0)
    reader = LatestWindows(hot.tier, WatchedLedger(ledger).open)
    assert list(reader.read("churn", 9)) == []
