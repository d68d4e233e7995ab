"""Turns archived predictions back into what the data path made of them, so that they can be counted again.

Counted is what the monitor says *now*: ranges, closed sets, derived features and rules are applied anew, over the bins
of the reference of now. A value that could not be used when it came is invalid as it was then. What `spec.privacy`
keeps out of the archive cannot be counted: those features are left out, and so are the rules. The values of derived
features are then those that were archived.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from exporter import catalog
from exporter.archive.schema import UNUSABLE, archived_name, canonical_batch
from exporter.archive.unusable_values import unusable_values
from exporter.batch import LATENCY, Batch, Booleans, Floats
from exporter.derive import Derived, Deriver
from exporter.monitor.fields import carried_features, derived_features
from exporter.monitor.spec import Monitor
from exporter.validate import FeatureChecks
from exporter.window.family_counts import FamilyKey
from exporter.window.recounted import JoinedLabels, Recounted


class Recounting:
    """Compiled for a monitor; holds a DuckDB connection once it has met a row, where the monitor has SQL."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self.hidden = hidden_features(monitor)
        """Features whose values are not in the archive as they came."""
        self._is_whole = not self.hidden
        self._deriver = Deriver(monitor)
        self._checks = FeatureChecks(monitor)

    @property
    def absent(self) -> frozenset[FamilyKey]:
        """Families that cannot be counted from the archive."""
        absent = {
            (metric.name, feature)
            for feature in self.hidden
            for metric in (
                catalog.FEATURE_BIN,
                catalog.FEATURE_VALUES,
                catalog.FEATURE_VALUE_SUM,
                catalog.FEATURE_VALUE_SQUARES,
                catalog.FEATURE_VIOLATIONS,
            )
        }
        if not self._is_whole:
            absent |= {(catalog.RECORDS_INVALID.name, "")}
            absent |= {(catalog.FEATURE_VIOLATIONS.name, name) for name in derived_features(self._monitor)}
        return frozenset(absent)

    def recount(self, rows: pa.RecordBatch) -> Recounted:
        """n predictions as `WarmTier.read_labelled` gives them, ready to be counted."""
        unusable = unusable_values(_column(rows, UNUSABLE))
        batch = self._batch(rows, unusable)
        derived = self._deriver.derive(batch) if self._is_whole else self._as_archived(batch, unusable)
        received = _column(rows, "received_at")
        arrived = np.full(len(batch), np.inf) if pa.types.is_null(received.type) else seconds_of(received)
        return Recounted(derived.batch, self._checks.check(derived), self._labels(rows), arrived)

    def close(self) -> None:
        self._deriver.close()

    def _as_archived(self, batch: Batch, unusable: Mapping[str, Booleans]) -> Derived:
        """With the values of derived features that were computed then."""
        return Derived(batch, {name: unusable[name] for name in derived_features(self._monitor) if name in unusable})

    def _batch(self, rows: pa.RecordBatch, unusable: Mapping[str, Booleans]) -> Batch:
        known = canonical_batch(rows, self._monitor)
        columns = dict(zip(known.columns.schema.names, known.columns.columns, strict=True))
        columns.setdefault(LATENCY, _numbers(pa.nulls(len(known))))
        mistyped = {name: unusable[name] for name in carried_features(self._monitor) if name in unusable}
        for name, feature in self._monitor.spec.features.items():
            archived = _column(rows, archived_name(name))
            if feature.type == "category":
                columns[name] = columns.get(name, archived).cast(pa.string()).dictionary_encode()
            else:
                columns[name] = columns[name] if name in columns else _numbers(archived)
                if pa.types.is_string(archived.type) and archived.null_count < len(archived):
                    is_text = archived.is_valid().to_numpy(zero_copy_only=False)
                    mistyped[name] = mistyped[name] | is_text if name in mistyped else is_text
        return Batch(pa.RecordBatch.from_pydict(columns), known.positions, mistyped)

    def _labels(self, rows: pa.RecordBatch) -> JoinedLabels:
        labels = _column(rows, "label")
        at = np.flatnonzero(labels.is_valid().to_numpy(zero_copy_only=False))
        times = rows.column("label_time").take(pa.array(at)) if len(at) else pa.array([], pa.timestamp("us", "UTC"))
        return JoinedLabels(at, self._told(labels.take(pa.array(at))), seconds_of(times))

    def _told(self, column: Any) -> Any:
        """Labels as a batch has them."""
        return column.cast(pa.string()) if self._monitor.spec.model.task == "multiclass" else _numbers(column)


def seconds_of(times: Any) -> Floats:
    """float64[n], seconds since the epoch, of a column of the archive's times."""
    microseconds = times.cast(pa.int64()).to_numpy(zero_copy_only=False)
    seconds: Floats = microseconds / 1e6
    return seconds


def _column(rows: pa.RecordBatch, name: str) -> Any:
    """Nulls where the archive had no such column yet."""
    at = rows.schema.get_field_index(name)
    return rows.column(at) if at >= 0 else pa.nulls(rows.num_rows)


def _numbers(column: Any) -> Any:
    """As a batch has them: NaN for null."""
    return pa.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False))


def hidden_features(monitor: Monitor) -> frozenset[str]:
    """Features that `spec.privacy` keeps out of the archive, or makes unreadable there."""
    spec = monitor.spec
    private = {*spec.privacy.drop, *spec.privacy.pseudonymise}
    return frozenset(
        name for name, feature in spec.features.items() if name in private or (feature.field or name) in private
    )
