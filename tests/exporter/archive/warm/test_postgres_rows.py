"""Rows come back from PostgreSQL as they were, however wide, long or strange, and are found by people."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm
from exporter.errors import CorruptEntry
from tests.support.archives import EVER, MONITOR, ORIGIN, a_stream, an_entry, ids, labels, plain, predictions
from tests.support.postgres_tiers import DAY, counted, stored_ids


def test_text_that_postgres_cannot_hold_is_kept_legible(tier: PostgresWarm) -> None:
    rows = predictions(["a\x00b"], region="no\x00rth", model_version="1\x00")
    tier.land(tier.claim(ORIGIN), a_stream(rows))
    [row] = plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER))
    assert (row["id"], row["region"], row["model_version"]) == ("a␀b", "no␀rth", "1␀")
    assert len(tier.find(Kind.PREDICTIONS, MONITOR, ["a\x00b"])) == 1


def test_a_time_beyond_the_calendar_is_told(tier: PostgresWarm) -> None:
    with pytest.raises(CorruptEntry, match="years 1 to 9998"):
        tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"], 1e12)))


def test_wide_rows_with_missing_values_come_back_as_they_were(tier: PostgresWarm) -> None:
    features: dict[str, Any] = {f"number_{at}": [float(at), None, float("nan")] for at in range(700)}
    features |= {f"category_{at}": [None, f"c{at}", "é" * at] for at in range(60)}
    rows = predictions(["a", "b", "c"], **features)
    tier.land(tier.claim(ORIGIN), a_stream(rows))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    order = batch.sort_by("id")
    for name in features:
        assert str(order.column(name).to_pylist()) == str(rows.column(name).to_pylist())


def test_rows_are_read_in_pieces_and_a_reader_may_leave_early(tier: PostgresWarm) -> None:
    names = [f"p{number}" for number in range(20_000)]
    tier.land(tier.claim(ORIGIN), a_stream(predictions(names, age=1.0)))
    reading = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    assert 0 < next(reading).num_rows < 20_000
    assert isinstance(reading, Generator)
    reading.close()
    assert len(stored_ids(tier)) == 20_000
    assert counted(tier) == 20_000


def test_people_find_a_feature_by_its_name(url: str, tier: PostgresWarm) -> None:
    older, newer = predictions(["a"], age=1.0, region="north"), predictions(["b"], region="south", income=5.0, age=2.0)
    tier.land(tier.claim(ORIGIN), a_stream(older, newer, an_entry(predictions(["c"], age=3.0), "churn")))
    query = """
        SELECT p.id, p.numbers[f.position] FROM infranaut.predictions p
        JOIN infranaut.names m ON m.id = p.monitor JOIN infranaut.features f ON f.layout = p.layout
        WHERE m.name = 'credit' AND f.name = 'age' ORDER BY p.id
    """
    with psycopg.connect(url) as other:
        assert other.execute(query).fetchall() == [("a", 1.0), ("b", 2.0)]


def test_rows_that_come_back_from_parquet_are_restored(tier: PostgresWarm) -> None:
    """With dictionaries, large text and times in nanoseconds."""
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a", "b"], region=["north", None], model_version="1", age=2.5)))
    before = plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    types = {
        **dict.fromkeys(("region", "source", "origin"), pa.dictionary(pa.int32(), pa.string())),
        **dict.fromkeys(("id", "model_version"), pa.large_string()),
        **dict.fromkeys(("time", "received_at"), pa.timestamp("ns", tz="UTC")),
    }
    columns = {name: batch.column(name).cast(types.get(name, batch.column(name).type)) for name in batch.schema.names}
    tier.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 2})
    assert tier.restore(Kind.PREDICTIONS, MONITOR, [pa.RecordBatch.from_pydict(columns)]) == 2
    assert plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == before


def test_columns_that_rows_of_a_kind_never_have_are_null(tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"], age=1.0)))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER, ["id", "label_time", "reason", "age", "income"])
    assert batch.to_pylist() == [{"id": "a", "label_time": None, "reason": None, "age": 1.0, "income": None}]


def test_ids_that_are_too_long_for_an_index_are_known_and_found(tier: PostgresWarm) -> None:
    """Random ones, which cannot be compressed; the two long ones differ in their last character."""
    random = secrets.token_hex(4_000)
    names = [random + "a", random + "b", random[:512], random[:513]]
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(names), labels(names))).claim
    assert tier.land(claim, a_stream(predictions(names), labels(names), first=claim.next_sequence)).rows == {}
    assert stored_ids(tier) == sorted(names)
    assert ids(tier.find(Kind.PREDICTIONS, MONITOR, names[:1])) == names[:1]
    assert ids(tier.join_labels([ORIGIN], 0, 10)) == sorted(names)
