"""What the processes of one exporter tell each other about the archive, in shared memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from exporter.archive.entry import Kind
from exporter.window.memory import SharedMemory

KINDS = tuple(Kind)


class ArchiveTier(IntEnum):
    """The tiers whose health is told, by their place on the board."""

    HOT = 0
    WARM = 1
    COLD = 2


class _Fact(IntEnum):
    SPOOL_BYTES = 0
    OLDEST_AT = 1
    LANDED_AT = 2


class ArchiveBoard:
    """Written by ingest processes and the archivist, each its own slot; read by the exposer."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        memory = SharedMemory(
            {
                "durable": (np.int64, (slots,)),
                "facts": (np.float64, (len(_Fact),)),
                "landed": (np.int64, (slots, len(KINDS))),
                "quarantined": (np.int64, (1,)),
                "up": (np.int8, (len(ArchiveTier),)),
            }
        )
        self._durable: npt.NDArray[np.int64] = memory["durable"]
        self._facts: npt.NDArray[np.float64] = memory["facts"]
        self._landed: npt.NDArray[np.int64] = memory["landed"]
        self._quarantined: npt.NDArray[np.int64] = memory["quarantined"]
        self._up: npt.NDArray[np.int8] = memory["up"]

    def mark(self, slot: int) -> DurableMark:
        """Where the spool of a slot publishes what is durable."""
        return DurableMark(self._durable[slot : slot + 1])

    def set_spool(self, size_bytes: int, oldest_at: float | None) -> None:
        self._facts[_Fact.SPOOL_BYTES], self._facts[_Fact.OLDEST_AT] = size_bytes, oldest_at or 0.0

    def add_landed(self, slot: int, rows: Mapping[tuple[str, Kind], int], now: float) -> None:
        for (_, kind), count in rows.items():
            self._landed[slot, KINDS.index(kind)] += count
        self._facts[_Fact.LANDED_AT] = now

    def set_quarantined(self, entries: int) -> None:
        self._quarantined[0] = entries

    def set_up(self, tier: ArchiveTier, *, is_up: bool) -> None:
        self._up[tier] = is_up

    @property
    def spool_size_bytes(self) -> float:
        return float(self._facts[_Fact.SPOOL_BYTES])

    def spool_lag_s(self, now: float) -> float:
        """How long the oldest entry that has not landed has waited."""
        oldest = float(self._facts[_Fact.OLDEST_AT])
        return max(now - oldest, 0.0) if oldest else 0.0

    @property
    def landed_at(self) -> float:
        return float(self._facts[_Fact.LANDED_AT])

    @property
    def landed_rows(self) -> Mapping[Kind, int]:
        return {kind: int(count) for kind, count in zip(KINDS, self._landed.sum(axis=0), strict=True)}

    @property
    def quarantined(self) -> int:
        return int(self._quarantined[0])

    def is_up(self, tier: ArchiveTier) -> bool:
        return bool(self._up[tier])


@dataclass(frozen=True, slots=True)
class DurableMark:
    """The `Watermark` of one spool; 0 before any process had it."""

    cell: npt.NDArray[np.int64]

    def set(self, sequence: int) -> None:
        self.cell[0] = sequence

    def get(self) -> int:
        return int(self.cell[0])
