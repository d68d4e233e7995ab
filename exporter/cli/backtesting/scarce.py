"""Alerts that could not fire: no window of the evaluated time held as many rows as they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from exporter.archive.recounting import seconds_of
from exporter.archive.warm.tier import Span
from exporter.batch import Floats
from exporter.cli.amounts import count_text
from exporter.cli.backtesting.rows import FileRows
from exporter.monitor.duration import parse_duration_s
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.dependencies import selectors
from rules.group import AlertingRule

_KEYS = {"drift_rows": "drift.minimum_rows", "performance_rows": "performance.minimum_labels"}
"""The threshold of how many rows an alert needs → where a person sets it."""
_ALERTS = {names.FEATURE_DRIFT, names.MODEL_DRIFT, names.PERFORMANCE_LOW}
"""Those whose rows are the predictions, or the labels, of their own window."""


def scarce_alerts(monitor: Monitor, alerts: Sequence[AlertingRule], rows: FileRows, span: Span) -> Mapping[str, str]:
    """Alert with its window → why it was silent."""
    known, times, found = thresholds(monitor), _times(rows), {}
    for alert in alerts:
        window = alert.labels.get(names.WINDOW, "") if alert.alert in _ALERTS else ""
        checks = {selector.value_of(names.CHECK) for selector in selectors(alert.expr)} & _KEYS.keys()
        for check in sorted(filter(None, checks)) if window else []:
            most = most_in_a_window(times[check], span, parse_duration_s(window))
            if 0 < most < known[check]:
                found[f"{alert.alert} ({names.WINDOW}={window})"] = (
                    f"asks for {known[check]:,.0f} rows ({_KEYS[check]}), and no {window} had more than "
                    f"{count_text(most, 'row')}"
                )
    return found


def most_in_a_window(times: Floats, span: Span, window_s: float) -> int:
    """Of rows in order of their times (float64[n], seconds), the most in a window that ends with one in the span."""
    ends = times[(times >= span.start) & (times <= span.end)]
    counts = np.searchsorted(times, ends, side="right") - np.searchsorted(times, ends - window_s, side="right")
    return int(counts.max(initial=0))


def _times(rows: FileRows) -> Mapping[str, Floats]:
    return {
        "drift_rows": seconds_of(rows.predictions_by_time.column("time").combine_chunks()),
        "performance_rows": _known_at(rows),
    }


def _known_at(rows: FileRows) -> Floats:
    return seconds_of(rows.labelled.column("known_at").combine_chunks()) if rows.labelled.num_rows else np.empty(0)
