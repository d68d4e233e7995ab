"""What may stand behind InfranautPerformanceLow, by name: segments, classes, mistakes, and features that drifted."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.monitor.spec import Monitor, Objective
from rules import names
from rules.alert_ranking import found, found_value, largest, ranked, same, smallest
from rules.alert_text import MEASURES
from rules.feature_drift_alert import drifted
from rules.model_drift import OF_FEATURES
from rules.promql import against_threshold, differs, select

_ALIKE = (names.JOB, names.MODEL_VERSION)
_VALUE, _DRIFT = found_value('printf "%.4g"'), found_value('printf "%.3f"')


def performance_causes(monitor: Monitor, objective: Objective) -> Iterator[str]:
    """Sentences of a description; each only where the monitor has what it tells of."""
    if monitor.spec.segments:
        yield f"Worst segments: {_worst_segments(monitor, objective)}."
    if objective.class_ is not None:
        yield f"Most mistakes: {_mistakes(monitor)}."
    elif monitor.spec.model.task == "multiclass":
        yield f"Worst classes: {_worst_classes(monitor, objective)}."
    if monitor.spec.reference is not None:
        window = monitor.spec.drift.window[0]
        yield f"Features that drifted over {window}: {_drifted_features(monitor)}."


def _worst_segments(monitor: Monitor, objective: Objective) -> str:
    """Of those with enough labels for a verdict; good ones too, because how far they are apart tells as much."""
    window, any_segment = monitor.spec.performance.window, differs(names.SEGMENT, "")
    of_class = () if objective.class_ is None else (names.CLASS,)
    value = names.class_performance if of_class else names.performance
    values = select(value(objective.metric, window), monitor, *same(*_ALIKE, *of_class), any_segment)
    labels = select(names.labels_increase(window), monitor, *same(*_ALIKE), any_segment)
    enough = against_threshold(labels, ">=", monitor, "performance_rows")
    query = _worst(objective, f"{values} and ignoring ({', '.join(of_class)}) {enough}")
    return ranked(query, (*_ALIKE, *of_class, *_ALIKE), f"{found(names.SEGMENT)} {_VALUE}")


def _worst_classes(monitor: Monitor, objective: Objective) -> str:
    """By the same metric; by recall, which is the accuracy within a class, where there is no such for one class."""
    metric = "recall" if objective.metric == "accuracy" else objective.metric
    alike = _of_segment(monitor)
    values = select(names.class_performance(metric, monitor.spec.performance.window), monitor, *same(*alike))
    return ranked(_worst(objective, values), alike, f"{found(names.CLASS)} {_VALUE}")


def _mistakes(monitor: Monitor) -> str:
    """What the class of the alert was taken for, and what was taken for it."""
    alike = _of_segment(monitor)
    series = names.outcomes_increase(monitor.spec.performance.window)
    missed, mistaken = (
        select(series, monitor, *same(*alike), f"{the_class}=%q", f"{another}!=%q")
        for the_class, another in ((names.ACTUAL, names.PREDICTED), (names.PREDICTED, names.ACTUAL))
    )
    entry = f"{found(names.ACTUAL)} taken for {found(names.PREDICTED)} ({found_value('humanize')})"
    return ranked(largest(f"round({missed} or {mistaken}) > 0"), (*alike, names.CLASS, names.CLASS) * 2, entry)


def _drifted_features(monitor: Monitor) -> str:
    """By the measure of drift that alerts; of all segments together, as drift is."""
    drift = monitor.spec.drift
    conditions = drifted(monitor, drift.window[0], *same(*_ALIKE), OF_FEATURES)
    entry = f"{found(names.FEATURE)} ({MEASURES[drift.measure]} {_DRIFT})"
    return ranked(largest(" and ".join(conditions)), _ALIKE * len(conditions), entry)


def _worst(objective: Objective, values: str) -> str:
    return smallest(values) if objective.bound == "minimum" else largest(values)


def _of_segment(monitor: Monitor) -> tuple[str, ...]:
    return (*_ALIKE, names.SEGMENT) if monitor.spec.segments else _ALIKE
