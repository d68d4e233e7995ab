"""A backup proves itself, and a restored ledger is proven equal to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from exporter.archive.backup import BackupManifest, read_backup, restore_ledger, write_backup
from exporter.archive.ledger import AuditEvent, Ledger
from exporter.errors import CorruptEntry, InvalidSettings
from tests.support.clocks import MovedClock
from tests.support.warm_places import PLACES


def filled(ledger: Ledger) -> Ledger:
    for number in range(3):
        ledger.audit(AuditEvent(float(number), "a person", "test", {"number": str(number)}))
    return ledger


class _Forgetful:
    """A ledger that loses a row when it is filled."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        self._ledger.load({**tables, "audit": tables["audit"].slice(1)})

    def dump(self) -> Mapping[str, pa.Table]:
        return self._ledger.dump()


@pytest.mark.parametrize("kind", PLACES)
def test_what_was_restored_is_dumped_again_as_it_was(kind: str, tmp_path: Path) -> None:
    with PLACES[kind](tmp_path / "one") as one, PLACES[kind](tmp_path / "two") as two:
        write_backup(tmp_path / "backup.tar.gz", {"a": b"b"}, filled(one.ledger()), MovedClock())
        backup = read_backup(tmp_path / "backup.tar.gz")
        assert backup.files == {"a": b"b"}
        restored = two.ledger()
        restore_ledger(backup, restored)
        assert {name: table.to_pylist() for name, table in restored.dump().items()} == {
            name: table.to_pylist() for name, table in one.ledger().dump().items()
        }


@pytest.mark.parametrize("kind", PLACES)
def test_a_ledger_that_lost_a_row_is_noticed(kind: str, tmp_path: Path) -> None:
    with PLACES[kind](tmp_path / "one") as one, PLACES[kind](tmp_path / "two") as two:
        write_backup(tmp_path / "backup.tar.gz", {}, filled(one.ledger()), MovedClock())
        with pytest.raises(CorruptEntry, match=r"the restored ledger: audit has 2 rows .*, not 3"):
            restore_ledger(read_backup(tmp_path / "backup.tar.gz"), _Forgetful(two.ledger()))  # type: ignore[arg-type]  # all that is called


@pytest.mark.parametrize(("before", "after"), [("embedded", "postgres"), ("postgres", "embedded")])
def test_a_backup_of_one_database_is_restored_into_another_kind(before: str, after: str, tmp_path: Path) -> None:
    with PLACES[before](tmp_path / "one") as one, PLACES[after](tmp_path / "two") as two:
        write_backup(tmp_path / "backup.tar.gz", {}, filled(one.ledger()), MovedClock())
        restore_ledger(read_backup(tmp_path / "backup.tar.gz"), two.ledger())
        assert len(two.ledger().dump()["audit"]) == 3


def test_a_backup_of_a_later_format_is_refused_with_the_version_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.archive.backup.FORMAT", 2)
    with PLACES["embedded"](tmp_path) as place:
        manifest = write_backup(tmp_path / "backup.tar.gz", {}, place.ledger(), MovedClock())
    monkeypatch.undo()
    assert msgspec.json.decode(msgspec.json.encode(manifest), type=BackupManifest) == manifest
    with pytest.raises(InvalidSettings, match=r"its format is 2, this version reads 1; use infranaut \d"):
        read_backup(tmp_path / "backup.tar.gz")
