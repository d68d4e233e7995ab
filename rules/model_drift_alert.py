"""InfranautModelDrift: many features drifted, or all of them moved a little, more than chance explains."""

from __future__ import annotations

from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_ranking import found, found_value, largest, ranked, same
from rules.alert_text import VERSION, looked_up, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.model_drift import OF_FEATURES
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select, without

_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION, names.REFERENCE)


def model_drift_alerts(monitor: Monitor, window: Duration, links: Links) -> list[AlertingRule]:
    """A share of the features that drifted, or a mean effect with significance; and enough rows."""
    share, excess, total = (
        record(window) for record in (names.features_drifted_ratio, names.excess_psi, names.stouffer)
    )
    rows = f"max {without(names.FEATURE)} ({select(names.feature_increase(window), monitor, OF_FEATURES)})"
    many = against_threshold(select(share, monitor), ">=", monitor, "drift_model_share")
    moved = against_threshold(select(excess, monitor), ">", monitor, "drift_model_excess")
    surely = against_threshold(select(total, monitor), ">", monitor, "drift_zscore")
    enough = against_threshold(rows, ">=", monitor, "drift_rows")
    description = (
        f"Over {window}, {looked_up(share, _OF_MODEL, 'humanizePercentage')} of the features of model "
        f"{plain(monitor.spec.model.name)} (version {VERSION}) have drifted. All features together are "
        f"{looked_up(total, _OF_MODEL, _digits(1))} standard deviations from the reference, with a mean PSI of "
        f"{looked_up(excess, _OF_MODEL, _digits(3))} above chance. Largest PSI: {_furthest_features(window)}."
    )
    draft = AlertDraft(
        alert=names.MODEL_DRIFT,
        expr=f"({many}\nor ({moved}\nand {surely}))\nand {enough}",
        hold=hold(monitor.spec.drift.hold, window),
        labels={names.WINDOW: window},
        summary=f"{monitor.name}: the features of version {VERSION} have drifted together",
        description=description,
    )
    return monitor_alerts(monitor, draft, links)


def _furthest_features(window: str) -> str:
    """The names of the features with the largest PSI and their PSI, the largest first."""
    psi = f"{names.drift_measure('psi', window)}{{{','.join((*same(*_OF_MODEL), OF_FEATURES))}}}"
    return ranked(largest(psi), _OF_MODEL, f"{found(names.FEATURE)} {found_value(_digits(3))}")


def _digits(count: int) -> str:
    return f'printf "%.{count}f"'
