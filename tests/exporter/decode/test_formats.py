from __future__ import annotations

import pytest

from exporter.batch import Reason
from exporter.decode.formats import ARROW_STREAM, CSV, FORMATS, JSON_ARRAY, JSON_LINES, format_of
from exporter.errors import RejectedPayload


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_known_by_its_media_type(name: str) -> None:
    assert format_of(name) == name
    assert format_of(f" {name.upper()} ; charset=UTF-8") == name


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (None, JSON_LINES),
        ("", JSON_LINES),
        ("text/plain", JSON_LINES),
        ("application/x-www-form-urlencoded", JSON_LINES),
        ("application/jsonl", JSON_LINES),
        ('application/json; charset="utf-8"', JSON_ARRAY),
        ("text/csv; header=present", CSV),
        ("application/vnd.apache.arrow.stream;x=y", ARROW_STREAM),
    ],
)
def test_other_names_mean_the_format_that_people_mean_by_them(content_type: str | None, expected: str) -> None:
    assert format_of(content_type) == expected


@pytest.mark.parametrize(
    "content_type",
    ["application/vnd.apache.arrow.file", "application/parquet", "image/png", "nonsense", "text/csv; charset=latin-1"],
)
def test_what_cannot_be_read_is_refused_with_what_can(content_type: str) -> None:
    with pytest.raises(RejectedPayload, match="send") as caught:
        format_of(content_type)
    assert (caught.value.reason, caught.value.status) == (Reason.UNSUPPORTED, 415)
