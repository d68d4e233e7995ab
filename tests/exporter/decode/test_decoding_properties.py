"""What holds for every body of every format."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.batch import ID, Batch, Reason
from exporter.decode import Decoders, inflate
from exporter.decode.formats import ARROW_STREAM, CSV, JSON_ARRAY, JSON_LINES
from exporter.decode.projection import FieldKind
from exporter.errors import RejectedPayload
from tests.support.payloads import (
    ENCODERS,
    a_labels_projection,
    a_projection,
    an_event,
    as_array,
    as_arrow,
    as_csv,
    as_lines,
    column,
    decode,
    events,
    reasons,
)

FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), texts
)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2))
times = st.one_of(
    anything,
    st.floats(0, 4e9),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.isoformat(" ")),
)


@st.composite
def odd_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event in which any field may be absent or hold anything, and which has fields that nobody asked for."""
    event = {
        "id": draw(st.one_of(texts, st.integers(), anything)),
        "ts": draw(times),
        "score": draw(st.one_of(st.floats(0, 1), anything)),
        "latency": draw(anything),
        "error": draw(st.one_of(st.none(), anything)),
        "age": draw(anything),
        "region": draw(anything),
        "unknown": draw(anything),
    }
    absent = draw(st.sets(st.sampled_from(sorted(event)), max_size=2))
    return {name: value for name, value in event.items() if name not in absent}


def assert_same(one: Batch, other: Batch) -> None:
    """The same rows with the same values, whether text is a dictionary or not."""
    assert one.positions.tolist() == other.positions.tolist()
    assert one.columns.schema.names == other.columns.schema.names
    for name in one.columns.schema.names:
        left, right = one.column(name), other.column(name)
        if left.type == pa.float64():
            np.testing.assert_allclose(left.to_numpy(), right.to_numpy(), rtol=1e-15, atol=2e-6, err_msg=name)
        else:
            assert left.to_pylist() == right.to_pylist(), name
    assert {name: mask.tolist() for name, mask in one.mistyped.items()} == {
        name: mask.tolist() for name, mask in other.mistyped.items()
    }


@FEW
@given(st.lists(odd_events(), min_size=1, max_size=20))
def test_the_fast_and_the_careful_path_give_the_same(rows: list[dict[str, Any]]) -> None:
    fast = decode(as_lines(rows))
    careful = decode(b"".join(b" " + line + b"\n" for line in as_lines(rows).splitlines()))
    assert_same(fast.batch, careful.batch)
    assert reasons(fast) == reasons(careful)
    array = decode(as_array(rows), JSON_ARRAY)
    assert_same(fast.batch, array.batch)
    assert reasons(fast) == reasons(array)


@FEW
@given(st.lists(odd_events(), min_size=1, max_size=20))
def test_a_row_is_read_the_same_alone_and_among_others(rows: list[dict[str, Any]]) -> None:
    decoders = Decoders(a_projection())
    together = decoders.decode(as_lines(rows))
    accepted = set(together.batch.positions.tolist())
    place = {position: row for row, position in enumerate(together.batch.positions.tolist())}
    for position, row in enumerate(rows):
        alone = decoders.decode(as_lines([row]))
        assert (len(alone.batch) == 1) == (position in accepted)
        if len(alone.batch):
            for name in ("age", "region", ID):
                assert column(alone, name) == [column(together, name)[place[position]]]


letters = st.characters(codec="utf-8", categories=["L", "N"])
plain_text = st.text(letters, min_size=1, max_size=6).map(lambda text: f"t{text}")
plain_events = st.fixed_dictionaries(
    {
        "id": plain_text,
        "ts": st.floats(0, 4e9, width=32),
        "score": st.floats(0, 1),
        "latency": st.none() | st.floats(0, 10),
        "version": st.none() | plain_text,
        "error": st.none(),
        "age": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "region": st.none() | plain_text,
    }
)


@FEW
@given(st.lists(plain_events, min_size=1, max_size=20))
def test_every_format_gives_the_same_batch_for_the_same_rows(rows: list[dict[str, Any]]) -> None:
    expected = decode(as_lines(rows))
    assert len(expected.batch) == len(rows)
    for content_type, encode in ENCODERS.items():
        assert_same(decode(encode(rows), content_type).batch, expected.batch)


bad_lines = st.binary(min_size=1, max_size=40).filter(
    lambda line: b"\n" not in line and b"\r" not in line and line.strip()
)


