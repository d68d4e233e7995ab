"""What the processes of one exporter tell each other, in shared memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exporter.window.memory import SharedMemory

_WORKERS_WANTED, _WORKERS_READY, _RELOAD_OK, _RELOADED_AT, _CONFIG_HASH = range(5)


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """The last poll of a collector."""

    name: str
    is_successful: bool
    duration_s: float


class Status:
    """Written by the supervisor (and, its own part, by the collector process), read by the exposer."""

    def __init__(self, collectors: int = 64) -> None:
        memory = SharedMemory({"facts": (np.float64, (8,)), "polls": (np.float64, (collectors, 2))})
        self._facts = memory["facts"]
        self._polls = memory["polls"]

    def set_workers(self, wanted: int, ready: int) -> None:
        self._facts[_WORKERS_WANTED], self._facts[_WORKERS_READY] = wanted, ready

    def set_reloaded(self, now: float, config_hash: int) -> None:
        self._facts[_RELOAD_OK], self._facts[_RELOADED_AT], self._facts[_CONFIG_HASH] = 1.0, now, config_hash

    def set_reload_failed(self) -> None:
        self._facts[_RELOAD_OK] = 0.0

    def set_poll(self, index: int, is_successful: bool, duration_s: float) -> None:
        self._polls[index] = (1.0 if is_successful else 0.0, duration_s)

    def poll(self, index: int, name: str) -> CollectorStatus:
        return CollectorStatus(name, bool(self._polls[index, 0]), float(self._polls[index, 1]))

    @property
    def is_ready(self) -> bool:
        """Whether every ingest process takes predictions."""
        return bool(self._facts[_WORKERS_READY] >= self._facts[_WORKERS_WANTED] > 0)

    @property
    def workers(self) -> tuple[int, int]:
        """Ingest processes ready, and wanted."""
        return int(self._facts[_WORKERS_READY]), int(self._facts[_WORKERS_WANTED])

    @property
    def is_reload_successful(self) -> bool:
        return bool(self._facts[_RELOAD_OK])

    @property
    def reloaded_at(self) -> float:
        return float(self._facts[_RELOADED_AT])

    @property
    def config_hash(self) -> float:
        return float(self._facts[_CONFIG_HASH])
