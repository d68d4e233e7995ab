"""What the lander does with spools on a real disk, and with a warm tier that fails in each way that one may."""

from __future__ import annotations

import errno
from itertools import pairwise
from pathlib import Path

import pytest

from exporter.archive.slot_landing import LandingBounds
from exporter.errors import DiskFailed, Fenced
from tests.simulation.bodies import ids_of, payload_of
from tests.support.landing_spools import LandedSpools
from tests.support.spools import OpenedSpool, small_limits


def a_spool(landed: LandedSpools, slot: str = "0", file_bytes: int = 4096) -> OpenedSpool:
    """The spool of a slot that has a writer in this exporter."""
    opened = OpenedSpool(landed.folder / slot, small_limits(file_bytes, 16 * 4096))
    landed.watermarks[slot] = opened.durable
    return opened


def bodies(first: int, last: int) -> list[bytes]:
    return [payload_of(number, 1) for number in range(first, last + 1)]


def ids(*numbers: int) -> set[str]:
    return {key for number in numbers for key in ids_of(number)}


def test_entries_land_in_groups_and_are_followed(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path, LandingBounds(entries=2))
    a_spool(landed).put(*bodies(1, 5))
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2, 3, 4, 5)
    assert [sequences for _, sequences in landed.world.committed] == [[1, 2], [3, 4], [5]]
    assert landed.followed == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("bounds", [LandingBounds(rows=4), LandingBounds(size_bytes=120)])
def test_a_group_ends_with_the_entry_that_makes_it_large(tmp_path: Path, bounds: LandingBounds) -> None:
    landed = LandedSpools(tmp_path, bounds)
    a_spool(landed).put(*bodies(1, 4))
    landed.lander.step()
    assert landed.world.committed[0][1] == [1, 2]


def test_only_what_is_durable_lands(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed)
    opened.put(*bodies(1, 3))
    opened.durable.set(2)
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2)


def test_landed_files_are_deleted(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed, file_bytes=256)
    for body in bodies(1, 10):
        opened.put(body)
    assert len(opened.files) > 3
    landed.land_all()
    assert len(opened.files) == 1
    assert landed.status.landed_sequence == landed.status.durable_sequence == 10


def test_folders_may_appear_at_any_time(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path / "not there yet")
    landed.land_all()
    a_spool(landed, "0").put(*bodies(1, 1))
    landed.land_all()
    a_spool(landed, "1").put(*bodies(2, 2))
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2)
    assert [origin.split("/")[:2] for origin in landed.lander.origins] == [["exporter", "0"], ["exporter", "1"]]


def test_a_spool_that_nobody_writes_to_any_more_lands_once_nobody_holds_it(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = OpenedSpool(tmp_path / "7")
    opened.put(*bodies(1, 2))
    landed.land_all()
    assert landed.archive.rows == {}
    opened.spool.close()
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2)


def test_a_tier_that_is_away_is_tried_again_ever_later(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path, LandingBounds(first_delay_s=1.0, longest_delay_s=8.0))
    a_spool(landed).put(*bodies(1, 1))
    landed.world.failing = {"claim"}
    tries = []
    for second in range(40):
        landed.lander.step()
        tries += [second] if landed.world.calls else []
        landed.world.calls.clear()
        landed.clock.move(1.0)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps[0] <= 2
    assert 4 <= gaps[-1] <= 8
    assert "the database is away" in str(landed.status.failure)
    landed.world.failing = set()
    landed.clock.move(8.0)
    landed.land_all()
    assert landed.status.failure is None
    assert landed.archive.rows.keys() == ids(1)


def test_a_clock_that_is_set_back_does_not_stop_the_lander(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 1))
    landed.world.failing = {"land"}
    landed.lander.step()
    landed.world.failing = set()
    landed.clock.move(-86_400.0)
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1)


