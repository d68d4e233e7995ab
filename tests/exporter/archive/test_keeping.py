"""Rows on their way into the archive: what is told of values that could not be used, and of whom nothing is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exporter.archive.digest import digest_of
from exporter.archive.entry import Entry, Kind, decode_entry, encode_entry
from exporter.archive.keeping import Keeping
from exporter.batch import Batch
from exporter.derive import Derived
from exporter.monitor.spec import Monitor
from tests.support.batches import a_batch, a_monitor

PINNED = "5d3ca1d97b9e409624b9befa1d4a4407"


def a_private_monitor(**privacy: Any) -> Monitor:
    document = a_monitor({"age": {"type": "number", "field": "years"}, "region": {"type": "category"}}).model_dump(
        mode="json"
    )
    document["spec"]["privacy"] = privacy
    return Monitor.model_validate(document)


def a_mistyped_batch() -> Batch:
    marks = {"age": np.array([True, True, False]), "region": np.array([False, True, False])}
    return a_batch(marks, age=[None, None, 3], region=["north", None, "south"])


def kept(derived: Derived, **privacy: Any) -> Entry:
    return Keeping(a_private_monitor(**privacy), b"key").entry(Kind.PREDICTIONS, derived, "http", 0.0)


def test_rows_tell_which_of_their_values_were_of_the_wrong_type() -> None:
    rows = kept(Derived(a_mistyped_batch())).rows
    assert rows.column("unusable").to_pylist() == ['["age"]', '["age","region"]', None]
    assert rows.column("age").to_pylist() == [None, None, 3]


def test_expressions_that_failed_are_told_as_well() -> None:
    failed = {"ratio": np.array([False, True, True])}
    rows = kept(Derived(a_mistyped_batch(), failed)).rows
    assert rows.column("unusable").to_pylist() == ['["age"]', '["age","ratio","region"]', '["ratio"]']


def test_the_spool_carries_it() -> None:
    entry = kept(Derived(a_mistyped_batch()))
    assert decode_entry(encode_entry(entry)).rows.equals(entry.rows)


@pytest.mark.parametrize(
    ("privacy", "told"),
    [
        ({"drop": ["years"]}, [None, '["region"]', None]),
        ({"pseudonymise": ["years"]}, [None, '["region"]', None]),
        ({"drop": ["region"]}, ['["age"]', '["age"]', None]),
        ({"pseudonymise": ["region"]}, ['["age"]', '["age","region"]', None]),
    ],
)
def test_nothing_is_told_of_a_column_that_is_left_out(privacy: dict[str, list[str]], told: list[str | None]) -> None:
    assert kept(Derived(a_mistyped_batch()), **privacy).rows.column("unusable").to_pylist() == told


def test_there_is_no_column_where_every_value_could_be_used_or_is_left_out() -> None:
    batch = a_batch({"age": np.array([True, False])}, age=[None, 3], region=["north", None])
    assert "unusable" not in kept(Derived(batch), drop=["years"]).rows.schema.names
    assert "unusable" not in kept(Derived(a_batch(age=[1, 2], region=["x", "y"]))).rows.schema.names


def test_rows_without_unusable_values_have_the_digest_that_they_always_had() -> None:
    rows = kept(Derived(a_batch(age=[1, None], region=["north", None]))).rows
    assert digest_of(rows).hex == PINNED


def test_a_feature_that_is_called_like_the_column_stands_apart() -> None:
    monitor = a_monitor({"unusable": {"type": "number"}})
    batch = a_batch({"unusable": np.array([True, False])}, unusable=[None, 2])
    rows = Keeping(monitor, b"key").entry(Kind.PREDICTIONS, Derived(batch), "http", 0.0).rows
    assert rows.column("feature_unusable").to_pylist() == [None, 2]
    assert rows.column("unusable").to_pylist() == ['["unusable"]', None]
