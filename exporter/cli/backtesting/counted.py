"""The series that a backtest has: those that are counted from predictions, labels and a reference."""

from __future__ import annotations

from collections.abc import Iterator

from exporter import catalog
from exporter.catalog import Metric
from rules import names

TARGET = (("job", "infranaut"), ("instance", "backtest"))
"""What a scrape would have added, where no objective asks for other labels."""

_SUFFIXES = ("_bucket", "_sum", "_count")


def _names(metric: Metric) -> Iterator[str]:
    for suffix in _SUFFIXES if metric.type == "histogram" else ("",):
        yield f"{metric.name}{suffix}"


def _series(*metrics: Metric) -> Iterator[tuple[str, frozenset[str]]]:
    for metric in metrics:
        for name in _names(metric):
            yield name, frozenset({*metric.labels, catalog.SEGMENT, names.LE})


FAMILIES = {name: metric.name for metric in catalog.CATALOG for name in _names(metric)}
"""Every series of the exporter → the family that it is of."""


OF_A_RUNNING_EXPORTER = frozenset(
    name
    for name, _ in _series(
        catalog.DUPLICATE_RECORDS,
        catalog.LABELS_PENDING,
        catalog.LABELS_EXPIRED,
        catalog.LABELS_UNMATCHED,
        catalog.INGEST_RECORDS,
        catalog.INGEST_RECORDS_FAILED,
        catalog.INGEST_QUEUE,
        catalog.INGEST_LAG,
        catalog.SERIES,
        catalog.SERIES_DROPPED,
    )
)
"""What nobody else knows."""

COUNTED = {
    name: labels
    for name, labels in _series(*(metric for metric in catalog.CATALOG if names.MONITOR in metric.labels))
    if name not in OF_A_RUNNING_EXPORTER
}
"""Every series that is counted, with the labels that it may have of itself."""

OF_LABELS = frozenset(
    name
    for name, _ in _series(
        catalog.LABELS,
        catalog.LABEL_DELAY,
        catalog.OUTCOMES,
        catalog.SCORE_BIN,
        catalog.SCORE_BIN_SCORE_SUM,
        catalog.ERROR_ABSOLUTE,
        catalog.ERROR_SQUARED,
        catalog.ERROR_SQUARED_SQUARES,
        catalog.ERROR_SIGNED,
        catalog.LOG_LOSS,
        catalog.LOG_LOSS_SQUARES,
        catalog.BRIER_SCORE,
        catalog.BRIER_SCORE_SQUARES,
    )
)
"""What labels are needed for."""

OF_A_REFERENCE = frozenset(
    name for name, _ in _series(*(metric for metric in catalog.CATALOG if "reference" in metric.name))
)
"""What a built reference is needed for."""
