"""Data quality: missing and invalid values, broken rules, rejected records."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.bin_counts import bin_counts
from rules.data_invalid_alert import data_invalid
from rules.drift import drift_windows
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.missing_values import missing_values_rules
from rules.missing_values_alert import missing_values
from rules.promql import equals, pooled_labels, select, threshold, total_increase, without
from rules.records_rejected_alert import records_rejected
from rules.rejected_records import rejected_records_rules

_FOR_EACH_RULE = f"ignoring ({names.RULE}) group_left ()"
_FOR_EACH_FEATURE_RULE = f"ignoring ({names.FEATURE}, {names.RULE}) group_left ()"


def quality_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group over the window of quality; the bins are counted here unless drift counts them over that window."""
    window = monitor.spec.quality.window
    counted_for_drift = window in drift_windows(monitor)
    rules: list[RecordingRule | AlertingRule] = [
        *([] if counted_for_drift else bin_counts(monitor, window)),
        *_violations(monitor, window),
        _significance(monitor, window),
        *rejected_records_rules(monitor, window),
        *missing_values_rules(monitor),
        *data_invalid(monitor, links),
        *missing_values(monitor, links),
        *records_rejected(monitor, links),
    ]
    return [RuleGroup(names.group(monitor.name, "quality", window), tuple(rules))]


def _violations(monitor: Monitor, window: str) -> list[RecordingRule]:
    """Values and predictions that broke a rule, as shares of the predictions."""
    pool = pooled_labels(monitor)
    predictions = f"({select(names.predictions_increase(window), monitor)} > 0)"
    values = select(names.violations_increase(window), monitor)
    records = select(names.records_invalid_increase(window), monitor)
    return [
        RecordingRule(
            names.predictions_increase(window), total_increase(catalog.PREDICTIONS.name, monitor, window, pool=pool)
        ),
        RecordingRule(
            names.violations_increase(window),
            total_increase(catalog.FEATURE_VIOLATIONS.name, monitor, window, pool=pool),
        ),
        RecordingRule(
            names.records_invalid_increase(window),
            total_increase(catalog.RECORDS_INVALID.name, monitor, window, pool=pool),
        ),
        RecordingRule(names.violations_ratio(window), f"{values} / {_FOR_EACH_FEATURE_RULE} {predictions}"),
        RecordingRule(names.records_invalid_ratio(window), f"{records} / {_FOR_EACH_RULE} {predictions}"),
    ]


def _significance(monitor: Monitor, window: str) -> RecordingRule:
    """z = 2 (sqrt(x + 3/8) - sqrt(n t + 3/8)): x invalid of n where a share t is allowed.

    The square root of a Poisson count is about normal with a standard deviation of 1/2, also for small counts
    (Anscombe, Biometrika 35, 1948), so that one bad row of ten never alerts.
    """
    invalid = select(names.records_invalid_increase(window), monitor, equals(names.RULE, catalog.ANY_RULE))
    allowed_share = f"on ({', '.join(names.MONITOR_LABELS)}) group_left () {threshold(monitor, 'invalid_ratio')}"
    allowed = f"{select(names.predictions_increase(window), monitor)} * {allowed_share}"
    return RecordingRule(
        names.records_invalid_zscore(window),
        f"2 * (sum {without(names.RULE)} (sqrt({invalid} + 0.375)) - sqrt({allowed} + 0.375))",
    )
