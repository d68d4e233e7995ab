"""Drift of a model's features together: how many drifted, how far they are from chance, and how sure that is.

Each feature's z-score is about normal without drift, with the design effect of correlated rows already in it.
Stouffer's Z = sum(z) / sqrt(F + F (F - 1) r) is their sum over its standard deviation, where r is how much the z-scores
of two features correlate on average: those of copies of one column correlate by 1, those of two columns of correlation
c by about c squared. With r at 0, ten copies of one feature would make its drift look three times as sure as it is.

The prediction is left out: it answers to the features, and would count them twice.
"""

from __future__ import annotations

from exporter.catalog import PREDICTION_FEATURE
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.promql import differs, number, select, threshold, without

OF_FEATURES = differs(names.FEATURE, PREDICTION_FEATURE)
_EACH_MODEL = without(names.FEATURE)
_ON_MONITOR = f"on ({', '.join(names.MONITOR_LABELS)}) group_left ()"


def model_drift(monitor: Monitor, window: str) -> list[RecordingRule]:
    """Rules over what the drift of each feature from the reference recorded before."""
    psi, expected, zscore = (
        select(record, monitor, OF_FEATURES)
        for record in (names.drift_measure("psi", window), names.expected_psi(window), names.drift_zscore(window))
    )
    return [
        RecordingRule(names.features_drifted_ratio(window), f"avg {_EACH_MODEL} ({_is_drifted(monitor, window)})"),
        RecordingRule(names.excess_psi(window), f"avg {_EACH_MODEL} ({psi} - {expected})"),
        RecordingRule(names.stouffer(window), _stouffer(zscore, monitor.spec.drift.feature_correlation)),
    ]


def _is_drifted(monitor: Monitor, window: str) -> str:
    """1 for a feature that drifted, 0 for another; the same three conditions as those of its alert."""
    measure = monitor.spec.drift.measure
    conditions = (
        (names.drift_measure(measure, window), ">", f"drift_{measure}"),
        (names.drift_zscore(window), ">", "drift_zscore"),
        (names.feature_increase(window), ">=", "drift_rows"),
    )
    return " * ".join(
        f"({select(record, monitor, OF_FEATURES)} {comparison} bool {_ON_MONITOR} {threshold(monitor, check)})"
        for record, comparison, check in conditions
    )


def _stouffer(zscore: str, correlation: float) -> str:
    features = f"count {_EACH_MODEL} ({zscore})"
    return f"sum {_EACH_MODEL} ({zscore}) / sqrt({features} * (1 + ({features} - 1) * {number(correlation)}))"
