from __future__ import annotations

import numpy as np
import pytest

from exporter.batch import ID, PREDICTION, TIMESTAMP, Reason
from exporter.decode import Decoders
from exporter.decode.formats import CSV
from exporter.errors import RejectedPayload
from tests.support.payloads import a_projection, as_csv, as_lines, column, decode, events, reasons

HEADER = b"id,ts,score,age,region\n"


def test_a_csv_gives_the_columns_of_the_same_lines() -> None:
    rows = events(1000)
    assert decode(as_csv(rows), CSV).batch.columns.equals(decode(as_lines(rows)).batch.columns)


def test_an_empty_field_is_missing() -> None:
    decoded = decode(HEADER + b'a,1,0.5,,\nb,2,0.5,"",""\n,3,0.5,1,x\nd,,0.5,1,x\ne,5,,1,x\n', CSV)
    assert column(decoded, "age") == column(decoded, "region") == [None, None]
    assert reasons(decoded) == [
        (2, Reason.MISSING_ID),
        (3, Reason.MISSING_TIMESTAMP),
        (4, Reason.MISSING_PREDICTION),
    ]
    assert not decoded.batch.mistyped


def test_numbers_are_read_from_text_and_what_is_none_is_marked() -> None:
    ages = ["1", "2.5e3", " 7 ", "old", "NaN", "inf", "-Infinity", "", "1_000", "0x10", "true"]
    decoded = decode(HEADER + "".join(f"i{row},1,0.5,{age},x\n" for row, age in enumerate(ages)).encode(), CSV)
    expected = [1.0, 2500.0, 7.0, None, None, np.inf, -np.inf, None, None, None, None]
    assert column(decoded, "age") == expected
    assert np.flatnonzero(decoded.batch.mistyped["age"]).tolist() == [3, 8, 9, 10]


def test_timestamps_are_numbers_or_times() -> None:
    decoded = decode(HEADER + b"a,1.5,0,1,x\nb,1970-01-01T00:00:02Z,0,1,x\nc,1970-01-01,0,1,x\nd,later,0,1,x\n", CSV)
    assert decoded.batch.number(TIMESTAMP).tolist() == [1.5, 2.0, 0.0]
    assert reasons(decoded) == [(3, Reason.INVALID_TIMESTAMP)]


def test_a_line_with_too_many_or_too_few_fields_costs_none_of_its_neighbours() -> None:
    decoded = decode(HEADER + b"a,1,0.5,1,x\nb,1,0.5\n\nc,1,0.5,1,x,extra\nd,1,2,1,x\ne,1,0.5,1,x\n", CSV)
    assert reasons(decoded) == [(1, Reason.MALFORMED), (2, Reason.MALFORMED), (3, Reason.INVALID_PREDICTION)]
    assert [reject.raw for reject in decoded.rejects] == [b"b,1,0.5", b"c,1,0.5,1,x,extra", b"d,1,2,1,x"]
    assert decoded.rejects[0].detail == "3 fields where the header has 5"
    assert column(decoded, ID) == ["a", "e"]
    assert decoded.batch.positions.tolist() == [0, 4]


def test_a_quoted_field_may_hold_commas_quotes_and_newlines() -> None:
    decoded = decode(HEADER + b'a,1,0.5,1,"north,\r\n""far"""\nb,1,7,1,"x\ny"\nc,1,0.5,1,z\n', CSV)
    assert column(decoded, "region") == ['north,\r\n"far"', "z"]
    assert decoded.rejects[0].raw == b'b,1,7,1,"x\ny"'


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_newline_and_a_byte_order_mark_are_read(newline: bytes, mark: bytes) -> None:
    body = HEADER + b"a,1,0.5,1,x\nb,1,2,1,y"
    decoded = decode(mark + body.replace(b"\n", newline), CSV)
    assert column(decoded, PREDICTION) == [0.5]
    assert decoded.rejects[0].raw == b"b,1,2,1,y"


def test_a_field_that_is_not_utf_8_costs_its_row_only() -> None:
    decoded = decode(HEADER + b"a,1,0.5,1,x\nb,1,0.5,1,\xff\nc,\xff\nd,1,0.5,1,z\n", CSV)
    assert reasons(decoded) == [(1, Reason.NOT_UNICODE), (2, Reason.MALFORMED)]
    assert decoded.rejects[0].raw == b"b,1,0.5,1,\xff"
    assert column(decoded, "region") == ["x", "z"]
    assert decoded.batch.positions.tolist() == [0, 3]


def test_a_header_alone_has_no_rows() -> None:
    for body in (HEADER, HEADER.strip(), b"\n" + HEADER):
        assert len(decode(body, CSV).batch) == 0


@pytest.mark.parametrize("body", [b"", b"\n", b"a,1,0.5,1,x\n", b"other\n1\n", b"\x00", b'"'])
def test_a_csv_without_a_header_is_refused_with_the_names_expected(body: bytes) -> None:
    with pytest.raises(RejectedPayload, match=r"first line must name the columns.*id, ts, score") as caught:
        decode(body, CSV)
    assert caught.value.reason == Reason.MALFORMED


def test_a_name_that_stands_twice_in_the_header_is_refused() -> None:
    with pytest.raises(RejectedPayload, match="'id' stands twice"):
        decode(b"id,ts,id\n", CSV)


def test_more_lines_than_the_limit_are_refused_whole() -> None:
    with pytest.raises(RejectedPayload) as caught:
        Decoders(a_projection(), row_limit=10).decode(as_csv(events(11)), CSV)
    assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)
    assert len(Decoders(a_projection(), row_limit=10).decode(as_csv(events(10)), CSV).batch) == 10


def test_an_open_quote_takes_what_follows_and_no_more() -> None:
    decoded = decode(HEADER + b'a,1,0.5,1,x\nb,1,0.5,1,"open\nc,1,0.5,1,y\n', CSV)
    assert column(decoded, ID)[0] == "a"
