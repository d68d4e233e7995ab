"""The data path of one monitor in one process, top-down.

    body ─► inflate ─► decode ─► check events ─► derive ─► keep ─► assign a child ─► remember by id ─► validate ─► count
                          │           │                                                    │
                          └───────────┴─────────────── rejects ────────────────────────────┴─► counted, dead letters

The path has three steps. A body is *admitted*: its good rows are known. They are *kept* in the journal, which takes a
moment. Then they are *accepted*: remembered, counted, and the sender is told. So nothing is remembered or told that a
crash could take away, and a sender that was told nothing may send again. Validating and counting wait until enough rows
have come together, or a moment has passed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from exporter.archive.dead_letters import DeadLetters
from exporter.archive.entry import Kind
from exporter.archive.hot.taken_ids import TakenIds
from exporter.archive.journal import Journal, WhenKept, wait_until_kept
from exporter.archive.keeping import Keeping
from exporter.batch import ID, Batch, Booleans, Decoded, Integers, Reason, Reject
from exporter.clock import Clock
from exporter.decode import Decoders, inflate
from exporter.decode.projection import label_projection, prediction_projection
from exporter.derive import Derived, Deriver
from exporter.errors import RejectedPayload, TooManyRecords
from exporter.pipeline.counting_queue import CountingQueue
from exporter.pipeline.payload import Admitted, Payload, Receipt
from exporter.validate.events import reject_by_time
from exporter.window.assign import ChildAssigner
from exporter.window.counts import add_by_child
from exporter.window.label_join import LabelJoin
from exporter.window.layout import SERIES_DROPPED_REASONS, SOURCES
from exporter.window.shared import SharedMonitor

_REASONS = list(Reason)


class Pipeline:
    """The data path of one monitor. One thread calls it; other processes have their own, on other slots.

    journal : where rows are kept, in the form that `keeping` gives them; without one nothing is archived.
    taken   : tells the ids that other exporters have taken; without it a duplicate is what this one remembers.
    """

    def __init__(
        self,
        shared: SharedMonitor,
        slot: int,
        clock: Clock,
        dead_letters: DeadLetters,
        body_limit_bytes: int,
        journal: Journal | None = None,
        keeping: Keeping | None = None,
        taken: TakenIds | None = None,
    ) -> None:
        monitor = shared.monitor
        self._shared = shared
        self._clock = clock
        self._dead_letters = dead_letters
        self._body_limit_bytes = body_limit_bytes
        self._journal = journal
        self._keeping = keeping
        self._taken = taken
        self._private = frozenset((*monitor.spec.privacy.drop, *monitor.spec.privacy.pseudonymise))
        self._writer = shared.counts.writer(slot)
        self._predictions = Decoders(prediction_projection(monitor))
        self._deriver = Deriver(monitor)
        self._deriver.open()
        self._assigner = ChildAssigner(monitor, shared.children)
        self._queue = CountingQueue(shared, self._writer, clock)
        self._labels = Decoders(label_projection(monitor)) if shared.layout.outcomes is not None else None
        self._join = LabelJoin(shared, self._writer)

    @property
    def name(self) -> str:
        return self._shared.monitor.name

    def take_predictions(self, payload: Payload) -> Receipt:
        """Takes a body of predictions to the end, waiting until it is kept; RejectedPayload, RetryLater."""
        return self._take(self.admit_predictions(payload))

    def take_labels(self, payload: Payload) -> Receipt:
        """Takes a body of labels to the end, waiting until it is kept; RejectedPayload, RetryLater."""
        return self._take(self.admit_labels(payload))

    def admit_predictions(self, payload: Payload) -> Admitted:
        """Reads a body of predictions; RejectedPayload when nothing of it can be read."""
        return self._admit_predictions(self._decode(self._predictions, payload, "predictions"), payload.source)

    def admit_single_predictions(self, bodies: Sequence[bytes], source: str = "http") -> Admitted:
        """Reads bodies of one line each as one."""
        decoded = self._predictions.decode(b"\n".join(bodies), "application/x-ndjson")
        self._keep_to_rate(decoded, source)
        return self._admit_predictions(decoded, source)

    def admit_labels(self, payload: Payload) -> Admitted:
        """Reads a body of labels; RejectedPayload when nothing of it can be read, or the monitor has no labels."""
        if self._labels is None:
            message = f"monitor {self.name!r} has no labels; add spec.labels to its file"
            raise RejectedPayload(Reason.UNSUPPORTED, message, status=404)
        decoded = self._decode(self._labels, payload, "labels")
        return self._admitted(Kind.LABELS, decoded, Derived(decoded.batch), payload.source, list(decoded.rejects))

    def keep(self, admitted: Admitted, when_kept: WhenKept) -> None:
        """Keeps the rows of a body; RetryLater, and nothing has come of it, when there is no room for them."""
        if self._journal is None or admitted.entry is None:
            when_kept(None)
        else:
            self._journal.append(admitted.entry, when_kept)

    def accept(self, admitted: Admitted) -> Receipt:
        """Remembers, counts and answers for a body that is kept; bodies come in the order in which they were kept."""
        return (self._accept_labels if admitted.kind is Kind.LABELS else self._accept_predictions)(admitted)

    def tick(self) -> None:
        """What is due: counting what has waited long enough, giving up on labels that did not come."""
        now = self._clock.now()
        if self._queue.is_due(now):
            self._queue.count()
        self._join.sweep(now)

    def count_pending(self) -> None:
        """Validates and counts all rows that wait."""
        self._queue.count()

    def close(self) -> None:
        """Counts what waits and lets go of everything."""
        self._queue.count()
        self._deriver.close()

    def reject_body(self, error: RejectedPayload, payload: Payload, kind: str) -> None:
        """Sets a whole body aside as one record."""
        self._set_aside([Reject(0, Reason(error.reason), str(error), payload.body)], payload.source, kind)

    def _take(self, admitted: Admitted) -> Receipt:
        wait_until_kept(lambda when_kept: self.keep(admitted, when_kept))
        return self.accept(admitted)

    def _decode(self, decoders: Decoders, payload: Payload, kind: str) -> Decoded:
        try:
            body = inflate(payload.body, payload.content_encoding, self._body_limit_bytes)
            decoded = decoders.decode(body, payload.content_type)
        except RejectedPayload as error:
            self.reject_body(error, payload, kind)
            raise
        self._keep_to_rate(decoded, payload.source)
        return decoded

    def _keep_to_rate(self, decoded: Decoded, source: str) -> None:
        """TooManyRecords when a sender is to wait; what the exporter reads by itself is not limited."""
        limit = self._shared.rate_limit
        if limit is None or source != "http":
            return
        wait_s = limit.admit(len(decoded.batch) + len(decoded.rejects))
        if wait_s > 0:
            message = f"more than {limit.rate_per_s:g} records a second; spec.limits.records_per_second says so"
            raise TooManyRecords(message, math.ceil(wait_s))

    def _admit_predictions(self, decoded: Decoded, source: str) -> Admitted:
        now = self._clock.now()
        keep, untimely = reject_by_time(decoded.batch, self._shared.monitor.spec.events, decoded.raw, now)
        batch = decoded.batch if keep is None else decoded.batch.take(keep)
        derived = self._deriver.derive(batch) if len(batch) else Derived(batch)
        admitted = self._admitted(Kind.PREDICTIONS, decoded, derived, source, [*decoded.rejects, *untimely])
        return admitted if self._taken is None else _without_taken(admitted, self._taken)

    def _admitted(self, kind: Kind, decoded: Decoded, derived: Derived, source: str, rejects: list[Reject]) -> Admitted:
        now, entry = self._clock.now(), None
        if self._keeping is not None and len(derived.batch):
            entry = self._keeping.entry(kind, derived, source, now)
        return Admitted(kind, source, now, decoded, derived, rejects, entry)

    def _accept_predictions(self, admitted: Admitted) -> Receipt:
        accepted = self._add(admitted) if len(admitted.derived.batch) else 0
        if admitted.taken is not None:
            with self._writer.batch():
                self._count_duplicates(self._assigner.assign(admitted.taken).children)
        self._set_aside(admitted.rejects, admitted.source, "predictions")
        self._count_ingested(admitted.source, accepted)
        if self._queue.is_full:
            self._queue.count()
        return _receipt(accepted, admitted.rejects)

    def _add(self, admitted: Admitted) -> int:
        """Assigns and remembers; the rows whose id is new, and so many they are, go on to be counted."""
        derived, batch = admitted.derived, admitted.derived.batch
        assigned = self._assigner.assign(batch)
        remembered = self._join.remember(self._ids(admitted), batch, assigned)
        if not remembered.fresh.all():
            admitted.rejects.extend(_duplicates(batch, ~remembered.fresh, admitted.decoded, "was seen before"))
            derived = derived.take(remembered.fresh)
        layout = self._shared.layout
        with self._writer.batch():
            self._count_duplicates(assigned.children[~remembered.fresh])
            for reason, rows in assigned.dropped.items():
                slot = layout.dropped.start + SERIES_DROPPED_REASONS.index(reason)
                self._writer.overall.integers[slot] += rows
            self._join.count_remembered(batch, remembered, assigned.children)
            self._queue.add(derived, assigned.children[remembered.fresh])
        return len(derived.batch)

    def _accept_labels(self, admitted: Admitted) -> Receipt:
        batch, accepted = admitted.derived.batch, 0
        if len(batch):
            fate = self._join.join(self._ids(admitted), batch, self._clock.now())
            admitted.rejects.extend(_duplicates(batch, fate.duplicate, admitted.decoded, "has a label already"))
            accepted = int((~fate.duplicate).sum())
        self._set_aside(admitted.rejects, admitted.source, "labels")
        self._count_ingested(admitted.source, accepted)
        return _receipt(accepted, admitted.rejects)

    def _ids(self, admitted: Admitted) -> Any:
        batch = admitted.derived.batch
        if self._keeping is None or admitted.entry is None:
            return batch.column(ID)
        return self._keeping.known_ids(batch, admitted.entry)

    def _count_ingested(self, source: str, rows: int) -> None:
        with self._writer.batch():
            self._writer.overall.integers[self._shared.layout.ingested.start + SOURCES.index(source)] += rows

    def _count_duplicates(self, children: Integers) -> None:
        add_by_child(self._writer.model.integers[:, self._shared.layout.duplicates.start], children)

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


def _without_taken(admitted: Admitted, taken: TakenIds) -> Admitted:
    """Without the rows that were taken elsewhere; ids are looked up as they are kept, which may be as hashes."""
    entry, batch = admitted.entry, admitted.derived.batch
    is_taken = taken.among(entry.rows.column("id")) if entry is not None else None
    if entry is None or is_taken is None or not is_taken.any():
        return admitted
    return replace(
        admitted,
        derived=admitted.derived.take(~is_taken),
        rejects=[*admitted.rejects, *_duplicates(batch, is_taken, admitted.decoded, "was taken before")],
        entry=None if is_taken.all() else replace(entry, rows=entry.rows.filter(pa.array(~is_taken))),
        taken=batch.take(is_taken),
    )


def _duplicates(batch: Batch, rows: Booleans, decoded: Decoded, what: str) -> list[Reject]:
    positions = batch.positions[rows].tolist()
    ids = [value for value, is_duplicate in zip(batch.column(ID).to_pylist(), rows, strict=True) if is_duplicate]
    return [
        Reject(position, Reason.DUPLICATE, f"id {name!r} {what}", decoded.raw[position])
        for position, name in zip(positions, ids, strict=True)
    ]
