"""Cold files: the same rows give the same bytes, in an order that finds them again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

import exporter
from exporter.archive.cold import parquet
from exporter.archive.cold.parquet import PLAIN_COLUMNS, ColdFileReader, encode_file
from exporter.archive.digest import digest_of
from exporter.archive.entry import Kind
from exporter.archive.schema import with_provenance
from exporter.errors import CorruptEntry
from tests.support.archives import MONITOR, ORIGIN, an_entry, letters, moment, plain, predictions, varied_predictions
from tests.support.batches import START_S

HOUR = int(START_S // 3600 * 3600)


def some_rows(count: int = 400) -> pa.Table:
    rng = np.random.default_rng(2)
    batches = [with_provenance(an_entry(varied_predictions(rng, count, f"e{at}")), ORIGIN, 5 + at) for at in range(2)]
    return pa.Table.from_batches(batches)


def encoded(rows: pa.Table, kind: Kind = Kind.PREDICTIONS) -> bytes:
    return encode_file(rows, MONITOR, kind, HOUR).content


def opened(content: bytes) -> ColdFileReader:
    return ColdFileReader(pa.BufferReader(content))


def test_rows_come_back_as_they_were() -> None:
    assert plain(opened(encoded(some_rows())).batches()) == plain(some_rows())


def test_the_order_of_rows_and_columns_and_empty_features_make_no_difference() -> None:
    rows = some_rows()
    shuffled = rows.take(pa.array(np.random.default_rng(3).permutation(rows.num_rows)))
    shuffled = shuffled.select(sorted(rows.column_names, reverse=True)).append_column("none", pa.nulls(rows.num_rows))
    assert encoded(shuffled) == encoded(rows)


def test_a_file_tells_of_unusable_values_only_where_there_are_some() -> None:
    entry = an_entry(predictions(["a", "b"], age=[None, 1.0], unusable=['["age"]', None]))
    rows = pa.Table.from_batches([with_provenance(entry, ORIGIN, 1)])
    assert plain(opened(encoded(rows)).batches()) == plain(rows)
    usable = rows.drop_columns(["unusable"])
    without_any = usable.append_column("unusable", pa.nulls(2, pa.string()))
    assert encoded(without_any) == encoded(usable)
    assert opened(encoded(usable)).schema().names == ["id", "time", "prediction", "age", *PLAIN_COLUMNS[1:]]


def test_a_file_tells_what_is_in_it() -> None:
    rows = some_rows()
    tag = opened(encoded(rows)).tag
    assert (tag.monitor, tag.kind, tag.hour, tag.origin) == (MONITOR, "predictions", HOUR, ORIGIN)
    assert (tag.first_sequence, tag.last_sequence, tag.rows, tag.key) == (5, 6, 800, None)
    assert (tag.digest, tag.version) == (digest_of(rows).hex, exporter.__version__)


def test_rows_are_sorted_and_compressed_with_statistics() -> None:
    metadata = pq.read_metadata(pa.BufferReader(encoded(some_rows())))
    group = metadata.row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(metadata.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert all(column.has_offset_index and column.has_column_index for column in columns.values())
    assert {name for name, column in columns.items() if "BYTE_STREAM_SPLIT" in column.encodings} >= {"age", "time"}
    assert [metadata.schema.column(sort.column_index).name for sort in group.sorting_columns] == ["id", "sequence"]
    ids = pq.read_table(pa.BufferReader(encoded(some_rows())))["id"].to_pylist()
    assert ids == sorted(ids)


def test_one_id_is_found_in_one_row_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    reader = opened(encoded(some_rows()))
    assert reader.groups("id", "e0-17", "e0-17") == [0]
    assert [len(reader.groups("id", f"e1-{row}", f"e1-{row}")) for row in range(0, 400, 37)] == [1] * 11
    assert reader.groups("id", "nobody", "nobody") == []
    [batch] = reader.batches(["id", "age"], [0])
    assert batch.num_rows == 100


def test_groups_without_statistics_or_column_are_all_candidates() -> None:
    rows = predictions(["a"], START_S, region=[None], age=1.0)
    reader = opened(encoded(pa.Table.from_batches([with_provenance(an_entry(rows), ORIGIN, 1)])))
    assert reader.groups("unheard of", 1, 2) == [0]
    assert reader.groups("time", moment(START_S + 1), moment(START_S + 2)) == []
    assert reader.groups("time", moment(START_S), moment(START_S)) == [0]


def test_duckdb_reads_a_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file.parquet").write_bytes(encoded(some_rows()))
    with duckdb.connect() as connection:
        query = f"select count(*), min(age), epoch_us(max(time)) from '{tmp_path}/file.parquet' where id >= 'e1'"
        [(count, youngest, newest)] = connection.execute(query).fetchall()
    table = some_rows().filter(pa.compute.greater_equal(some_rows()["id"], "e1"))
    assert (count, youngest) == (400, pa.compute.min(table["age"]).as_py())
    assert newest == pa.compute.max(table["time"].cast(pa.int64())).as_py()


def test_dead_letters_keep_their_bytes() -> None:
    rows = pa.Table.from_batches([with_provenance(an_entry(letters([0, 1, 2])), ORIGIN, 1)])
    assert plain(opened(encoded(rows, Kind.DEAD_LETTERS)).batches()) == plain(rows)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all" * 100])
def test_what_is_no_parquet_is_told(content: bytes) -> None:
    with pytest.raises(CorruptEntry, match="no file of the cold tier"):
        opened(content)


def test_a_parquet_file_of_others_is_no_cold_file() -> None:
    for metadata in (None, {b"infranaut": b"{}"}, {b"infranaut": b"what"}):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"id": ["a"]}).replace_schema_metadata(metadata), sink)
        with pytest.raises(CorruptEntry, match="no file of the cold tier"):
            opened(sink.getvalue().to_pybytes())


def test_a_flipped_bit_in_the_rows_is_told_or_changes_the_digest() -> None:
    content = bytearray(encoded(some_rows()))
    whole = digest_of(some_rows())
    for at in range(200, len(content) // 2, 997):
        content[at] ^= 0x10
        try:
            found = digest_of(pa.Table.from_batches(opened(bytes(content)).batches()))
        except CorruptEntry:
            found = None
        assert found != whole
        content[at] ^= 0x10


def test_a_flipped_bit_is_told_to_who_reads_that_column_alone() -> None:
    """Of raw floats as well, which any bytes could be."""
    content = bytearray(encoded(some_rows()))
    group = pq.ParquetFile(pa.BufferReader(content)).metadata.row_group(0)
    for column in map(group.column, range(group.num_columns)):
        last = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 1
        content[last] ^= 0x10
        reader = opened(bytes(content))
        with pytest.raises(CorruptEntry, match="cannot be read"):
            list(reader.batches([column.path_in_schema]))
        content[last] ^= 0x10
