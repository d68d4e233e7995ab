"""Rows of one monitor, kind, hour and origin as a Parquet file that tells everything about itself.

Rows are sorted by id, so that statistics and bloom filters of row groups find one among years of files; a range of
time is found by the hour in the file's name. Floats and times are byte-stream-split: half the CPU of the writer's
default (a dictionary that fails) at the same size. The same rows give the same bytes, unless columns are sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from exporter import __version__
from exporter.archive.cold.bloom import may_hold, xxh64
from exporter.archive.cold.names import key_name
from exporter.archive.digest import digest_of
from exporter.archive.entry import Kind
from exporter.archive.schema import EVENT_COLUMNS, PROVENANCE, UNUSABLE
from exporter.errors import CorruptEntry, InvalidSettings

if TYPE_CHECKING:
    from exporter.archive.cold.keys import ColumnKeys  # its client comes with an extra

GROUP_ROWS = 65_536
PLAIN_COLUMNS = ("time", *(field.name for field in PROVENANCE))
"""What is never sealed."""

_TAG = b"infranaut"
_SORTED_BY = ("id", "sequence")
_FALSE_POSITIVES = 0.01
_SEALED_NAME_SAFE = "".join(chr(code) for code in range(32, 127) if chr(code) not in ",;:%")


class FileTag(msgspec.Struct, frozen=True):
    """What a cold file says of itself, in its metadata.

    digest  : of its rows, as in `exporter.archive.ledger.ColdFile`.
    version : of the program that wrote it.
    key     : the key that its columns but `PLAIN_COLUMNS` are sealed with.
    """

    monitor: str
    kind: str
    hour: int
    origin: str
    first_sequence: int
    last_sequence: int
    rows: int
    digest: str
    version: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file's bytes and what they say of themselves."""

    tag: FileTag
    content: bytes


@dataclass(frozen=True, slots=True)
class ColumnBounds:
    """What a row group says of a column: its values lie in [lowest, highest]; None: there is none but nulls."""

    lowest: Any
    highest: Any
    has_nulls: bool


def encode_file(rows: pa.Table, monitor: str, kind: Kind, hour: int, keys: ColumnKeys | None = None) -> EncodedFile:
    """The file of rows of one origin, at least one, in any order."""
    digest = digest_of(rows)
    rows = _arranged(rows, kind)
    sequences = pc.min_max(rows.column("sequence")).as_py()
    key = key_name(monitor, hour) if keys is not None else None
    tag = FileTag(
        monitor=monitor,
        kind=kind.value,
        hour=hour,
        origin=rows.column("origin")[0].as_py(),
        first_sequence=sequences["min"],
        last_sequence=sequences["max"],
        rows=digest.rows,
        digest=digest.hex,
        version=__version__,
        key=key,
    )
    seal = None
    if keys is not None and key is not None:
        keys.make(key)
        rows = rows.rename_columns([quote(name, safe=_SEALED_NAME_SAFE) for name in rows.column_names])
        seal = keys.to_seal(key, [name for name in rows.column_names if name not in PLAIN_COLUMNS])
    return EncodedFile(tag, _write(rows.replace_schema_metadata({_TAG: msgspec.json.encode(tag)}), seal))


