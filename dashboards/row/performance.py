"""How good the model is, on the predictions whose label has come."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.metrics import MEANINGS, RATIOS, TITLES, main_metric, unit_of
from dashboards.panel import PanelQuery, PanelText, Size, stat, threshold_query, time_series
from dashboards.scope import Scope
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import GOOD, NEUTRAL, Steps, bad_above, bad_below
from exporter.catalog import SEGMENT
from exporter.monitor.spec import METRICS_BY_TASK, Monitor, Objective, PerformanceMetric
from rules import names
from rules.names import Side
from rules.promql import equals


def section(monitor: Monitor) -> PanelRow | None:
    """None where the monitor joins no labels."""
    if monitor.spec.labels is None:
        return None
    scope = Scope(monitor)
    metrics = METRICS_BY_TASK[monitor.spec.model.task]
    panels = [_labelled(scope), _coverage(scope), *(metric_over_time(scope, metric) for metric in metrics)]
    if monitor.spec.model.task != "regression":
        panels.append(outcomes(scope))
    if monitor.spec.model.task == "multiclass":
        panels.append(_by_class(scope))
    if monitor.spec.segments:
        panels.append(by_segment(scope))
    return PanelRow(f"Performance over {monitor.spec.performance.window}", panels)


def watched(scope: Scope) -> list[PerformanceMetric]:
    """The metrics that have an objective, or else the usual one of the task."""
    objectives = dict.fromkeys(objective.metric for objective in scope.monitor.spec.performance.objectives)
    return list(objectives) or [main_metric(scope.monitor)]


def steps_of(monitor: Monitor, metric: PerformanceMetric) -> Steps:
    """From the monitor's objective for the metric, if it has one."""
    objective = _objective(monitor, metric)
    if objective is None:
        return NEUTRAL
    if objective.minimum is not None:
        return bad_below(objective.minimum)
    return bad_above(objective.maximum or 0)


def _labelled(scope: Scope) -> grafana.Stat:
    performance = scope.monitor.spec.performance
    return stat(
        PanelText(
            "Labelled predictions",
            f"What the metrics rest on: labels joined in the last {performance.window}. InfranautPerformanceLow needs "
            f"at least {performance.minimum_labels}.",
        ),
        PanelQuery(scope.sum_by(scope.recorded(names.labels_increase(performance.window), *_total(scope)))),
        unit="short",
        size=Size(6, 7),
        steps=bad_below(performance.minimum_labels),
    )


def _coverage(scope: Scope) -> grafana.Stat:
    window, labels = scope.monitor.spec.performance.window, scope.monitor.spec.labels
    minimum = labels.minimum_coverage if labels else None
    return stat(
        PanelText(
            "Label coverage",
            f"Share of the predictions settled in the last {window} that got their label, rather than none in time.",
        ),
        PanelQuery(f"min ({scope.recorded(names.label_coverage(window), *_total(scope))})"),
        unit="percentunit",
        size=Size(6, 7),
        steps=GOOD if minimum is None else bad_below(minimum),
    )


def metric_over_time(scope: Scope, metric: PerformanceMetric) -> grafana.TimeSeries:
    window = scope.monitor.spec.performance.window
    value = scope.recorded(names.performance(metric, window), *_total(scope))
    queries = [PanelQuery(f"max by (model_version) ({value})", "{{model_version}}"), *_bounds(scope, metric)]
    objective = _objective(scope.monitor, metric)
    if objective is not None:
        bound = "minimum" if objective.minimum is not None else "maximum"
        queries.append(threshold_query(scope.threshold(f"performance_{metric}_{bound}")))
    macro = " Macro average over the classes." if _is_averaged(scope.monitor, metric) else ""
    return time_series(
        PanelText(
            TITLES[metric],
            f"{MEANINGS[metric]}{macro} Over the labels of the last {window}; the dotted lines bound what they prove.",
        ),
        queries,
        unit=unit_of(metric),
        size=Size(6, 7),
        steps=steps_of(scope.monitor, metric),
        minimum=None if metric == "bias" else 0,
        maximum=1 if metric in RATIOS else None,
    )


def _bounds(scope: Scope, metric: PerformanceMetric) -> list[PanelQuery]:
    """The confidence interval."""
    sides: tuple[Side, ...] = ("lower", "upper")
    bounds = {
        side: scope.recorded(
            names.performance_bound(metric, side, scope.monitor.spec.performance.window), *_total(scope)
        )
        for side in sides
    }
    return [PanelQuery(f"max by (model_version) ({bounds[side]})", f"{{{{model_version}}}} {side}") for side in sides]


def outcomes(scope: Scope) -> grafana.Table:
    window = scope.monitor.spec.performance.window
    counts = scope.recorded(names.outcomes_increase(window), segmented=True)
    return table(
        PanelText("Outcomes", f"Labelled predictions of the last {window} by actual and predicted class."),
        [RowLabel("actual", "Actual"), RowLabel("predicted", "Predicted")],
        [TableColumn("Predictions", f"sum by (actual, predicted) ({counts})", decimals=0, cell="gauge")],
        sort_by="Predictions",
        size=Size(12, 7),
    )


def _by_class(scope: Scope) -> grafana.Table:
    metrics: tuple[PerformanceMetric, ...] = ("precision", "recall", "f1")
    window = scope.monitor.spec.performance.window
    return table(
        PanelText("By class", f"Precision, recall and F1 of each class over the last {window}, the worst F1 first."),
        [RowLabel("class", "Class"), RowLabel("model_version", "Model version")],
        [
            TableColumn(
                TITLES[metric],
                f"max by (class, model_version) "
                f"({scope.recorded(names.class_performance(metric, window), *_total(scope))})",
                "percentunit",
                decimals=1,
            )
            for metric in metrics
        ],
        sort_by=TITLES["f1"],
        descending=False,
        size=Size(12, 7),
    )


def by_segment(scope: Scope) -> grafana.Table:
    metrics = METRICS_BY_TASK[scope.monitor.spec.model.task]
    window = scope.monitor.spec.performance.window
    columns = [
        TableColumn(
            TITLES[metric],
            f"max by (segment, model_version) ({scope.recorded(names.performance(metric, window), segmented=True)})",
            unit_of(metric),
            decimals=3,
            steps=steps_of(scope.monitor, metric),
            cell="auto" if _objective(scope.monitor, metric) is None else "color-background",
        )
        for metric in metrics
    ]
    return table(
        PanelText("By segment", f"The metrics of each segment over the labels of the last {window}."),
        [RowLabel(SEGMENT, "Segment"), RowLabel("model_version", "Model version")],
        columns,
        sort_by="Segment",
        descending=False,
    )


def _total(scope: Scope) -> tuple[str, ...]:
    """Where a monitor has segments, the series without that label is the one of them all."""
    return (equals(SEGMENT, ""),) if scope.monitor.spec.segments else ()


def _objective(monitor: Monitor, metric: PerformanceMetric) -> Objective | None:
    return next(
        (item for item in monitor.spec.performance.objectives if item.metric == metric and item.class_ is None), None
    )


def _is_averaged(monitor: Monitor, metric: PerformanceMetric) -> bool:
    return monitor.spec.model.task == "multiclass" and metric in ("precision", "recall", "f1")
