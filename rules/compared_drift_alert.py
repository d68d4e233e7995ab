"""InfranautPeriodDrift and InfranautVersionDrift: effect, significance and enough rows in both samples together."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import FEATURE, VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.compared_drift import SamplePair
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.names import Comparison
from rules.promql import against_threshold

_ALERTS: Mapping[Comparison, AlertName] = {"period": names.PERIOD_DRIFT, "version": names.VERSION_DRIFT}
_OF_FEATURE = (names.JOB, names.MONITOR, names.MODEL_VERSION, names.REFERENCE, names.FEATURE)
_THRESHOLD = 'printf "%.3g"'
_ONE_DIGIT = 'printf "%.1f"'


def compared_drift_alerts(monitor: Monitor, window: Duration, pair: SamplePair, links: Links) -> list[AlertingRule]:
    """PSI between the two samples above its threshold and above chance, and enough rows in each."""
    psi, zscore, rows = (
        record(pair.kind, window) for record in (names.compared_psi, names.compared_zscore, names.compared_rows)
    )
    own_rows = pair.own_of(names.feature_increase(window), monitor)
    conditions = (
        against_threshold(pair.select(psi, monitor), ">", monitor, f"{pair.kind}_drift_psi"),
        "and " + against_threshold(pair.select(zscore, monitor), ">", monitor, "drift_zscore"),
        "and " + against_threshold(pair.select(rows, monitor), ">=", monitor, "drift_rows"),
        f"and ignoring ({pair.label}) " + against_threshold(own_rows, ">=", monitor, "drift_rows"),
    )
    of_pair = (*_OF_FEATURE, pair.label)
    description = (
        f"Over {window}, {FEATURE} of model {plain(monitor.spec.model.name)} (version {VERSION}) differs from "
        f'{_other(pair)} by a PSI of {{{{ $value | printf "%.3f" }}}} '
        f"(threshold {looked_up_threshold(monitor, f'{pair.kind}_drift_psi', _THRESHOLD)}). That is "
        f"{looked_up(zscore, of_pair, _ONE_DIGIT)} standard deviations above chance, on "
        f"{looked_up_count(names.feature_increase(window), _OF_FEATURE)} rows against "
        f"{looked_up_count(rows, of_pair)}."
    )
    draft = AlertDraft(
        alert=_ALERTS[pair.kind],
        expr="\n".join(conditions),
        hold=hold(monitor.spec.drift.hold, window),
        labels={names.WINDOW: window, pair.label: pair.value},
        summary=f"{monitor.name}: {FEATURE} differs from {_other(pair)}",
        description=description,
    )
    return monitor_alerts(monitor, draft, links)


def _other(pair: SamplePair) -> str:
    return f"{pair.value} before" if pair.kind == "period" else f"the stable version {plain(pair.value)}"
