"""An object store that may be away when the archive is opened: it is opened once it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.archive.cold.store import ObjectStore, PutOutcome, StoredObject
from exporter.errors import RetryLater


def open_or_await(open_store: Callable[[], ObjectStore]) -> ObjectStore:
    """The store, or where it is away something that looks for it at each call; InvalidSettings when it refuses."""
    try:
        return open_store()
    except RetryLater:
        return _AwaitedStore(open_store)


class _AwaitedStore:
    """RetryLater at each call until the store has answered once. For several threads: opening it twice does no harm."""

    def __init__(self, open_store: Callable[[], ObjectStore]) -> None:
        self._open_store = open_store
        self._store: ObjectStore | None = None

    def check(self) -> None:
        self._opened().check()

    def put_if_absent(self, name: str, content: bytes, locked_until: float | None = None) -> PutOutcome:
        return self._opened().put_if_absent(name, content, locked_until)

    def get(self, name: str) -> bytes | None:
        return self._opened().get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        return self._opened().get_range(name, start, length)

    def size(self, name: str) -> int | None:
        return self._opened().size(name)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return self._opened().list(prefix)

    def delete(self, name: str) -> None:
        self._opened().delete(name)

    def hold(self, name: str, is_held: bool) -> None:
        self._opened().hold(name, is_held)

    def _opened(self) -> ObjectStore:
        if self._store is None:
            self._store = self._open_store()
        return self._store
