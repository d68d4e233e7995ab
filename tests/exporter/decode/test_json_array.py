from __future__ import annotations

import msgspec
import pytest

from exporter.batch import ID, Reason
from exporter.decode import Decoders
from exporter.decode.formats import JSON_ARRAY
from exporter.decode.json_elements import SIZE_LIMIT_BYTES, find_elements
from exporter.errors import RejectedPayload
from tests.support.payloads import a_projection, an_event, as_array, as_lines, column, decode, events, reasons


def test_an_array_gives_the_columns_of_the_same_lines() -> None:
    rows = events(1000)
    decoded = decode(as_array(rows), JSON_ARRAY)
    assert decoded.batch.columns.equals(decode(as_lines(rows)).batch.columns)
    assert decoded.raw[999] == msgspec.json.encode(rows[999])


def test_one_object_is_one_record() -> None:
    body = msgspec.json.encode(an_event(7))
    decoded = decode(b"\xef\xbb\xbf \n" + body, JSON_ARRAY)
    assert column(decoded, ID) == ["e7"]
    assert decoded.raw[0] == body


def test_an_array_may_be_written_over_many_lines() -> None:
    body = msgspec.json.format(as_array(events(300)), indent=2)
    assert decode(body, JSON_ARRAY).batch.columns.equals(decode(as_lines(events(300))).batch.columns)


def test_an_empty_array_has_no_rows() -> None:
    assert len(decode(b" [ ] ", JSON_ARRAY).batch) == 0
    assert len(decode(b"[\n]", JSON_ARRAY).batch) == 0


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b'{"id": NaN}', Reason.MALFORMED),
        (b'{"id": }', Reason.MALFORMED),
        (b"", Reason.MALFORMED),
        (b'{"id": "a"} {"id": "b"}', Reason.MALFORMED),
        (b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", Reason.MALFORMED),
        (b"12", Reason.NOT_AN_OBJECT),
        (b"[{}, {}]", Reason.NOT_AN_OBJECT),
        (b'{"id": "\xff"}', Reason.NOT_UNICODE),
        (b'{"region": "\\ud800"}', Reason.NOT_UNICODE),
    ],
)
def test_a_bad_element_costs_none_of_its_neighbours(element: bytes, reason: Reason) -> None:
    first, last = (msgspec.json.encode(an_event(number)) for number in (0, 2))
    decoded = decode(b"[" + first + b", " + element + b" ," + last + b"]", JSON_ARRAY)
    assert reasons(decoded) == [(1, reason)]
    assert decoded.rejects[0].raw.strip() == element
    assert column(decoded, ID) == ["e0", "e2"]
    assert decoded.batch.positions.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is empty"),
        (b"12", "begins with b'1'"),
        (b'"text"', "expected an array"),
        (b"[{}, {}", "left open"),
        (b'[{"id": "a}]', "left open"),
        (b"[{}] {}", "something follows it"),
        (b"[{}]]", "something follows it"),
        (b"[" * 100_000, "left open"),
    ],
)
def test_a_body_that_is_no_array_is_refused_whole(body: bytes, detail: str) -> None:
    with pytest.raises(RejectedPayload, match=detail.replace("'", ".")) as caught:
        decode(body, JSON_ARRAY)
    assert caught.value.reason == Reason.MALFORMED


def test_a_large_array_with_a_bad_element_is_refused_with_advice() -> None:
    body = b'[{"id": NaN},' + b" " * SIZE_LIMIT_BYTES + b"{}]"
    with pytest.raises(RejectedPayload, match="send NDJSON"):
        decode(body, JSON_ARRAY)


def test_more_elements_than_the_limit_are_refused_whole() -> None:
    decoders = Decoders(a_projection(), row_limit=10)
    for body in (as_array(events(11)), b"[" + b"1," * 10 + b"1]"):
        with pytest.raises(RejectedPayload) as caught:
            decoders.decode(body, JSON_ARRAY)
        assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)


def test_elements_are_found_whatever_their_text_holds() -> None:
    texts = ['"', "\\", '\\"', "],[", "{,}", "\\\\", "a\\\\\\", "", "é,"]
    body = msgspec.json.encode([{"t": text, "l": [text, {}]} for text in texts])
    elements = find_elements(body)
    found = [body[start:end] for start, end in zip(elements.starts, elements.ends, strict=True)]
    assert [msgspec.json.decode(element)["t"] for element in found] == texts
