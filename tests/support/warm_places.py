"""Empty places for warm tiers, one kind for each implementation, that a test opens as often as it likes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.archive.ledger import Ledger
from exporter.archive.warm.embedded import EmbeddedWarm, open_embedded
from exporter.archive.warm.file.connection import BUSY_S
from exporter.archive.warm.tier import WarmTier
from tests.support.clocks import MovedClock
from tests.support.postgres import database

OpenedPlace = tuple[WarmTier, Ledger]


class WarmPlace:
    """One database. Every `open` is another connection, as another process would have; all are closed in the end."""

    def __init__(self, connect: Callable[[], OpenedPlace]) -> None:
        self._connect = connect
        self._opened: list[WarmTier] = []

    def open(self) -> OpenedPlace:
        """The tier, migrated, and the ledger."""
        tier, ledger = self._connect()
        self._opened.append(tier)
        tier.migrate()
        return tier, ledger

    def tier(self) -> WarmTier:
        return self.open()[0]

    def ledger(self) -> Ledger:
        return self.open()[1]

    def close(self) -> None:
        for tier in self._opened:
            tier.close()


@contextmanager
def an_embedded_tier(folder: Path, *, is_read_only: bool = False, busy_s: float = BUSY_S) -> Iterator[EmbeddedWarm]:
    """Migrated, unless it is only read."""
    tier, _ = open_embedded(folder, MovedClock(), is_read_only=is_read_only, busy_s=busy_s)
    try:
        if not is_read_only:
            tier.migrate()
        yield tier
    finally:
        tier.close()


@contextmanager
def embedded_place(folder: Path) -> Iterator[WarmPlace]:
    place = WarmPlace(lambda: open_embedded(folder / "warm", MovedClock()))
    try:
        yield place
    finally:
        place.close()


@contextmanager
def postgres_place(_folder: Path) -> Iterator[WarmPlace]:
    """A database of its own in the server that tests share."""
    if importlib.util.find_spec("exporter.archive.warm.postgres") is None:
        pytest.skip("exporter.archive.warm.postgres does not exist")
    from exporter.archive.warm.postgres import open_postgres  # noqa: PLC0415  # psycopg is optional

    with database() as url:
        place = WarmPlace(lambda: open_postgres(url, None, MovedClock()))
        try:
            yield place
        finally:
            place.close()


PLACES = {"embedded": embedded_place, "postgres": postgres_place}
"""Every implementation by its name; a new one is a new line."""
