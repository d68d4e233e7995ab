"""How much waits in the spools is told by looking at them, whoever writes to them or lands them."""

from __future__ import annotations

from pathlib import Path

from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.frame import FRAME_HEADER_BYTES
from exporter.archive.spool.identity import known_identity
from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.stored_entry import StoredEntry
from exporter.archive.spool.waiting import WaitingEntries, waiting_entries
from tests.support.spools import OpenedSpool, small_limits

PAYLOAD = b"x" * 100
FRAME_BYTES = FRAME_HEADER_BYTES + len(PAYLOAD)


def a_spool(spools: Path, slot: str = "0", entries: int = 10) -> OpenedSpool:
    """Over several files, and still being written."""
    opened = OpenedSpool(spools / slot, small_limits(512))
    for _ in range(entries):
        opened.put(PAYLOAD)
    return opened


def origin_of(spools: Path, slot: str = "0") -> str:
    return f"exporter/{slot}/{known_identity(LocalDisk(), spools / slot)}"


def waiting(spools: Path, **landed: int) -> WaitingEntries:
    """`landed`: by slot, the last sequence that has landed."""
    offsets = {origin_of(spools, slot.removeprefix("slot_")): last + 1 for slot, last in landed.items()}
    return waiting_entries(LocalDisk(), spools, {**offsets, "exporter/0/somebody-else": 1000})


def test_what_has_landed_does_not_wait(tmp_path: Path) -> None:
    assert len(a_spool(tmp_path).files) > 2
    for last in range(11):
        assert waiting(tmp_path, slot_0=last) == WaitingEntries(10 - last, (10 - last) * FRAME_BYTES)


def test_all_spools_count_and_one_that_never_landed_waits_as_a_whole(tmp_path: Path) -> None:
    a_spool(tmp_path, "0"), a_spool(tmp_path, "1", entries=4)
    assert waiting(tmp_path, slot_0=9).entries == 1 + 4
    assert waiting(tmp_path / "not there") == WaitingEntries(0, 0)


def test_what_was_set_aside_does_not_wait(tmp_path: Path) -> None:
    opened = a_spool(tmp_path)
    identity = known_identity(LocalDisk(), tmp_path / "0") or ""
    Quarantine(LocalDisk(), tmp_path / "0").keep_entry(identity, StoredEntry(7, PAYLOAD, opened.files[-1]), epoch=1)
    assert waiting(tmp_path, slot_0=3).entries == 3


def test_a_damaged_entry_hides_nothing_behind_it(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path / "0")
    opened.put(*[PAYLOAD] * 5)
    path = opened.directory / opened.files[0]
    content = bytearray(path.read_bytes())
    content[content.index(PAYLOAD) + FRAME_BYTES] ^= 1
    path.write_bytes(content)
    assert waiting(tmp_path, slot_0=0).entries == 4


def test_a_file_without_a_header_holds_nothing_that_can_be_told(tmp_path: Path) -> None:
    opened = a_spool(tmp_path, entries=1)
    (opened.directory / opened.files[0]).write_bytes(bytes(512))
    assert waiting(tmp_path, slot_0=0) == WaitingEntries(0, 0)
