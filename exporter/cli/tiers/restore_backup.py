"""`infranaut tiers restore-backup`: an empty database and an empty folder, filled from a backup."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import click

from exporter.archive.backup import Backup, read_backup, restore_ledger
from exporter.archive.ledger import AuditEvent
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options, person
from exporter.errors import InvalidSettings


@click.command("restore-backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@archive_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A new folder for monitors and settings.")
@click.option("--dry-run", is_flag=True, help="Prove the backup, print what is in it, and change nothing.")
def command(access: ArchiveAccess, file: Path, out: Path | None, dry_run: bool) -> None:
    """Fills the empty database that the settings name from FILE, and proves it equal by digest.

    A database that holds anything is refused. Afterwards `infranaut tiers verify` and `infranaut query` work on it,
    with the cold tier that the settings name.

    \b
    Examples:
      infranaut tiers restore-backup infranaut.tar.gz --dry-run
      infranaut tiers restore-backup infranaut.tar.gz --config infranaut.yaml --out restored/
    """
    backup = read_backup(file)
    click.echo(f"{file}: of {backup.manifest.created_at}, by version {backup.manifest.version}; every file is right")
    for table in backup.manifest.tables:
        click.echo(f"{table.name}: {count_text(table.rows, 'row')}")
    if dry_run:
        for name, content in backup.files.items():
            click.echo(f"{name}: {bytes_text(len(content))}")
        click.echo("nothing was done")
        return
    _require_free(out)
    access.state.mkdir(parents=True, exist_ok=True)
    with access.open() as archive:
        if archive.warm.hours():
            raise InvalidSettings("the database holds rows; a backup is restored into an empty one only")
        part = None if out is None else _write(out, backup.files)
        try:
            restore_ledger(backup, archive.ledger)
        except BaseException:
            if part is not None:
                shutil.rmtree(part, ignore_errors=True)
            raise
        detail = {"file": file.name, "created_at": backup.manifest.created_at}
        archive.ledger.audit(AuditEvent(access.clock.now(), person(), "archive.restore_backup", detail))
    _finish(out, part, backup)


def _finish(out: Path | None, part: Path | None, backup: Backup) -> None:
    if out is not None and part is not None:
        part.replace(out)
        click.echo(f"{out}: {count_text(len(backup.files), 'file')}")
    click.echo("restored, and equal by digest; `infranaut tiers verify` proves the cold files too")


def _require_free(out: Path | None) -> None:
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidSettings(f"--out {out}: is there already; name a new folder")


def _write(out: Path, files: Mapping[str, bytes]) -> Path:
    """The files in a folder beside the one that is asked for, which takes its name in the end."""
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        for name, content in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise InvalidSettings(f"--out {out}: cannot be written: {error.strerror}") from error
    return part
