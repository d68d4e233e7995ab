"""Rows from a file: NDJSON and CSV through the file collector, Parquet and Arrow through pyarrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.errors import CollectorError
from collectors.file import LineFile
from collectors.source import CSV, Chunk
from exporter.cli.replaying.rows import ArrowRows, CsvRows, JsonRows, Rows
from exporter.errors import InvalidSettings

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
ARROW_SUFFIXES = frozenset({".arrow", ".arrows", ".feather", ".ipc"})

_CHUNK_BYTES = 4 << 20
_POLL_S = 0.2
_ARROW_FILE_MAGIC = b"ARROW1"


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows as they were read, and how much of the file was read with them (of `RowFile.size`)."""

    rows: Rows
    done: int


class RowFile(Protocol):
    """A file of rows."""

    size: int
    """Bytes or rows, whichever is known without reading it."""

    def read(self) -> Iterator[ReadRows | None]:
        """The rows in order; None while a followed file has nothing new."""


def open_rows(path: Path, *, follow: bool, batch_rows: int, pause: Callable[[float], None]) -> RowFile:
    """The file by its suffix; InvalidSettings when it cannot be read as that."""
    suffix = path.suffix.lower()
    if suffix not in PARQUET_SUFFIXES | ARROW_SUFFIXES:
        return TextRowFile(path, follow, pause)
    if follow:
        raise InvalidSettings(f"{path}: --follow reads NDJSON and CSV files; a {suffix} file does not grow")
    try:
        return ParquetRowFile(path, batch_rows) if suffix in PARQUET_SUFFIXES else ArrowRowFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InvalidSettings(f"{path}: cannot be read as {suffix}: {error}") from error


class TextRowFile:
    """NDJSON or CSV, a few thousand lines at a time."""

    def __init__(self, path: Path, follow: bool, pause: Callable[[float], None]) -> None:
        self.size = path.stat().st_size if path.is_file() else 0
        self._path = path
        self._source = LineFile(path, follow=follow, chunk_bytes=_CHUNK_BYTES)
        self._pause = pause

    def read(self) -> Iterator[ReadRows | None]:
        try:
            while not self._source.is_finished():
                chunk = self._source.poll()
                if chunk is not None:
                    yield ReadRows(_rows_of(chunk), chunk.end)
                elif not self._source.is_finished():
                    yield None
                    self._pause(_POLL_S)
        except CollectorError as error:
            raise InvalidSettings(str(error)) from error
        except csv.Error as error:
            raise InvalidSettings(f"{self._path}: cannot be read as CSV: {error}") from error
        finally:
            self._source.close()


class ParquetRowFile:
    """Parquet, a row group's part at a time."""

    def __init__(self, path: Path, batch_rows: int) -> None:
        self._file = pq.ParquetFile(path)
        self._batch_rows = batch_rows
        self.size = self._file.metadata.num_rows

    def read(self) -> Iterator[ReadRows | None]:
        yield from _counted(self._file.iter_batches(batch_size=self._batch_rows))


class ArrowRowFile:
    """An Arrow IPC file or stream, mapped into memory."""

    def __init__(self, path: Path) -> None:
        source = pa.memory_map(str(path))
        is_file = source.read(len(_ARROW_FILE_MAGIC)) == _ARROW_FILE_MAGIC
        source.seek(0)
        self._table = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).read_all()
        self.size = self._table.num_rows

    def read(self) -> Iterator[ReadRows | None]:
        yield from _counted(self._table.to_batches())


def _counted(batches: Iterator[Any]) -> Iterator[ReadRows]:
    done = 0
    for batch in batches:
        done += batch.num_rows
        yield ReadRows(ArrowRows(batch), done)


def _rows_of(chunk: Chunk) -> Rows:
    if chunk.media_type == CSV:
        header, *records = csv.reader(io.StringIO(chunk.body.decode(errors="surrogateescape"), newline=""))
        return CsvRows(header, [record for record in records if record])
    return JsonRows([line for line in chunk.body.split(b"\n") if line.strip()])
