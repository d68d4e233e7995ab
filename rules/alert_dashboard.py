"""Which dashboard an alert leads to, and what its own labels choose on top of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from exporter.monitor.spec import Monitor
from rules import names

_WHERE = (names.CLUSTER, names.JOB)


class _Destination(NamedTuple):
    """The uid of a dashboard, given the monitor, and the labels whose values it is narrowed to."""

    uid: Callable[[str], str]
    labels: Sequence[str]


_MODEL = _Destination(names.model_dashboard, _WHERE)
_VERSION = _Destination(names.model_dashboard, (*_WHERE, names.MODEL_VERSION))
_SLICE = _Destination(names.model_dashboard, (*_WHERE, names.MODEL_VERSION, names.SEGMENT))
_INSTANCES = _Destination(names.model_dashboard, ())
"""Of the process that serves the model, whose job is not the exporter's."""
_FEATURE = _Destination(names.feature_dashboard, (*_WHERE, names.MODEL_VERSION, names.FEATURE))
_LABELS = _Destination(lambda _: names.LABELS_DASHBOARD, (*_WHERE, names.MODEL_VERSION))
_OBJECTIVES = _Destination(lambda _: names.SLO_DASHBOARD, (*_WHERE, names.SLO))

_DESTINATIONS: Mapping[str, _Destination] = {
    names.FEATURE_DRIFT: _FEATURE,
    names.PERIOD_DRIFT: _FEATURE,
    names.VERSION_DRIFT: _FEATURE,
    names.MISSING_VALUES: _FEATURE,
    names.MODEL_DRIFT: _VERSION,
    names.DATA_INVALID: _VERSION,
    names.PERFORMANCE_LOW: _SLICE,
    names.LABEL_COVERAGE_LOW: _LABELS,
    names.RESOURCES_HIGH: _INSTANCES,
    names.SLO_BURN: _OBJECTIVES,
    names.SLO_BUDGET_SPENT: _OBJECTIVES,
    names.SLO_BUDGET_ENDING: _OBJECTIVES,
}
"""The others of a monitor lead to its model's dashboard, those about the exporter to the exporters'."""


def dashboard_of(alert: str, monitor: Monitor | None) -> str:
    """The uid and Grafana's variables (`?var-job=…`), as a Go template; labels that an alert lacks choose nothing.

    Without a monitor, the alert is about the exporter, or about an objective of a service that it names itself.
    """
    if alert in names.SELF_ALERTS:
        return names.EXPORTER_DASHBOARD + _first_chosen(names.JOB, (names.CLUSTER, names.INSTANCE, names.MONITOR))
    destination = _DESTINATIONS.get(alert, _MODEL)
    if monitor is None:
        return destination.uid("") + _first_chosen(names.MONITOR, destination.labels)
    labels = [label for label in destination.labels if label != names.SEGMENT or monitor.spec.segments]
    return f"{destination.uid(monitor.name)}?var-{names.MONITOR}={monitor.name}{''.join(map(_chosen, labels))}"


def _first_chosen(first: str, others: Sequence[str]) -> str:
    """Nothing at all where the alert lacks the first label."""
    return f"{{{{ with $labels.{first} }}}}?{_variable(first)}{''.join(map(_chosen, others))}{{{{ end }}}}"


def _chosen(label: str) -> str:
    return f"{{{{ with $labels.{label} }}}}&{_variable(label)}{{{{ end }}}}"


def _variable(label: str) -> str:
    return f"var-{label}={{{{ . | urlquery }}}}"
