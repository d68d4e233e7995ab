"""Several things are read at once, in order, within a bound."""

from __future__ import annotations

import threading

import pytest

from exporter.archive.query.reading_ahead import read_ahead


class _Store:
    """Answers a read once as many as are expected are under way."""

    def __init__(self, together: int, patience_s: float = 20) -> None:
        self._barrier = threading.Barrier(together, timeout=patience_s)
        self._lock = threading.Lock()
        self.under_way = 0
        self.most = 0

    def read(self, item: int) -> int:
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self._barrier.wait()
        with self._lock:
            self.under_way -= 1
        return item * 10


def test_reads_are_under_way_together_and_come_in_their_order() -> None:
    store = _Store(together=4)
    assert list(read_ahead(range(8), store.read, lambda _: 1, most=100, threads=4)) == [item * 10 for item in range(8)]
    assert store.most == 4


def test_what_is_held_is_bounded_but_for_one_that_alone_is_more() -> None:
    store = _Store(together=2, patience_s=0.2)
    results = read_ahead([1, 2, 3], store.read, lambda _: 7, most=5)
    with pytest.raises(threading.BrokenBarrierError):
        list(results)
    assert store.most == 1


def test_an_error_comes_in_its_place() -> None:
    def read(item: int) -> int:
        return 10 // item

    results = read_ahead([5, 2, 0, 1], read, lambda _: 1, most=100)
    assert [next(results), next(results)] == [2, 5]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_early_end_starts_nothing_more() -> None:
    seen: list[int] = []

    def read(item: int) -> int:
        seen.append(item)
        return item

    results = read_ahead(range(1000), read, lambda _: 1, most=4)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(seen) < 20
