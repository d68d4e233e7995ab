"""Checks that need more than one key of a monitor: names that refer to each other, parts that exclude each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from exporter.monitor.alert_mistakes import alert_mistakes
from exporter.monitor.dashboard_mistakes import dashboard_mistakes
from exporter.monitor.duration import Duration
from exporter.monitor.fields import carried_features, event_fields
from exporter.monitor.performance import CLASS_METRICS, PerformanceMetric
from exporter.monitor.positions import KeyPath
from exporter.monitor.reach import bound_mistakes, threshold_mistake
from exporter.monitor.slo_mistakes import slo_mistakes
from exporter.monitor.spec import METRICS_BY_TASK, CategoryFeature, Monitor, NumberFeature
from exporter.monitor.suggestion import did_you_mean

_RESERVED_PREFIXES = ("__", "@")
_FEATURES: KeyPath = ("spec", "features")
_LONGEST_COLD = Duration("100y")


class Finding(NamedTuple):
    """A mistake at a key, and the other keys that it rests on."""

    key: KeyPath
    message: str
    rests_on: tuple[KeyPath, ...] = ()


def check_consistency(monitor: Monitor) -> list[Finding]:
    """Every mistake across the keys of one monitor."""
    return [finding for check in CHECKS for finding in check(monitor)]


def _model(monitor: Monitor) -> Iterator[Finding]:
    model, task = monitor.spec.model, (("spec", "model", "task"),)
    for key in ("positive", "threshold"):
        if key in model.model_fields_set and model.task != "binary":
            yield Finding(("spec", "model", key), f"only for task binary, this model's task is {model.task}", task)
    if model.classes and model.task != "multiclass":
        yield Finding(
            ("spec", "model", "classes"), f"only for task multiclass, this model's task is {model.task}", task
        )
    if model.task == "multiclass" and not model.classes and monitor.spec.reference is None:
        message = "missing, expected the list of classes, or a reference to take them from"
        yield Finding(("spec", "model", "classes"), message, (*task, ("spec", "reference")))
    if len(model.classes) == 1:
        yield Finding(("spec", "model", "classes"), "only one class, expected at least two")
    if model.trained is not None and not _is_rfc3339(model.trained):
        message = f"{model.trained!r} is not a time, expected RFC 3339 such as 2026-01-31T12:00:00Z"
        yield Finding(("spec", "model", "trained"), message)


def _repeated_values(monitor: Monitor) -> Iterator[Finding]:
    spec = monitor.spec
    lists: dict[KeyPath, Sequence[str]] = {
        ("spec", "model", "classes"): spec.model.classes,
        ("spec", "model", "versions"): spec.model.versions,
        ("spec", "events", "error_reasons"): spec.events.error_reasons,
        ("spec", "segments", "by"): spec.segments.by if spec.segments else (),
        ("spec", "privacy", "drop"): spec.privacy.drop,
        ("spec", "privacy", "pseudonymise"): spec.privacy.pseudonymise,
    }
    for name, feature in spec.features.items():
        if isinstance(feature, CategoryFeature):
            lists[(*_FEATURES, name, "values")] = feature.values
    for key, values in lists.items():
        yield from (Finding((*key, index), f"{values[index]!r} is given twice") for index in _repeats(values))
        for index, value in enumerate(values):
            if value.startswith("__"):
                message = f"{value!r}: names that start with '__' are reserved, expected another name"
                yield Finding((*key, index), message)


def _repeated_names(monitor: Monitor) -> Iterator[Finding]:
    spec = monitor.spec
    for index in _repeats([rule.name for rule in spec.rules]):
        yield Finding(("spec", "rules", index, "name"), f"a second rule named {spec.rules[index].name!r}")
    for index in _repeats([slo.name for slo in spec.slos]):
        yield Finding(("spec", "slos", index, "name"), f"a second {spec.slos[index].name} slo, expected one")
    for index in _repeats([source.file for source in spec.sources]):
        yield Finding(("spec", "sources", index, "file"), f"{spec.sources[index].file!r} is read twice")
    for index in _repeats([window.seconds for window in spec.drift.window]):
        yield Finding(("spec", "drift", "window", index), f"{spec.drift.window[index]} is given twice")
    for index in _repeats([period.seconds for period in spec.drift.previous]):
        yield Finding(("spec", "drift", "previous", index), f"{spec.drift.previous[index]} is given twice")
    for index in _repeats([mute.name for mute in spec.alerts.mute]):
        yield Finding(
            ("spec", "alerts", "mute", index, "name"), f"a second mute named {spec.alerts.mute[index].name!r}"
        )
    objectives = spec.performance.objectives
    for index in _repeats([goal.check for goal in objectives]):
        key: KeyPath = ("spec", "performance", "objectives", index, "metric")
        yield Finding(key, f"a second objective of the same kind for {objectives[index].metric}")


def _features(monitor: Monitor) -> Iterator[Finding]:
    first_by_folded: dict[str, str] = {}
    for name, feature in monitor.spec.features.items():
        key = (*_FEATURES, name)
        for prefix in _RESERVED_PREFIXES:
            if name.startswith(prefix):
                yield Finding(key, f"names that start with {prefix!r} are reserved, expected another name")
        twin = first_by_folded.setdefault(name.casefold(), name)
        if twin != name:
            yield Finding(key, f"differs from feature {twin!r} only by case, which SQL does not tell apart")
        if feature.sql is not None and feature.field is not None:
            yield Finding((*key, "field"), "not for a feature with sql: a derived feature has no field of its own")


def _events(monitor: Monitor) -> Iterator[Finding]:
    events = monitor.spec.events
    first_role: dict[str, str] = {}
    for role, name in event_fields(monitor).items():
        first = first_role.setdefault(name, role)
        if first != role:
            message = f"reads field {name!r}, which is already the {first}"
            yield Finding(("spec", "events", role), message, (("spec", "events", first),))
    if events.error_reasons and events.error is None:
        message = "names failures, but spec.events.error does not name the field that tells them"
        yield Finding(("spec", "events", "error_reasons"), message, (("spec", "events", "error"),))


def _field_names(monitor: Monitor) -> Iterator[Finding]:
    spec = monitor.spec
    named: dict[KeyPath, str] = {("spec", "events", role): name for role, name in event_fields(monitor).items()}
    for name, feature in carried_features(monitor).items():
        named[(*_FEATURES, name, "field") if feature.field else (*_FEATURES, name)] = feature.field or name
    if spec.labels is not None:
        named |= {("spec", "labels", "join"): spec.labels.join, ("spec", "labels", "value"): spec.labels.value}
    for key, name in named.items():
        if not name.isprintable() or not name or '"' in name or "\\" in name:
            message = f"{name!r} cannot name a field, expected printable characters without quotes and backslashes"
            yield Finding(key, message)


def _drift(monitor: Monitor) -> Iterator[Finding]:
    spec, drift = monitor.spec, monitor.spec.drift
    longest = max(drift.window, key=lambda window: window.seconds, default=None)
    for index, period in enumerate(drift.previous):
        if longest is not None and period.seconds < longest.seconds:
            message = f"{period} ago still lies within the window {longest}, expected at least as long"
            yield Finding(("spec", "drift", "previous", index), message, (("spec", "drift", "window"),))
    if (beyond := threshold_mistake(drift.measure, drift.threshold)) is not None:
        yield Finding(("spec", "drift", "threshold"), beyond, (("spec", "drift", "measure"),))
    if drift.versions is not None and spec.events.model_version is None:
        message = "needs the version of each prediction, but spec.events.model_version does not name its field"
        yield Finding(("spec", "drift", "versions"), message, (("spec", "events", "model_version"),))
    for name, feature in spec.features.items():
        if isinstance(feature, NumberFeature) and feature.bins and spec.reference is not None:
            message = "not for a monitor with a reference, whose quantiles are the bins"
            yield Finding((*_FEATURES, name, "bins"), message, (("spec", "reference"),))
        elif isinstance(feature, NumberFeature) and feature.bins and not drift.compares_samples:
            message = "nothing is compared in them, expected spec.drift.previous or spec.drift.versions too"
            yield Finding((*_FEATURES, name, "bins"), message, (("spec", "drift"),))


def _segments(monitor: Monitor) -> Iterator[Finding]:
    if monitor.spec.segments is None:
        return
    features = monitor.spec.features
    for index, name in enumerate(monitor.spec.segments.by):
        key: KeyPath = ("spec", "segments", "by", index)
        if name not in features:
            message = f"no feature {name!r}, expected a category feature{did_you_mean(name, features)}"
            yield Finding(key, message, (_FEATURES,))
        elif not isinstance(features[name], CategoryFeature):
            message = f"feature {name!r} is a number, expected a category feature"
            yield Finding(key, message, ((*_FEATURES, name), (*_FEATURES, name, "type")))


def _labels(monitor: Monitor) -> Iterator[Finding]:
    labels = monitor.spec.labels
    if labels is not None and labels.join == labels.value:
        message = f"reads field {labels.value!r}, which is already the id to join by"
        yield Finding(("spec", "labels", "value"), message, (("spec", "labels", "join"),))
    if labels is not None:
        return
    for index, source in enumerate(monitor.spec.sources):
        if source.kind == "labels":
            message = "reads labels, but spec.labels does not say how to join them"
            yield Finding(("spec", "sources", index, "kind"), message, (("spec", "labels"),))


def _performance(monitor: Monitor) -> Iterator[Finding]:
    task, objectives = monitor.spec.model.task, monitor.spec.performance.objectives
    for index, goal in enumerate(objectives):
        if goal.metric not in METRICS_BY_TASK[task]:
            expected = ", ".join(METRICS_BY_TASK[task])
            message = f"{goal.metric} cannot be computed for task {task}, expected one of {expected}"
            key: KeyPath = ("spec", "performance", "objectives", index, "metric")
            yield Finding(key, message, (("spec", "model", "task"),))
            continue
        for bound, message in bound_mistakes(goal.metric, goal.minimum, goal.maximum):
            yield Finding(("spec", "performance", "objectives", index, bound), message)
        if goal.class_ is not None:
            yield from _class_of_an_objective(monitor, index, goal.metric, goal.class_)
    if objectives and monitor.spec.labels is None:
        message = "needs labels (ground truth), but spec.labels does not say how to join them"
        yield Finding(("spec", "performance", "objectives"), message, (("spec", "labels"),))


def _class_of_an_objective(monitor: Monitor, index: int, metric: PerformanceMetric, of_class: str) -> Iterator[Finding]:
    model, key = monitor.spec.model, ("spec", "performance", "objectives", index, "class")
    if model.task != "multiclass":
        message = f"only for task multiclass, this model's task is {model.task}"
        yield Finding(key, message, (("spec", "model", "task"),))
    elif metric not in CLASS_METRICS:
        message = f"{metric} is not told by class, expected one of {', '.join(CLASS_METRICS)}"
        yield Finding(key, message, (("spec", "performance", "objectives", index, "metric"),))
    elif model.classes and of_class not in model.classes:
        message = f"no class {of_class!r}, expected one of spec.model.classes{did_you_mean(of_class, model.classes)}"
        yield Finding(key, message, (("spec", "model", "classes"),))


def _slos(monitor: Monitor) -> Iterator[Finding]:
    yield from (Finding(*mistake) for mistake in slo_mistakes(monitor))


def _alerts(monitor: Monitor) -> Iterator[Finding]:
    yield from (Finding(*mistake) for mistake in alert_mistakes(monitor))


def _dashboards(monitor: Monitor) -> Iterator[Finding]:
    yield from (Finding(*mistake) for mistake in dashboard_mistakes(monitor))


def _privacy(monitor: Monitor) -> Iterator[Finding]:
    privacy, fields = monitor.spec.privacy, event_fields(monitor)
    needed = {fields[role]: role for role in ("id", "timestamp", "prediction")}
    for index, name in enumerate(privacy.drop):
        key: KeyPath = ("spec", "privacy", "drop", index)
        if name in needed:
            yield Finding(key, f"{name!r} is the {needed[name]}, which cannot be dropped")
        if name in privacy.pseudonymise:
            yield Finding(key, f"{name!r} is pseudonymised too, expected one of the two")


def _retention(monitor: Monitor) -> Iterator[Finding]:
    retention = monitor.spec.retention
    for shorter, longer in pairwise(("hot", "warm", "cold")):
        if getattr(retention, shorter).seconds > getattr(retention, longer).seconds:
            message = f"shorter than {shorter} ({getattr(retention, shorter)}), expected at least as long"
            yield Finding(("spec", "retention", longer), message, (("spec", "retention", shorter),))
    if retention.cold.seconds > _LONGEST_COLD.seconds:
        message = f"longer than {_LONGEST_COLD}, expected at most so long: a store that locks files would keep to it"
        yield Finding(("spec", "retention", "cold"), message)


CHECKS: tuple[Callable[[Monitor], Iterator[Finding]], ...] = (
    _model,
    _events,
    _field_names,
    _features,
    _repeated_values,
    _repeated_names,
    _drift,
    _segments,
    _labels,
    _performance,
    _slos,
    _alerts,
    _dashboards,
    _privacy,
    _retention,
)


def _repeats(values: Iterable[object]) -> Iterator[int]:
    seen: Counter[object] = Counter()
    for index, value in enumerate(values):
        if seen[value]:
            yield index
        seen[value] += 1


def _is_rfc3339(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
