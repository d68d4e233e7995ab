"""Profiles as bytes: what was written is read again, and what was not is refused with a reason."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.errors import CorruptEntry
from exporter.window.children import Child
from exporter.window.profile import EMPTY, Profile
from exporter.window.profile_bytes import VERSION, decode_profile, encode_profile
from tests.support.batches import a_monitor
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.profiled import labelled_predictions, profiles_of

MONITOR = a_monitor({"age": {"type": "number"}, "region": {"type": "category"}}, model_version="version")
REFERENCE = a_reference({"age": a_number_reference(), "region": a_category_reference(north=600, süd=400)})


def a_profile(seed: int = 1, rows: int = 200) -> Profile:
    rows_of_both = labelled_predictions(np.random.default_rng(seed), rows)
    return profiles_of([rows_of_both], MONITOR, REFERENCE)[Child("1")]


def packed(record: object) -> bytes:
    return b"INFP" + bytes([VERSION]) + zlib.compress(msgspec.msgpack.encode(record))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(20, 3000))
def test_what_is_read_is_what_was_written(seed: int, rows: int) -> None:
    profile = a_profile(seed, rows)
    read = decode_profile(encode_profile(profile))
    assert read.exact() == profile.exact()
    assert encode_profile(read) == encode_profile(profile)
    for name, summary in profile.summaries.items():
        own = read.summaries[name]
        assert (own.present, own.moments, own.distinct.estimate) == (
            summary.present,
            summary.moments,
            summary.distinct.estimate,
        )
        if summary.quantiles is not None:
            assert own.quantiles is not None
            assert own.quantiles.quantiles((0.1, 0.5, 0.9)) == summary.quantiles.quantiles((0.1, 0.5, 0.9))


def test_a_profile_that_was_read_merges_with_one_that_was_built() -> None:
    profile = a_profile()
    read = decode_profile(encode_profile(profile))
    assert read.merge(profile).exact() == profile.merge(profile).exact()


def test_the_empty_profile_and_absent_counts_are_kept() -> None:
    assert decode_profile(encode_profile(EMPTY)).exact() == EMPTY.exact()
    other = a_reference({"age": a_number_reference(8), "region": a_category_reference(north=1)})
    rows = labelled_predictions(np.random.default_rng(1), 50)
    elsewhere = profiles_of([rows], MONITOR, other)[Child("1")]
    both = a_profile().merge(elsewhere)
    assert decode_profile(encode_profile(both)).exact() == both.exact()


def test_a_later_version_is_refused_and_named() -> None:
    payload = bytearray(encode_profile(a_profile()))
    payload[4] = VERSION + 1
    with pytest.raises(CorruptEntry, match=f"version {VERSION + 1}, expected {VERSION}"):
        decode_profile(bytes(payload))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"INFP",
        b"xxxx" + bytes([VERSION]),
        b"INFP" + bytes([VERSION]) + b"not compressed",
        encode_profile(a_profile())[:-10],
        encode_profile(a_profile()) + b"more",
        packed(None),
        packed([1, 0, 0.0, 1.0, 1.0, [], [["age", 1, b"x", None, None]]]),
        packed([1, 0, 0.0, 1.0, 1.0, [["m", "", [], [], [1], None]], []]),
    ],
    ids=["nothing", "mark only", "another mark", "not packed", "cut", "longer", "null", "sketch", "labels"],
)
def test_bytes_that_are_no_profile_are_refused(payload: bytes) -> None:
    with pytest.raises(CorruptEntry):
        decode_profile(payload)


@settings(max_examples=50, deadline=None)
@given(position=st.integers(5, 2000), value=st.integers(0, 255))
@example(position=6, value=0x9C)
def test_a_changed_byte_never_changes_a_profile_unseen(position: int, value: int) -> None:
    """Another word on how hard it was packed, which zlib's header has too, changes nothing."""
    payload = bytearray(PAYLOAD)
    payload[min(position, len(payload) - 1)] = value
    try:
        decoded = decode_profile(bytes(payload))
    except CorruptEntry:
        return
    assert encode_profile(decoded) == PAYLOAD


PAYLOAD = encode_profile(a_profile())
