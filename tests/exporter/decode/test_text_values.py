from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from exporter.decode.text_values import numbers_in, times_in

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()


def times(*texts: str | None, units_per_second: float = 1.0) -> tuple[list[float | None], list[int]]:
    """Seconds, None where there are none; and the rows that are no times."""
    reading = times_in(pa.array(texts, pa.string()), units_per_second)
    rows = [] if reading.mistyped is None else np.flatnonzero(reading.mistyped).tolist()
    return [None if np.isnan(value) else float(value) for value in reading.values], rows


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31t12:00:00z", NOON),
        ("2026-01-31 12:00:00", NOON),
        ("2026-01-31T12:00:00", NOON),
        ("2026-01-31T12:00Z", NOON),
        ("2026-01-31T13:30:00+01:30", NOON),
        ("2026-01-31T07:00:00-0500", NOON),
        ("2026-01-31T12:00:00.5Z", NOON + 0.5),
        ("2026-01-31T12:00:00.123456Z", NOON + 0.123456),
        ("2026-01-31T12:00:00.1234567Z", NOON + 0.1234567),
        ("2026-01-31T12:00:00.123456789+00:00", NOON + 0.123456789),
        ("2026-01-31", NOON - 12 * 3600),
        ("1970-01-01T00:00:00Z", 0.0),
        ("2100-01-01T00:00:00Z", 4_102_444_800.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
        ("9999-12-31T23:59:59Z", 253_402_300_799.0),
        ("  2026-01-31T12:00:00Z ", NOON),
        ("1769860800", 1_769_860_800.0),
        ("1769860800.25", 1_769_860_800.25),
    ],
)
def test_a_time_is_the_same_alone_and_among_others(text: str, seconds: float) -> None:
    assert times(text)[0] == pytest.approx([seconds], abs=2e-6)
    among = times("soon", text, None, "2026-01-31T12:00:00Z", "2026-01-31", "1", "2026-02-30T00:00:00Z")[0]
    assert among[1] == pytest.approx(seconds, abs=2e-6)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2026-02-30T00:00:00Z",
        "2026-13-01",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:60Z",
        "31.01.2026",
        "12:00",
    ],
)
def test_what_is_no_time_is_marked(text: str) -> None:
    assert times(text) == ([None], [0])
    assert times("2026-01-31T12:00:00Z", text, "2026-01-31") == ([NOON, None, NOON - 12 * 3600], [1])


def test_null_and_empty_text_are_missing() -> None:
    assert times(None, "", "  ", "2026-01-31") == ([None, None, None, NOON - 12 * 3600], [])
    assert times() == ([], [])


def test_a_number_in_text_is_in_the_unit() -> None:
    assert times("1500", "2026-01-31T12:00:00Z", units_per_second=1000.0) == ([1.5, NOON], [])


def test_numbers_are_the_same_alone_and_among_others() -> None:
    texts = ["1", "-2.5", "+3", ".5", "5.", "1e3", "1E-3", "0012", "nan", "inf", "-INF", "Infinity", "1e999", ""]
    expected = [1.0, -2.5, 3.0, 0.5, 5.0, 1000.0, 0.001, 12.0, np.nan, np.inf, -np.inf, np.inf, np.inf, np.nan]
    alone = [numbers_in(pa.array([text])).values[0] for text in texts]
    among = numbers_in(pa.array([*texts, "none", "1,5", "--1", "٣"]))
    np.testing.assert_array_equal(alone, expected)
    np.testing.assert_array_equal(among.values, [*expected, *[np.nan] * 4])
    assert among.mistyped is not None
    assert np.flatnonzero(among.mistyped).tolist() == [14, 15, 16, 17]
