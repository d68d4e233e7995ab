"""The cold tier as the rest of the archive sees it: a store, how files are written, and reading what the ledger has."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from exporter.archive.cold.awaited import open_or_await
from exporter.archive.cold.opening import open_store
from exporter.archive.cold.parquet import ColdFileReader
from exporter.archive.cold.store import ObjectFile, ObjectStore
from exporter.archive.configuration import ColdSection
from exporter.archive.digest import RowDigest, digest_of_all
from exporter.archive.ledger import ColdFile
from exporter.clock import Clock
from exporter.errors import CorruptEntry, InvalidSettings

if TYPE_CHECKING:
    from exporter.archive.cold.keys import ColumnKeys  # its client comes with an extra


@dataclass(frozen=True, slots=True)
class ColdTier:
    """Where cold files go and how.

    keys      : seal columns; None: they are written as they are.
    file_rows : the most rows in a file, unless one entry has more.
    is_locked : files cannot be deleted before their retention is over.
    """

    store: ObjectStore
    keys: ColumnKeys | None = None
    file_rows: int = 500_000
    is_locked: bool = False

    def open_whole(self, file: ColdFile) -> ColdFileReader:
        """A file of the ledger, read at once and proven by its SHA-256; CorruptEntry when it is missing or another."""
        content = self.store.get(file.name)
        if content is None:
            raise CorruptEntry(f"{file.name} is in the ledger, but not in the store")
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != file.sha256:
            raise CorruptEntry(f"{file.name} has the SHA-256 {sha256}, the ledger says {file.sha256}")
        return ColdFileReader(pa.BufferReader(content), self.keys)

    def open(self, file: ColdFile) -> ColdFileReader:
        """A file of the ledger, of which only what is wanted is fetched; its length alone is proven."""
        size_bytes = self.store.size(file.name)
        if size_bytes != file.size_bytes:
            found = "is not there" if size_bytes is None else f"has {size_bytes} bytes"
            raise CorruptEntry(f"{file.name} {found}, the ledger says {file.size_bytes} bytes")
        return ColdFileReader(pa.PythonFile(ObjectFile(self.store, file.name, size_bytes), mode="r"), self.keys)


def open_cold(section: ColdSection, state: Path, clock: Clock) -> ColdTier | None:
    """The cold tier that the settings name, by default the folder `cold` of the state; None where it is off."""
    if not section.enabled:
        return None
    store = open_or_await(lambda: open_store(section, state / "cold", clock))
    is_locked = section.object_lock != "none"
    return ColdTier(store, _open_keys(section.column_keys), section.file_rows, is_locked)


def prove(reader: ColdFileReader, file: ColdFile) -> list[pa.RecordBatch]:
    """All rows of a file, proven against the ledger by number, digest and range; CorruptEntry when they differ."""
    batches = list(reader.batches())
    found = digest_of_all(batches)
    expected = RowDigest.from_hex(file.rows, file.digest)
    if found != expected:
        message = f"{file.name} holds {found.rows} rows with the digest {found.hex}"
        raise CorruptEntry(f"{message}, the ledger says {expected.rows} with {expected.hex}")
    tag = reader.tag
    if (tag.origin, tag.first_sequence, tag.last_sequence) != (file.origin, file.first_sequence, file.last_sequence):
        message = f"{file.name} holds entries {tag.first_sequence} to {tag.last_sequence} of {tag.origin}"
        raise CorruptEntry(f"{message}, the ledger says {file.first_sequence} to {file.last_sequence} of {file.origin}")
    return batches


def _open_keys(path: str | None) -> ColumnKeys | None:
    if path is None:
        return None
    try:
        from exporter.archive.cold.keys import ColumnKeys  # noqa: PLC0415 - its client comes with an extra
    except ModuleNotFoundError as error:
        raise InvalidSettings(f"column_keys needs the package {error.name}: pip install 'infranaut[cold]'") from error
    keys = ColumnKeys(Path(path))
    keys.check()
    return keys
