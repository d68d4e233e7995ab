"""The data path of one monitor in one process, top-down.

    body ─► inflate ─► decode ─► check events ─► derive ─► assign a child ─► remember by id ─► validate ─► count
                          │           │                                           │
                          └───────────┴──────────────── rejects ──────────────────┴─► counted by reason, dead letters

The answer to a sender is known after `remember`; validating and counting wait until enough rows have come together,
or a moment has passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exporter.archive.dead_letters import DeadLetters
from exporter.batch import ERROR, ID, LABEL, PREDICTION, TIMESTAMP, Batch, Booleans, Decoded, Integers, Reason, Reject
from exporter.clock import Clock
from exporter.decode import Decoders, inflate
from exporter.decode.projection import label_projection, prediction_projection
from exporter.derive import Deriver
from exporter.errors import RejectedPayload
from exporter.validate import FeatureChecks
from exporter.validate.events import reject_by_time
from exporter.window.assign import Assigned, ChildAssigner
from exporter.window.coalesce import Pending
from exporter.window.counts import add_by_child
from exporter.window.hashing import hash_text
from exporter.window.layout import SERIES_DROPPED_REASONS, SOURCES
from exporter.window.observe import PredictionCounter
from exporter.window.outcomes import OutcomeCounter
from exporter.window.remembered import Remembered, State
from exporter.window.shared import SharedMonitor

ERRORS_TOLD = 20
ROWS_A_COUNT = 4096
COUNT_AFTER_S = 0.25

_REASONS = list(Reason)


@dataclass(frozen=True, slots=True)
class Payload:
    """A body as it came: its bytes, media type and content encoding, and which source brought it."""

    body: bytes
    content_type: str = "application/x-ndjson"
    content_encoding: str = "identity"
    source: str = "http"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a body: rows accepted, and the records rejected, in the order of their positions."""

    accepted: int
    rejects: Sequence[Reject]

    @property
    def reasons(self) -> Counter[Reason]:
        return Counter(reject.reason for reject in self.rejects)

    @property
    def told(self) -> Sequence[Reject]:
        """The rejects that an answer spells out."""
        return self.rejects[:ERRORS_TOLD]


