"""The filter never denies an id that it has, and seldom claims one that it has not."""

from __future__ import annotations

import numpy as np

from exporter.archive.warm.file.id_filter import IdFilter, IdFilters

MOST_BYTES = 2**24


def some_hashes(seed: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, count)


def test_what_was_added_may_be_there() -> None:
    known = IdFilter(1_000, MOST_BYTES)
    hashes = some_hashes(1, known.room)
    known.add(hashes[:100])
    known.add(hashes[100:])
    assert known.may_hold(hashes).all()


def test_a_full_filter_is_wrong_about_few_new_ids() -> None:
    known = IdFilter(50_000, MOST_BYTES)
    known.add(some_hashes(1, known.room))
    assert known.may_hold(some_hashes(2, 200_000)).mean() < 1 / 200


def test_an_empty_filter_holds_nothing() -> None:
    assert not IdFilter(0, MOST_BYTES).may_hold(some_hashes(1, 1_000)).any()


def test_a_filter_that_may_not_grow_is_wrong_more_often_and_never_denies() -> None:
    known = IdFilter(1_000_000, 2**16)
    assert known.size_bytes == 2**16
    hashes = some_hashes(1, 100_000)
    known.add(hashes)
    assert known.room > 10**12
    assert known.may_hold(hashes).all()
    assert known.may_hold(some_hashes(2, 100_000)).mean() < 1


def test_the_filter_that_was_used_last_goes_last() -> None:
    filters = IdFilters(2 * IdFilter(0, MOST_BYTES).size_bytes)
    for partition in (1, 2):
        filters.put(partition, IdFilter(0, MOST_BYTES))
    filters.get(1)
    filters.put(3, IdFilter(0, MOST_BYTES))
    assert [filters.get(partition) is not None for partition in (1, 2, 3)] == [True, False, True]
    filters.put(4, IdFilter(1_000_000, MOST_BYTES))
    assert filters.get(4) is not None
    assert filters.get(1) is None
