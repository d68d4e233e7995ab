"""Cold files in every ledger: listed, added once, on hold until they are let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from exporter.archive.entry import Kind
from exporter.archive.ledger import Ledger
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, LateRows
from tests.support.archives import DAY_S, HOUR_S
from tests.support.ledgers import START, a_cold_file


def test_cold_files_are_listed_by_name(ledger: Ledger) -> None:
    files = [
        a_cold_file(first=20),
        a_cold_file(first=1),
        a_cold_file(START + HOUR_S, "churn"),
        a_cold_file(kind=Kind.LABELS),
    ]
    for file in files:
        ledger.add_cold_file(file)
    assert list(ledger.cold_files()) == sorted(files, key=lambda file: file.name)
    assert list(ledger.cold_files("churn")) == [files[2]]
    assert list(ledger.cold_files(kind=Kind.LABELS)) == [files[3]]
    assert list(ledger.cold_files("churn", Kind.LABELS)) == []


@pytest.mark.parametrize(
    ("start", "end", "is_listed"),
    [
        (START, START + 1, True),
        (START + HOUR_S - 1, START + HOUR_S, True),
        (START - DAY_S, START + DAY_S, True),
        (START - 1, START, False),
        (START + HOUR_S, START + 2 * HOUR_S, False),
    ],
)
def test_cold_files_are_listed_when_their_hour_touches_the_span(
    ledger: Ledger, start: int, end: int, is_listed: bool
) -> None:
    ledger.add_cold_file(a_cold_file())
    assert len(ledger.cold_files(span=Span(start, end))) == is_listed


def test_a_cold_file_is_added_once(ledger: Ledger) -> None:
    ledger.add_cold_file(a_cold_file())
    ledger.add_cold_file(a_cold_file())
    assert list(ledger.cold_files()) == [a_cold_file()]


@pytest.mark.parametrize("change", [{"sha256": "00" * 32}, {"rows": 1}, {"digest": "00" * 16}, {"size_bytes": 1}])
def test_another_cold_file_of_the_same_name_is_refused(ledger: Ledger, change: Mapping[str, object]) -> None:
    ledger.add_cold_file(a_cold_file())
    other = replace(a_cold_file(), **change)  # type: ignore[arg-type]  # any of its fields
    with pytest.raises(CorruptEntry, match=a_cold_file().name):
        ledger.add_cold_file(other)
    assert list(ledger.cold_files()) == [a_cold_file()]


def test_a_cold_file_is_removed(ledger: Ledger) -> None:
    ledger.add_cold_file(a_cold_file())
    ledger.add_cold_file(a_cold_file(first=20))
    ledger.remove_cold_file(a_cold_file().name)
    ledger.remove_cold_file("not/there")
    assert list(ledger.cold_files()) == [a_cold_file(first=20)]


def test_a_cold_file_on_hold_stays_until_it_is_let_go(ledger: Ledger) -> None:
    file, other = a_cold_file(), a_cold_file(first=20)
    ledger.add_cold_file(file)
    ledger.add_cold_file(other)
    ledger.hold_cold_files([file.name], is_held=True)
    assert list(ledger.cold_files()) == [replace(file, is_held=True), other]
    with pytest.raises(LateRows, match="hold"):
        ledger.remove_cold_file(file.name)
    assert len(ledger.cold_files()) == 2
    ledger.hold_cold_files([file.name, other.name], is_held=False)
    ledger.remove_cold_file(file.name)
    assert list(ledger.cold_files()) == [other]


def test_a_file_that_is_added_again_while_on_hold_stays_on_hold(ledger: Ledger) -> None:
    ledger.add_cold_file(a_cold_file())
    ledger.hold_cold_files([a_cold_file().name], is_held=True)
    ledger.add_cold_file(a_cold_file())
    assert [file.is_held for file in ledger.cold_files()] == [True]
