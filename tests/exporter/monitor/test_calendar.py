"""Spans of time as a person writes them."""

from __future__ import annotations

import pytest

from exporter.monitor.calendar import (
    cover_every_month,
    cover_the_day,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
)


def test_times_are_minutes_and_may_cross_midnight() -> None:
    assert parse_times("09:30-17:00") == (570, 1020)
    assert not parse_times("09:30-17:00").crosses_midnight
    assert parse_times("22:00-06:00").crosses_midnight
    assert parse_times("22:00-00:00") == parse_times("22:00-24:00") == (1320, 1440)
    assert parse_times("00:00-24:00") == (0, 1440)


def test_spans_of_days_and_months_go_around() -> None:
    assert parse_weekdays("sunday") == ("sunday",)
    assert parse_weekdays("saturday..monday") == ("saturday", "sunday", "monday")
    assert parse_weekdays("monday..sunday") == parse_weekdays("monday..sunday")[:7]
    assert parse_months("december..february") == ("december", "january", "february")
    assert parse_months("may..may") == ("may",)


def test_days_of_a_month_count_from_either_end() -> None:
    assert parse_days_of_month("5") == (5, 5)
    assert parse_days_of_month("25..-1") == (25, -1)
    assert parse_days_of_month("-3..-1") == (-3, -1)


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["00:00-24:00"], True),
        (["12:00-24:00", "00:00-12:00"], True),
        (["20:00-08:00", "07:00-21:00"], True),
        (["00:00-10:00", "02:00-04:00", "10:00-24:00"], True),
        (["00:00-23:59"], False),
        (["00:01-24:00"], False),
        (["08:00-07:59"], False),
        (["00:00-10:00", "02:00-04:00", "12:00-24:00"], False),
    ],
)
def test_spans_of_a_day_that_leave_no_minute_out_cover_it(texts: list[str], whole: bool) -> None:
    assert cover_the_day(map(parse_times, texts)) is whole


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["1..31"], True),
        (["-31..-1"], True),
        (["1..-1"], True),
        (["1..15", "-17..-1"], True),
        (["1..15", "-15..-1"], False),
        (["1..28"], False),
        (["2..-1"], False),
        (["-28..-1"], False),
    ],
)
def test_days_that_leave_none_out_of_the_longest_month_cover_every_month(texts: list[str], whole: bool) -> None:
    assert cover_every_month(map(parse_days_of_month, texts)) is whole


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("22-6", "'22-6' is not a span of the day, expected one such as 22:00-06:00"),
        ("22:00-25:00", "is not a span of the day"),
        ("22:00-24:30", "goes beyond the day"),
        ("24:00-01:00", "goes beyond the day"),
        ("08:00-08:00", "has no length; the whole day is 00:00-24:00"),
    ],
)
def test_what_is_no_span_of_the_day_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_times(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tusday", "'tusday' is not a weekday, expected one such as monday; did you mean 'tuesday'"),
        ("monday-friday", "is not a weekday"),
        ("monday..friday..sunday", "is no span, expected monday, or monday..friday"),
        ("", "is not a weekday"),
    ],
)
def test_what_is_no_span_of_weekdays_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_weekdays(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("first", "is no day of a month"),
        ("0", "goes beyond a month"),
        ("1..32", "goes beyond a month"),
        ("5..1", "ends before it begins"),
        ("-1..-3", "ends before it begins"),
        ("-1..5", "ends before it begins"),
    ],
)
def test_what_is_no_span_of_days_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_days_of_month(text)
