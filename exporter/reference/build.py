"""Builds a reference from data, through the same decoding, derivation and validation that live events go through.

Nothing in a reference depends on the order of the rows: each figure comes from a feature's sorted values or from
counts, so the same data in another order gives the same file, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import PREDICTION, TIMESTAMP, Batch, Booleans, Floats
from exporter.decode.projection import PayloadField, Projection, prediction_projection
from exporter.derive import Deriver
from exporter.errors import InvalidReference
from exporter.monitor.spec import CategoryFeature, Monitor, ReferenceSource
from exporter.monitor.suggestion import did_you_mean
from exporter.reference.category_bins import category_reference
from exporter.reference.columns import read_batch
from exporter.reference.data import DataFile
from exporter.reference.document import FeatureReference, Reference, seal
from exporter.reference.quantile_bins import number_reference, score_edges
from exporter.validate import FeatureChecks

FEW_ROWS = 200

Progress = Callable[[float], None]
"""Told the share of the work that is done, from 0 to 1."""


def build_reference(monitor: Monitor, data: DataFile, progress: Progress = lambda _: None) -> Reference:
    """The reference of a monitor from its data.

    InvalidReference when the data lacks a column that the monitor needs, has no rows, or has no valid prediction.
    """
    projection = prediction_projection(monitor)
    _require_columns(projection, data)
    gathered = _Gathered(monitor)
    for batch, invalid in _checked_batches(monitor, projection, data, progress):
        gathered.add(batch, invalid)
    if not gathered.rows:
        raise InvalidReference(f"{data.path}: no rows to build a reference from")
    return gathered.summarise(data)


def _require_columns(projection: Projection, data: DataFile) -> None:
    """Features and the prediction must be there; what describes the event may be absent in training data."""
    needed = [field for field in projection.fields if field.column == PREDICTION or not field.column.startswith("@")]
    absent = [
        f"no column {field.name!r} for {_role(field)}{did_you_mean(field.name, data.names)}"
        for field in needed
        if field.name not in data.names
    ]
    if absent:
        shown = ", ".join(data.names) or "none"
        raise InvalidReference(f"{data.path}: {'; '.join(absent)} (columns of the file: {shown})")


def _role(field: PayloadField) -> str:
    return "the prediction" if field.column == PREDICTION else f"feature {field.column!r}"


def _checked_batches(
    monitor: Monitor, projection: Projection, data: DataFile, progress: Progress
) -> Iterator[tuple[Batch, dict[str, Booleans]]]:
    """Batches with their derived columns, and the invalid values of each column."""
    deriver, checks = Deriver(monitor), FeatureChecks(monitor)
    try:
        for chunk in data.chunks(projection.names()):
            batch, wrong_predictions = read_batch(projection, chunk)
            derived = deriver.derive(batch)
            invalid = dict(checks.check(derived).invalid)
            yield derived.batch, {**invalid, PREDICTION: wrong_predictions | _improbable(monitor, derived.batch)}
            progress(chunk.done)
    finally:
        deriver.close()


def _improbable(monitor: Monitor, batch: Batch) -> Booleans:
    """bool[n]: predictions that a live event would be rejected for."""
    model = monitor.spec.model
    if model.task == "multiclass":
        names = batch.column(PREDICTION)
        if not model.classes:
            return np.zeros(len(batch), dtype=np.bool_)
        known = pc.is_in(names, pa.array(model.classes, pa.string()))
        unknown: Booleans = pc.and_(pc.invert(known), names.is_valid()).to_numpy(zero_copy_only=False)
        return unknown
    values = batch.number(PREDICTION)
    if model.task == "binary":
        return (values < 0) | (values > 1)
    return np.isinf(values)


@dataclass(slots=True)
class _Numbers:
    """Valid values of a number so far, and how many were not there or not valid."""

    parts: list[Floats] = field(default_factory=list)
    missing: int = 0
    invalid: int = 0

    def add(self, values: Floats, invalid: Booleans) -> None:
        absent = np.isnan(values) & ~invalid
        self.parts.append(values[~(absent | invalid)])
        self.missing += int(absent.sum())
        self.invalid += int(invalid.sum())

    def values(self) -> Floats:
        return np.concatenate(self.parts)


@dataclass(slots=True)
class _Categories:
    """How often each valid value of a category has stood so far."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    invalid: int = 0

    def add(self, column: pa.Array, invalid: Booleans) -> None:
        valid = column.filter(pa.array(~invalid))
        for entry in valid.value_counts():
            value = entry["values"].as_py()
            if value is None:
                self.missing += entry["counts"].as_py()
            else:
                self.counts[value] += entry["counts"].as_py()
        self.invalid += int(invalid.sum())


class _Gathered:
    """Everything that a reference is made of, batch by batch."""

    def __init__(self, monitor: Monitor) -> None:
        self.rows = 0
        self._monitor = monitor
        self._first, self._last = np.inf, -np.inf
        kinds = {name: feature.type for name, feature in monitor.spec.features.items()}
        kinds[PREDICTION] = "category" if monitor.spec.model.task == "multiclass" else "number"
        self._columns = {name: _Numbers() if kind == "number" else _Categories() for name, kind in kinds.items()}

    def add(self, batch: Batch, invalid: dict[str, Booleans]) -> None:
        self.rows += len(batch)
        nowhere = np.zeros(len(batch), dtype=np.bool_)
        for name, column in self._columns.items():
            mask = invalid.get(name, nowhere)
            if isinstance(column, _Numbers):
                column.add(batch.number(name), mask)
            else:
                column.add(batch.column(name), mask)
        timestamps = batch.number(TIMESTAMP)
        timestamps = timestamps[np.isfinite(timestamps)]
        if len(timestamps):
            self._first = min(self._first, float(timestamps.min()))
            self._last = max(self._last, float(timestamps.max()))

    def summarise(self, data: DataFile) -> Reference:
        spec = self._monitor.spec
        source = spec.reference or ReferenceSource(path=str(data.path))
        prediction = self._columns[PREDICTION]
        if self.rows == prediction.missing + prediction.invalid:
            raise InvalidReference(
                f"{data.path}: none of {self.rows} rows has a valid prediction in column {spec.events.prediction!r}"
            )
        has_times = np.isfinite(self._first)
        return seal(
            monitor=self._monitor.name,
            rows=self.rows,
            first_timestamp=self._first if has_times else None,
            last_timestamp=self._last if has_times else None,
            prediction=self._summary(PREDICTION, source),
            score_edges=self._score_edges(),
            features={name: self._summary(name, source) for name in spec.features},
        )

    def _summary(self, name: str, source: ReferenceSource) -> FeatureReference:
        column = self._columns[name]
        if isinstance(column, _Numbers):
            return number_reference(column.values(), column.missing, column.invalid, source.bins)
        declared, limit = self._declared(name), source.categories
        if name == PREDICTION:
            limit = max(limit, len(declared))
        return category_reference(column.counts, column.missing, column.invalid, declared, limit)

    def _declared(self, name: str) -> list[str]:
        if name == PREDICTION:
            return self._monitor.spec.model.classes
        feature = self._monitor.spec.features[name]
        return feature.values if isinstance(feature, CategoryFeature) else []

    def _score_edges(self) -> tuple[float, ...]:
        scores = self._columns[PREDICTION]
        if self._monitor.spec.model.task != "binary" or not isinstance(scores, _Numbers):
            return ()
        return score_edges(scores.values())
