"""Drift of every feature, and of the prediction: from the reference, from previous periods, between versions."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import judges_model_drift
from rules import names
from rules.bin_counts import bin_counts
from rules.compared_drift import compared_drift, comparisons
from rules.compared_drift_alert import compared_drift_alerts
from rules.feature_drift_alert import feature_drift
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.long_windows import bin_steps, is_long, summed_bin_steps
from rules.model_drift import model_drift
from rules.model_drift_alert import model_drift_alerts
from rules.reference_drift import reference_drift


def drift_windows(monitor: Monitor) -> Sequence[Duration]:
    """The windows over which drift counts bins; none where there is nothing to compare with."""
    spec = monitor.spec
    return spec.drift.window if spec.reference is not None or spec.drift.compares_samples else ()


def drift_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group for each window, and one for all long windows together, which share their steps."""
    windows = drift_windows(monitor)
    groups = [
        RuleGroup(
            names.group(monitor.name, "drift", window),
            (*bin_counts(monitor, window), *_of_window(monitor, window, links)),
        )
        for window in windows
        if not is_long(window)
    ]
    long_windows = [window for window in windows if is_long(window)]
    if long_windows:
        rules: list[RecordingRule | AlertingRule] = [bin_steps(monitor)]
        for window in long_windows:
            rules += bin_counts(monitor, window, summed_bin_steps(monitor, window))
            rules += _of_window(monitor, window, links)
        name = names.group(monitor.name, "drift", "long")
        groups.append(RuleGroup(name, tuple(rules), interval=names.LONG_WINDOW_STEP))
    return groups


def _of_window(monitor: Monitor, window: Duration, links: Links) -> list[RecordingRule | AlertingRule]:
    rules: list[RecordingRule | AlertingRule] = []
    if monitor.spec.reference is not None:
        rules += [*reference_drift(monitor, window), *feature_drift(monitor, window, links)]
    if judges_model_drift(monitor):
        rules += [*model_drift(monitor, window), *model_drift_alerts(monitor, window, links)]
    for comparison in comparisons(monitor):
        rules += compared_drift(monitor, window, comparison)
        rules += compared_drift_alerts(monitor, window, comparison, links)
    return rules
