"""Reads a file of data (Parquet, CSV, NDJSON), chosen by its extension, in chunks of columns.

The files are a person's own, on their own disk: unlike what comes over HTTP they are read here, without caps.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from exporter.errors import InvalidReference

_CHUNK_ROWS = 65_536
_CHUNK_BYTES = 16 << 20
_ROWS_THAT_NAME_COLUMNS = 1_000

SUFFIXES = (".parquet", ".csv", ".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class DataChunk:
    """Some rows of a file: column → Arrow array or list, `rows` each; `done` is the share of the file read so far."""

    columns: Mapping[str, Any]
    rows: int
    done: float


@dataclass(frozen=True, slots=True)
class DataFile:
    """An opened data file: the names of its columns, and a way through its rows."""

    path: Path
    names: tuple[str, ...]
    _read: Callable[[Path, Sequence[str]], Iterator[DataChunk]]

    def chunks(self, wanted: Collection[str]) -> Iterator[DataChunk]:
        """All rows in order, only the wanted columns that the file has; InvalidReference where it cannot be read."""
        columns = [name for name in self.names if name in wanted]
        try:
            yield from self._read(self.path, columns)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InvalidReference(f"{self.path}: cannot be read: {error}") from error


def open_data(path: Path) -> DataFile:
    """InvalidReference when there is no such file, its extension is unknown, or its beginning makes no sense."""
    suffix = path.suffix.casefold()
    if suffix not in SUFFIXES:
        raise InvalidReference(f"{path}: unknown extension {suffix!r}, expected one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise InvalidReference(f"{path}: no such file")
    name_columns, read = {".parquet": (_parquet_names, _read_parquet), ".csv": (_csv_names, _read_csv)}.get(
        suffix, (_ndjson_names, _read_ndjson)
    )
    try:
        names = name_columns(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidReference(f"{path}: cannot be read as {suffix[1:]}: {error}") from error
    return DataFile(path, tuple(names), read)


def _parquet_names(path: Path) -> Sequence[str]:
    return list(pa.parquet.read_schema(path).names)


def _read_parquet(path: Path, columns: Sequence[str]) -> Iterator[DataChunk]:
    with pa.parquet.ParquetFile(path) as file:
        total, seen = file.metadata.num_rows, 0
        for batch in file.iter_batches(batch_size=_CHUNK_ROWS, columns=list(columns)):
            seen += batch.num_rows
            found = {name: batch.column(name) for name in columns}
            yield DataChunk(found, batch.num_rows, seen / total)


def _csv_names(path: Path) -> Sequence[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    if not names:
        raise InvalidReference(f"{path}: empty, expected a first line that names the columns")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise InvalidReference(f"{path}: the first line names {min(repeated)!r} twice")
    return names


def _read_csv(path: Path, columns: Sequence[str]) -> Iterator[DataChunk]:
    convert = pa.csv.ConvertOptions(
        include_columns=list(columns),
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    total = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        _skip_mark(file)
        options = pa.csv.ReadOptions(block_size=_CHUNK_BYTES, use_threads=False)
        parse = pa.csv.ParseOptions(newlines_in_values=True)
        for batch in pa.csv.open_csv(file, options, parse, convert):
            found = {name: batch.column(name) for name in columns}
            yield DataChunk(found, batch.num_rows, min(file.tell() / total, 1.0))


def _skip_mark(file: BinaryIO) -> None:
    """Past a byte-order mark, as spreadsheets write it."""
    if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        file.seek(0)


def _ndjson_names(path: Path) -> Sequence[str]:
    names: dict[str, None] = {}
    with path.open("rb") as file:
        for number, line in enumerate(islice(file, _ROWS_THAT_NAME_COLUMNS), start=1):
            names.update(dict.fromkeys(_parse(path, number, line) or ()))
    return list(names)


def _read_ndjson(path: Path, columns: Sequence[str]) -> Iterator[DataChunk]:
    total, number = max(path.stat().st_size, 1), 0
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK_BYTES):
            parsed = (_parse(path, at, line) for at, line in enumerate(lines, start=number + 1))
            rows = [tuple(map(row.get, columns)) for row in parsed if row is not None]
            number += len(lines)
            values = map(list, zip(*rows, strict=True)) if rows else ([] for _ in columns)
            yield DataChunk(dict(zip(columns, values, strict=False)), len(rows), file.tell() / total)


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any] | None:
    """One line of NDJSON; None for an empty one."""
    if not line.strip():
        return None
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidReference(f"{path}:{number}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InvalidReference(f"{path}:{number}: not an object, expected one JSON object on each line")
    return row
