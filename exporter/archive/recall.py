"""Fills the memory of a starting exporter from the warm tier: ids for duplicates, predictions that wait for labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind
from exporter.archive.schema import canonical_batch
from exporter.archive.warm.tier import WarmTier
from exporter.batch import ID
from exporter.window.assign import ChildAssigner
from exporter.window.label_join import LabelJoin
from exporter.window.shared import SharedMonitor

_IDS_A_QUESTION = 10_000


def recall_predictions(shared: SharedMonitor, join: LabelJoin, warm: WarmTier, now: float) -> int:
    """Recalls what the monitor remembers, as far as it has room; how many predictions were not known already."""
    monitor = shared.monitor
    spec = monitor.spec
    delay_s = spec.labels.maximum_delay.seconds if spec.labels else 0.0
    since = now - max(spec.events.horizon.seconds, delay_s)
    predictions = warm.newest(Kind.PREDICTIONS, monitor.name, since, spec.limits.remembered_predictions)
    if not spec.labels:
        return _recall(shared, join, predictions, predictions["id"].slice(0, 0))
    labels = warm.newest(Kind.LABELS, monitor.name, now - delay_s, spec.limits.remembered_predictions)
    recalled = _recall(shared, join, predictions, labels["id"])
    _recall_early_labels(monitor.name, join, predictions, labels, warm, now)
    return recalled


def _recall(shared: SharedMonitor, join: LabelJoin, predictions: pa.Table, labelled: pa.ChunkedArray) -> int:
    assigner = ChildAssigner(shared.monitor, shared.children)
    recalled = 0
    for rows in predictions.combine_chunks().to_batches():
        batch = canonical_batch(rows, shared.monitor)
        is_labelled = pc.is_in(rows.column("id"), labelled.combine_chunks()).to_numpy(zero_copy_only=False)
        recalled += join.recall(batch.column(ID), batch, assigner.assign(batch), is_labelled)
    return recalled


def _recall_early_labels(
    monitor: str, join: LabelJoin, predictions: pa.Table, labels: pa.Table, warm: WarmTier, now: float
) -> None:
    """Labels whose prediction is not in the warm tier either have come before it."""
    unknown = labels.filter(pc.invert(pc.is_in(labels["id"], predictions["id"].combine_chunks())))
    for start in range(0, unknown.num_rows, _IDS_A_QUESTION):
        asked = unknown.slice(start, _IDS_A_QUESTION)
        found = warm.find(Kind.PREDICTIONS, monitor, asked["id"].to_pylist())
        early = asked.filter(pc.invert(pc.is_in(asked["id"], found["id"].combine_chunks())))
        label = early["label"].combine_chunks()
        if pa.types.is_floating(label.type):
            label = pa.array(np.asarray(label))
        join.recall_labels(early["id"].combine_chunks(), label, now)
