"""Finds each row's child: its model version and, where the monitor asks, its segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import MODEL_VERSION, Batch, Integers
from exporter.catalog import MISSING_BIN, OTHER, UNVERSIONED
from exporter.monitor.spec import CategoryFeature, Monitor
from exporter.window.children import LABEL_VALUE_LIMIT, Child, ChildRegister

_DENSE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Assigned:
    """children: int64[n], each row's row of the counts; dropped: rows that a limit sent to `__other__`, by reason."""

    children: Integers
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Codes:
    codes: Integers
    names: list[str]


class ChildAssigner:
    """Compiled for a monitor; looks names up once for each distinct combination in a batch."""

    def __init__(self, monitor: Monitor, children: ChildRegister) -> None:
        self._children = children
        segments = monitor.spec.segments
        self._by: dict[str, frozenset[str]] = {}
        for name in segments.by if segments else ():
            feature = monitor.spec.features[name]
            self._by[name] = frozenset(feature.values) if isinstance(feature, CategoryFeature) else frozenset()

    def assign(self, batch: Batch) -> Assigned:
        parts = [_versions(batch)] + [_segment_values(batch, name, allowed) for name, allowed in self._by.items()]
        if all(len(part.names) == 1 for part in parts):
            allocation = self._children.row_of(self._child(0, parts))
            dropped = {allocation.dropped: len(batch)} if allocation.dropped else {}
            return Assigned(np.full(len(batch), allocation.row), dropped)
        combined = parts[0].codes
        for part in parts[1:]:
            combined = combined * len(part.names) + part.codes
        present, inverse, counts = _distinct(combined, int(np.prod([len(part.names) for part in parts], dtype=object)))
        rows = np.empty(len(present), dtype=np.int64)
        dropped = {}
        for index, code in enumerate(present.tolist()):
            allocation = self._children.row_of(self._child(code, parts))
            rows[index] = allocation.row
            if allocation.dropped:
                dropped[allocation.dropped] = dropped.get(allocation.dropped, 0) + int(counts[index])
        return Assigned(rows[inverse], dropped)

    def _child(self, code: int, parts: list[_Codes]) -> Child:
        names: list[str] = []
        for part in reversed(parts):
            code, index = divmod(code, len(part.names))
            names.append(part.names[index])
        version, *values = reversed(names)
        if not self._by:
            return Child(version)
        return Child(version, segment_label(dict(zip(self._by, values, strict=True))))


def segment_label(values: Mapping[str, str]) -> str:
    """The value of the label `segment`: `region=north,sex=F`; `__other__` when it would be too long."""
    text = ",".join(f"{name}={value}" for name, value in values.items())
    return text if len(text) <= LABEL_VALUE_LIMIT else OTHER


def _versions(batch: Batch) -> _Codes:
    if not batch.has(MODEL_VERSION):
        return _Codes(np.zeros(len(batch), dtype=np.int64), [UNVERSIONED])
    return _encode(batch.column(MODEL_VERSION), UNVERSIONED, frozenset())


def _segment_values(batch: Batch, name: str, allowed: frozenset[str]) -> _Codes:
    return _encode(batch.column(name), MISSING_BIN, allowed)


def _encode(column: Any, missing: str, allowed: frozenset[str]) -> _Codes:
    """Codes into names that can be label values; null is the last name."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    names = [_as_label(name, missing, allowed) for name in column.dictionary.to_pylist()]
    indices = column.indices
    if indices.null_count:
        indices = indices.fill_null(len(names))
    return _Codes(indices.to_numpy(zero_copy_only=False).astype(np.int64), [*names, missing])


def _as_label(name: str | None, missing: str, allowed: frozenset[str]) -> str:
    if not name:
        return missing
    if len(name) > LABEL_VALUE_LIMIT or not name.isprintable() or (allowed and name not in allowed):
        return OTHER
    return name


def _distinct(combined: Integers, size: int) -> tuple[Integers, Integers, Integers]:
    """Distinct codes, each row's index among them, and how many rows each has."""
    if size > _DENSE_LIMIT or size > 64 * max(len(combined), 1):
        present, inverse, counts = np.unique(combined, return_inverse=True, return_counts=True)
        return present, inverse, counts
    counts = np.bincount(combined, minlength=size)
    present = np.flatnonzero(counts)
    lookup = np.empty(size, dtype=np.int64)
    lookup[present] = np.arange(len(present))
    return present, lookup[combined], counts[present]
