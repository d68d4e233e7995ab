"""`infranaut tiers backup`: monitors, references, settings and the ledger in one file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import click
import msgspec

from exporter.archive.address import masked
from exporter.archive.backup import write_backup
from exporter.archive.ledger import AuditEvent
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options, person
from exporter.cli.tiers.work import show_json, show_lines
from exporter.errors import InvalidSettings


class BackupReport(msgspec.Struct, frozen=True):
    """What `--json` prints; files: name → bytes, tables of the ledger: name → rows; size_bytes: null with --dry-run."""

    path: str
    dry_run: bool
    size_bytes: int | None
    files: dict[str, int]
    tables: dict[str, int]


@click.command("backup")
@archive_options
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A file (.tar.gz, .tgz), or a folder for one."
)
@click.option("--dry-run", is_flag=True, help="Print what would be in it, and write nothing.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(access: ArchiveAccess, out: Path, dry_run: bool, is_json: bool) -> None:
    """Writes monitors, references, settings without passwords, and the ledger (manifest, offsets, profiles, audit).

    With it and the cold tier everything that is cold can be read again after a loss of the database. Rows that are
    only warm are not in it, and neither are secrets: keep column keys and the key of pseudonyms apart.

    \b
    Examples:
      infranaut tiers backup --monitors monitors/ --out backups/
      infranaut tiers backup --monitors monitors/ --config infranaut.yaml --out infranaut.tar.gz
      infranaut tiers backup --monitors monitors/ --out backups/ --json
    """
    files = dict(_files(access))
    target = _target(out, access.clock.now())
    sizes = {name: len(content) for name, content in files.items()}
    with access.open(is_read_only=dry_run) as archive:
        if dry_run:
            tables = {name: table.num_rows for name, table in archive.ledger.dump().items()}
            _print(BackupReport(str(target), True, None, sizes, tables), is_json=is_json)
            return
        if target != out:
            _make_folder(out)
        archive.ledger.audit(AuditEvent(access.clock.now(), person(), "archive.backup", {"file": target.name}))
        manifest = write_backup(target, files, archive.ledger, access.clock)
    tables = {table.name: table.rows for table in manifest.tables}
    _print(BackupReport(str(target), False, target.stat().st_size, sizes, tables), is_json=is_json)


def _target(out: Path, now: float) -> Path:
    if out.name.endswith((".gz", ".tgz")) and not out.is_dir():
        return out
    return out / f"infranaut-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}.tar.gz"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSettings(f"--out {folder}: no folder can be made there: {error.strerror}") from error


def _print(report: BackupReport, *, is_json: bool) -> None:
    if is_json:
        show_json(report)
    elif report.size_bytes is None:
        show_lines(f"{name}: {bytes_text(size)}" for name, size in report.files.items())
        show_lines(f"ledger/{name}.arrow: {count_text(rows, 'row')}" for name, rows in report.tables.items())
        click.echo(f"{report.path} was not written")
    else:
        show_lines(f"{name}: {count_text(rows, 'row')}" for name, rows in report.tables.items())
        count = count_text(len(report.files) + len(report.tables), "file")
        click.echo(f"{report.path}: {count}, {bytes_text(report.size_bytes)}")


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