class Pipeline:
    """The data path of one monitor. One thread calls it; other processes have their own, on other slots."""

    def __init__(
        self, shared: SharedMonitor, slot: int, clock: Clock, dead_letters: DeadLetters, body_limit_bytes: int
    ) -> None:
        monitor = shared.monitor
        self._shared = shared
        self._clock = clock
        self._dead_letters = dead_letters
        self._body_limit_bytes = body_limit_bytes
        self._private = frozenset((*monitor.spec.privacy.drop, *monitor.spec.privacy.pseudonymise))
        self._writer = shared.counts.writer(slot)
        self._predictions = Decoders(prediction_projection(monitor))
        self._deriver = Deriver(monitor)
        self._deriver.open()
        self._assigner = ChildAssigner(monitor, shared.children)
        self._pending = Pending(name for name, feature in monitor.spec.features.items() if feature.type == "category")
        self._pending_since = 0.0
        self._features = FeatureChecks(monitor)
        self._counter = PredictionCounter(shared.layout)
        self._labels: Decoders | None = None
        self._outcomes: OutcomeCounter | None = None
        if shared.layout.outcomes is not None:
            self._labels = Decoders(label_projection(monitor))
            self._outcomes = OutcomeCounter(shared.layout, shared.layout.outcomes)
        self._empty_queue()

    @property
    def name(self) -> str:
        return self._shared.monitor.name

    def take_predictions(self, payload: Payload) -> Receipt:
        """Takes a body of predictions; RejectedPayload when nothing of it can be read."""
        return self._take_predictions(self._decode(self._predictions, payload, "predictions"), payload.source)

    def take_labels(self, payload: Payload) -> Receipt:
        """Takes a body of labels; RejectedPayload when nothing of it can be read, or the monitor has no labels."""
        if self._labels is None:
            message = f"monitor {self.name!r} has no labels; add spec.labels to its file"
            raise RejectedPayload(Reason.UNSUPPORTED, message, status=404)
        return self._take_labels(self._decode(self._labels, payload, "labels"), payload.source)

    def take_single_predictions(self, bodies: Sequence[bytes], source: str = "http") -> list[Receipt]:
        """Takes bodies of one line each as one batch; a receipt for each."""
        decoded = self._predictions.decode(b"\n".join(bodies), "application/x-ndjson")
        rejects = {reject.position: reject for reject in self._take_predictions(decoded, source).rejects}
        return [Receipt(0, [rejects[row]]) if row in rejects else Receipt(1, ()) for row in range(len(bodies))]

    def tick(self) -> None:
        """What is due: counting what has waited long enough, giving up on labels that did not come."""
        now = self._clock.now()
        if self._pending.rows and not 0 <= now - self._pending_since < COUNT_AFTER_S:
            self.count_pending()
        self._sweep(now)

    def count_pending(self) -> None:
        """Validates and counts all rows that wait."""
        if not self._pending.rows:
            return
        derived, children = self._pending.take()
        validated = self._features.check(derived)
        with self._writer.batch():
            self._counter.count(derived.batch, validated, children, self._clock.now(), self._writer)
            self._writer.overall.integers[self._shared.layout.queue.start] -= len(children)

    def close(self) -> None:
        """Counts what waits and lets go of everything."""
        self.count_pending()
        self._deriver.close()

    def reject_body(self, error: RejectedPayload, payload: Payload, kind: str) -> None:
        """Sets a whole body aside as one record."""
        self._set_aside([Reject(0, Reason(error.reason), str(error), payload.body)], payload.source, kind)

    def _empty_queue(self) -> None:
        """Rows that waited in a process that was killed on this slot died with it."""
        with self._writer.batch():
            self._writer.overall.integers[self._shared.layout.queue.start] = 0

    def _decode(self, decoders: Decoders, payload: Payload, kind: str) -> Decoded:
        try:
            body = inflate(payload.body, payload.content_encoding, self._body_limit_bytes)
            return decoders.decode(body, payload.content_type)
        except RejectedPayload as error:
            self.reject_body(error, payload, kind)
            raise

    def _take_predictions(self, decoded: Decoded, source: str) -> Receipt:
        now = self._clock.now()
        rejects = list(decoded.rejects)
        keep, untimely = reject_by_time(decoded.batch, self._shared.monitor.spec.events, decoded.raw, now)
        rejects += untimely
        batch = decoded.batch if keep is None else decoded.batch.take(keep)
        if len(batch):
            batch = self._add(batch, decoded, rejects)
        self._set_aside(rejects, source, "predictions")
        with self._writer.batch():
            self._writer.overall.integers[self._shared.layout.ingested.start + SOURCES.index(source)] += len(batch)
        if self._pending.rows >= ROWS_A_COUNT:
            self.count_pending()
        return _receipt(len(batch), rejects)

    def _add(self, batch: Batch, decoded: Decoded, rejects: list[Reject]) -> Batch:
        """Derives, assigns and remembers; the rows whose id is new go on to be counted."""
        derived = self._deriver.derive(batch)
        assigned = self._assigner.assign(derived.batch)
        remembered = self._remember(derived.batch, assigned)
        if not remembered.fresh.all():
            rejects += _duplicates(batch, ~remembered.fresh, decoded, "was seen before")
            derived = derived.take(remembered.fresh)
        layout = self._shared.layout
        with self._writer.batch():
            integers = self._writer.model.integers
            add_by_child(integers[:, layout.duplicates.start], assigned.children[~remembered.fresh])
            for reason, rows in assigned.dropped.items():
                slot = layout.dropped.start + SERIES_DROPPED_REASONS.index(reason)
                self._writer.overall.integers[slot] += rows
            self._writer.overall.integers[layout.queue.start] += len(derived.batch)
            self._count_remembered(batch, remembered, assigned.children)
        if not self._pending.rows:
            self._pending_since = self._clock.now()
        if len(derived.batch):
            self._pending.add(derived, assigned.children[remembered.fresh])
        return derived.batch

    def _remember(self, batch: Batch, assigned: Assigned) -> Remembered:
        """Remembers every row; one whose prediction failed wants no label."""
        keys = hash_text(batch.column(ID), self._shared.hash_seed)
        values = np.zeros(len(batch))
        states = np.full(len(batch), State.SEEN, dtype=np.uint8)
        if self._outcomes is not None:
            values = self._outcomes.as_numbers(batch.column(PREDICTION))
            states[_succeeded(batch)] = State.WAITING
        return self._shared.store.remember(keys, values, batch.number(TIMESTAMP), assigned.children, states)

    def _count_remembered(self, batch: Batch, remembered: Remembered, children: Integers) -> None:
        """Predictions that now wait for a label, and those whose label had come before them."""
        outcomes = self._shared.layout.outcomes
        if outcomes is None or self._outcomes is None:
            return
        integers = self._writer.model.integers
        succeeded = _succeeded(batch)
        add_by_child(integers[:, outcomes.pending], children[remembered.fresh & succeeded])
        self._count_expired(remembered.evicted)
        is_usable = succeeded[remembered.joined]
        joined = remembered.joined[is_usable]
        predictions = self._outcomes.as_numbers(batch.column(PREDICTION))[joined]
        delays = np.zeros(len(joined))
        self._outcomes.count(predictions, remembered.labels[is_usable], delays, children[joined], self._writer)
        self._count_unmatched(int((~is_usable).sum()))

    def _take_labels(self, decoded: Decoded, source: str) -> Receipt:
        if self._outcomes is None:
            raise ValueError("no outcomes are counted for this monitor")
        now, batch = self._clock.now(), decoded.batch
        rejects = list(decoded.rejects)
        accepted = np.ones(len(batch), dtype=np.bool_)
        overall = self._writer.overall.integers
        if len(batch):
            labels = self._outcomes.as_numbers(batch.column(LABEL))
            joined = self._shared.store.join(hash_text(batch.column(ID), self._shared.hash_seed), labels, now)
            accepted = ~joined.duplicate
            rejects += _duplicates(batch, joined.duplicate, decoded, "has a label already")
            with self._writer.batch():
                delays = now - joined.timestamps
                children = joined.children.astype(np.int64)
                self._outcomes.count(joined.predictions, labels[joined.matched], delays, children, self._writer)
                self._count_expired(joined.evicted)
                self._count_unmatched(int(joined.too_late.sum()))
        self._set_aside(rejects, source, "labels")
        with self._writer.batch():
            overall[self._shared.layout.ingested.start + SOURCES.index(source)] += int(accepted.sum())
        return _receipt(int(accepted.sum()), rejects)

    def _sweep(self, now: float) -> None:
        swept = self._shared.store.sweep(now)
        if swept is None:
            return
        with self._writer.batch():
            self._count_expired(swept.expired)
            self._count_unmatched(swept.unmatched)

    def _count_expired(self, children: np.typing.NDArray[np.int32]) -> None:
        outcomes = self._shared.layout.outcomes
        if outcomes is not None:
            add_by_child(self._writer.model.integers[:, outcomes.expired], children)
            add_by_child(self._writer.model.integers[:, outcomes.pending], children, -1)

    def _count_unmatched(self, labels: int) -> None:
        """Labels without a prediction that wants them."""
        if self._shared.layout.unmatched is not None:
            self._writer.overall.integers[self._shared.layout.unmatched.start] += labels

    def _set_aside(self, rejects: Sequence[Reject], source: str, kind: str) -> None:
        if not rejects:
            return
        self._dead_letters.write(self.name, source, kind, rejects, self._private)
        first = self._shared.layout.failed.start + SOURCES.index(source) * len(_REASONS)
        with self._writer.batch():
            for reason, count in Counter(reject.reason for reject in rejects).items():
                self._writer.overall.integers[first + _REASONS.index(reason)] += count


def _receipt(accepted: int, rejects: Sequence[Reject]) -> Receipt:
    return Receipt(accepted, sorted(rejects, key=lambda reject: reject.position))


def _succeeded(batch: Batch) -> Booleans:
    """bool[n]: rows whose prediction the model did make."""
    if not batch.has(ERROR):
        return np.ones(len(batch), dtype=np.bool_)
    succeeded: Booleans = batch.column(ERROR).is_null().to_numpy(zero_copy_only=False)
    return succeeded


def _duplicates(batch: Batch, rows: Booleans, decoded: Decoded, what: str) -> list[Reject]:
    positions = batch.positions[rows].tolist()
    ids = [value for value, is_duplicate in zip(batch.column(ID).to_pylist(), rows, strict=True) if is_duplicate]
    return [
        Reject(position, Reason.DUPLICATE, f"id {name!r} {what}", decoded.raw[position])
        for position, name in zip(positions, ids, strict=True)
    ]