class ColdFileReader:
    """Reads a cold file; CorruptEntry when it is none. Bytes from outside are never to be given to it."""

    def __init__(self, source: pa.NativeFile | IO[bytes], keys: ColumnKeys | None = None) -> None:
        """`source`: a file or buffer to read at any place."""
        self._source, self._keys = source, keys
        try:
            self._plain = pq.ParquetFile(source, pre_buffer=True, page_checksum_verification=True)
            self.tag = msgspec.json.decode((self._plain.metadata.metadata or {})[_TAG], type=FileTag)
        except (pa.ArrowException, OSError, KeyError, msgspec.MsgspecError) as error:
            raise CorruptEntry(f"this is no file of the cold tier: {error}") from error

    @property
    def plain_schema(self) -> pa.Schema:
        """The columns that are readable without a key."""
        fields = [field for field in self._plain.schema_arrow if self.tag.key is None or field.name in PLAIN_COLUMNS]
        return pa.schema(fields)

    @property
    def group_count(self) -> int:
        return int(self._plain.metadata.num_row_groups)

    def rows_of(self, groups: Sequence[int]) -> int:
        return sum(self._plain.metadata.row_group(group).num_rows for group in groups)

    def schema(self) -> pa.Schema:
        """All columns; KeyRemoved when they are sealed for good."""
        schema = self._open(None).schema_arrow.remove_metadata()
        return pa.schema([field.with_name(self._name(field.name)) for field in schema])

    def batches(self, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None) -> Iterator[Any]:
        """Rows, of some columns (those that it has) and row groups; KeyRemoved where a sealed column is wanted."""
        file = self._open(columns)
        wanted = [name for name in file.schema_arrow.names if columns is None or self._name(name) in columns]
        try:
            for batch in file.iter_batches(GROUP_ROWS, row_groups=groups, columns=wanted, use_threads=False):
                yield batch.rename_columns([self._name(name) for name in batch.schema.names])
        except (pa.ArrowException, OSError) as error:
            raise CorruptEntry(f"rows of {self.tag.monitor}, hour {self.tag.hour}, cannot be read: {error}") from error

    def groups(self, column: str, lowest: Any, highest: Any) -> list[int]:
        """Row groups that may hold a value of a column in [lowest, highest], by its statistics."""
        file = self._open([column])
        metadata, names = file.metadata, file.schema.names
        if column not in names:
            return list(range(metadata.num_row_groups))
        at = names.index(column)
        found = []
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(at).statistics
            is_known = statistics is not None and statistics.has_min_max
            if not is_known or (statistics.min <= highest and statistics.max >= lowest):
                found.append(group)
        return found

    def bounds(self, column: str, data_type: pa.DataType) -> list[ColumnBounds | None]:
        """Of each row group; None: nothing is known. A column that the file does not have is null."""
        file = self._open([column])
        groups = range(file.metadata.num_row_groups)
        stored = {self._name(name): at for at, name in enumerate(file.schema_arrow.names)}
        if column not in stored:
            return [ColumnBounds(None, None, has_nulls=True) for _ in groups]
        at = stored[column]
        if file.schema_arrow.field(at).type != data_type:
            return [None for _ in groups]
        return [_bounds_of(file.metadata.row_group(group).column(at)) for group in groups]

    def groups_with_ids(self, ids: Sequence[str]) -> list[int]:
        """Row groups that may hold one of these ids, by statistics and, where nothing is sealed, bloom filters."""
        file = self._open(["id"])
        at = file.schema_arrow.names.index("id")
        hashes = [(name, xxh64(name.encode())) for name in ids]
        found = []
        for group in range(file.metadata.num_row_groups):
            column = file.metadata.row_group(group).column(at)
            bounds = _bounds_of(column)
            within = [hashed for name, hashed in hashes if bounds is None or _is_within(name, bounds)]
            if within and self._may_hold(column, within):
                found.append(group)
        return found

    def _may_hold(self, column: Any, hashes: Sequence[int]) -> bool:
        start, length = column.bloom_filter_offset, column.bloom_filter_length
        if start is None or length is None:
            return True
        self._source.seek(start)
        return may_hold(self._source.read(length), hashes)

    def _name(self, stored: str) -> str:
        return unquote(stored) if self.tag.key is not None else stored

    def _open(self, columns: Sequence[str] | None) -> Any:
        """The file, with its key where sealed columns are wanted: pyarrow may abort when it has none."""
        if self.tag.key is None or (columns is not None and set(columns) <= set(PLAIN_COLUMNS)):
            return self._plain
        if self._keys is None:
            raise InvalidSettings(f"columns are sealed with the key {self.tag.key!r}: name archive.cold.column_keys")
        opened = self._keys.to_open(self.tag.key)
        try:
            return pq.ParquetFile(self._source, pre_buffer=True, decryption_properties=opened)
        except (pa.ArrowException, OSError) as error:
            raise CorruptEntry(f"the key {self.tag.key!r} does not open a file of its own: {error}") from error


def _bounds_of(column: Any) -> ColumnBounds | None:
    statistics = column.statistics
    if statistics is None or not statistics.has_null_count:
        return None
    if statistics.has_min_max:
        return ColumnBounds(statistics.min, statistics.max, statistics.null_count > 0)
    is_null = statistics.null_count == column.num_values
    return ColumnBounds(None, None, has_nulls=True) if is_null else None


def _is_within(name: str, bounds: ColumnBounds) -> bool:
    """In the order of bytes, which is that of code points."""
    return bounds.lowest is not None and bounds.lowest <= name <= bounds.highest


def _arranged(rows: pa.Table, kind: Kind) -> pa.Table:
    """Columns in one order; features, and `unusable`, are left out where no row has a value."""
    known = (*EVENT_COLUMNS[kind], *(field.name for field in PROVENANCE))
    filled = [name for name in rows.column_names if rows.column(name).null_count < rows.num_rows]
    features = sorted(name for name in filled if name not in known)
    provenance = [field.name for field in PROVENANCE]
    events = [name for name in EVENT_COLUMNS[kind] if name in (filled if name == UNUSABLE else rows.column_names)]
    return rows.select([*events, *features, *provenance]).combine_chunks()


def _write(rows: pa.Table, seal: Any) -> bytes:
    """Sorted group by group, so that the rows are never in memory twice.

    Each page has its checksum, so that who reads some columns only, and proves no digest, is told of a flipped bit;
    what is sealed has its own.
    """
    numbers = [field.name for field in rows.schema if _is_split(field.type)]
    repeated = [name for name in rows.column_names if name not in ("id", "raw", *numbers)]
    bloom = {"id": {"ndv": min(rows.num_rows, GROUP_ROWS), "fpp": _FALSE_POSITIVES}} if seal is None else None
    order = pc.sort_indices(rows.select(list(_SORTED_BY)), [(name, "ascending") for name in _SORTED_BY])
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        use_dictionary=repeated,
        use_byte_stream_split=numbers,
        write_page_index=True,
        write_page_checksum=seal is None,
        bloom_filter_options=bloom,
        encryption_properties=seal,
        sorting_columns=[pq.SortingColumn(rows.column_names.index(name)) for name in _SORTED_BY],
    ) as writer:
        for start in range(0, rows.num_rows, GROUP_ROWS):
            writer.write_table(rows.take(order.slice(start, GROUP_ROWS)))
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _is_split(data_type: pa.DataType) -> bool:
    return bool(pa.types.is_float64(data_type) or pa.types.is_timestamp(data_type))
