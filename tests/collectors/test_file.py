"""Files that are written while they are read: unfinished lines, rotation, truncation, restarts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectors.errors import SourceUnavailable, SourceUnusable
from collectors.file import RECORD_LIMIT_BYTES, LineFile
from collectors.source import CSV, NDJSON


def test_a_last_line_without_newline_waits_for_its_end(tmp_path: Path) -> None:
    path = a_file(tmp_path, b'{"a":1}\n{"a"')
    source = LineFile(path, follow=True)
    assert bodies(source) == [b'{"a":1}\n']
    append(path, b":2}\n")
    assert bodies(source) == [b'{"a":2}\n']
    source.close()


def test_a_last_line_without_newline_counts_when_the_file_is_not_followed(tmp_path: Path) -> None:
    source = LineFile(a_file(tmp_path, b'{"a":1}\n{"a":2}'))
    assert bodies(source) == [b'{"a":1}\n{"a":2}']
    assert source.is_finished()
    source.close()


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"1\n")
    source = LineFile(path, follow=True)
    assert bodies(source) == [b"1\n"]
    append(path, b"2\n3")
    path.rename(tmp_path / "events.ndjson.1")
    path.write_bytes(b"4\n")
    assert bodies(source) == [b"2\n", b"3", b"4\n"]
    source.close()


def test_a_renamed_file_is_read_on_while_there_is_no_new_one(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"1\n")
    source = LineFile(path, follow=True)
    assert bodies(source) == [b"1\n"]
    path.rename(tmp_path / "events.ndjson.1")
    append(tmp_path / "events.ndjson.1", b"2\n")
    assert bodies(source) == [b"2\n"]
    source.close()


def test_a_file_that_was_emptied_is_read_from_its_start(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"first\nsecond\n")
    source = LineFile(path, follow=True)
    bodies(source)
    path.write_bytes(b"new\n")
    assert bodies(source) == [b"new\n"]
    source.close()


def test_a_file_rotated_while_nobody_read_is_found_by_its_inode(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"1\n")
    first = a_remembering_file(path)
    bodies(first)
    first.commit(first.positions())
    first.close()
    append(path, b"2\n")
    path.rename(tmp_path / "events.ndjson.1")
    path.write_bytes(b"3\n")
    second = a_remembering_file(path)
    assert bodies(second) == [b"2\n", b"3\n"]
    second.close()


def test_another_file_with_the_same_inode_is_read_from_its_start(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"old\n")
    first = a_remembering_file(path)
    bodies(first)
    first.commit(first.positions())
    first.close()
    inode = path.stat().st_ino
    path.write_bytes(b"new\nand longer\n")
    assert path.stat().st_ino == inode
    second = a_remembering_file(path)
    assert bodies(second) == [b"new\nand longer\n"]
    second.close()


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    source = LineFile(path, follow=True)
    assert source.poll() is None
    path.write_bytes(b"1\n")
    assert bodies(source) == [b"1\n"]
    source.close()


def test_a_file_that_is_not_there_is_an_error_when_it_is_not_followed(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"events\.ndjson: there is no such file"):
        LineFile(tmp_path / "events.ndjson").poll()


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="is a folder"):
        LineFile(tmp_path).poll()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"1\n")
    path.chmod(0)
    with pytest.raises(SourceUnusable, match="cannot be read"):
        LineFile(path).poll()


def test_a_broken_file_of_positions_says_which_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "positions.json").write_text('{"inode": 1}')
    with pytest.raises(SourceUnusable, match=r"positions\.json: not a position .* delete it"):
        a_remembering_file(a_file(tmp_path, b"1\n"))


def test_positions_that_cannot_be_saved_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "positions.json.partial").mkdir()
    source = a_remembering_file(a_file(tmp_path, b"1\n"))
    bodies(source)
    with pytest.raises(SourceUnavailable, match="cannot save"):
        source.commit(source.positions())
    source.close()


def test_the_header_of_a_csv_file_stands_before_every_chunk(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"\xef\xbb\xbfid,age\r\n" + b"p1,40\r\n" * 4, "events.csv")
    source = LineFile(path, chunk_bytes=16)
    first, second = source.poll(), source.poll()
    assert first is not None
    assert second is not None
    assert (first.body, first.media_type, first.start) == (b"id,age\np1,40\r\np1,40\r\n", CSV, 11)
    assert second.body == first.body
    source.close()


def test_a_csv_record_with_a_newline_in_quotes_is_not_split(tmp_path: Path) -> None:
    record = b'p1,"two\nlines and ""quotes"""\n'
    source = LineFile(a_file(tmp_path, b"id,text\n" + record * 3, "events.csv"), chunk_bytes=len(record) + 8)
    assert bodies(source) == [b"id,text\n" + record] * 3
    source.close()


def test_a_csv_file_with_only_half_a_header_waits(tmp_path: Path) -> None:
    path = a_file(tmp_path, b"id,a", "events.csv")
    source = LineFile(path, follow=True)
    assert source.poll() is None
    append(path, b"ge\np1,40\n")
    assert bodies(source) == [b"id,age\np1,40\n"]
    source.close()


def test_a_line_longer_than_a_chunk_is_not_split(tmp_path: Path) -> None:
    line = b"x" * 1000 + b"\n"
    source = LineFile(a_file(tmp_path, line * 2), chunk_bytes=100)
    assert bodies(source) == [line, line]
    source.close()


def test_a_line_beyond_every_limit_comes_in_pieces_and_the_next_lines_follow(tmp_path: Path) -> None:
    source = LineFile(a_file(tmp_path, b"x" * (RECORD_LIMIT_BYTES + 10) + b"\nnext\n"))
    assert [len(body) for body in bodies(source)] == [RECORD_LIMIT_BYTES, 16]
    source.close()


def test_ndjson_is_the_type_of_every_other_file(tmp_path: Path) -> None:
    source = LineFile(a_file(tmp_path, b"1\n", "events.log"))
    chunk = source.poll()
    assert chunk is not None
    assert chunk.media_type == NDJSON
    source.close()


def a_file(folder: Path, content: bytes, name: str = "events.ndjson") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def a_remembering_file(path: Path) -> LineFile:
    return LineFile(path, follow=True, positions_path=path.with_name("positions.json"))


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(content)


def bodies(source: LineFile) -> list[bytes]:
    found = []
    while (chunk := source.poll()) is not None:
        found.append(chunk.body)
    return found
