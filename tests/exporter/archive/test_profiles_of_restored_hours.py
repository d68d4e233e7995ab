"""The profile of an hour that is being restored from cold stays as it was until all its files are back and joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.copying import copy_hour
from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import RowHour
from exporter.archive.cold.pins import Pin
from exporter.archive.cold.restorations import BroughtBack
from exporter.archive.cold.restoring import RestoredFile, RestoredSpan, RestoreRequest, restore
from exporter.archive.cold.tier import ColdTier
from exporter.archive.entry import Kind
from exporter.archive.profiles import WINDOW_S, ProfileKeeper
from exporter.archive.warm.tier import Span
from tests.support.archives import DAY_S, labels
from tests.support.cold_tiers import Crash
from tests.support.kept_hours import HOUR, MONITOR, REFERENCE, assert_as_raw, close_window, drop_the_day, some
from tests.support.profile_keepers import KeptArchive, a_kept_archive
from tests.support.warm_places import PLACES

LABELLED_AT = HOUR + WINDOW_S + 700
"""In the hour behind that of the predictions."""
NAMES = ("a", "b", "c")
DELAY_S = MONITOR.spec.labels.maximum_delay.seconds if MONITOR.spec.labels else 0.0


@dataclass(slots=True)
class RestoredHour:
    """An hour of 60 predictions, of which warm has none any more once it is in cold: three files, and its profile."""

    archive: KeptArchive
    cold: ColdTier
    is_told: list[str] = field(default_factory=list)

    def to_cold(self, labelled: int = 20) -> None:
        """Its first predictions get labels, it closes and moves."""
        if labelled:
            self.archive.land(labels([f"a{row}" for row in range(labelled)], LABELLED_AT))
        close_window(self.archive)
        for stored in self.archive.warm.hours():
            named = RowHour(stored.monitor, stored.kind, stored.start)
            archive, expires_at = self.archive, self.archive.clock.now() + 365 * DAY_S
            assert list(copy_hour(self.cold, archive.warm, archive.ledger, named, expires_at, archive.clock))
        for kind in (Kind.LABELS, Kind.PREDICTIONS):
            drop_the_day(self.archive, kind)
        assert self.archive.warm.hours() == []

    def restore(self, then: Callable[[], object] = lambda: None, labels_late_s: float = DELAY_S) -> RestoredSpan:
        """Brings the hour back; after each file `then`, and whatever the keeper finds to do."""
        clock = self.archive.clock
        request = RestoreRequest("credit", Span(HOUR, HOUR + 1), clock.now() + DAY_S, labels_late_s)
        tiers = Tiers(self.archive.warm, self.archive.ledger, self.cold, clock)

        def told(_number: int, _of: int, read: RestoredFile) -> None:
            self.is_told.append(read.file.name)
            then()
            self.settle_later()

        return restore(tiers, self.cold, request, told)

    def settle_later(self) -> None:
        """As time goes by, in the same keeper and in a new one."""
        for _ in range(2):
            self.archive.settle()
            self.archive.clock.move(DAY_S / 48)
            self.archive.settle()
            self.archive.restart()


@pytest.fixture(params=PLACES)
def hour(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RestoredHour]:
    with a_kept_archive(tmp_path, [(MONITOR, REFERENCE)], HOUR + 100, request.param) as archive:
        restored = RestoredHour(archive, ColdTier(FolderStore(tmp_path / "cold", archive.clock), file_rows=20))
        for seed, name in enumerate(NAMES):
            archive.land(some(name, 20, seed=seed))
            archive.clock.move(60)
        yield restored


@pytest.mark.parametrize("labelled", [0, 20])
def test_nothing_is_revised_while_files_of_the_hour_are_away(hour: RestoredHour, labelled: int) -> None:
    hour.to_cold(labelled)
    before = hour.archive.stored()
    seen = []
    rows = 60 + labelled
    assert hour.restore(lambda: seen.append(hour.archive.stored())) == RestoredSpan(len(seen), rows, rows, labelled)
    assert seen == [before] * len(seen)
    hour.settle_later()
    assert hour.archive.stored() == before
    assert_as_raw(hour.archive)


@pytest.mark.parametrize(("files", "labelled"), [(1, 0), (2, 0), (4, 20)])
def test_an_interrupted_restoration_leaves_it_as_it_was_until_another_has_ended(
    hour: RestoredHour, files: int, labelled: int
) -> None:
    hour.to_cold(labelled)
    before = hour.archive.stored()

    def killed() -> None:
        if len(hour.is_told) == files:
            raise Crash

    with pytest.raises(Crash):
        hour.restore(killed)
    hour.archive.clock.move(2 * DAY_S)
    hour.settle_later()
    assert hour.archive.stored() == before
    hour.restore()
    hour.settle_later()
    assert hour.archive.stored() == before
    assert_as_raw(hour.archive)


@pytest.mark.parametrize("labelled", [0, 20])
def test_an_hour_of_which_a_file_is_wrong_stays_as_it_was_until_the_file_is_back(
    hour: RestoredHour, labelled: int
) -> None:
    """The rows that came first are back, so that they alone would pass for all of them."""
    hour.to_cold(labelled)
    before, store = hour.archive.stored(), hour.cold.store
    name = hour.archive.ledger.cold_files("credit", Kind.PREDICTIONS, Span(HOUR, HOUR + 1))[-1].name
    content = store.get(name)
    assert content is not None
    store.delete(name)
    assert [each.file.name for each in hour.restore().wrong] == [name]
    hour.settle_later()
    assert hour.archive.stored() == before
    store.put_if_absent(name, content)
    assert hour.restore().wrong == ()
    hour.settle_later()
    assert hour.archive.stored() == before
    assert_as_raw(hour.archive)


def test_labels_that_land_meanwhile_count_beside_those_that_come_back(hour: RestoredHour) -> None:
    """More of them than the profile had, so that their number alone would not tell that some are missing."""
    hour.to_cold()
    before = hour.archive.stored()

    def late() -> None:
        if len(hour.is_told) == 3:
            hour.archive.land(labels([f"{name}{row}" for name in "bc" for row in range(20)], hour.archive.clock.now()))
        assert hour.archive.stored() == before

    hour.restore(late)
    hour.settle_later()
    [profile] = [each for each in hour.archive.stored() if each.start == HOUR]
    assert (profile.revision, profile.rows, profile.labelled) == (2, 60, 60)
    assert_as_raw(hour.archive)


@pytest.mark.parametrize("labelled", [0, 20])
def test_predictions_that_land_meanwhile_count_once(hour: RestoredHour, labelled: int) -> None:
    hour.to_cold(labelled)
    before = hour.archive.stored()

    def late() -> None:
        assert hour.archive.stored() == before
        hour.archive.land(some(f"late{len(hour.is_told)}-", 5, seed=7))

    files = hour.restore(late).files
    hour.settle_later()
    [profile] = [each for each in hour.archive.stored() if each.start == HOUR]
    assert (profile.revision, profile.rows, profile.labelled) == (2, 60 + 5 * files, labelled)
    assert_as_raw(hour.archive)


def test_it_keeps_its_labels_where_their_files_stay_away(hour: RestoredHour) -> None:
    hour.to_cold()
    before = hour.archive.stored()
    assert hour.restore(labels_late_s=0).joined == 0
    hour.archive.land(labels([f"b{row}" for row in range(20)] + ["c0"], hour.archive.clock.now()))
    hour.settle_later()
    assert hour.archive.stored() == before
    hour.restore()
    hour.settle_later()
    [profile] = [each for each in hour.archive.stored() if each.start == HOUR]
    assert (profile.revision, profile.labelled) == (2, 41)
    assert_as_raw(hour.archive)


def test_it_keeps_its_labels_where_they_came_back_once_and_left_again(hour: RestoredHour) -> None:
    """More labels come late than it had, so that their number alone would not tell that some are missing."""
    hour.to_cold()
    hour.restore()
    for kind in (Kind.LABELS, Kind.PREDICTIONS):
        drop_the_day(hour.archive, kind)
    before, store = hour.archive.stored(), hour.cold.store
    for file in hour.archive.ledger.cold_files("credit", Kind.LABELS):
        store.delete(file.name)
    assert len(hour.restore().wrong) == 1
    hour.archive.land(labels([f"{name}{row}" for name in "bc" for row in range(20)], hour.archive.clock.now()))
    hour.settle_later()
    assert hour.archive.stored() == before


def test_a_window_without_a_profile_gets_its_first_when_it_is_whole(hour: RestoredHour) -> None:
    hour.to_cold()
    hour.archive.ledger.drop_profiles("credit", HOUR + 2 * DAY_S)
    seen = []
    hour.restore(lambda: seen.append(hour.archive.stored()))
    assert seen == [[]] * 4
    hour.settle_later()
    assert hour.archive.revisions() == {HOUR: 1}
    assert_as_raw(hour.archive)


@pytest.mark.parametrize("has_ended", [False, True])
def test_rows_that_were_read_while_a_restoration_began_are_not_summed_up(hour: RestoredHour, has_ended: bool) -> None:
    hour.to_cold()
    archive = hour.archive
    hour.restore()
    archive.land(some("late", 5, seed=7))
    archive.clock.move(DAY_S)

    class Raced:
        """Somebody restores the hour while its rows are read, once."""

        has_raced = False

        def __getattr__(self, name: str) -> Any:
            return getattr(archive.warm, name)

        def read_labelled(self, monitor: str, span: Span) -> Iterator[Any]:
            yield from archive.warm.read_labelled(monitor, span)
            if not self.has_raced:
                self.has_raced = True
                now = archive.clock.now()
                archive.ledger.audit(Pin("credit", Span(HOUR, HOUR + WINDOW_S), now + DAY_S).as_event(now, "anna"))
                if has_ended:
                    end = BroughtBack("credit", Span(HOUR, HOUR + WINDOW_S), float("inf"))
                    archive.ledger.audit(end.as_event(now, "anna"))

    warm: Any = Raced()
    archive.keeper = ProfileKeeper(warm, archive.ledger, archive.monitors)
    archive.settle()
    assert archive.revisions()[HOUR] == 1
    hour.restore()
    hour.settle_later()
    assert archive.revisions()[HOUR] == 2
    assert_as_raw(archive)
