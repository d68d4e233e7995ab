"""A backup: all that is needed to use the cold tier again with an empty database, in one file that proves itself.

    manifest.json       what is in it: the SHA-256 of every file, and of the ledger's tables rows and digest
    ledger/NAME.arrow   the ledger: manifest of the cold tier, offsets, profiles, measurements, audit
    monitors/…          monitors and their references;  settings.yaml: the settings, without passwords

Rows are not in it: those that are cold stay in the cold tier, which the restored ledger knows again.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import msgspec
import pyarrow as pa

from exporter import __version__
from exporter.archive.digest import digest_of
from exporter.archive.ledger import Ledger
from exporter.clock import Clock
from exporter.errors import CorruptEntry, InvalidSettings

FORMAT = 1

_MANIFEST = "manifest.json"
_LEDGER = "ledger/"
_SUFFIX = ".arrow"
_JSON_COLUMN = "detail"


class BackedUpFile(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    size_bytes: int
    sha256: str


class BackedUpTable(msgspec.Struct, frozen=True):
    """One table of the ledger: its rows, and their digest (`exporter.archive.digest`)."""

    name: str
    rows: int
    digest: str


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; `version` of the program that wrote it."""

    format: int
    version: str
    created_at: str
    files: tuple[BackedUpFile, ...]
    tables: tuple[BackedUpTable, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was read and proven. `files` without the ledger's, by name."""

    manifest: BackupManifest
    files: Mapping[str, bytes]
    tables: Mapping[str, pa.Table]


def write_backup(out: Path, files: Mapping[str, bytes], ledger: Ledger, clock: Clock) -> BackupManifest:
    """Writes it as a whole or not at all, flushed to disk; what stood there before is replaced."""
    tables = ledger.dump()
    contents = dict(files) | {f"{_LEDGER}{name}{_SUFFIX}": _encoded(table) for name, table in tables.items()}
    manifest = BackupManifest(
        FORMAT,
        __version__,
        datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds"),
        tuple(BackedUpFile(name, len(content), _sha256(content)) for name, content in contents.items()),
        tuple(_described(name, table) for name, table in tables.items()),
    )
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz") as archive:
                _add(archive, _MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2), clock.now())
                for name, content in contents.items():
                    _add(archive, name, content, clock.now())
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(out)
    except OSError as error:
        raise InvalidSettings(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def read_backup(path: Path) -> Backup:
    """Reads it and proves every file and table; CorruptEntry when it is no backup, or not whole."""
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            contents = dict(_members(archive))
    except FileNotFoundError as error:
        raise InvalidSettings(f"{path}: there is no such file") from error
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise CorruptEntry(f"{path}: this is no whole backup: {error}") from error
    manifest = _manifest_of(path, contents)
    _prove_files(path, manifest, contents)
    tables = {entry.name: _decoded(path, contents.pop(f"{_LEDGER}{entry.name}{_SUFFIX}")) for entry in manifest.tables}
    _require_equal(f"{path}: the ledger in it", manifest, tables)
    return Backup(manifest, contents, tables)


def restore_ledger(backup: Backup, ledger: Ledger) -> None:
    """Fills an empty ledger and proves it equal by digest; InvalidSettings when it is not empty."""
    ledger.load(backup.tables)
    _require_equal("the restored ledger", backup.manifest, ledger.dump())


def _manifest_of(path: Path, contents: dict[str, bytes]) -> BackupManifest:
    try:
        manifest = msgspec.json.decode(contents.pop(_MANIFEST), type=BackupManifest)
    except (KeyError, msgspec.MsgspecError) as error:
        raise CorruptEntry(f"{path}: this is no backup: it has no readable {_MANIFEST}") from error
    if manifest.format != FORMAT:
        message = f"{path}: its format is {manifest.format}, this version reads {FORMAT}; use infranaut"
        raise InvalidSettings(f"{message} {manifest.version}")
    return manifest


def _prove_files(path: Path, manifest: BackupManifest, contents: Mapping[str, bytes]) -> None:
    expected = {file.name: file for file in manifest.files}
    if missing := sorted(expected.keys() - contents.keys()):
        raise CorruptEntry(f"{path}: {', '.join(missing)} should be in it and is not")
    if unknown := sorted(contents.keys() - expected.keys()):
        raise CorruptEntry(f"{path}: {', '.join(unknown)} is in it and should not be")
    for name, content in contents.items():
        if _sha256(content) != expected[name].sha256:
            raise CorruptEntry(f"{path}: {name} is not what the manifest says: {expected[name].sha256} was expected")


def _require_equal(what: str, manifest: BackupManifest, tables: Mapping[str, pa.Table]) -> None:
    for entry in manifest.tables:
        found = _described(entry.name, tables[entry.name])
        if found != entry:
            raise CorruptEntry(f"{what}: {entry.name} has {found.rows} rows ({found.digest}), not {entry.rows}")


def _described(name: str, table: pa.Table) -> BackedUpTable:
    digest = digest_of(_in_one_form(table))
    return BackedUpTable(name, digest.rows, digest.hex)


def _in_one_form(table: pa.Table) -> pa.Table:
    """JSON as every database would write it, so that ledgers of different databases are equal."""
    at = table.schema.get_field_index(_JSON_COLUMN)
    if at < 0:
        return table
    texts = [msgspec.json.encode(msgspec.json.decode(text), order="sorted") for text in table.column(at).to_pylist()]
    return table.set_column(at, _JSON_COLUMN, pa.array([text.decode() for text in texts], pa.string()))


def _encoded(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _decoded(path: Path, content: bytes) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.py_buffer(content)).read_all()
    except pa.ArrowException as error:
        raise CorruptEntry(f"{path}: a table of the ledger cannot be read: {error}") from error


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Plain files with plain names; nothing is unpacked by the archive's own say."""
    for member in archive:
        stream = archive.extractfile(member) if member.isfile() else None
        parts = PurePosixPath(member.name).parts
        if stream is None or member.name.startswith("/") or ".." in parts:
            raise tarfile.TarError(f"{member.name} should not be in it")
        yield member.name, stream.read()


def _add(archive: tarfile.TarFile, name: str, content: bytes, modified_at: float) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(content), int(modified_at), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
