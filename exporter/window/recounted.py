"""Counts rows that came back from the archive, with the counters that counted them when they first came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import ERROR, PREDICTION, TIMESTAMP, Batch, Booleans, Floats, Integers
from exporter.validate import Validated
from exporter.window.counts import CountsWriter
from exporter.window.layout import Layout
from exporter.window.observe import PredictionCounter
from exporter.window.outcomes import OutcomeCounter


@dataclass(frozen=True, slots=True)
class JoinedLabels:
    """The labels of some rows of a batch.

    rows   : int64[m], which rows.
    values : Arrow array of m labels, as `@label` of a batch, without nulls.
    times  : float64[m], when they came, seconds since the epoch.
    """

    rows: Integers
    values: Any
    times: Floats

    def take(self, keep: Booleans) -> JoinedLabels:
        """Those labels for which `keep`, bool[m], is true."""
        return JoinedLabels(self.rows[keep], self.values.filter(pa.array(keep)), self.times[keep])


@dataclass(frozen=True, slots=True)
class Recounted:
    """n predictions as the data path had them after validation, and the labels that have been joined to them since.

    received : float64[n], when each arrived, seconds since the epoch; infinity where nobody knows.
    """

    batch: Batch
    validated: Validated
    labels: JoinedLabels
    received: Floats


class RowCounter:
    """Compiled for a layout."""

    def __init__(self, layout: Layout) -> None:
        self._predictions = PredictionCounter(layout)
        self._outcomes = None if layout.outcomes is None else OutcomeCounter(layout, layout.outcomes)

    def count_predictions(self, recounted: Recounted, rows: Integers, writer: CountsWriter) -> None:
        """Adds n predictions, `rows` (int64[n]) naming each one's row of the counts."""
        self._predictions.count(recounted.batch, recounted.validated, rows, now=0.0, writer=writer)

    def count_outcomes(self, batch: Batch, labels: JoinedLabels, rows: Integers, writer: CountsWriter) -> None:
        """Adds m labelled predictions, `rows` (int64[m]) naming each one's; those that failed have no outcome."""
        if self._outcomes is None or not len(labels.rows):
            return
        succeeded = succeeded_rows(batch)[labels.rows]
        labels, rows = labels.take(succeeded), rows[succeeded]
        predictions = self._outcomes.as_numbers(batch.column(PREDICTION))[labels.rows]
        delays_s = labels.times - batch.number(TIMESTAMP)[labels.rows]
        self._outcomes.count(predictions, self._outcomes.as_numbers(labels.values), delays_s, rows, writer)


def succeeded_rows(batch: Batch) -> Booleans:
    """bool[n]: predictions that the model did make."""
    if not batch.has(ERROR):
        return np.ones(len(batch), dtype=np.bool_)
    succeeded: Booleans = batch.column(ERROR).is_null().to_numpy(zero_copy_only=False)
    return succeeded
