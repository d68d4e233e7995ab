"""Rows that were answered for wait here until enough have come together, or a moment has passed, to be counted."""

from __future__ import annotations

from exporter.batch import Integers
from exporter.clock import Clock
from exporter.derive import Derived
from exporter.validate import FeatureChecks
from exporter.window.coalesce import Pending
from exporter.window.counts import CountsWriter
from exporter.window.observe import PredictionCounter
from exporter.window.shared import SharedMonitor

ROWS_A_COUNT = 4096
COUNT_AFTER_S = 0.25


class CountingQueue:
    """Its length stands among the counts of the monitor, so that it can be seen."""

    def __init__(self, shared: SharedMonitor, writer: CountsWriter, clock: Clock) -> None:
        features = shared.monitor.spec.features
        self._writer = writer
        self._clock = clock
        self._length_slot = shared.layout.queue.start
        self._pending = Pending(name for name, feature in features.items() if feature.type == "category")
        self._pending_since = 0.0
        self._features = FeatureChecks(shared.monitor)
        self._counter = PredictionCounter(shared.layout)
        self._forget_length()

    @property
    def is_full(self) -> bool:
        return self._pending.rows >= ROWS_A_COUNT

    def is_due(self, now: float) -> bool:
        """Whether the rows have waited long enough; a clock that was set back does not make them wait longer."""
        return self._pending.rows > 0 and not 0 <= now - self._pending_since < COUNT_AFTER_S

    def add(self, derived: Derived, children: Integers) -> None:
        """Adds n rows of these children. The caller holds `writer.batch()`."""
        if not len(derived.batch):
            return
        if not self._pending.rows:
            self._pending_since = self._clock.now()
        self._pending.add(derived, children)
        self._writer.overall.integers[self._length_slot] += len(derived.batch)

    def count(self) -> None:
        """Validates and counts all rows that wait."""
        if not self._pending.rows:
            return
        derived, children = self._pending.take()
        validated = self._features.check(derived)
        with self._writer.batch():
            self._counter.count(derived.batch, validated, children, self._clock.now(), self._writer)
            self._writer.overall.integers[self._length_slot] -= len(children)

    def _forget_length(self) -> None:
        """Rows that waited in a process that was killed on this slot died with it."""
        with self._writer.batch():
            self._writer.overall.integers[self._length_slot] = 0
