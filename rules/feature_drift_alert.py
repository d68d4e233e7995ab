"""InfranautFeatureDrift: an effect, significance and enough rows together."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import FEATURE, MEASURES, VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select

_OF_FEATURE = (names.JOB, names.MONITOR, names.MODEL_VERSION, names.REFERENCE, names.FEATURE)
_THRESHOLD = 'printf "%.3g"'
_ONE_DIGIT = 'printf "%.1f"'


def feature_drift(monitor: Monitor, window: Duration, links: Links) -> list[AlertingRule]:
    """The measure above its threshold, PSI above chance, and enough rows."""
    drift = monitor.spec.drift
    zscore, rows = names.drift_zscore(window), names.feature_increase(window)
    description = (
        f"Over {window}, {FEATURE} of model {plain(monitor.spec.model.name)} (version {VERSION}) differs from the "
        f'reference by a {MEASURES[drift.measure]} of {{{{ $value | printf "%.3f" }}}} '
        f"(threshold {looked_up_threshold(monitor, f'drift_{drift.measure}', _THRESHOLD)}). That is "
        f"{looked_up(zscore, _OF_FEATURE, _ONE_DIGIT)} standard deviations above chance, on "
        f"{looked_up_count(rows, _OF_FEATURE)} rows."
    )
    draft = AlertDraft(
        alert=names.FEATURE_DRIFT,
        expr="\nand ".join(drifted(monitor, window)),
        hold=hold(drift.hold, window),
        labels={names.WINDOW: window},
        summary=f"{monitor.name}: {FEATURE} has drifted from its reference",
        description=description,
    )
    return monitor_alerts(monitor, draft, links)


def drifted(monitor: Monitor, window: Duration, *matchers: str) -> Sequence[str]:
    """What must all hold of a feature, of those that match: effect, significance and rows."""
    measure = monitor.spec.drift.measure
    conditions = (
        (names.drift_measure(measure, window), ">", f"drift_{measure}"),
        (names.drift_zscore(window), ">", "drift_zscore"),
        (names.feature_increase(window), ">=", "drift_rows"),
    )
    return [
        against_threshold(select(series, monitor, *matchers), comparison, monitor, check)
        for series, comparison, check in conditions
    ]
