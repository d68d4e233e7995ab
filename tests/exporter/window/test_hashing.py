"""Hashes of text columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from exporter.window.hashing import hash_text


@given(st.lists(st.text(max_size=80), max_size=30), st.integers(0, 2**63 - 1))
def test_equal_text_and_only_equal_text_hashes_alike(texts: list[str], seed: int) -> None:
    hashes = hash_text(pa.array(texts, type=pa.string()), seed).tolist()
    assert 0 not in hashes
    assert len(set(hashes)) == len(set(texts))
    assert [hashes[texts.index(text)] for text in texts] == hashes


@given(st.lists(st.text(max_size=20), min_size=3, max_size=12))
def test_a_slice_and_other_types_of_text_hash_as_the_whole(texts: list[str]) -> None:
    whole = pa.array(texts, type=pa.string())
    hashes = hash_text(whole, 1)
    np.testing.assert_array_equal(hash_text(whole.slice(1, 2), 1), hashes[1:3])
    np.testing.assert_array_equal(hash_text(whole.cast(pa.large_string()), 1), hashes)


def test_the_seed_changes_every_hash() -> None:
    column = pa.array([f"id-{number}" for number in range(1000)])
    assert not (hash_text(column, 1) == hash_text(column, 2)).any()


def test_no_column_no_hashes() -> None:
    assert len(hash_text(pa.array([], type=pa.string()), 1)) == 0


def test_the_low_bits_spread_over_buckets() -> None:
    column = pa.array([f"{number:036d}" for number in range(65_536)])
    buckets = np.bincount((hash_text(column, 9) & np.uint64(1023)).astype(np.int64), minlength=1024)
    assert buckets.min() > 20
    assert buckets.max() < 130
