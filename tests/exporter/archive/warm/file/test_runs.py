"""What is in sorted runs is found by its key, across pages, equal keys and merges."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive.warm.file.bodies import DamagedBody
from exporter.archive.warm.file.runs import KEY, PAGE_ROWS, PlainForm, SortedRuns, sorted_batch
from exporter.archive.warm.file.tables import bring_up_to_date

PARTITION = 7


def an_index() -> tuple[sqlite3.Connection, SortedRuns]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(connection)
    return connection, SortedRuns("ids", PlainForm("row"))


def add(connection: sqlite3.Connection, runs: SortedRuns, keys: Sequence[int], first: int = 0) -> None:
    rows = np.arange(first, first + len(keys))
    runs.add(connection, PARTITION, sorted_batch({KEY: np.array(keys, np.int64), "row": rows}))


def look_up(connection: sqlite3.Connection, runs: SortedRuns, keys: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs of a key and a row that it stands for."""
    needles = np.unique(np.array(keys, np.int64))
    return {
        (int(needles[needle]), row)
        for run in runs.of(connection, PARTITION)
        for found, rows in runs.look_up(connection, run, needles)
        for needle, row in zip(found.tolist(), rows.column("row").to_pylist(), strict=True)
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(-20, 20), min_size=1, max_size=8), max_size=30))
def test_every_row_of_a_key_is_found(landings: Sequence[Sequence[int]]) -> None:
    connection, runs = an_index()
    expected, first = set(), 0
    for keys in landings:
        add(connection, runs, keys, first)
        expected |= {(key, first + index) for index, key in enumerate(keys)}
        first += len(keys)
    assert look_up(connection, runs, range(-25, 25)) == expected
    assert len(runs.of(connection, PARTITION)) <= 16
    connection.close()


def test_keys_are_found_over_many_pages() -> None:
    connection, runs = an_index()
    keys = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 3 * PAGE_ROWS + 5).tolist()
    add(connection, runs, keys)
    assert len(runs.of(connection, PARTITION)[0].fences) == 4
    assert look_up(connection, runs, [*keys[::50], 1, 2, 3]) == {(keys[at], at) for at in range(0, len(keys), 50)}
    assert look_up(connection, runs, [-(2**63), 2**63 - 1]) <= {(key, at) for at, key in enumerate(keys)}


def test_equal_keys_stay_on_one_page() -> None:
    connection, runs = an_index()
    add(connection, runs, [1] * (PAGE_ROWS - 1) + [2] * 10 + [3] * PAGE_ROWS)
    assert len(look_up(connection, runs, [2])) == 10
    assert len(look_up(connection, runs, [3])) == PAGE_ROWS
    [run] = runs.of(connection, PARTITION)
    assert len(np.unique(run.fences)) == len(run.fences)


def test_rows_between_two_keys_are_read() -> None:
    connection, runs = an_index()
    add(connection, runs, list(range(0, 4 * PAGE_ROWS, 2)))
    [run] = runs.of(connection, PARTITION)
    for first, last in ((-5, 4), (PAGE_ROWS * 2 - 1, PAGE_ROWS * 2 + 3), (10**9, 10**9), (-9, -1), (0, 10**9)):
        found = [key for rows in runs.between(connection, run, first, last) for key in rows.column(KEY).to_pylist()]
        assert found == [key for key in range(0, 4 * PAGE_ROWS, 2) if first <= key <= last]


def test_dropped_runs_leave_no_pages() -> None:
    connection, runs = an_index()
    for first in range(40):
        add(connection, runs, [first, -first], 2 * first)
    runs.drop(connection, PARTITION)
    assert look_up(connection, runs, range(50)) == set()
    assert connection.execute("select count(*) from pages").fetchone() == (0,)


def test_a_page_that_is_cut_off_is_told() -> None:
    connection, runs = an_index()
    add(connection, runs, [1, 2, 3])
    connection.execute("update pages set body = substr(body, 1, 40)")
    with pytest.raises(DamagedBody, match="40 bytes"):
        look_up(connection, runs, [1])
