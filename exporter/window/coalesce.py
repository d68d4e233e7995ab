"""Puts small batches together, so that counting runs on a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from exporter.batch import Batch, Booleans, Integers
from exporter.derive import Derived


class Pending:
    """Batches that wait to be counted, with each row's child.

    categories : the columns of text that become dictionaries, so that later steps look at their few values only.
    """

    def __init__(self, categories: Iterable[str]) -> None:
        self._categories = frozenset(categories)
        self._parts: list[tuple[Derived, Integers]] = []
        self.rows = 0

    def add(self, derived: Derived, children: Integers) -> None:
        self._parts.append((derived, children))
        self.rows += len(derived.batch)

    def take(self) -> tuple[Derived, Integers]:
        """Everything added since the last time, as one batch; IndexError when there is nothing."""
        parts, self._parts, self.rows = self._parts, [], 0
        whole, children = parts[0] if len(parts) == 1 else _together(parts)
        return replace(whole, batch=self._encoded(whole.batch)), children

    def _encoded(self, batch: Batch) -> Batch:
        columns = {
            name: column.dictionary_encode() if name in self._categories else column
            for name, column in zip(batch.columns.schema.names, batch.columns.columns, strict=True)
        }
        return replace(batch, columns=pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)))


def _together(parts: Sequence[tuple[Derived, Integers]]) -> tuple[Derived, Integers]:
    derived = [part for part, _ in parts]
    lengths = [len(part.batch) for part in derived]
    batch = Batch(
        _concatenated([part.batch.columns for part in derived]),
        np.concatenate([part.batch.positions for part in derived]),
        _masks([part.batch.mistyped for part in derived], lengths),
    )
    failed = _masks([part.failed for part in derived], lengths)
    broken = _masks([part.broken for part in derived], lengths)
    return Derived(batch, failed, broken), np.concatenate([children for _, children in parts])


def _concatenated(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """One batch; columns of text stay dictionaries only where all of them are."""
    schemas = {batch.schema for batch in batches}
    if len(schemas) > 1:
        batches = [_plain(batch) for batch in batches]
    return pa.concat_batches(batches)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = {
        name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for name, column in sorted(zip(batch.schema.names, batch.columns, strict=True))
    }
    return pa.RecordBatch.from_pydict(columns)


def _masks(parts: Sequence[Mapping[str, Booleans]], lengths: Sequence[int]) -> dict[str, Booleans]:
    """Masks put end to end, all false where a part has none."""
    names = {name for part in parts for name in part}
    return {
        name: np.concatenate(
            [
                part[name] if name in part else np.zeros(length, dtype=np.bool_)
                for part, length in zip(parts, lengths, strict=True)
            ]
        )
        for name in names
    }
