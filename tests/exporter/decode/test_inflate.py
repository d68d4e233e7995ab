from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable

import pytest
import zstandard

from exporter.batch import Reason
from exporter.decode import inflate
from exporter.errors import RejectedPayload

LIMIT_BYTES = 4 << 20
TEXT = b'{"id": "a"}\n' * 10_000
ENCODE: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_a_plain_body_is_left_as_it_is(encoding: str | None) -> None:
    assert inflate(TEXT, encoding, LIMIT_BYTES) is TEXT


@pytest.mark.parametrize("encoding", ENCODE)
@pytest.mark.parametrize("text", [b"", TEXT, os.urandom(1 << 20)], ids=["empty", "text", "noise"])
def test_an_encoded_body_is_as_it_was(encoding: str, text: bytes) -> None:
    assert inflate(ENCODE[encoding](text), encoding.upper(), LIMIT_BYTES) == text


@pytest.mark.parametrize("encoding", ENCODE)
def test_several_members_are_one_body(encoding: str) -> None:
    encode = ENCODE[encoding]
    assert inflate(encode(TEXT) + encode(b"") + encode(b"more"), encoding, LIMIT_BYTES) == TEXT + b"more"


def test_a_member_may_end_anywhere_in_a_step() -> None:
    noise = [os.urandom(size) for size in (1 << 18, (1 << 18) - 23, 77_777, 1, 300_000)]
    assert inflate(b"".join(map(gzip.compress, noise)), "gzip", LIMIT_BYTES) == b"".join(noise)


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_of_just_the_limit_is_read_and_a_byte_more_is_not(encoding: str) -> None:
    assert len(inflate(ENCODE[encoding](bytes(1000)), encoding, 1000)) == 1000
    with pytest.raises(RejectedPayload, match="larger than 1,000 bytes") as caught:
        inflate(ENCODE[encoding](bytes(1001)), encoding, 1000)
    assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)


def test_a_plain_body_above_the_limit_is_refused() -> None:
    with pytest.raises(RejectedPayload) as caught:
        inflate(bytes(1001), "identity", 1000)
    assert caught.value.status == 413


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_bomb_is_refused_with_little_memory(encoding: str) -> None:
    bomb = ENCODE[encoding](bytes(1 << 20)) * 2000
    with pytest.raises(RejectedPayload) as caught:
        inflate(bomb, encoding, LIMIT_BYTES)
    assert caught.value.status == 413


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_cut_short_anywhere_is_refused(encoding: str) -> None:
    whole = ENCODE[encoding](b"some text, and more of it" * 3)
    for length in range(len(whole)):
        with pytest.raises(RejectedPayload) as caught:
            inflate(whole[:length], encoding, LIMIT_BYTES)
        assert caught.value.reason == Reason.MALFORMED


@pytest.mark.parametrize("encoding", ENCODE)
@pytest.mark.parametrize("tail", [b"garbage", b"\x00\x00\x00\x00", b"\x1f"])
def test_something_behind_the_end_is_refused(encoding: str, tail: bytes) -> None:
    with pytest.raises(RejectedPayload) as caught:
        inflate(ENCODE[encoding](TEXT) + tail, encoding, LIMIT_BYTES)
    assert caught.value.reason == Reason.MALFORMED


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_that_is_not_so_encoded_is_refused(encoding: str) -> None:
    with pytest.raises(RejectedPayload, match=f"no sound {encoding}") as caught:
        inflate(TEXT, encoding, LIMIT_BYTES)
    assert caught.value.reason == Reason.MALFORMED


def test_a_gzip_whose_checksum_is_wrong_is_refused() -> None:
    body = bytearray(gzip.compress(TEXT))
    body[-6] ^= 1
    with pytest.raises(RejectedPayload) as caught:
        inflate(bytes(body), "gzip", LIMIT_BYTES)
    assert caught.value.reason == Reason.MALFORMED


def test_more_gzip_members_than_anybody_needs_are_refused() -> None:
    with pytest.raises(RejectedPayload, match="members"):
        inflate(gzip.compress(b"") * 10_001, "gzip", LIMIT_BYTES)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "none"])
def test_another_encoding_is_refused_with_those_that_are_known(encoding: str) -> None:
    with pytest.raises(RejectedPayload, match="identity, gzip, x-gzip, zstd") as caught:
        inflate(zlib.compress(TEXT), encoding, LIMIT_BYTES)
    assert (caught.value.reason, caught.value.status) == (Reason.UNSUPPORTED, 415)
