from __future__ import annotations

import numpy as np
import pytest

from exporter.batch import ERROR, ID, LATENCY, PREDICTION, TIMESTAMP, Reason
from exporter.decode import Decoders
from exporter.decode.projection import FieldKind, PayloadField, Projection
from exporter.decode.reading import RECORD_LIMIT_BYTES
from exporter.errors import RejectedPayload
from exporter.monitor.spec import canonical_category
from tests.support.payloads import a_projection, an_event, as_lines, column, decode, events, reasons


def test_lines_become_columns_in_the_order_of_the_projection() -> None:
    decoded = decode(as_lines(events(3)))
    assert decoded.batch.columns.schema.names == [field.column for field in a_projection().fields]
    assert column(decoded, ID) == ["e0", "e1", "e2"]
    assert decoded.batch.number("age").tolist() == [30.5, 31.5, 32.5]
    assert decoded.batch.positions.tolist() == [0, 1, 2]
    assert not decoded.rejects


def test_many_chunks_give_the_same_as_one_line_at_a_time() -> None:
    rows = events(3000)
    decoded = decode(as_lines(rows))
    assert column(decoded, ID) == [row["id"] for row in rows]
    assert decoded.batch.number("age").tolist() == [row["age"] for row in rows]
    assert decoded.raw[2999] == as_lines(rows[2999:]).strip()


@pytest.mark.parametrize("order", [sorted, lambda names: sorted(names, reverse=True)])
def test_the_order_of_an_events_fields_changes_nothing(order: object) -> None:
    rows = events(600)
    reordered = [{name: row[name] for name in order(row)} for row in rows]  # type: ignore[operator]  # a function
    assert decode(as_lines(reordered)).batch.columns.equals(decode(as_lines(rows)).batch.columns)


def test_fields_in_more_orders_than_are_kept_are_still_read() -> None:
    decoders = Decoders(a_projection())
    for extra in range(20):
        decoded = decoders.decode(as_lines([{f"unknown{extra}": 1, **row} for row in events(300)]))
        assert len(decoded.batch) == 300


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n\r\n  \n\t\n", b"\xef\xbb\xbf", b" "])
def test_a_body_of_blank_lines_has_no_rows(body: bytes) -> None:
    decoded = decode(body)
    assert len(decoded.batch) == 0
    assert not decoded.rejects


@pytest.mark.parametrize(
    "dress",
    [
        lambda body: body.strip(),
        lambda body: body.replace(b"\n", b"\r\n"),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: b"\n\n" + body.replace(b"\n", b"\n\n \n") + b"\n",
        lambda body: body.replace(b"{", b"  {").replace(b"\n", b" \t\n"),
    ],
    ids=["no last newline", "CRLF", "byte order mark", "blank lines", "white space around"],
)
def test_white_space_between_records_changes_nothing(dress: object) -> None:
    plain = as_lines(events(700))
    decoded = decode(dress(plain))  # type: ignore[operator]  # a function
    assert decoded.batch.columns.equals(decode(plain).batch.columns)
    assert decoded.batch.positions.tolist() == list(range(700))


