"""Every kind of bad input that a sender can think of: it is told, counted and kept, and costs no other row."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from exporter.batch import Reason
from exporter.errors import RejectedPayload
from exporter.pipeline import Payload
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.pipelines import WatchedPipeline, a_pipeline, as_lines

GOOD = {"id": "good", "ts": NOON_S, "score": 0.4, "age": 30}


def an_event(name: str, **fields: Any) -> dict[str, Any]:
    return {**GOOD, "id": name, **fields}


def a_credit_pipeline(folder: Path, **age: Any) -> WatchedPipeline:
    return a_pipeline(folder, a_monitor({"age": {"type": "number", **age}, "region": {"type": "category"}}))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"id": "a", "ts": 17500', Reason.MALFORMED),
        ('{"id": "a", "ts": 1750000000, "score": NaN, "age": 3}', Reason.MALFORMED),
        ('{"id": "a", "ts": 1750000000, "score": 0.5, "age": Infinity}', Reason.MALFORMED),
        ("[1, 2]", Reason.NOT_AN_OBJECT),
        ('{"id": "\\ud800", "ts": 1750000000, "score": 0.5}', Reason.NOT_UNICODE),
        ('{"ts": 1750000000, "score": 0.5}', Reason.MISSING_ID),
        ('{"id": "a", "score": 0.5}', Reason.MISSING_TIMESTAMP),
        ('{"id": "a", "ts": "yesterday", "score": 0.5}', Reason.INVALID_TIMESTAMP),
        ('{"id": "a", "ts": 1750000000}', Reason.MISSING_PREDICTION),
        ('{"id": "a", "ts": 1750000000, "score": 1.5}', Reason.INVALID_PREDICTION),
        ('{"id": "a", "ts": 1750000000, "score": "high"}', Reason.INVALID_PREDICTION),
        ('{"id": "a", "ts": 0, "score": 0.5}', Reason.TOO_OLD),
        ('{"id": "a", "ts": "1970-01-01T00:00:00Z", "score": 0.5}', Reason.TOO_OLD),
        ('{"id": "a", "ts": "2100-01-01T00:00:00Z", "score": 0.5}', Reason.IN_THE_FUTURE),
        ('{"id": "a", "ts": 1750000000000, "score": 0.5}', Reason.IN_THE_FUTURE),
        ('{"id": "good", "ts": 1750000000, "score": 0.5}', Reason.DUPLICATE),
    ],
)
def test_a_bad_row_is_told_counted_and_kept_and_its_neighbours_count(tmp_path: Path, bad: str, reason: Reason) -> None:
    watched = a_credit_pipeline(tmp_path)
    receipt = watched.predict(GOOD, bad, an_event("after"))
    assert (receipt.accepted, [(reject.position, reject.reason) for reject in receipt.rejects]) == (2, [(1, reason)])
    assert receipt.rejects[0].detail
    assert watched.value("infranaut_predictions_total") == 2
    assert watched.value("infranaut_ingest_records_failed_total", reason=reason.value, source="http") == 1
    letter = watched.dead_letters()[0]
    assert (letter["reason"], letter["raw"], letter["kind"]) == (reason.value, bad, "predictions")


def test_a_timestamp_in_milliseconds_is_explained(tmp_path: Path) -> None:
    receipt = a_credit_pipeline(tmp_path).predict(an_event("a", ts=NOON_S * 1000))
    assert "looks like ms" in receipt.rejects[0].detail


@pytest.mark.parametrize(
    ("age", "rule", "bin_name"),
    [("thirty", "type", "invalid"), (True, "type", "invalid"), (17, "range", "invalid"), (None, "required", "missing")],
)
def test_a_bad_feature_is_a_violation_and_the_prediction_still_counts(
    tmp_path: Path, age: object, rule: str, bin_name: str
) -> None:
    watched = a_credit_pipeline(tmp_path, min=18, required=True)
    assert watched.predict(GOOD, an_event("bad", age=age)).accepted == 2
    assert watched.value("infranaut_feature_violations_total", feature="age", rule=rule) == 1
    assert watched.value("infranaut_feature_bin_total", feature="age", bin=bin_name) == 1
    assert watched.value("infranaut_records_invalid_total", rule="__any__") == 1
    assert watched.value("infranaut_feature_bin_total", feature="age") == 2
    assert watched.dead_letters() == []


def test_infinities_in_arrow_are_invalid_and_nan_is_missing(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    body = b"id,ts,score,age\n" + b"".join(
        f"{name},{NOON_S},0.5,{age}\n".encode() for name, age in (("a", "inf"), ("b", "-inf"), ("c", "nan"), ("d", "5"))
    )
    watched.predict(body.decode(), content_type="text/csv")
    assert watched.value("infranaut_feature_bin_total", feature="age", bin="invalid") == 2
    assert watched.value("infranaut_feature_violations_total", feature="age", rule="finite") == 2
    assert watched.value("infranaut_feature_bin_total", feature="age", bin="missing") == 1


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    assert a_credit_pipeline(tmp_path).predict(an_event("a", surprise={"deep": [1]})).accepted == 1


def test_a_feature_that_no_event_carries_is_missing_in_all_of_them(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    watched.predict(GOOD, an_event("b"))
    assert watched.value("infranaut_feature_bin_total", feature="region", bin="missing") == 2


def test_a_million_distinct_categories_cost_one_bin(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    before = len(watched.series())
    for start in range(0, 1_000_000, 10_000):
        rows = "".join(f"i{number},{NOON_S},0.5,1,r{number}\n" for number in range(start, start + 10_000))
        watched.predict(f"id,ts,score,age,region\n{rows}", content_type="text/csv")
    assert watched.value("infranaut_feature_bin_total", feature="region", bin="c:__other__") == 1_000_000
    assert len(watched.series()) == before


def test_duplicates_within_a_body_and_between_bodies_count_once(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    assert watched.predict(GOOD, GOOD, an_event("b")).accepted == 2
    assert watched.predict(GOOD, an_event("c")).accepted == 1
    assert watched.value("infranaut_predictions_total") == 3
    assert watched.value("infranaut_duplicate_records_total") == 2


def test_an_id_may_come_again_once_the_horizon_has_passed(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    watched.predict(GOOD)
    watched.clock.move(25 * 3600)
    watched.pipeline.tick()
    assert watched.predict(an_event("good", ts=watched.clock.now())).accepted == 1


def test_a_gzip_bomb_is_refused_without_being_inflated(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    bomb = gzip.compress(b" " * (1 << 26))
    with pytest.raises(RejectedPayload) as caught:
        watched.pipeline.take_predictions(Payload(bomb, content_encoding="gzip"))
    assert (caught.value.status, caught.value.reason) == (413, Reason.TOO_LARGE)
    assert watched.value("infranaut_ingest_records_failed_total", reason="too_large") == 1
    assert watched.dead_letters()[0]["raw_base64"]


def test_a_truncated_gzip_body_is_malformed(tmp_path: Path) -> None:
    watched = a_credit_pipeline(tmp_path)
    with pytest.raises(RejectedPayload, match="truncated"):
        watched.pipeline.take_predictions(Payload(gzip.compress(as_lines([GOOD]) * 50)[:-20], content_encoding="gzip"))


def test_a_prediction_that_the_model_failed_to_make_counts_as_an_error(tmp_path: Path) -> None:
    monitor = a_monitor(error="err", error_reasons=["timeout"])
    watched = a_pipeline(tmp_path, monitor)
    failed = {"id": "a", "ts": NOON_S, "err": "timeout", "age": 3}
    assert watched.predict(GOOD, failed, {**failed, "id": "b", "err": "boom"}).accepted == 3
    assert watched.value("infranaut_predictions_total") == 3
    assert watched.value("infranaut_prediction_errors_total", reason="timeout") == 1
    assert watched.value("infranaut_prediction_errors_total", reason="__other__") == 1


def test_a_dead_letter_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    watched = a_pipeline(blocked, a_monitor())
    assert watched.predict(GOOD, "{").accepted == 1
    assert watched.value("infranaut_ingest_records_failed_total", reason="malformed") == 1
