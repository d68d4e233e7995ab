"""Verification finds what time, disks and people do to files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.tier import prove
from exporter.archive.cold.verify import (
    Verification,
    VerifiedFile,
    VerifiedState,
    find_orphans,
    remove_orphans,
    sample_files,
    verify,
)
from exporter.archive.ledger import ColdFile
from exporter.errors import CorruptEntry
from tests.support.archives import MONITOR, predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import World, a_world, some_keys


def filled(folder: Path, **cold: Any) -> World:
    """Four files of five rows; their objects are of the day of the clock."""
    world = a_world(folder, file_rows=5, **cold)
    for number in range(4):
        world.land(predictions([f"{number}-{row}" for row in range(5)], START_S))
    world.copy()
    return world


def verified(world: World) -> Verification:
    return verify(world.tiers, world.cold, world.ledger.cold_files(), lambda *_: None)


def first(world: World) -> ColdFile:
    return world.ledger.cold_files()[0]


def aged(folder: Path, name: str, seconds: float) -> None:
    os.utime(folder / "cold" / name, (START_S - seconds, START_S - seconds))


def test_files_that_are_right_are_told_so(tmp_path: Path) -> None:
    world = filled(tmp_path)
    found = verified(world)
    assert found.files == [VerifiedFile(file, VerifiedState.RIGHT) for file in world.ledger.cold_files()]
    assert (found.wrong, found.orphans) == ([], [])


def _rewrite(world: World, folder: Path, change: Callable[[bytes], bytes]) -> None:
    path = folder / "cold" / first(world).name
    path.write_bytes(change(path.read_bytes()))


def _note(world: World, **changes: Any) -> None:
    file = first(world)
    world.ledger.files[file.name] = replace(file, **changes)


def _flipped(content: bytes) -> bytes:
    return content[:99] + bytes([content[99] ^ 1]) + content[100:]


DAMAGE: dict[str, tuple[Callable[[World, Path], None], str]] = {
    "gone": (lambda world, folder: (folder / "cold" / first(world).name).unlink(), "but not in the store"),
    "a bit": (lambda world, folder: _rewrite(world, folder, _flipped), "has the SHA-256"),
    "cut off": (lambda world, folder: _rewrite(world, folder, lambda old: old[:-9]), "has the SHA-256"),
    "empty": (lambda world, folder: _rewrite(world, folder, lambda old: b""), "has the SHA-256"),
    "rows": (lambda world, folder: _note(world, rows=4), "holds 5 rows with the digest .*, the ledger says 4"),
    "digest": (lambda world, folder: _note(world, digest="f" * 32), "the ledger says 5 with f{32}"),
    "range": (lambda world, folder: _note(world, last_sequence=9), "holds entries 1 to 1 of .* the ledger says 1 to 9"),
    "origin": (lambda world, folder: _note(world, origin="x/0"), "of exporter-1/0, the ledger says 1 to 1 of x/0"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_described(tmp_path: Path, damage: str) -> None:
    world = filled(tmp_path)
    harm, words = DAMAGE[damage]
    harm(world, tmp_path)
    found = verified(world)
    [wrong] = found.wrong
    assert wrong.file == first(world)
    assert len(found.files) == 4
    with pytest.raises(CorruptEntry, match=words):
        raise CorruptEntry(wrong.detail)


def test_a_file_that_was_replaced_by_another_of_ours_is_found(tmp_path: Path) -> None:
    world = filled(tmp_path)
    one, other = world.ledger.cold_files()[:2]
    (tmp_path / "cold" / one.name).write_bytes((tmp_path / "cold" / other.name).read_bytes())
    assert [wrong.file for wrong in verified(world).wrong] == [one]
    with pytest.raises(CorruptEntry, match="the ledger says 5 with"):
        prove(world.cold.open_whole(replace(one, sha256=other.sha256)), one)


def test_bytes_that_are_no_parquet_are_found(tmp_path: Path) -> None:
    world = filled(tmp_path)
    name = first(world).name
    (tmp_path / "cold" / name).write_bytes(b"what")
    sha256 = "749ab2c0d06c42ae3b841b79e79875f02b3a042e43c92378cd28bd444c04d284"
    _note(world, sha256=sha256)
    [wrong] = verified(world).wrong
    assert "no file of the cold tier" in wrong.detail


def test_a_file_whose_key_was_removed_is_sealed_and_not_wrong(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    world = filled(tmp_path, keys=keys)
    assert {one.state for one in verified(world).files} == {VerifiedState.RIGHT}
    keys.remove(f"{MONITOR}/2025-06")
    found = verified(world)
    assert {one.state for one in found.files} == {VerifiedState.SEALED}
    assert found.wrong == []


def test_an_object_that_nobody_noted_is_an_orphan_once_it_is_a_day_old(tmp_path: Path) -> None:
    world = filled(tmp_path)
    name = first(world).name
    del world.ledger.files[name]
    aged(tmp_path, name, DAY_S - 60)
    assert find_orphans(world.tiers, world.cold) == []
    aged(tmp_path, name, DAY_S + 60)
    assert [orphan.name for orphan in verified(world).orphans] == [name]


def test_orphans_are_looked_for_below_a_monitor_and_from_a_time_on(tmp_path: Path) -> None:
    world = filled(tmp_path)
    file = first(world)
    del world.ledger.files[file.name]
    aged(tmp_path, file.name, 2 * DAY_S)
    end = file.hour + 3600
    found = [find_orphans(world.tiers, world.cold, since=since) for since in (end - 1, end)]
    assert [[orphan.name for orphan in each] for each in found] == [[file.name], []]
    assert [orphan.name for orphan in find_orphans(world.tiers, world.cold, MONITOR)] == [file.name]
    assert find_orphans(world.tiers, world.cold, "another") == []


def test_orphans_are_removed_and_noted_when_asked(tmp_path: Path) -> None:
    world = filled(tmp_path)
    name = first(world).name
    del world.ledger.files[name]
    aged(tmp_path, name, 2 * DAY_S)
    assert remove_orphans(world.tiers, world.cold, find_orphans(world.tiers, world.cold)) == 1
    assert name not in world.objects()
    assert world.ledger.actions() == ["archive.remove_orphan"]
    assert len(world.objects()) == 3


def test_an_orphan_that_was_noted_meanwhile_stays(tmp_path: Path) -> None:
    world = filled(tmp_path)
    file = first(world)
    del world.ledger.files[file.name]
    aged(tmp_path, file.name, 2 * DAY_S)
    orphans = find_orphans(world.tiers, world.cold)
    world.copy()
    assert remove_orphans(world.tiers, world.cold, orphans) == 0
    assert file.name in world.objects()


@pytest.mark.parametrize(("share", "count"), [(0.0, 1), (0.5, 2), (1.0, 4)])
def test_a_sample_is_a_share_of_the_files_in_their_order(tmp_path: Path, share: float, count: int) -> None:
    files = filled(tmp_path).ledger.cold_files()
    sample = sample_files(files, share, random.Random(1))
    assert len(sample) == count
    assert sample == [file for file in files if file in sample]
    assert sample_files([], share, random.Random(1)) == []


def test_everybody_is_told_of_each_file(tmp_path: Path) -> None:
    world, told = filled(tmp_path), []
    found = verify(world.tiers, world.cold, world.ledger.cold_files(), lambda *args: told.append(args))
    assert told == [(number, 4, one) for number, one in enumerate(found.files, 1)]
