"""Days leave PostgreSQL, whole or for some monitors, whatever lands and joins meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import psycopg
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm
from exporter.errors import InfranautError, RetryLater
from tests.support.archives import DAY_S, MONITOR, ORIGIN, a_stream, an_entry, labels, letters, predictions
from tests.support.batches import START_S
from tests.support.polling import wait_until
from tests.support.postgres_tiers import DAY, DEADLINE_S, at_once, counted, opened, rows_in, stored_ids, tables, waiting


def test_a_day_that_somebody_else_dropped_is_made_again(url: str, tier: PostgresWarm) -> None:
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), labels(["a"]), letters([0]))).claim
    other = opened(url)
    for kind in Kind:
        other.drop_day(kind, DAY, {MONITOR: 1})
    other.close()
    entries = a_stream(predictions(["a"]), labels(["a"]), letters([0]), first=claim.next_sequence)
    assert sum(tier.land(claim, entries).rows.values()) == 3
    assert [counted(tier, kind) for kind in Kind] == [1, 1, 1]


@pytest.mark.parametrize("is_patient", [True, False], ids=["until the landing ends", "in vain"])
def test_a_day_is_not_dropped_under_a_landing(url: str, tier: PostgresWarm, is_patient: bool) -> None:
    """The landing has added its row, and not yet counted it, when somebody wants the day to go."""
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]))).claim
    outcome: list[str] = []

    def drop() -> None:
        other = opened(url)
        try:
            other.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 1})
        except InfranautError as error:
            outcome.append(type(error).__name__)
        other.close()

    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE infranaut.hours IN SHARE MODE")
        landing = threading.Thread(target=lambda: tier.land(claim, a_stream(predictions(["b"]), first=2)))
        landing.start()
        wait_until(lambda: waiting(url) == 1, DEADLINE_S, "the landing waiting for the side counts")
        dropping = threading.Thread(target=drop)
        dropping.start()
        wait_until(lambda: waiting(url) == 2, DEADLINE_S, "the other waiting for the landing")
        if not is_patient:
            dropping.join(DEADLINE_S)
    landing.join(DEADLINE_S)
    dropping.join(DEADLINE_S)
    assert outcome == ["LateRows" if is_patient else "RetryLater"]
    assert stored_ids(tier) == ["a", "b"]
    assert counted(tier) == 2


def test_a_day_that_somebody_else_drops_at_the_same_time_is_found_gone(url: str, tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"])))
    outcome: list[str] = []

    def drop() -> None:
        try:
            tier.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 1})
        except InfranautError as error:
            outcome.append(f"{type(error).__name__}: {error}")

    with psycopg.connect(url) as other:
        other.execute("DELETE FROM infranaut.hours")
        partition = f"infranaut.predictions_{DAY:%Y%m%d}"
        other.execute(f"ALTER TABLE infranaut.predictions DETACH PARTITION {partition}; DROP TABLE {partition}")
        dropping = threading.Thread(target=drop)
        dropping.start()
        wait_until(lambda: waiting(url), DEADLINE_S, "the second waiting for the first")
    dropping.join(DEADLINE_S)
    [told] = outcome
    assert told.startswith("LateRows: ")
    assert "0 rows are there, 1 were expected" in told


def test_the_whole_partition_goes_with_the_last_monitor(url: str, tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), an_entry(predictions(["a"]), "churn")))
    name = f"predictions_{DAY:%Y%m%d}"
    tier.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 1})
    assert name in tables(url)
    tier.drop_day(Kind.PREDICTIONS, DAY, {"churn": 1})
    assert name not in tables(url)
    assert f"joins_{DAY:%Y%m%d}" not in tables(url)


def test_days_are_days_of_utc(tier: PostgresWarm, url: str) -> None:
    midnight = datetime(2025, 3, 30, tzinfo=UTC).timestamp()
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a", "b"], [midnight - 1, midnight])))
    with psycopg.connect(url) as other:
        other.execute("SET timezone = 'Europe/Berlin'")
        of_day = other.execute("SELECT id FROM infranaut.predictions_20250330").fetchall()
    assert of_day == [("b",)]
    tier.drop_day(Kind.PREDICTIONS, date(2025, 3, 30), {MONITOR: 1})
    assert stored_ids(tier) == ["a"]


def test_a_day_of_many_pages_is_dropped_whole_and_in_part(
    url: str, tier: PostgresWarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.archive.warm.postgres_dropping._PAGES_AT_ONCE", 3)
    names = [f"p{number}" for number in range(3_000)]
    entries = [an_entry(make(names), monitor) for make in (predictions, labels) for monitor in (MONITOR, "churn")]
    tier.land(tier.claim(ORIGIN), a_stream(*entries))
    assert len(tier.join_labels([ORIGIN], 0, 10_000)) == 6_000
    tier.drop_day(Kind.PREDICTIONS, DAY, {"churn": 3_000})
    assert rows_in(url, "open_labels") == 3_000
    tier.drop_day(Kind.LABELS, DAY, {"churn": 3_000})
    assert (rows_in(url, "label_keys"), rows_in(url, "open_labels"), rows_in(url, "labels")) == (3_000, 0, 3_000)
    for kind in (Kind.LABELS, Kind.PREDICTIONS):
        tier.drop_day(kind, DAY, {MONITOR: 3_000})
    assert all(rows_in(url, table) == 0 for table in ("label_keys", "open_labels", "joins", "predictions", "hours"))


def test_labels_are_joined_while_their_predictions_days_are_dropped(url: str, tier: PostgresWarm) -> None:
    """Whatever comes first, a label is joined or open, and the counts are right."""
    names = [f"p{number}" for number in range(200)]
    days = [DAY_S * number for number in range(5)]
    claim = tier.claim(ORIGIN)
    for offset in days:
        some = [f"{name}-{offset}" for name in names]
        entries = a_stream(predictions(some, START_S + offset), labels(some), first=claim.next_sequence)
        claim = tier.land(claim, entries).claim

    def drop() -> None:
        other = opened(url)
        for offset in days[:-1]:
            day = datetime.fromtimestamp(START_S + offset, UTC).date()
            wait_until(lambda day=day: is_dropped(other, day), DEADLINE_S, f"{day} dropped")  # type: ignore[misc]
        other.close()

    def join() -> None:
        other = opened(url)
        for _ in range(60):
            other.join_labels([ORIGIN], 0, 20)
        other.close()

    at_once(drop, join)
    while len(tier.join_labels([ORIGIN], 0, 100)):
        pass
    assert rows_in(url, "joins") == 200
    assert rows_in(url, "open_labels") == 800
    assert [hour.labelled for hour in tier.hours() if hour.kind is Kind.PREDICTIONS] == [200]


def is_dropped(warm: PostgresWarm, day: date) -> bool:
    try:
        warm.drop_day(Kind.PREDICTIONS, day, {MONITOR: 200})
    except RetryLater:
        return False
    return True
