"""`infranaut tiers backup`: monitors, references, settings and the ledger in one file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import click

from exporter.archive.address import masked
from exporter.archive.backup import write_backup
from exporter.archive.ledger import AuditEvent
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options, person
from exporter.errors import InvalidSettings


@click.command("backup")
@archive_options
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A file (.tar.gz), or a folder to write one into."
)
@click.option("--dry-run", is_flag=True, help="Print what would be in it, and write nothing.")
def command(access: ArchiveAccess, out: Path, dry_run: bool) -> None:
    """Writes monitors, references, settings without passwords, and the ledger (manifest, offsets, profiles, audit).

    With it and the cold tier everything that is cold can be read again after a loss of the database. Rows that are
    only warm are not in it, and neither are secrets: keep column keys and the key of pseudonyms apart.

    \b
    Examples:
      infranaut tiers backup --monitors monitors/ --out backups/
      infranaut tiers backup --monitors monitors/ --config infranaut.yaml --out infranaut.tar.gz
    """
    files = dict(_files(access))
    target = out / f"infranaut-{datetime.fromtimestamp(access.clock.now(), UTC):%Y%m%dT%H%M%SZ}.tar.gz"
    target = target if out.is_dir() else out
    with access.open(is_read_only=dry_run) as archive:
        if dry_run:
            for name, content in files.items():
                click.echo(f"{name}: {bytes_text(len(content))}")
            for name, table in archive.ledger.dump().items():
                click.echo(f"ledger/{name}.arrow: {count_text(table.num_rows, 'row')}")
            click.echo(f"{target} was not written")
            return
        archive.ledger.audit(AuditEvent(access.clock.now(), person(), "archive.backup", {"file": target.name}))
        manifest = write_backup(target, files, archive.ledger, access.clock)
    for table in manifest.tables:
        click.echo(f"{table.name}: {count_text(table.rows, 'row')}")
    click.echo(f"{target}: {count_text(len(manifest.files), 'file')}, {bytes_text(target.stat().st_size)}")


def _files(access: ArchiveAccess) -> Iterator[tuple[str, bytes]]:
    """Name in the backup, and content; a reference outside of its monitors' folder stands in `references`."""
    for loaded in access.loaded:
        folder = _folder_of(loaded.path, access.monitor_paths)
        paths = [loaded.path]
        if loaded.monitor.spec.reference is not None:
            paths.append(loaded.beside(loaded.monitor.spec.reference.document))
        for path in paths:
            if path.is_file():
                yield _name(path, folder), _content(path)
    if access.config is not None:
        yield "settings.yaml", masked(_content(access.config).decode("utf-8", "replace")).encode()


def _folder_of(path: Path, named: tuple[Path, ...]) -> Path:
    within = [folder for folder in named if folder.is_dir() and path.resolve().is_relative_to(folder.resolve())]
    return within[0] if within else path.parent


def _name(path: Path, folder: Path) -> str:
    relative = PurePosixPath(os.path.relpath(path.resolve(), folder.resolve()))
    return f"references/{path.name}" if ".." in relative.parts else f"monitors/{relative}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read: {error.strerror}") from error
