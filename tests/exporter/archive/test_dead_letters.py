"""Rejected records on disk: whole, bounded, private, and never in the way."""

from __future__ import annotations

import base64
import hashlib
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.dead_letters import LONGEST_RAW_BYTES, DeadLetters
from exporter.batch import Reason, Reject
from tests.support.clocks import MovedClock


def a_reject(raw: bytes, position: int = 0) -> Reject:
    return Reject(position, Reason.MALFORMED, "what is wrong", raw)


def letters_in(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.rglob("*.ndjson"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def test_a_letter_says_when_where_why_and_what(tmp_path: Path) -> None:
    DeadLetters(tmp_path, MovedClock()).write("credit", "http", "labels", [a_reject(b'{"id": 1', position=7)])
    assert letters_in(tmp_path / "credit") == [
        {
            "time": "2025-06-15T15:06:40.000+00:00",
            "monitor": "credit",
            "source": "http",
            "kind": "labels",
            "position": 7,
            "reason": "malformed",
            "detail": "what is wrong",
            "raw": '{"id": 1',
        }
    ]


def test_bytes_that_are_no_text_are_kept_as_base64(tmp_path: Path) -> None:
    DeadLetters(tmp_path, MovedClock()).write("credit", "http", "predictions", [a_reject(b"\xff\x00")])
    assert base64.b64decode(letters_in(tmp_path)[0]["raw_base64"]) == b"\xff\x00"


def test_of_an_enormous_record_the_beginning_and_the_digest_are_kept(tmp_path: Path) -> None:
    raw = b"x" * (LONGEST_RAW_BYTES + 1)
    DeadLetters(tmp_path, MovedClock()).write("credit", "http", "predictions", [a_reject(raw)])
    letter = letters_in(tmp_path)[0]
    assert (len(letter["raw"]), letter["raw_bytes"]) == (LONGEST_RAW_BYTES, LONGEST_RAW_BYTES + 1)
    assert letter["raw_sha256"] == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [(b'{"id":1,"email":"a@b.c","age":3}', '{"id":1,"age":3}'), (b"1,a@b.c,3", ""), (b'{"email":"a@b.c"', "")],
)
def test_private_fields_never_reach_the_disk(tmp_path: Path, raw: bytes, kept: str) -> None:
    DeadLetters(tmp_path, MovedClock()).write("credit", "http", "predictions", [a_reject(raw)], private={"email"})
    assert letters_in(tmp_path)[0]["raw"] == kept
    assert "a@b.c" not in "".join(path.read_text() for path in tmp_path.rglob("*.ndjson"))


def test_files_are_rotated_and_the_oldest_go_before_the_bound_is_passed(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, MovedClock(), file_bytes=1000, monitor_bytes=4000)
    for position in range(100):
        letters.write("credit", "http", "predictions", [a_reject(b"x" * 100, position)])
    files = list((tmp_path / "credit").iterdir())
    assert sum(path.stat().st_size for path in files) <= 4000
    positions = [letter["position"] for letter in letters_in(tmp_path)]
    assert max(positions) == 99
    assert len(positions) == len(set(positions)) > 5


def test_a_folder_that_cannot_be_written_loses_records_countably_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    letters = DeadLetters(tmp_path / "file", MovedClock())
    letters.write("credit", "http", "predictions", [a_reject(b"1"), a_reject(b"2")])
    assert letters.dropped == 2


def test_writing_goes_on_once_the_folder_is_back(tmp_path: Path) -> None:
    blocker = tmp_path / "state"
    blocker.write_text("in the way")
    letters = DeadLetters(blocker, MovedClock())
    letters.write("credit", "http", "predictions", [a_reject(b"1")])
    blocker.unlink()
    letters.write("credit", "http", "predictions", [a_reject(b"2")])
    assert [letter["raw"] for letter in letters_in(blocker)] == ["2"]


def test_a_half_written_body_is_counted_and_the_next_one_begins_a_new_file(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, MovedClock())
    letters.write("credit", "http", "predictions", [a_reject(b"first")])
    with files_no_longer_than(200):
        letters.write("credit", "http", "predictions", [a_reject(b"x" * 500)])
    assert letters.dropped == 1
    letters.write("credit", "http", "predictions", [a_reject(b"second")])
    torn, whole = sorted(tmp_path.rglob("*.ndjson"))
    assert torn.stat().st_size == 200
    assert json.loads(whole.read_text())["raw"] == "second"


def test_a_detail_that_utf_8_cannot_carry_is_kept_as_far_as_it_can_be(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, MovedClock())
    letters.write("credit", "http", "predictions", [Reject(0, Reason.NOT_UNICODE, "id '\ud800' is no text", b"{}")])
    assert letters_in(tmp_path)[0]["detail"] == "id '?' is no text"


@contextmanager
def files_no_longer_than(size_bytes: int) -> Iterator[None]:
    """What a disk that fills up does: a write that ends half-way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
