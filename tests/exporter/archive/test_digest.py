"""The row digest: what it must not depend on, and what it must notice."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive.digest import NO_ROWS, RowDigest, digest_of, digest_of_all
from exporter.archive.schema import with_provenance
from tests.support.archives import an_entry, labels, letters, predictions, varied_predictions

PINNED = "ad78a11f74635ddf57bf6d6913765c17"

NUMBERS = st.one_of(st.none(), st.floats(allow_nan=True))
TEXTS = st.one_of(st.none(), st.text(max_size=40))
ROWS = st.lists(st.tuples(st.text(max_size=20), NUMBERS, TEXTS), max_size=40)


def rows_of(count: int = 3_000, seed: int = 1) -> pa.RecordBatch:
    return with_provenance(an_entry(varied_predictions(np.random.default_rng(seed), count, "p")), "a/0", 7)


def small(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def test_the_digest_of_some_rows_is_the_same_in_every_version() -> None:
    rows = with_provenance(
        an_entry(predictions(["a", "bb", ""], age=[1.5, None, -0.0], region=["x", "", None])), "o/1", 3
    )
    assert digest_of(rows).hex == PINNED
    assert digest_of(rows).rows == 3


def test_the_order_of_rows_and_columns_makes_no_difference() -> None:
    rows = rows_of()
    shuffled = rows.take(pa.array(np.random.default_rng(5).permutation(rows.num_rows)))
    assert digest_of(shuffled.select(sorted(rows.schema.names, reverse=True))) == digest_of(rows)


@pytest.mark.parametrize("size", [1, 700, 16_384])
def test_parts_add_up_to_the_whole(size: int) -> None:
    rows = rows_of(20_000)
    parts = [rows.slice(at, size) for at in range(0, min(rows.num_rows, 40 * size), size)]
    whole = pa.Table.from_batches(parts)
    assert digest_of_all(parts) == digest_of(whole) == digest_of(whole.combine_chunks())


@given(ROWS, ROWS)
@settings(deadline=None, max_examples=60)
def test_merging_is_putting_together(first: list[Any], second: list[Any]) -> None:
    one, other = _table(first), _table(second)
    assert digest_of(one).merge(digest_of(other)) == digest_of(pa.concat_tables([other, one]))
    assert digest_of(one).merge(NO_ROWS) == digest_of(one)


@given(ROWS)
@settings(deadline=None, max_examples=60)
def test_a_round_trip_through_parquet_and_arrow_changes_nothing(rows: list[Any]) -> None:
    table = _table(rows)
    parquet, stream = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert digest_of(pq.read_table(io.BytesIO(parquet.getvalue()))) == digest_of(table)
    assert digest_of(pa.ipc.open_stream(stream.getvalue()).read_all()) == digest_of(table)


@given(ROWS, st.data())
@settings(deadline=None, max_examples=100)
def test_a_changed_value_is_noticed(rows: list[Any], data: st.DataObject) -> None:
    rows = [*rows, ("last", 1.0, "x")]
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 2))
    value = data.draw((TEXTS if column != 1 else NUMBERS).filter(lambda value: not _same(value, rows[row][column])))
    changed = [list(values) for values in rows]
    changed[row][column] = value
    assert digest_of(_table([tuple(values) for values in changed])) != digest_of(_table(rows))


CHANGES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "a row more": lambda rows: pa.concat_tables([rows, rows.slice(4, 1)]),
    "a row less": lambda rows: rows.slice(1),
    "two rows twice in place of two others": lambda rows: rows.take([0, 0, 1, 1, *range(4, rows.num_rows)]),
    "a column's name": lambda rows: rows.rename_columns(["Age" if n == "age" else n for n in rows.column_names]),
    "a column less": lambda rows: rows.drop_columns(["region"]),
    "values of two columns": lambda rows: _swapped(rows, "model_version", "region"),
    "values of two rows": lambda rows: rows.set_column(0, "id", rows["id"].take([1, 0, *range(2, rows.num_rows)])),
    "the sequence": lambda rows: _set(rows, "sequence", pc.add(rows["sequence"], 1)),
    "the origin": lambda rows: _set(rows, "origin", pa.array(["a/1"] * rows.num_rows)),
    "a number turned text": lambda rows: _set(rows, "age", rows["age"].cast(pa.string())),
    "a number turned integer": lambda rows: _set(rows, "age", rows["age"].cast(pa.int64())),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_noticed(change: str) -> None:
    rows = pa.Table.from_batches([rows_of(600)])
    assert digest_of(CHANGES[change](rows)) != digest_of(rows)


def test_null_nan_and_empty_text_differ() -> None:
    numbers = [digest_of(small(x=pa.array([value], pa.float64()))) for value in (None, float("nan"), 0.0)]
    texts = [digest_of(small(x=pa.array([value], pa.string()))) for value in (None, "", "\0")]
    assert len(set(numbers)) == len(set(texts)) == 3


def test_minus_zero_is_zero_and_every_nan_is_one() -> None:
    assert digest_of(small(x=pa.array([-0.0]))) == digest_of(small(x=pa.array([0.0])))
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    assert digest_of(small(x=pa.array(odd))) == digest_of(small(x=pa.array([float("nan")])))


def test_a_column_of_nulls_counts_as_absent() -> None:
    rows = rows_of(50)
    wider = rows.append_column("unknown", pa.nulls(50, pa.float64())).append_column("more", pa.nulls(50))
    assert digest_of(wider) == digest_of(rows)


@pytest.mark.parametrize("data_type", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_the_type_of_text_makes_no_difference(data_type: pa.DataType) -> None:
    values = ["a", None, "", "long text, longer than a word", "a"] * 300
    assert digest_of(small(x=pa.array(values).cast(data_type))) == digest_of(small(x=pa.array(values)))


def test_text_and_bytes_and_times_have_digests_of_their_own() -> None:
    text, data = small(x=pa.array(["a", None])), small(x=pa.array([b"a", None]))
    assert digest_of(text) != digest_of(data)
    assert digest_of(data) == digest_of(small(x=pa.array([b"a", None], pa.large_binary())))
    assert digest_of(small(x=pa.array([b"\xff\xfe"]))).rows == 1
    seconds = pa.array([5], pa.timestamp("s", "UTC"))
    assert digest_of(small(x=seconds)) == digest_of(small(x=seconds.cast(pa.timestamp("us", "UTC"))))
    assert digest_of(small(x=seconds)) != digest_of(small(x=pa.array([5_000_000])))


def test_labels_and_dead_letters_have_digests() -> None:
    kinds = [with_provenance(an_entry(rows), "a/0", 1) for rows in (labels(["a"]), letters([0]))]
    assert len({digest_of(rows) for rows in kinds}) == 2


def test_no_rows_have_the_digest_zero() -> None:
    assert digest_of(rows_of(5).slice(0, 0)) == NO_ROWS == digest_of_all([])


def test_text_of_a_digest_is_read_back_and_other_text_is_not() -> None:
    digest = digest_of(rows_of(10))
    assert RowDigest.from_hex(10, digest.hex) == digest
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        RowDigest.from_hex(1, "abc")


def test_a_type_that_the_archive_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"list<.*> have no digest"):
        digest_of(small(x=pa.array([[1]])))


def _table(rows: list[Any]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return pa.table(
        {
            "id": pa.array(columns[0], pa.string()),
            "x": pa.array(columns[1], pa.float64()),
            "c": pa.array(columns[2], pa.string()),
        }
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one is not None and other is not None and one != one and other != other)


def _set(rows: pa.Table, name: str, values: Any) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def _swapped(rows: pa.Table, one: str, other: str) -> pa.Table:
    return _set(_set(rows, one, rows[other]), other, rows[one])
