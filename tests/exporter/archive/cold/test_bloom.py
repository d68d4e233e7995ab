"""Bloom filters are read as Parquet's specification has them, and as pyarrow writes them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive.cold.bloom import may_hold, xxh64

ADDED = [f"p{number}" for number in range(2_000)]


def written(values: list[str]) -> bytes:
    """The filter of a column that pyarrow writes, with its header."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": values}), sink, bloom_filter_options={"id": {"ndv": len(values), "fpp": 0.01}})
    content: bytes = sink.getvalue().to_pybytes()
    column = pq.read_metadata(pa.BufferReader(content)).row_group(0).column(0)
    return content[column.bloom_filter_offset :][: column.bloom_filter_length]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_hashes_are_those_of_the_reference_implementation(value: bytes, expected: int) -> None:
    assert xxh64(value) == expected


def test_what_was_added_may_be_there_and_nearly_all_else_is_not() -> None:
    content = written(ADDED)
    assert all(may_hold(content, [xxh64(name.encode())]) for name in ADDED)
    others = [f"q{number}" for number in range(2_000)]
    assert sum(may_hold(content, [xxh64(name.encode())]) for name in others) < 40
    assert not may_hold(content, [])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=100), st.lists(st.text(max_size=100), max_size=5))
def test_texts_of_any_length_are_found(wanted: str, others: list[str]) -> None:
    assert may_hold(written([wanted, *others]), [xxh64(wanted.encode())])


@pytest.mark.parametrize("cut", [lambda c: b"", lambda c: c[:-1], lambda c: c[:8], lambda c: b"\x16" + c[1:]])
def test_a_filter_of_another_kind_rules_nothing_out(cut: object) -> None:
    content = cut(written(ADDED))  # type: ignore[operator]  # one of the lambdas above
    assert may_hold(content, [xxh64(b"q1")])