def test_after_a_commit_that_nobody_heard_of_the_same_entries_are_landed_again(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed)
    opened.put(*bodies(1, 2))
    landed.world.failing = {"answer"}
    landed.lander.step()
    assert landed.status.oldest_at == 1.0
    landed.world.failing = set()
    opened.put(*bodies(3, 3))
    landed.clock.move(10.0)
    landed.land_all()
    assert [sequences for _, sequences in landed.world.committed] == [[1, 2], [], [3]]
    assert landed.archive.counted == len(ids(1, 2, 3))
    assert landed.status.oldest_at is None


def test_who_was_fenced_stops(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed)
    opened.put(*bodies(1, 1))
    landed.land_all()
    second = landed.start()
    opened.put(*bodies(2, 2))
    assert second.step()
    opened.put(*bodies(3, 3))
    with pytest.raises(Fenced):
        landed.lander.step()
    assert second.step()
    assert landed.archive.rows.keys() == ids(1, 2, 3)


def test_an_entry_that_the_tier_refuses_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 5))
    landed.archive.poisoned = {3}
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2, 4, 5)
    assert landed.lander.set_aside == 1
    [kept] = (tmp_path / "0" / "quarantine").iterdir()
    assert kept.name.endswith("-0000000000000003.entry")
    assert kept.read_bytes() == payload_of(3, 1)


def test_an_entry_that_cannot_be_decoded_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 1), b"no body", *bodies(2, 2))
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2)
    [kept] = (tmp_path / "0" / "quarantine").iterdir()
    assert kept.read_bytes() == b"no body"


def test_what_was_set_aside_is_not_looked_at_again(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 2))
    landed.archive.poisoned = {2}
    landed.land_all()
    landed.lander = landed.start()
    landed.land_all()
    assert (landed.lander.set_aside, landed.lander.missing) == (0, 0)
    assert landed.status.landed_sequence == 2


def test_a_full_disk_keeps_the_file_of_a_refused_entry(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed)
    opened.put(*bodies(1, 2))
    landed.archive.poisoned = {1}
    landed.lander.step()
    [kept] = (tmp_path / "0" / "quarantine").iterdir()
    kept.unlink()
    opened.put(*bodies(3, 4))
    landed.archive.poisoned = {3}
    landed.disk.errors["create"] = errno.ENOSPC
    landed.land_all()
    assert landed.archive.rows.keys() == ids(2, 4)
    [kept] = (tmp_path / "0" / "quarantine").iterdir()
    assert kept.name.endswith("-0000000000000003.file")
    assert kept.samefile(tmp_path / "0" / opened.files[0])


def test_nothing_is_landed_past_an_entry_that_could_not_be_set_aside(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 2))
    landed.archive.poisoned = {1}
    landed.disk.errors["sync"] = errno.EIO
    with pytest.raises(DiskFailed):
        landed.lander.step()
    assert landed.archive.rows == {}


def test_a_file_that_cannot_be_read_for_now_is_read_later(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path)
    a_spool(landed).put(*bodies(1, 1))
    landed.disk.errors["read"] = errno.EMFILE
    assert not landed.lander.step()
    assert "EMFILE" in str(landed.status.failure)
    landed.disk.errors.clear()
    landed.clock.move(60.0)
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1)


def test_a_folder_that_was_thrown_away_begins_as_another_origin(tmp_path: Path) -> None:
    landed = LandedSpools(tmp_path / "spools")
    opened = a_spool(landed)
    opened.put(*bodies(1, 3))
    landed.land_all()
    opened.spool.close()
    (tmp_path / "spools").rename(tmp_path / "elsewhere")
    landed.lander = landed.start()
    a_spool(landed).put(*bodies(4, 5))
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2, 3, 4, 5)
    assert len({origin for origin, _ in landed.world.committed}) == 2


def test_a_folder_that_ends_before_what_has_landed_becomes_another_origin(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    landed = LandedSpools(tmp_path)
    opened = a_spool(landed)
    opened.put(*bodies(1, 3))
    landed.land_all()
    opened.spool.close()
    for name in opened.files:
        (tmp_path / "0" / name).unlink()
    landed.lander = landed.start()
    a_spool(landed).put(*bodies(4, 5))
    landed.land_all()
    assert landed.archive.rows.keys() == ids(1, 2, 3, 4, 5)
    assert "all that it holds lands again, under a new origin" in caplog.text