def test_a_malformed_line_costs_none_of_its_neighbours() -> None:
    lines = as_lines(events(1000)).split(b"\n")
    lines[500] = b'{"id": "e500", "age": '
    decoded = decode(b"\n".join(lines))
    assert reasons(decoded) == [(500, Reason.MALFORMED)]
    assert decoded.rejects[0].raw == lines[500]
    assert column(decoded, ID) == [f"e{number}" for number in range(1000) if number != 500]
    assert decoded.batch.positions.tolist() == [position for position in range(1000) if position != 500]


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"id": "a", "age": NaN}', Reason.MALFORMED, "NaN is not JSON; send null"),
        (b'{"id": "a", "age": -Infinity}', Reason.MALFORMED, "-Infinity is not JSON; send null"),
        (b'{"id": "a",}', Reason.MALFORMED, "trailing comma"),
        (b"nonsense", Reason.MALFORMED, "malformed"),
        (b'{"id": "a"}{"id": "b"}', Reason.MALFORMED, "trailing"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", Reason.MALFORMED, "nested too deep"),
        (b'{"region": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", Reason.MALFORMED, "nested too deep"),
        (b"[1, 2]", Reason.NOT_AN_OBJECT, "not array (an array of objects is sent as application/json)"),
        (b"12", Reason.NOT_AN_OBJECT, "not int"),
        (b"null", Reason.NOT_AN_OBJECT, "not null"),
        (b'{"id": "\xff"}', Reason.NOT_UNICODE, "not UTF-8: invalid start byte (byte 0xff)"),
        (b'{"region": "\\ud800"}', Reason.NOT_UNICODE, "surrogate"),
        (b'{"region": "\\ud800 "}', Reason.NOT_UNICODE, "surrogate"),
        (b'{"region": "\\udc00"}', Reason.NOT_UNICODE, "surrogate"),
        (b'{"region": "\xed\xa0\x80"}', Reason.NOT_UNICODE, "not UTF-8"),
        (b'{"region": "\\ud83d\\ude00', Reason.MALFORMED, "truncated"),
        (b'{"age": ' + b"1" * 10_000 + b"}", Reason.MALFORMED, "out of range"),
        (b'{"x": "' + b"x" * RECORD_LIMIT_BYTES + b'"}', Reason.TOO_LARGE, "at most 1,048,576"),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_in_words(line: bytes, reason: Reason, detail: str) -> None:
    decoded = decode(as_lines([an_event(0)]) + line + b"\n" + as_lines([an_event(2)]))
    assert reasons(decoded) == [(1, reason)]
    assert detail in decoded.rejects[0].detail
    assert column(decoded, ID) == ["e0", "e2"]


def test_an_object_over_several_lines_takes_no_other_line_with_it() -> None:
    victim = as_lines([an_event(1)])
    decoded = decode(b'{"x": [{}\n' + victim + b'], "y": {}}\n')
    assert reasons(decoded) == [(0, Reason.MALFORMED), (2, Reason.MALFORMED)]
    assert column(decoded, ID) == ["e1"]


def test_two_objects_on_a_line_do_not_make_up_for_one_on_two() -> None:
    decoded = decode(b'{"x":\n1}' + as_lines([an_event(1)]))
    assert [position for position, _ in reasons(decoded)] == [0, 1]


def test_a_value_of_the_wrong_type_is_missing_and_marked_and_the_row_survives() -> None:
    ages = [1, 2.5, True, "12", [3], {"a": 1}, None, ...]
    decoded = decode(as_lines([an_event(number, age=age) for number, age in enumerate(ages)]))
    assert column(decoded, "age") == [1.0, 2.5, None, None, None, None, None, None]
    assert decoded.batch.mistyped["age"].tolist() == [False, False, True, True, True, True, False, False]


def test_categories_of_any_scalar_become_text_and_others_are_marked() -> None:
    regions = ["north", "", 3, 3.0, 2.5, True, False, None, ..., ["a"], "a\0b", "é\U0001f600"]
    decoded = decode(as_lines([an_event(number, region=region) for number, region in enumerate(regions)]))
    expected = ["north", "", "3", "3", "2.5", "true", "false", None, None, None, "a\0b", "é\U0001f600"]
    assert column(decoded, "region") == expected
    assert np.flatnonzero(decoded.batch.mistyped["region"]).tolist() == [9]


def test_a_nul_in_a_long_column_of_text_is_kept() -> None:
    regions = ["a\0b" if number == 70 else f"r{number}" for number in range(200)]
    decoded = decode(as_lines([an_event(number, region=region) for number, region in enumerate(regions)]))
    assert column(decoded, "region") == regions


def test_a_number_beyond_the_range_of_floats_is_infinite() -> None:
    huge = b"1" + b"0" * 400
    body = b"".join(
        b'{"id": %d, "ts": 1, "score": 0, "age": %s}\n' % (number, age)
        for number, age in enumerate([b"1e999", b"-1e999", huge, b"-" + huge, b"1e308"])
    )
    decoded = decode(body)
    assert decoded.batch.number("age").tolist() == [np.inf, -np.inf, np.inf, -np.inf, 1e308]
    assert not decoded.batch.mistyped


def test_ids_are_text_or_whole_numbers() -> None:
    ids = ["a", 7, 2**70, 1.5, True, {}, None, ..., ""]
    decoded = decode(as_lines([an_event(id=identifier) for identifier in ids]))
    assert column(decoded, ID) == ["a", "7", str(2**70)]
    assert reasons(decoded) == [(position, Reason.MISSING_ID) for position in range(3, 9)]
    assert "must hold text or a whole number" in decoded.rejects[0].detail
    assert "absent, null or empty" in decoded.rejects[-1].detail


def test_a_latency_of_the_wrong_type_is_missing_and_no_feature() -> None:
    decoded = decode(as_lines([an_event(latency="fast")]))
    assert column(decoded, LATENCY) == [None]
    assert not decoded.batch.mistyped


def test_predictions_are_scores_from_0_to_1_unless_the_model_failed() -> None:
    scores = [0, 1, 0.5, 1.01, -0.1, "0.5", True, None, ...]
    rows = [an_event(number, score=score) for number, score in enumerate(scores)]
    decoded = decode(as_lines(rows))
    assert decoded.batch.number(PREDICTION).tolist() == [0.0, 1.0, 0.5]
    invalid, missing = Reason.INVALID_PREDICTION, Reason.MISSING_PREDICTION
    assert [reason for _, reason in reasons(decoded)] == [invalid, invalid, invalid, invalid, missing, missing]
    failed = decode(as_lines([row | {"error": "timeout"} for row in rows]))
    assert column(failed, PREDICTION) == [0.0, 1.0, 0.5, None, None, None, None, None, None]


def test_an_error_field_that_says_nothing_is_no_error() -> None:
    errors = [None, ..., "", False, "timeout", 500, True, {"code": 1}]
    decoded = decode(as_lines([an_event(number, error=error) for number, error in enumerate(errors)]))
    assert column(decoded, ERROR) == [None, None, None, None, "timeout", "500", "true", "unreadable"]


def test_a_class_is_a_prediction_of_a_multiclass_model() -> None:
    predictions = ["cat", 3, True, None, "", ["cat"]]
    rows = [an_event(number, score=prediction) for number, prediction in enumerate(predictions)]
    decoded = decode(as_lines(rows), projection=a_projection(FieldKind.CATEGORY))
    assert column(decoded, PREDICTION) == ["cat", "3", "true"]
    missing, invalid = Reason.MISSING_PREDICTION, Reason.INVALID_PREDICTION
    assert reasons(decoded) == [(3, missing), (4, missing), (5, invalid)]


def test_a_regression_predicts_any_finite_number() -> None:
    body = as_lines([an_event(0, score=-12.5)]) + b'{"id": "e1", "ts": 1, "score": 1e999}\n'
    decoded = decode(body, projection=a_projection(FieldKind.NUMBER))
    assert decoded.batch.number(PREDICTION).tolist() == [-12.5]
    assert reasons(decoded) == [(1, Reason.INVALID_PREDICTION)]


def test_timestamps_are_numbers_in_the_unit_or_text() -> None:
    times = [1_700_000_000_500, "2023-11-14T22:13:20.5Z", None, "soon", 1_700_000_000_500.0, True, ..., "", [1]]
    rows = [an_event(number, ts=time) for number, time in enumerate(times)]
    decoded = decode(as_lines(rows), projection=a_projection(units_per_second=1000.0))
    assert decoded.batch.number(TIMESTAMP).tolist() == [1_700_000_000.5] * 3
    missing, invalid = Reason.MISSING_TIMESTAMP, Reason.INVALID_TIMESTAMP
    assert reasons(decoded) == [(2, missing), (3, invalid), (5, invalid), (6, missing), (7, missing), (8, invalid)]


@pytest.mark.parametrize(
    ("ages", "numbers", "mistyped"),
    [
        ([7, "old", None, True], [7.0, None, None, None], [False, True, False, True]),
        ([7, True], [7.0, None], [False, True]),
    ],
)
def test_one_field_may_be_read_twice_and_as_two_kinds(
    ages: list[object], numbers: list[float | None], mistyped: list[bool]
) -> None:
    projection = a_projection()
    twice = (PayloadField("age", "age_as_text", FieldKind.CATEGORY), PayloadField("age", "age_again", FieldKind.NUMBER))
    projection = Projection((*projection.fields, *twice))
    decoded = decode(as_lines([an_event(number, age=age) for number, age in enumerate(ages)]), projection=projection)
    assert column(decoded, "age") == column(decoded, "age_again") == numbers
    assert column(decoded, "age_as_text") == [canonical_category(age) for age in ages]
    assert decoded.batch.mistyped["age"].tolist() == mistyped


def test_a_million_distinct_categories_are_read() -> None:
    rows = b"".join(b'{"id":%d,"ts":1,"score":0,"region":"r%d"}\n' % (number, number) for number in range(1_000_000))
    decoded = decode(rows)
    assert decoded.batch.column("region")[999_999].as_py() == "r999999"


def test_more_lines_than_the_limit_are_refused_whole() -> None:
    with pytest.raises(RejectedPayload, match="more than 10 lines") as caught:
        Decoders(a_projection(), row_limit=10).decode(as_lines(events(11)))
    assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)


def test_the_number_columns_are_numpy_arrays_without_a_copy() -> None:
    decoded = decode(as_lines(events(10)))
    assert not decoded.batch.number("age").flags.owndata