@FEW
@given(st.lists(bad_lines, min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_a_bad_row_never_costs_its_neighbours(bad: list[bytes], seed: int) -> None:
    lines = as_lines(events(40)).splitlines()
    for line in bad:
        lines.insert(int(np.random.default_rng(seed).integers(0, len(lines) + 1)), line)
    decoded = decode(b"\n".join(lines).removeprefix(b"\xef\xbb\xbf"))
    assert set(column(decoded, ID)) == {f"e{number}" for number in range(40)}
    assert len(decoded.rejects) == len(bad)
    assert {reject.raw for reject in decoded.rejects} == set(bad)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(ENCODERS)))
def test_random_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    read_or_refuse(body, content_type)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ENCODERS)), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_body_with_bytes_changed_is_read_or_refused(content_type: str, seed: int, changes: int) -> None:
    rng = np.random.default_rng(seed)
    body = bytearray(ENCODERS[content_type](events(5)))
    for place in rng.integers(0, len(body), size=changes):
        body[place] = rng.choice(np.frombuffer(b'\x00\xff{}[]",:\\\n\r19.eE-+', dtype=np.uint8))
    read_or_refuse(bytes(body), content_type)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=100), st.sampled_from(["gzip", "zstd"]))
def test_random_bytes_are_inflated_or_refused(body: bytes, encoding: str) -> None:
    with suppress(RejectedPayload):
        assert len(inflate(body, encoding, 1000)) <= 1000


def read_or_refuse(body: bytes, content_type: str) -> None:
    """Every record is in the batch or among the rejects, or the body is refused."""
    try:
        decoded = DECODERS.decode(body, content_type)
    except RejectedPayload:
        return
    positions = [*decoded.batch.positions.tolist(), *(reject.position for reject in decoded.rejects)]
    assert sorted(positions) == list(range(len(positions)))
    decoded.batch.columns.validate(full=True)
    for position in positions:
        assert isinstance(decoded.raw[position], bytes)


DECODERS = Decoders(a_projection())


def refused(body: bytes, content_type: str = JSON_LINES, row_limit: int = 3) -> RejectedPayload:
    with pytest.raises(RejectedPayload) as caught:
        Decoders(a_projection(), row_limit).decode(body, content_type)
    return caught.value


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", Reason.MALFORMED),
        (b"1", Reason.NOT_AN_OBJECT),
        (b'{"id": "\xff"}', Reason.NOT_UNICODE),
        (msgspec.json.encode(an_event(id=None)), Reason.MISSING_ID),
        (msgspec.json.encode(an_event(ts=None)), Reason.MISSING_TIMESTAMP),
        (msgspec.json.encode(an_event(ts="soon")), Reason.INVALID_TIMESTAMP),
        (msgspec.json.encode(an_event(score=None)), Reason.MISSING_PREDICTION),
        (msgspec.json.encode(an_event(score=2)), Reason.INVALID_PREDICTION),
    ],
)
def test_every_reason_to_set_a_prediction_aside_is_given(line: bytes, reason: Reason) -> None:
    assert reasons(decode(line)) == [(0, reason)]


@pytest.mark.parametrize(("label", "reason"), [(None, Reason.MISSING_LABEL), (2, Reason.INVALID_LABEL)])
def test_every_reason_to_set_a_label_aside_is_given(label: object, reason: Reason) -> None:
    decoded = decode(as_lines([{"id": "a", "label": label}]), projection=a_labels_projection(FieldKind.OUTCOME))
    assert reasons(decoded) == [(0, reason)]


def test_every_reason_to_refuse_a_body_is_given() -> None:
    for content_type, encode in ENCODERS.items():
        assert refused(encode(events(10)), content_type).reason == Reason.TOO_LARGE
    for content_type in (JSON_ARRAY, ARROW_STREAM, CSV):
        assert refused(b"nonsense", content_type).reason == Reason.MALFORMED
    assert refused(b"", "image/png").reason == Reason.UNSUPPORTED
    assert refused(as_arrow(events(1), compression="lz4"), ARROW_STREAM).reason == Reason.UNSUPPORTED


def test_raw_records_can_be_decoded_again() -> None:
    for content_type, encode in ((JSON_LINES, as_lines), (JSON_ARRAY, as_array), (ARROW_STREAM, as_arrow)):
        rows = events(5)
        decoded = decode(encode(rows), content_type)
        again = decode(b"\n".join(decoded.raw[position] for position in range(5)))
        assert_same(again.batch, decoded.batch)
    assert decode(as_csv(events(5)), CSV).raw[3].count(b",") == len(an_event()) - 1
