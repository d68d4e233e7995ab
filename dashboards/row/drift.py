"""Drift from the reference: how far every feature went, how sure that is, and since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.link import CHOSEN
from dashboards.panel import FULL_WIDTH, PanelText, Size, lines, threshold_query, time_series
from dashboards.row.drift_lines import drift_lines
from dashboards.scope import Scope
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import NEUTRAL, bad_above
from exporter.monitor.duration import Duration
from exporter.monitor.spec import DriftMeasure, Monitor
from exporter.monitor.thresholds import judges_model_drift
from rules import names

MEASURES: dict[DriftMeasure, str] = {
    "psi": "PSI",
    "kl": "KL divergence",
    "js": "Jensen-Shannon distance",
    "hellinger": "Hellinger distance",
    "tv": "Total variation",
    "chi2": "Chi-square",
    "ks": "Kolmogorov-Smirnov",
    "wasserstein": "Wasserstein-1",
}
"""What a person calls each measure."""
_FLAT = Size(12, 7)


def sections(monitor: Monitor) -> list[PanelRow]:
    """One for each window, the first open; none without a reference."""
    return rows_of_windows(monitor, _panels)


def rows_of_windows(monitor: Monitor, panels: Callable[[Scope, Duration], Sequence[Any]]) -> list[PanelRow]:
    """`panels` of each window, those of the first open; none without a reference."""
    if monitor.spec.reference is None:
        return []
    scope = Scope(monitor)
    return [
        PanelRow(f"Drift over {window}", panels(scope, window), collapsed=index > 0)
        for index, window in enumerate(monitor.spec.drift.window)
    ]


def _panels(scope: Scope, window: Duration) -> list[Any]:
    together = [_share_drifted, _together] if judges_model_drift(scope.monitor) else []
    return [panel(scope, window) for panel in (measure, significance, *together, features_now)]


def measure(scope: Scope, window: Duration) -> grafana.TimeSeries:
    drift = scope.monitor.spec.drift
    return drift_lines(
        scope,
        PanelText(
            f"{MEASURES[drift.measure]} by feature",
            f"Distance of the last {window} from the reference (worst model version); __prediction__ is the model's "
            "output. InfranautFeatureDrift fires above the line when the drift is significant too and rests on at "
            f"least {drift.minimum_rows} rows.",
        ),
        scope.recorded(names.drift_measure(drift.measure, window)),
        "feature",
        check=f"drift_{drift.measure}",
        steps=bad_above(drift.threshold),
    )


def significance(scope: Scope, window: Duration) -> grafana.TimeSeries:
    return drift_lines(
        scope,
        PanelText(
            "Significance by feature",
            "How many standard deviations PSI lies above what chance alone gives at this number of rows. The line is "
            "where the monitor's false alarms a month are spent: "
            f"{scope.monitor.spec.drift.false_alarms_per_month:g}.",
        ),
        scope.recorded(names.drift_zscore(window)),
        "feature",
        check="drift_zscore",
    )


def _share_drifted(scope: Scope, window: Duration) -> grafana.TimeSeries:
    return time_series(
        PanelText(
            "Features drifted",
            "Share of the features that drifted by effect, significance and rows, by model version. Above the line "
            f"{names.MODEL_DRIFT} fires.",
        ),
        [
            lines("max", scope.recorded(names.features_drifted_ratio(window)), "model_version"),
            threshold_query(scope.threshold("drift_model_share")),
        ],
        unit="percentunit",
        size=_FLAT,
        steps=bad_above(scope.monitor.spec.drift.model.share),
        maximum=1,
    )


def _together(scope: Scope, window: Duration) -> grafana.TimeSeries:
    return drift_lines(
        scope,
        PanelText(
            "All features together",
            "How many standard deviations the features together lie above what chance gives (Stouffer), by model "
            "version: many small drifts show here first.",
        ),
        scope.recorded(names.stouffer(window)),
        "model_version",
        check="drift_zscore",
        size=_FLAT,
    )


def features_now(scope: Scope, window: Duration) -> grafana.Table:
    drift = scope.monitor.spec.drift
    first = MEASURES[drift.measure]
    others = [measure for measure in drift.measures if measure != drift.measure]
    return table(
        PanelText(
            "Drift now",
            f"The features of the last {window}, the furthest from the reference first. Expected PSI is what chance "
            "alone gives at this number of rows. A click on a feature shows its distribution.",
        ),
        [RowLabel("feature", "Feature", to_feature(scope.monitor)), RowLabel("model_version", "Model version")],
        [
            _column(scope, first, names.drift_measure(drift.measure, window), limit=drift.threshold),
            _column(scope, "Significance (z)", names.drift_zscore(window), decimals=1),
            _column(scope, "Expected PSI", names.expected_psi(window)),
            _column(scope, "Rows", names.feature_increase(window), decimals=0),
            *(_column(scope, MEASURES[measure], names.drift_measure(measure, window)) for measure in others),
        ],
        sort_by=first,
        size=Size(FULL_WIDTH, 10),
    )


def to_feature(monitor: Monitor) -> tuple[str, str]:
    """From a feature's name in a table to the dashboard of that feature."""
    address = f"/d/{names.feature_dashboard(monitor.name)}?{CHOSEN}&${{model_version:queryparam}}"
    return "Show the feature", f"{address}&var-feature=${{__value.raw:percentencode}}"


def _column(scope: Scope, title: str, name: str, *, decimals: int = 3, limit: float | None = None) -> TableColumn:
    return TableColumn(
        title,
        f"max by (feature, model_version) ({scope.recorded(name)})",
        decimals=decimals,
        steps=NEUTRAL if limit is None else bad_above(limit),
        cell="auto" if limit is None else "color-background",
    )
