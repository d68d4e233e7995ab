"""`infranaut tiers backup` and `restore-backup`: what is cold is read again with a database that was empty."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.cli.archive_access import person
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, EVER, predictions
from tests.support.postgres import database

COUNT = "SELECT count(*), count(DISTINCT id) FROM credit"


def fill(place: ArchivePlace) -> None:
    place.state.land(
        predictions(["a", "b"], [TODAY_S - 40 * DAY_S, TODAY_S - 39 * DAY_S], age=1.0),
        predictions(["c"], TODAY_S - 38 * DAY_S, region=["north"]),
    )
    assert place.run("tiers", "move").exit_code == 0


def back_up(place: ArchivePlace, out: Path, *more: str) -> Result:
    result = place.run("tiers", "backup", "--out", str(out), *more)
    assert result.exit_code == 0, result.exception
    return result


@pytest.fixture
def empty(place: ArchivePlace) -> Iterator[list[str]]:
    """The options of the same cold tier with another, empty database."""
    folder = place.folder / "elsewhere"
    folder.mkdir()
    cold = place.state.configuration.cold
    url = cold.url or str(place.folder / "state" / "cold")
    options = ", ".join(f"{name}: '{value}'" for name, value in cold.options.items())
    config = folder / "infranaut.yaml"
    settings = f"archive:\n  cold: {{url: '{url}', options: {{{options}}}}}\n"
    arguments = ["--state", str(folder / "state"), "--config", str(config)]
    if place.state.configuration.warm.url is None:
        config.write_text(settings)
        yield arguments
    else:
        with database() as url:
            config.write_text(f"{settings}  warm: {{url: '{url}'}}\n")
            yield arguments


def run(*arguments: str) -> Result:
    return CliRunner().invoke(infranaut, [*arguments])


def test_a_restore_into_an_empty_database_is_equal_and_works(
    place: ArchivePlace, empty: list[str], tmp_path: Path
) -> None:
    fill(place)
    out = tmp_path / "backup.tar.gz"
    assert "cold_files: 3 rows\n" in back_up(place, out).stdout
    restored = run("tiers", "restore-backup", str(out), *empty, "--out", str(tmp_path / "restored"))
    assert restored.exit_code == 0, restored.exception
    assert "restored, and equal by digest" in restored.stdout
    assert run("tiers", "verify", *empty).stdout.startswith("3 of 3 files right: 3 rows")
    assert run("query", COUNT, *empty).stdout.splitlines()[1] == "3,3"
    original = (place.monitors / "credit.yaml").read_bytes()
    assert (tmp_path / "restored" / "monitors" / "credit.yaml").read_bytes() == original
    again = run("tiers", "restore-backup", str(out), *empty)
    assert again.exit_code == 1
    assert "empty" in str(again.exception)


def test_a_backup_goes_into_a_folder_under_a_name_of_its_own_and_stands_in_the_audit(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    backups = tmp_path / "kept" / "backups"
    dry = back_up(place, backups, "--dry-run")
    assert "monitors/credit.yaml: " in dry.stdout
    assert not backups.exists()
    back_up(place, backups)
    assert [path.name.startswith("infranaut-") for path in backups.iterdir()] == [True]
    with place.state.open() as archive:
        event = archive.ledger.audit_events(EVER)[-1]
    assert (event.action, event.actor) == ("archive.backup", person())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    (tmp_path / "backups").write_text("a file")
    refused = place.run("tiers", "backup", "--out", str(tmp_path / "backups"))
    assert str(refused.exception) == f"--out {tmp_path / 'backups'}: no folder can be made there: File exists"


def test_json_tells_what_is_in_it(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    out = tmp_path / "backup.tar.gz"
    planned = json.loads(back_up(place, out, "--dry-run", "--json").stdout)
    assert (planned["path"], planned["dry_run"], planned["size_bytes"]) == (str(out), True, None)
    done = json.loads(back_up(place, out, "--json").stdout)
    assert (done["dry_run"], done["size_bytes"]) == (False, out.stat().st_size)
    assert done["files"] == planned["files"] == {
        "monitors/credit.yaml": (place.monitors / "credit.yaml").stat().st_size,
        "settings.yaml": len("{}"),
    }  # fmt: skip
    assert done["tables"]["cold_files"] == planned["tables"]["cold_files"] == 3


def test_references_are_in_it_and_passwords_are_not(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path, "archive:\n  hot: {url: 'redis://:opensesame@127.0.0.1:1/0'}\n")
    monitor = place.monitors / "credit.yaml"
    monitor.write_text(monitor.read_text() + "  reference: {path: reference/credit.parquet}\n")
    (place.monitors / "reference").mkdir()
    (place.monitors / "reference" / "credit.reference.json").write_text("{}")
    (tmp_path / "state").mkdir()
    out = tmp_path / "backup.tar.gz"
    back_up(place, out)
    with tarfile.open(out) as archive:
        names = archive.getnames()
        contents = [archive.extractfile(name) for name in names]
        text = b"".join(content.read() for content in contents if content is not None)
    assert {"manifest.json", "monitors/credit.yaml", "monitors/reference/credit.reference.json", "settings.yaml"} <= {
        *names
    }
    assert b"opensesame" not in text
    assert b"redis://:***@127.0.0.1:1/0" in text


def test_a_dry_run_proves_it_and_changes_nothing(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    out = tmp_path / "backup.tar.gz"
    back_up(place, out)
    dry = run("tiers", "restore-backup", str(out), "--state", str(tmp_path / "new"), "--dry-run")
    assert dry.stdout.endswith("nothing was done\n")
    assert "every file is right" in dry.stdout
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    back_up(place, tmp_path / "backup.tar.gz")
    arguments = ("tiers", "restore-backup", str(tmp_path / "backup.tar.gz"), "--state", str(tmp_path / "new"))
    refused = run(*arguments, "--out", str(place.monitors))
    assert "is there already" in str(refused.exception)
    assert not (tmp_path / "new").exists()


def test_a_database_that_holds_rows_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    back_up(place, tmp_path / "backup.tar.gz")
    place.state.land(predictions(["d"], TODAY_S))
    refused = place.run("tiers", "restore-backup", str(tmp_path / "backup.tar.gz"), "--out", str(tmp_path / "out"))
    assert "holds rows" in str(refused.exception)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / ".out.part").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content[: len(content) // 2], "no whole backup"),
        (lambda _: b"not an archive", "no whole backup"),
        (lambda content: repacked(content, {"monitors/credit.yaml": b"other"}), "is not what the manifest says"),
        (lambda content: repacked(content, {"more": b"x"}), "more is in it and should not be"),
        (lambda content: repacked(content, {"../outside": b"x"}), "should not be in it"),
        (lambda content: repacked(content, {"monitors/credit.yaml": None}), "should be in it and is not"),
        (lambda content: repacked(content, {"manifest.json": None}), "no readable manifest.json"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_done(
    change: object, words: str, tmp_path: Path
) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    out = tmp_path / "backup.tar.gz"
    back_up(place, out)
    assert callable(change)
    out.write_bytes(change(out.read_bytes()))
    refused = run("tiers", "restore-backup", str(out), "--state", str(tmp_path / "new"))
    assert refused.exit_code == 1
    assert words in str(refused.exception)
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "there is no such file" in str(run("tiers", "restore-backup", str(tmp_path / "nothing")).exception)
    place = ArchivePlace(tmp_path)
    (tmp_path / "state").mkdir()
    unwritable = place.run("tiers", "backup", "--out", str(tmp_path / "no" / "folder.tar.gz"))
    assert "cannot be written: No such file or directory" in str(unwritable.exception)


def repacked(content: bytes, changes: dict[str, bytes | None]) -> bytes:
    """The same archive with other files; None leaves one out."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        streams = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        files: dict[str, bytes | None] = {name: stream.read() for name, stream in streams.items() if stream}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, found in (files | changes).items():
            if found is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(found)
                archive.addfile(entry, io.BytesIO(found))
    return out.getvalue()
