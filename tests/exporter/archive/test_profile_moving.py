"""Profiles move to the cold store day by day, once, and are found there again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.tier import ColdTier
from exporter.archive.cold.verify import find_orphans
from exporter.archive.ledger import Ledger, Measurement, StoredProfile
from exporter.archive.profile_files import PREFIX, is_profile_file, profile_files, put_profiles, read_profiles
from exporter.archive.profile_moving import ProfileMover
from exporter.archive.profiles import ProfiledMonitor
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry
from exporter.monitor.spec import Monitor
from tests.support.archives import DAY_S, EVER, HOUR_S
from tests.support.batches import a_monitor
from tests.support.clocks import MovedClock
from tests.support.profile_keepers import DyingLedger, Killed

DAY = 1_749_945_600
"""2025-06-15T00:00:00Z"""
WARM_S, COLD_S = 30 * DAY_S, 365 * DAY_S


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    warm, opened = open_embedded(tmp_path / "warm", MovedClock())
    warm.migrate()
    yield opened
    warm.close()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "cold", MovedClock())


def the_monitor() -> Monitor:
    document = a_monitor().model_dump(mode="json")
    document["spec"]["retention"] = {"hot": "1h", "warm": "30d", "cold": "1y"}
    return Monitor.model_validate(document)


def a_mover(ledger: Any, store: FolderStore | None) -> ProfileMover:
    return ProfileMover(ledger, store, [ProfiledMonitor(the_monitor(), None)])


def a_profile(start: int, version: str = "1", rows: int = 10, revision: int = 1) -> StoredProfile:
    payload = f"{start} {version} {rows}".encode()
    return StoredProfile("credit", version, "", start, start + HOUR_S, revision, rows, 0, payload)


def fill(ledger: Ledger, days: int) -> list[StoredProfile]:
    """Two windows of two versions on each day."""
    profiles = []
    for start in (DAY + day * DAY_S + hour * HOUR_S for day in range(days) for hour in (0, 23)):
        of_window = [a_profile(start, version) for version in ("1", "2")]
        assert ledger.put_profiles(of_window, replaces=0)
        profiles += of_window
    return profiles


def settle(mover: ProfileMover, now: float) -> int:
    steps = 0
    while mover.step(now):
        steps += 1
    return steps


def test_days_move_once_they_are_older_than_the_warm_tier(ledger: Ledger, store: FolderStore) -> None:
    profiles = fill(ledger, 3)
    mover = a_mover(ledger, store)
    assert settle(mover, DAY + DAY_S + WARM_S - 1) == 0
    assert settle(mover, DAY + 2 * DAY_S + WARM_S) == 2
    assert list(read_profiles(store, "credit", EVER)) == profiles[:8]
    assert list(ledger.profiles("credit", EVER)) == profiles[8:]
    assert settle(mover, DAY + 3 * DAY_S + WARM_S) == 1
    assert list(read_profiles(store, "credit", EVER)) == profiles
    assert len(list(profile_files(store, "credit"))) == 3


def test_measurements_go_with_the_profiles_that_they_were_made_on(ledger: Ledger, store: FolderStore) -> None:
    fill(ledger, 1)
    ledger.put_measurements([Measurement("credit", "1", "", "age", "drift_psi", DAY, DAY + HOUR_S, 1, 0.1, 10)])
    settle(a_mover(ledger, store), DAY + DAY_S + WARM_S)
    assert ledger.measurements("credit", EVER) == []


def test_without_a_cold_tier_profiles_end_with_the_warm_one(ledger: Ledger) -> None:
    fill(ledger, 1)
    assert settle(a_mover(ledger, None), DAY + DAY_S + WARM_S) == 1
    assert ledger.profiles("credit", EVER) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["elect", "profiles", "drop_profiles"])
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    ledger: Ledger, store: FolderStore, call: str, when: str
) -> None:
    profiles = fill(ledger, 2)
    now = DAY + 2 * DAY_S + WARM_S
    with pytest.raises(Killed):
        settle(a_mover(DyingLedger(ledger, call, when), store), now)
    settle(a_mover(ledger, store), now)
    assert list(read_profiles(store, "credit", EVER)) == profiles
    assert ledger.profiles("credit", EVER) == []
    assert len(list(profile_files(store, "credit"))) == 2


def test_files_are_deleted_after_the_retention_of_the_cold_tier(ledger: Ledger, store: FolderStore) -> None:
    profiles = fill(ledger, 2)
    mover = a_mover(ledger, store)
    settle(mover, DAY + 2 * DAY_S + WARM_S)
    settle(mover, DAY + DAY_S + COLD_S - 1)
    assert list(read_profiles(store, "credit", EVER)) == profiles
    settle(mover, DAY + DAY_S + COLD_S + DAY_S - 1)
    assert list(read_profiles(store, "credit", EVER)) == profiles[4:]


def test_only_what_a_span_asks_for_is_read(ledger: Ledger, store: FolderStore) -> None:
    profiles = fill(ledger, 3)
    settle(a_mover(ledger, store), DAY + 3 * DAY_S + WARM_S)
    wanted = Span(DAY + 23 * HOUR_S, DAY + DAY_S + 1)
    assert list(read_profiles(store, "credit", wanted)) == profiles[2:6]
    assert list(read_profiles(store, "another", EVER)) == []


def test_of_two_files_of_a_day_the_more_complete_profile_counts(store: FolderStore) -> None:
    put_profiles(store, [a_profile(DAY, rows=10, revision=3), a_profile(DAY + HOUR_S, rows=5)])
    put_profiles(store, [a_profile(DAY, rows=12), a_profile(DAY + HOUR_S, rows=4), a_profile(DAY + 2 * HOUR_S, rows=1)])
    assert [profile.rows for profile in read_profiles(store, "credit", EVER)] == [12, 5, 1]


def test_a_file_that_was_changed_is_refused(store: FolderStore, tmp_path: Path) -> None:
    name = put_profiles(store, [a_profile(DAY)])
    path = tmp_path / "cold" / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptEntry, match="not what was written"):
        list(read_profiles(store, "credit", EVER))


def test_what_does_not_belong_there_is_told(store: FolderStore) -> None:
    store.put_if_absent(f"{PREFIX}/credit/notes.txt", b"x")
    with pytest.raises(CorruptEntry, match=r"notes\.txt"):
        list(profile_files(store, "credit"))


def test_files_of_profiles_are_no_orphans(tmp_path: Path, store: FolderStore) -> None:
    warm, ledger = open_embedded(tmp_path / "warm", MovedClock())
    warm.migrate()
    put_profiles(store, [a_profile(DAY)])
    store.put_if_absent("credit/predictions/unknown.parquet", b"x")
    cold = ColdTier(store)
    orphans = find_orphans(Tiers(warm, ledger, cold, MovedClock(1e11)), cold)
    assert [orphan.name for orphan in orphans] == ["credit/predictions/unknown.parquet"]
    warm.close()


def test_files_of_profiles_are_known_by_their_name(store: FolderStore) -> None:
    assert is_profile_file(put_profiles(store, [a_profile(DAY)]))
    assert not is_profile_file("credit/predictions/2025-06-15T00/a/1.parquet")
