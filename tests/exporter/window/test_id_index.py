"""The index over a log of keys against a plain dictionary, through growth and through a log that is a ring."""

from __future__ import annotations

import numpy as np
import pytest

from exporter.window.id_index import WAYS, IdIndex, Keys
from exporter.window.memory import SharedMemory

CAPACITY = 8192


class IndexedLog:
    """A log of keys that wraps around, and its index."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.memory = SharedMemory(IdIndex.arrays(capacity))
        self.keys = np.zeros(capacity, dtype=np.uint64)
        self.index = IdIndex(self.memory, self.keys)
        self.appended = 0

    def append(self, keys: Keys) -> None:
        self.index.fit(min(self.appended + len(keys), len(self.keys)))
        places = (self.appended + np.arange(len(keys))) % len(self.keys)
        self.keys[places] = keys
        order = np.argsort(keys)
        self.index.insert(keys[order], places[order])
        self.appended += len(keys)

    def places_of(self, keys: Keys) -> list[int]:
        """In the order of the keys; -1 where there is none."""
        found = self.index.find(keys)
        places = np.full(len(keys), -2)
        places[found.rows] = found.positions
        places[found.repeated] = found.positions[found.first]
        listed: list[int] = places.tolist()
        return listed


def some_keys(count: int, seed: int = 1) -> Keys:
    return np.random.default_rng(seed).integers(1, 2**64, count, dtype=np.uint64)


def test_every_key_is_found_where_it_stands_while_the_index_grows() -> None:
    log, keys = IndexedLog(), some_keys(CAPACITY // 4)
    log.index.fit(0)
    sizes = set()
    for start in range(0, len(keys), 128):
        log.append(keys[start : start + 128])
        sizes.add(int(log.memory["index_bits"][0]))
        found = log.places_of(keys)
        assert found[: start + 128] == list(range(start + 128))
        assert set(found[start + 128 :]) <= {-1}
    assert len(sizes) > 1


def test_a_key_that_stands_twice_in_a_batch_is_told_by_its_first_row() -> None:
    log, keys = IndexedLog(), some_keys(3)
    log.append(keys)
    found = log.index.find(keys[[2, 0, 2, 2]])
    assert sorted(found.rows.tolist()) == [0, 1]
    assert found.repeated.tolist() == [2, 3]
    assert found.rows[found.first].tolist() == [0, 0]


def test_keys_that_differ_in_the_lower_bits_only_are_told_apart() -> None:
    log = IndexedLog()
    keys = np.uint64(7 << 48) + np.arange(WAYS, dtype=np.uint64)
    log.append(keys)
    assert log.places_of(keys[::-1].copy()) == list(range(WAYS))[::-1]


def test_what_the_log_has_overwritten_is_not_found() -> None:
    log = IndexedLog(1024)
    first, later = some_keys(1024, seed=2), some_keys(1024, seed=3)
    log.append(first)
    log.append(later[:512])
    assert set(log.places_of(first[:512])) == {-1}
    assert set(log.places_of(first[512:])) - {-1}
    assert sum(place >= 0 for place in log.places_of(later[:512])) == 512


def test_a_full_bucket_gives_up_its_oldest_slots() -> None:
    log = IndexedLog()
    keys = np.arange(1, WAYS + 5, dtype=np.uint64)
    for key in keys:
        log.append(np.array([key], dtype=np.uint64))
    assert log.places_of(keys) == [-1] * 4 + list(range(4, WAYS + 4))


def test_growth_that_was_cut_short_is_done_again() -> None:
    log, keys = IndexedLog(), some_keys(100)
    log.append(keys)
    log.memory["index_bits"][0] = 0
    log.memory["index_tags"][:] = 0
    log.index.fit(100)
    assert log.places_of(keys) == list(range(100))


@pytest.mark.parametrize("count", [0, 1, 5, 70_000])
def test_batches_of_any_size_are_looked_up(count: int) -> None:
    log = IndexedLog()
    log.index.fit(count)
    assert set(log.places_of(some_keys(count))) <= {-1}
