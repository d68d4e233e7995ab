"""Remembers the predictions of one process, joins labels to them, and counts what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exporter.batch import LABEL, PREDICTION, TIMESTAMP, Batch, Booleans, Floats, Integers
from exporter.window.assign import Assigned
from exporter.window.counts import CountsWriter, add_by_child
from exporter.window.hashing import hash_text
from exporter.window.outcomes import OutcomeCounter
from exporter.window.recounted import succeeded_rows
from exporter.window.remembered import Remembered, State
from exporter.window.shared import SharedMonitor


@dataclass(frozen=True, slots=True)
class LabelFate:
    """Of n labels, bool[n]: those whose id has one already, and those that wait for a prediction not yet seen."""

    duplicate: Booleans
    waiting: Booleans


class LabelJoin:
    """Over the shared memory of one monitor and the counts of one process.

    Ids may be the raw ones or a hash of them, as long as predictions and labels agree.
    """

    def __init__(self, shared: SharedMonitor, writer: CountsWriter) -> None:
        self._store = shared.store
        self._hash_seed = shared.hash_seed
        self._layout = shared.layout
        self._writer = writer
        slots = shared.layout.outcomes
        self._outcomes = None if slots is None else OutcomeCounter(shared.layout, slots)

    def remember(self, ids: Any, batch: Batch, assigned: Assigned) -> Remembered:
        """Remembers n rows by id; one whose prediction failed wants no label."""
        values = np.zeros(len(batch))
        states = np.full(len(batch), State.SEEN, dtype=np.uint8)
        if self._outcomes is not None:
            values = self._outcomes.as_numbers(batch.column(PREDICTION))
            states[succeeded_rows(batch)] = State.WAITING
        keys = hash_text(ids, self._hash_seed)
        return self._store.remember(keys, values, batch.number(TIMESTAMP), assigned.children, states)

    def recall(self, ids: Any, batch: Batch, assigned: Assigned, is_labelled: Booleans) -> int:
        """Remembers n predictions that were counted in an earlier life of the exporter; how many were not known.

        is_labelled : bool[n], those whose label was counted then too. The others wait for theirs again.
        """
        values = np.zeros(len(batch))
        states = np.full(len(batch), State.SEEN, dtype=np.uint8)
        if self._outcomes is not None:
            values = self._outcomes.as_numbers(batch.column(PREDICTION))
            states[succeeded_rows(batch)] = State.WAITING
            states[is_labelled] = State.LABELLED
        keys = hash_text(ids, self._hash_seed)
        remembered = self._store.remember(keys, values, batch.number(TIMESTAMP), assigned.children, states)
        with self._writer.batch():
            self.count_remembered(batch, replace(remembered, fresh=remembered.fresh & ~is_labelled), assigned.children)
        return int(remembered.fresh.sum())

    def recall_labels(self, ids: Any, labels: Any, now: float) -> None:
        """Lets n labels wait that came in an earlier life of the exporter, before their predictions."""
        if self._outcomes is not None and len(ids):
            self._store.join(hash_text(ids, self._hash_seed), self._outcomes.as_numbers(labels), now)

    def claim_waiting(self, ids: Any) -> Booleans:
        """bool[n]: ids whose label waits here for a prediction. It waits no more: the caller credits it."""
        return self._store.claim_early(hash_text(ids, self._hash_seed))

    def credit(self, predictions: Any, labels: Any, delays_s: Floats, children: Integers) -> None:
        """Counts n labelled predictions that were found elsewhere than in this memory; they never waited here."""
        outcomes = self._layout.outcomes
        if self._outcomes is None or outcomes is None:
            return
        with self._writer.batch():
            numbers = self._outcomes.as_numbers
            self._outcomes.count(numbers(predictions), numbers(labels), delays_s, children, self._writer)
            add_by_child(self._writer.model.integers[:, outcomes.pending], children)

    def count_remembered(self, batch: Batch, remembered: Remembered, children: Integers) -> None:
        """Predictions that now wait for a label, and those whose label came before them. Within `writer.batch()`."""
        outcomes = self._layout.outcomes
        if outcomes is None or self._outcomes is None:
            return
        integers = self._writer.model.integers
        succeeded = succeeded_rows(batch)
        add_by_child(integers[:, outcomes.pending], children[remembered.fresh & succeeded])
        self._count_expired(remembered.evicted)
        is_usable = succeeded[remembered.joined]
        joined = remembered.joined[is_usable]
        predictions = self._outcomes.as_numbers(batch.column(PREDICTION))[joined]
        delays = np.zeros(len(joined))
        self._outcomes.count(predictions, remembered.labels[is_usable], delays, children[joined], self._writer)
        self._count_unmatched(int((~is_usable).sum()))

    def join(self, ids: Any, batch: Batch, now: float) -> LabelFate:
        """Joins n labels to their predictions and counts them; ValueError when the monitor has no labels."""
        if self._outcomes is None:
            raise ValueError("no outcomes are counted for this monitor")
        labels = self._outcomes.as_numbers(batch.column(LABEL))
        joined = self._store.join(hash_text(ids, self._hash_seed), labels, now)
        with self._writer.batch():
            delays = now - joined.timestamps
            children = joined.children.astype(np.int64)
            self._outcomes.count(joined.predictions, labels[joined.matched], delays, children, self._writer)
            self._count_expired(joined.evicted)
            self._count_unmatched(int(joined.too_late.sum()))
        waiting = ~(joined.duplicate | joined.too_late)
        waiting[joined.matched] = False
        return LabelFate(joined.duplicate, waiting)

    def sweep(self, now: float) -> None:
        """Gives up, and counts, what has waited too long."""
        swept = self._store.sweep(now)
        if swept is None:
            return
        with self._writer.batch():
            self._count_expired(swept.expired)
            self._count_unmatched(swept.unmatched)

    def _count_expired(self, children: np.typing.NDArray[np.int32]) -> None:
        outcomes = self._layout.outcomes
        if outcomes is not None:
            add_by_child(self._writer.model.integers[:, outcomes.expired], children)
            add_by_child(self._writer.model.integers[:, outcomes.pending], children, -1)

    def _count_unmatched(self, labels: int) -> None:
        """Labels without a prediction that wants them."""
        if self._layout.unmatched is not None:
            self._writer.overall.integers[self._layout.unmatched.start] += labels
