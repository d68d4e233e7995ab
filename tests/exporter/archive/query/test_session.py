"""SQL over two tiers: every row once, only what is needed is read, and nothing else can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.query.session import QuerySession
from exporter.archive.schema import with_provenance
from exporter.archive.warm.tier import Span
from exporter.errors import InvalidQuery, LateRows, RetryLater
from tests.support.archives import HOUR_S, an_entry, labels, letters, predictions
from tests.support.batches import START_S
from tests.support.tier_readers import TiersInMemory

FIRST_HOUR = int(START_S) // HOUR_S * HOUR_S


def kept(rows: pa.RecordBatch, sequence: int = 1) -> pa.RecordBatch:
    return with_provenance(an_entry(rows), "exporter/0", sequence)


@pytest.fixture
def tiers() -> TiersInMemory:
    """`a` and `b` are cold, `c` is cold and warm, `d` came late, `e` is warm; `a`, `c` and `e` have labels."""
    tiers = TiersInMemory()
    tiers.freeze(kept(predictions(["a", "b"], [START_S, START_S + HOUR_S], age=[1.0, None], region=["x", "y"])))
    tiers.freeze(kept(predictions(["c", "c2"], START_S + 2 * HOUR_S, age=3.0), 2))
    tiers.drop()
    tiers.land(kept(predictions(["d"], START_S + 2 * HOUR_S, age=[4.0], channel="web"), 3))
    tiers.land(kept(predictions(["e"], START_S + 3 * HOUR_S, age=5.0), 4))
    tiers.land(kept(labels(["a", "c", "e"], START_S + 3 * HOUR_S, 1.0)), kind=Kind.LABELS)
    return tiers


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Any]:
    opened: list[QuerySession] = []

    def open_(tiers: TiersInMemory, **more: Any) -> QuerySession:
        more.setdefault("memory_bytes", 64 * 2**20)
        opened.append(QuerySession(tiers.plan(), tiers.schemas(), tiers, spill=tmp_path / "spill", **more))
        return opened[-1]

    yield open_
    for session in opened:
        session.close()


def rows(session: QuerySession, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in session.run(sql).batches for row in batch.to_pylist()]


def test_unusable_values_are_told_beside_rows_of_before(open_session: Any, tiers: TiersInMemory) -> None:
    tiers.land(kept(predictions(["f"], START_S + 3 * HOUR_S, age=[None], unusable=['["age"]']), 5))
    session = open_session(tiers)
    assert rows(session, "SELECT id, unusable FROM credit WHERE id IN ('a', 'e', 'f') ORDER BY id") == [
        ("a", None),
        ("e", None),
        ("f", '["age"]'),
    ]
    assert rows(session, "SELECT id FROM predictions WHERE json_contains(unusable, '\"age\"')") == [("f",)]


def refusal(session: QuerySession, sql: str) -> str:
    with pytest.raises(InvalidQuery) as raised:
        list(session.run(sql).batches)
    return str(raised.value)


@pytest.mark.parametrize("brought_back", [[], ["c"], ["c2"], ["c", "c2"]])
def test_rows_of_both_tiers_come_once_with_every_column(
    brought_back: list[str], tiers: TiersInMemory, open_session: Any
) -> None:
    tiers.land(kept(predictions(brought_back, START_S + 2 * HOUR_S, age=3.0), 2))
    assert [hour.where for hour in tiers.plan()["credit", Kind.PREDICTIONS]] == ["cold", "cold", "both", "warm"]
    found = rows(open_session(tiers), "SELECT id, age, region, channel FROM credit ORDER BY id")
    assert found == [
        ("a", 1.0, "x", None),
        ("b", None, "y", None),
        ("c", 3.0, None, None),
        ("c2", 3.0, None, None),
        ("d", 4.0, None, "web"),
        ("e", 5.0, None, None),
    ]


def test_dead_letters_of_one_position_in_two_bodies_are_two(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.freeze(kept(letters([0, 1]), 1), kind=Kind.DEAD_LETTERS)
    tiers.freeze(kept(letters([0]), 2), kind=Kind.DEAD_LETTERS)
    tiers.drop(kind=Kind.DEAD_LETTERS)
    tiers.land(kept(letters([0]), 2), kind=Kind.DEAD_LETTERS)
    session = open_session(tiers)
    assert rows(session, "SELECT monitor, sequence, id FROM dead_letters ORDER BY ALL") == [
        ("credit", 1, "0"),
        ("credit", 1, "1"),
        ("credit", 2, "0"),
    ]


def test_a_copy_of_what_is_warm_is_not_read(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.freeze(kept(predictions(["a", "b"])))
    tiers.land(kept(predictions(["a", "b"])))
    tiers.land(kept(predictions(["c"]), 2))
    assert rows(open_session(tiers), "SELECT id FROM credit ORDER BY id") == [("a",), ("b",), ("c",)]
    assert tiers.asked == [("warm", ("id", "origin", "sequence"))]


def test_late_rows_hide_nothing_that_is_cold_however_many_they_are(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.freeze(kept(predictions(["a", "b"])))
    tiers.land(kept(predictions(["c", "d", "e"]), 2))
    assert rows(open_session(tiers), "SELECT id FROM credit ORDER BY id") == [("a",), ("b",), ("c",), ("d",), ("e",)]


def test_a_day_that_is_dropped_after_the_plan_is_read_where_it_went(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.freeze(kept(predictions(["a", "b"])))
    tiers.land(kept(predictions(["a", "b"])))
    session = open_session(tiers)
    tiers.warm["credit", Kind.PREDICTIONS] = []
    assert rows(session, "SELECT id FROM credit ORDER BY id") == [("a",), ("b",)]


def test_a_condition_on_time_reads_only_its_hours_and_columns(tiers: TiersInMemory, open_session: Any) -> None:
    session = open_session(tiers)
    assert rows(session, "SELECT count(*) FROM credit WHERE time < '2025-06-15 16:00:00Z' AND age = 1") == [(1,)]
    assert tiers.asked == [(f"credit/predictions/{FIRST_HOUR}/0", ("id", "time", "age"))]


def test_a_span_is_a_condition_on_every_table(tiers: TiersInMemory, open_session: Any) -> None:
    session = open_session(tiers, span=Span(START_S + HOUR_S, START_S + 2 * HOUR_S), labels_late_s={"credit": HOUR_S})
    assert rows(session, "SELECT id FROM credit") == [("b",)]
    assert rows(session, "SELECT id FROM predictions") == [("b",)]


def test_labels_are_joined_also_when_they_came_after_the_span(tiers: TiersInMemory, open_session: Any) -> None:
    query = 'SELECT id, label FROM "credit.labelled" ORDER BY id'
    everything = rows(open_session(tiers), query)
    assert everything == [("a", 1.0), ("b", None), ("c", 1.0), ("c2", None), ("d", None), ("e", 1.0)]
    span = Span(START_S, START_S + HOUR_S)
    assert rows(open_session(tiers, span=span, labels_late_s={"credit": 3 * HOUR_S}), query) == [("a", 1.0)]
    assert rows(open_session(tiers, span=span, labels_late_s={"credit": HOUR_S}), query) == [("a", None)]
    assert rows(open_session(tiers, span=span), query) == [("a", 1.0)]


def test_a_limit_ends_the_reading(tiers: TiersInMemory, open_session: Any) -> None:
    for hour in range(50):
        tiers.freeze(kept(predictions([f"x{hour}"], START_S + (10 + hour) * HOUR_S)))
    assert len(rows(open_session(tiers), "SELECT id FROM credit LIMIT 1")) == 1
    assert len(tiers.asked) < 10


def test_columns_whose_type_changed_are_text(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.freeze(kept(predictions(["a"], START_S, code=[7.5])))
    tiers.land(kept(predictions(["b"], START_S + HOUR_S, code=["x"])))
    assert rows(open_session(tiers), "SELECT id, code FROM credit ORDER BY id") == [("a", "7.5"), ("b", "x")]


def test_tables_tell_their_rows_and_span(tiers: TiersInMemory, open_session: Any) -> None:
    tables = {table.name: table for table in open_session(tiers).tables}
    assert sorted(tables) == ["credit", "credit.labelled", "credit.labels", "dead_letters", "labels", "predictions"]
    assert tables["credit"].rows == 5
    assert tables["credit"].span == (FIRST_HOUR, FIRST_HOUR + 4 * HOUR_S)
    assert tables["dead_letters"].span is None
    assert tables["credit.labelled"].columns[-2:] == ("label", "label_time")


def test_a_monitor_may_have_the_name_of_a_table_over_all(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.land(kept(predictions(["a"], START_S)), monitor="predictions")
    assert "monitor" not in {column for table in open_session(tiers).tables[1:] for column in table.columns}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT ag FROM credit", "there is no column 'ag'; did you mean 'age'?"),
        ("SELECT p.ag FROM credit AS p", "there is no column 'ag'; did you mean 'age'?"),
        ("SELECT * FROM credt", "there is no table 'credt'; did you mean 'credit'?"),
        ("SELECT * FROM nothing_like_it", "there is no table 'nothing_like_it'; there are credit, "),
        ("SELECT * FROM credit.labels", 'the name credit.labels stands in double quotes: FROM "credit.labels"'),
        ("SELECT 1; SELECT 2", "2 statements, expected one SELECT"),
        ("", "empty, expected a SELECT"),
        ("DROP VIEW credit", "a query only reads: got a statement of the kind DROP, expected a SELECT"),
        ("SELECT id::INT FROM credit", "Could not convert string 'a' to INT32"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
    ],
)
def test_what_cannot_be_answered_is_told_in_words(
    sql: str, words: str, tiers: TiersInMemory, open_session: Any
) -> None:
    assert refusal(open_session(tiers), sql).startswith(words)


def test_a_name_with_a_dash_is_asked_to_be_quoted(open_session: Any) -> None:
    tiers = TiersInMemory()
    tiers.land(kept(predictions(["a"], START_S)), monitor="credit-default")
    session = open_session(tiers)
    assert 'FROM "credit-default"' in refusal(session, "SELECT * FROM credit-default")
    assert rows(session, 'SELECT id FROM "credit-default"') == [("a",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM glob('{path}')",
        "COPY credit TO '{path}'",
        "ATTACH '{path}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA memory_limit = '8GB'",
        "CREATE TABLE mine AS SELECT 1",
        "SELECT getenv('HOME')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{path}'",
    ],
)
def test_nothing_outside_can_be_reached_or_changed(
    sql: str, tiers: TiersInMemory, open_session: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nopensesame\n")
    message = refusal(open_session(tiers), sql.replace("{path}", str(secret)))
    assert "opensesame" not in message
    assert secret.read_text() == "word\nopensesame\n"


def test_memory_is_bounded_and_what_does_not_fit_is_spilled(tiers: TiersInMemory, open_session: Any) -> None:
    session = open_session(tiers, memory_bytes=32 * 2**20)
    sorted_ = "SELECT range FROM range({rows}) ORDER BY hash(range) LIMIT 2000000"
    assert sum(batch.num_rows for batch in session.run(sorted_.format(rows=6_000_000)).batches) == 2_000_000
    assert "raise --memory-limit" in refusal(session, "SELECT list(range) FROM range(100000000)")


def test_a_tier_that_is_away_is_told_as_such(
    tiers: TiersInMemory, open_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Iterator[pa.RecordBatch]:
        raise RetryLater("the warm tier is away")

    monkeypatch.setattr(tiers, "warm_rows", away)
    with pytest.raises(RetryLater, match="the warm tier is away"):
        list(open_session(tiers).run("SELECT * FROM credit").batches)


def test_rows_that_are_dropped_while_they_are_read_end_the_query(tiers: TiersInMemory, open_session: Any) -> None:
    answer = open_session(tiers).run("SELECT id FROM credit WHERE time > '2025-06-15 18:00:00Z'")
    tiers.warm["credit", Kind.PREDICTIONS] = []
    with pytest.raises(LateRows, match="run it again"):
        list(answer.batches)
