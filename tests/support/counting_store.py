"""A store that notes what is fetched from it, and how many requests are under way at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from exporter.archive.cold.store import ObjectStore, PutOutcome, StoredObject


@dataclass
class CountingStore:
    """An `ObjectStore` before another one.

    fetched : name, start and length of each range, in the order of the requests.
    before  : is called within each request for a range.
    """

    store: ObjectStore
    fetched: list[tuple[str, int, int]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None
    most_at_once: int = 0
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        self.fetched.clear()
        self.most_at_once = 0

    def bytes_of(self, name: str) -> int:
        return sum(length for of, _, length in self.fetched if of == name)

    def check(self) -> None:
        self.store.check()

    def put_if_absent(self, name: str, content: bytes, locked_until: float | None = None) -> PutOutcome:
        return self.store.put_if_absent(name, content, locked_until)

    def get(self, name: str) -> bytes | None:
        raise AssertionError(f"the whole of {name} is fetched")

    def get_range(self, name: str, start: int, length: int) -> bytes:
        with self._noted(name, start, length):
            self.before()
            return self.store.get_range(name, start, length)

    def size(self, name: str) -> int | None:
        return self.store.size(name)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return self.store.list(prefix)

    def delete(self, name: str) -> None:
        self.store.delete(name)

    def hold(self, name: str, is_held: bool) -> None:
        self.store.hold(name, is_held)

    @contextmanager
    def _noted(self, name: str, start: int, length: int) -> Iterator[None]:
        with self._lock:
            self.fetched.append((name, start, length))
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
