"""What every source keeps, whatever it reads: order, whole records, at-least-once delivery."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors.file import LineFile
from collectors.source import Chunk, Source

CHUNK_BYTES = 64
RECORDS = [f'{{"id": "p{number}", "text": "{"x" * (number % 40)}"}}' for number in range(50)]


@dataclass(frozen=True, slots=True)
class SourceCase:
    """An implementation: how to open it in a folder, how records get there, and how to read them out of a chunk."""

    name: str
    open: Callable[[Path], Source]
    add: Callable[[Path, Sequence[str]], None]
    records: Callable[[Chunk], list[str]]


def _ndjson(follow: bool) -> SourceCase:
    def add(folder: Path, records: Sequence[str]) -> None:
        with (folder / "events.ndjson").open("a") as stream:
            stream.writelines(f"{record}\n" for record in records)

    return SourceCase(
        f"ndjson {'followed' if follow else 'to its end'}",
        lambda folder: _line_file(folder, "events.ndjson", follow),
        add,
        lambda chunk: chunk.body.decode().splitlines(),
    )


def _csv() -> SourceCase:
    def add(folder: Path, records: Sequence[str]) -> None:
        path = folder / "events.csv"
        is_new = not path.exists()
        with path.open("a") as stream:
            stream.write("id\n" if is_new else "")
            stream.writelines(f"{json.dumps(record)}\n".replace('\\"', '""') for record in records)

    def records(chunk: Chunk) -> list[str]:
        header, *lines = chunk.body.decode().splitlines()
        assert header == "id"
        return [line[1:-1].replace('""', '"') for line in lines]

    return SourceCase("csv followed", lambda folder: _line_file(folder, "events.csv", True), add, records)


def _line_file(folder: Path, name: str, follow: bool) -> LineFile:
    return LineFile(folder / name, follow=follow, positions_path=folder / "positions.json", chunk_bytes=CHUNK_BYTES)


CASES = [_ndjson(follow=True), _ndjson(follow=False), _csv()]
every_source = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_source
def test_it_gives_every_record_once_whole_and_in_order(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    source = case.open(tmp_path)
    assert _read(case, source) == RECORDS
    source.close()


@every_source
def test_it_gives_nothing_rather_than_waiting_when_there_is_nothing_more(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS[:1])
    source = case.open(tmp_path)
    assert _read(case, source) == RECORDS[:1]
    assert source.poll() is None
    assert source.poll() is None
    source.close()


@every_source
def test_chunks_lie_side_by_side_in_the_source(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    source = case.open(tmp_path)
    chunks = _chunks(source)
    assert len(chunks) > 5
    assert [chunk.start for chunk in chunks[1:]] == [chunk.end for chunk in chunks[:-1]]
    source.close()


@every_source
def test_what_was_committed_is_not_given_again(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    first = case.open(tmp_path)
    chunk = first.poll()
    assert chunk is not None
    first.commit(first.positions())
    first.close()
    second = case.open(tmp_path)
    assert case.records(chunk) + _read(case, second) == RECORDS
    second.close()


@every_source
def test_what_was_not_committed_is_given_again(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    first = case.open(tmp_path)
    first.poll()
    first.commit(first.positions())
    uncommitted = first.poll()
    assert uncommitted is not None
    first.close()
    second = case.open(tmp_path)
    again = second.poll()
    assert again == uncommitted
    second.close()


@every_source
def test_committing_twice_is_the_same_as_once(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    first = case.open(tmp_path)
    first.poll()
    positions = first.positions()
    first.commit(positions)
    first.commit(positions)
    rest = _read(case, first)
    first.close()
    second = case.open(tmp_path)
    assert _read(case, second) == rest
    second.close()


@every_source
def test_positions_are_json(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    source = case.open(tmp_path)
    source.poll()
    assert json.loads(json.dumps(source.positions())) == source.positions()
    source.close()


@every_source
def test_closing_twice_is_the_same_as_once(case: SourceCase, tmp_path: Path) -> None:
    case.add(tmp_path, RECORDS)
    source = case.open(tmp_path)
    source.poll()
    source.close()
    source.close()
    assert source.poll() is None
    assert source.is_finished()


def _chunks(source: Source) -> list[Chunk]:
    chunks = []
    while (chunk := source.poll()) is not None:
        chunks.append(chunk)
    return chunks


def _read(case: SourceCase, source: Source) -> list[str]:
    return [record for chunk in _chunks(source) for record in case.records(chunk)]
