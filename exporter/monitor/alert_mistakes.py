"""Mistakes across the keys of a monitor's alerts: labels that are not a person's to set, escalations that do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from exporter.monitor.positions import KeyPath
from exporter.monitor.severity import Severity, is_louder
from exporter.monitor.spec import Monitor

AlertMistake = tuple[KeyPath, str, tuple[KeyPath, ...]]
"""A key, what is wrong with it, and the other keys that this rests on."""

OWN_LABELS = frozenset(
    (
        *("alertname", "job", "monitor", "severity", "kind", "window"),
        *("model_version", "reference", "feature", "segment", "previous", "stable", "class", "metric", "bound"),
        *("rule", "reason", "source", "check", "direction", "resource", "slo"),
    )
)
"""What tells one alert of a monitor from another: with one value for all, alerts would fall together."""

_ALERTS: KeyPath = ("spec", "alerts")


def alert_mistakes(monitor: Monitor) -> Iterator[AlertMistake]:
    """Every mistake in `spec.alerts` that one key alone does not tell."""
    alerts = monitor.spec.alerts
    yield from _labels(alerts.labels, (*_ALERTS, "labels"))
    for name, tuning in alerts.tuning.items():
        yield from _labels(tuning.labels, (*_ALERTS, "tuning", name, "labels"))
    yield from _escalation(monitor)
    yield from _tuned_escalations(monitor)


def _labels(labels: Mapping[str, str], key: KeyPath) -> Iterator[AlertMistake]:
    for label in labels:
        if label == "severity":
            yield (*key, label), "the severity stands in the key severity beside labels", ()
        elif label in OWN_LABELS:
            yield (*key, label), f"alerts have a label {label} of their own, expected another name", ()


def _escalation(monitor: Monitor) -> Iterator[AlertMistake]:
    """Alerts that an objective makes have severities of their own, from warning on."""
    alerts = monitor.spec.alerts
    if alerts.escalate is None:
        return
    severities = [alerts.severity, *(tuning.severity for tuning in alerts.tuning.values() if tuning.severity)]
    quietest = min((*severities, "warning") if monitor.spec.slos else severities, key=get_args(Severity).index)
    yield from _not_louder(alerts.escalate.severity, quietest, (*_ALERTS, "escalate"), (*_ALERTS, "severity"))


def _tuned_escalations(monitor: Monitor) -> Iterator[AlertMistake]:
    for name, tuning in monitor.spec.alerts.tuning.items():
        key = (*_ALERTS, "tuning", name)
        if tuning.escalate is None:
            continue
        if tuning.severity is not None:
            yield from _not_louder(tuning.escalate.severity, tuning.severity, (*key, "escalate"), (*key, "severity"))
        elif not name.startswith("InfranautSlo"):
            severity = monitor.spec.alerts.severity
            yield from _not_louder(tuning.escalate.severity, severity, (*key, "escalate"), (*_ALERTS, "severity"))


def _not_louder(second: Severity, first: Severity, escalate: KeyPath, severity: KeyPath) -> Iterator[AlertMistake]:
    if not is_louder(second, first):
        message = f"got {second}, expected a severity above {first}, that of the first alert"
        yield (*escalate, "severity"), message, (severity,)
