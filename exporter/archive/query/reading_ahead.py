"""Reads several things at once and gives them in their order, with a bound on what is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8


def read_ahead(
    items: Iterable[T], read: Callable[[T], R], weight: Callable[[T], int], most: int, threads: int = THREADS
) -> Iterator[R]:
    """What `read` makes of each item, in threads; the items under way weigh at most `most`, unless one alone does more.

    An error of `read` is raised where its result would come. Ending early waits for what is under way.
    """
    waiting: deque[tuple[int, Future[R]]] = deque()
    held = 0
    pool = ThreadPoolExecutor(threads, thread_name_prefix="read-ahead")
    try:
        for item in items:
            heavy = weight(item)
            while waiting and (held + heavy > most or len(waiting) >= threads):
                lighter, first = waiting.popleft()
                yield first.result()
                held -= lighter
            waiting.append((heavy, pool.submit(read, item)))
            held += heavy
        while waiting:
            yield waiting.popleft()[1].result()
    finally:
        pool.shutdown(cancel_futures=True)
