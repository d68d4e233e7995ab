"""Counts of a feature's values by bin, which drift and data quality share."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.promql import equals, pooled_labels, select, total_increase, without


def bin_counts(monitor: Monitor, window: str, counted: str | None = None) -> list[RecordingRule]:
    """n, N, and the shares that are missing and invalid; the shares of no values at all have no series.

    counted: the expression of n; what the raw series grew by in the window where absent.
    """
    n = select(names.bin_increase(window), monitor)
    observed = select(names.feature_increase(window), monitor)
    raw = total_increase(catalog.FEATURE_BIN.name, monitor, window, pool=pooled_labels(monitor))
    return [
        RecordingRule(names.bin_increase(window), counted or raw),
        RecordingRule(names.feature_increase(window), f"sum {without(names.BIN)} ({n})"),
        _share(names.missing_ratio(window), catalog.MISSING_BIN, monitor, window, observed),
        _share(names.invalid_ratio(window), catalog.INVALID_BIN, monitor, window, observed),
    ]


def _share(record: str, bin_name: str, monitor: Monitor, window: str, observed: str) -> RecordingRule:
    in_bin = select(names.bin_increase(window), monitor, equals(names.BIN, bin_name))
    return RecordingRule(record, f"sum {without(names.BIN)} ({in_bin}) / ({observed} > 0)")
