"""Cold tiers in a folder, what moves into them, and faults between the steps of a move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from exporter.archive.cold.copying import copy_hour
from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.keys import ColumnKeys
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import DAY_S, RowHour
from exporter.archive.cold.reading import ColdQuery, ColdRows
from exporter.archive.cold.tier import ColdTier
from exporter.archive.entry import Entry, Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from tests.support.archives import EVER, MONITOR, ORIGIN, a_stream
from tests.support.batches import START_S
from tests.support.clocks import MovedClock
from tests.support.warm_in_memory import LedgerInMemory, WarmInMemory

HOUR = RowHour(MONITOR, Kind.PREDICTIONS, int(START_S // 3600 * 3600))
EXPIRES_AT = START_S + 365 * DAY_S


class Crash(Exception):
    """A process that ends between two steps."""


@dataclass
class World:
    """A warm tier and a ledger in memory, a cold tier in a folder, and a clock; everything that a move touches."""

    warm: WarmInMemory
    ledger: LedgerInMemory
    cold: ColdTier
    clock: MovedClock = field(default_factory=lambda: MovedClock(START_S))

    @property
    def tiers(self) -> Tiers:
        return Tiers(self.warm, self.ledger, self.cold, self.clock)  # type: ignore[arg-type]  # only what moves need

    def land(self, *entries: Entry | pa.RecordBatch, origin: str = ORIGIN) -> None:
        """As the next entries of an origin."""
        claim = self.warm.claim(origin)
        self.warm.land(claim, a_stream(*entries, first=max(1, claim.next_sequence)))

    def copy(self, hour: RowHour = HOUR) -> list[ColdFile]:
        copied = copy_hour(self.cold, self.tiers.warm, self.tiers.ledger, hour, EXPIRES_AT, self.clock)
        return list(copied)

    def cold_rows(self, span: Span = EVER, **query: Any) -> list[pa.RecordBatch]:
        """All rows of the ledger's files of `MONITOR`."""
        query = {"kind": Kind.PREDICTIONS, "monitor": MONITOR, "span": span, **query}
        return list(ColdRows(self.cold, self.tiers.ledger, ColdQuery(**query)).batches())

    def objects(self) -> list[str]:
        return sorted(found.name for found in self.cold.store.list())


def a_world(folder: Path, **cold: Any) -> World:
    store = FolderStore(folder / "cold", MovedClock())
    store.check()
    return World(WarmInMemory(), LedgerInMemory(), ColdTier(store, **cold))


def some_keys(folder: Path) -> ColumnKeys:
    """A file of keys without any."""
    path = folder / "keys.json"
    path.write_text("{}")
    return ColumnKeys(path)


class Stumbling:
    """Calls a thing as it is, and crashes before or after one method's `at`-th call."""

    def __init__(self, thing: object, method: str, at: int = 1, *, is_after: bool = False) -> None:
        self._thing, self._method, self._left, self._is_after = thing, method, at, is_after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        return self._stumble(found) if name == self._method else found

    def _stumble(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stumbling(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._is_after:
                raise Crash
            result = call(*arguments, **named)
            if self._left == 0:
                raise Crash
            return result

        return stumbling
