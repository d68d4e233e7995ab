"""The raw rows that a backfill counts, from wherever they lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.query.session import QuerySession
from exporter.archive.query.views import table_name
from exporter.archive.warm.tier import Span
from exporter.derive.syntax import quoted

_EARLY_LABELS_S = 86_400.0


class RawRows(Protocol):
    """Rows of one monitor in the archive's form, without duplicates. Calls block; RetryLater when a tier is away."""

    def predictions(self, span: Span) -> Iterator[pa.RecordBatch]:
        """Predictions made within the span, in no order."""

    def outcomes(self, span: Span, maximum_delay_s: float) -> Iterator[pa.RecordBatch]:
        """Predictions with `label` and `label_time`, whose label came within the span, ordered by `known_at`.

        That is when both were known: a label that came before its prediction was known with it.
        """


class QueriedRows:
    """Over a query session of its own, which gives one stream at a time, and joins labels on disk if need be."""

    def __init__(self, session: QuerySession, monitor: str) -> None:
        self._session = session
        self._predictions = quoted(table_name((monitor, Kind.PREDICTIONS)))
        self._labels = quoted(table_name((monitor, Kind.LABELS)))

    def predictions(self, span: Span) -> Iterator[pa.RecordBatch]:
        query = f"SELECT * FROM {self._predictions} WHERE {_within('time', span)}"  # noqa: S608 - quoted
        return self._session.run(query).batches

    def outcomes(self, span: Span, maximum_delay_s: float) -> Iterator[pa.RecordBatch]:
        since = span.start - maximum_delay_s
        labels = _within("time", Span(since - _EARLY_LABELS_S, span.end))
        first = (
            f"SELECT id, arg_min(label, time) AS label, min(time) AS label_time "  # noqa: S608 - quoted
            f"FROM {self._labels} WHERE {labels} GROUP BY id"
        )
        known_at = "greatest(p.time, l.label_time)"
        query = (
            f"SELECT p.*, l.label, l.label_time, {known_at} AS known_at "  # noqa: S608 - quoted
            f"FROM {self._predictions} AS p JOIN ({first}) AS l USING (id) "
            f"WHERE {_within('p.time', Span(since, span.end))} AND {_within(known_at, span)} ORDER BY known_at"
        )
        return self._session.run(query).batches


def _within(column: str, span: Span) -> str:
    return f"{column} >= {_moment(span.start)} AND {column} < {_moment(span.end)}"


def _moment(seconds: float) -> str:
    return f"TIMESTAMPTZ '{datetime.fromtimestamp(seconds, UTC).isoformat()}'"
