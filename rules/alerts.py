"""The alerts of a monitor: each needs an effect, and where numbers fluctuate, significance and enough data.

Each stands at the end of the group that records what it reads, so that it never sees the values of the last evaluation.
"""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor, Objective
from rules import names
from rules.alert_text import FEATURE, MEASURES, SEGMENT, VERSION, alert_labels, looked_up, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.promql import against_threshold, equals, number, select, without

_OF_FEATURE = (names.JOB, names.MONITOR, names.MODEL_VERSION, names.REFERENCE, names.FEATURE)
_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION)
_ONE_DIGIT = 'printf "%.1f"'
_BY_MONITOR = f"by ({', '.join(names.MONITOR_LABELS)})"


def feature_drift(monitor: Monitor, window: Duration, links: Links) -> AlertingRule:
    """The measure above its threshold, PSI above chance, and enough rows."""
    drift = monitor.spec.drift
    measure, zscore, rows = (
        names.drift_measure(drift.measure, window),
        names.drift_zscore(window),
        names.feature_increase(window),
    )
    conditions = (
        against_threshold(select(measure, monitor), ">", monitor, f"drift_{drift.measure}"),
        against_threshold(select(zscore, monitor), ">", monitor, "drift_zscore"),
        against_threshold(select(rows, monitor), ">=", monitor, "drift_rows"),
    )
    description = (
        f"Over {window}, {FEATURE} of model {plain(monitor.spec.model.name)} (version {VERSION}) differs from the "
        f'reference by a {MEASURES[drift.measure]} of {{{{ $value | printf "%.3f" }}}} '
        f"(threshold {number(drift.threshold)}). That is {looked_up(zscore, _OF_FEATURE, _ONE_DIGIT)} standard "
        "deviations above chance, on "
        f"{looked_up(rows, _OF_FEATURE, 'humanize')} rows."
    )
    return AlertingRule(
        alert=names.FEATURE_DRIFT,
        expr="\nand ".join(conditions),
        hold=hold(drift.hold, window),
        labels=alert_labels(monitor, window=window),
        annotations={
            "summary": f"{monitor.name}: {FEATURE} has drifted from its reference",
            "description": description,
            **links.annotations(names.FEATURE_DRIFT, monitor),
        },
    )


def performance_low(monitor: Monitor, objective: Objective, links: Links) -> AlertingRule:
    """A metric beyond its objective, on enough labels."""
    window = monitor.spec.performance.window
    bound, comparison, limit = ("minimum", "<", objective.minimum)
    if objective.maximum is not None:
        bound, comparison, limit = ("maximum", ">", objective.maximum)
    value = select(names.performance(objective.metric, window), monitor)
    labels = names.labels_increase(window)
    of_segment = (*_OF_MODEL, names.SEGMENT) if monitor.spec.segments else _OF_MODEL
    return AlertingRule(
        alert=names.PERFORMANCE_LOW,
        expr="\nand ".join(
            (
                against_threshold(value, comparison, monitor, f"performance_{objective.metric}_{bound}"),
                against_threshold(select(labels, monitor), ">=", monitor, "performance_rows"),
            )
        ),
        hold=hold(monitor.spec.performance.hold, window),
        labels=alert_labels(monitor, metric=objective.metric, bound=bound, window=window),
        annotations={
            "summary": f"{monitor.name}: {objective.metric} of version {VERSION}{SEGMENT} misses its objective",
            "description": (
                f"Over {window}, {objective.metric} of model {plain(monitor.spec.model.name)} "
                f"(version {VERSION}{SEGMENT})"
                f' is {{{{ $value | printf "%.4g" }}}}; its {bound} is {number(limit or 0)}. '
                f"It rests on {looked_up(labels, of_segment, 'humanize')} labels."
            ),
            **links.annotations(names.PERFORMANCE_LOW, monitor),
        },
    )


def data_invalid(monitor: Monitor, links: Links) -> AlertingRule:
    """More invalid predictions than allowed, and more than chance makes of the allowed share."""
    quality = monitor.spec.quality
    window = quality.window
    ratio = select(names.records_invalid_ratio(window), monitor, equals(names.RULE, catalog.ANY_RULE))
    zscore = select(names.records_invalid_zscore(window), monitor)
    conditions = (
        against_threshold(f"sum {without(names.RULE)} ({ratio})", ">", monitor, "invalid_ratio"),
        against_threshold(zscore, ">", monitor, "drift_zscore"),
    )
    return AlertingRule(
        alert=names.DATA_INVALID,
        expr="\nand ".join(conditions),
        hold=hold(quality.hold, window),
        labels=alert_labels(monitor, window=window),
        annotations={
            "summary": f"{monitor.name}: {{{{ $value | humanizePercentage }}}} of predictions rest on invalid data",
            "description": (
                f"Over {window}, {{{{ $value | humanizePercentage }}}} of "
                f"{looked_up(names.predictions_increase(window), _OF_MODEL, 'humanize')} predictions of model "
                f"{plain(monitor.spec.model.name)} (version {VERSION}) broke at least one rule; "
                f"{number(quality.maximum_invalid_ratio * 100)}% are allowed."
            ),
            **links.annotations(names.DATA_INVALID, monitor),
        },
    )


def no_predictions(monitor: Monitor, links: Links) -> AlertingRule:
    """Loaded for at least the time allowed without a prediction in it, or not loaded by any exporter."""
    silence = monitor.spec.quality.no_predictions_for
    info = select(catalog.MONITOR_INFO.name, monitor)
    loaded = f"(max {_BY_MONITOR} ({info}) and max {_BY_MONITOR} ({info} offset {silence}))"
    counted = f"sum {_BY_MONITOR} (increase({select(catalog.PREDICTIONS.name, monitor)}[{silence}])) > 0"
    return AlertingRule(
        alert=names.NO_PREDICTIONS,
        expr=f"{loaded} unless ({counted})\nor absent({info})",
        hold=hold(monitor.spec.quality.hold, silence),
        labels=alert_labels(monitor),
        annotations={
            "summary": f"{monitor.name}: no predictions for {silence}",
            "description": (
                f"{{{{ if $labels.job }}}}Model {plain(monitor.spec.model.name)} has sent no prediction for {silence}."
                f"{{{{ else }}}}No exporter that Prometheus scrapes has loaded the monitor {monitor.name}.{{{{ end }}}}"
            ),
            **links.annotations(names.NO_PREDICTIONS, monitor),
        },
    )
