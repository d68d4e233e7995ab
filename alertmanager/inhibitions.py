"""Inhibitions: what need not be told while something worse explains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, get_args

from alertmanager.matchers import any_of, differs, equals, matches
from exporter.monitor.alerting import AlertKind, AlertName
from exporter.monitor.spec import Severity
from rules import names

EVERY_ALERT = "Infranaut.+"


class Inhibition(TypedDict):
    """While an alert fits the first matchers, those that fit the second are silent, where these labels are equal."""

    source_matchers: list[str]
    target_matchers: list[str]
    equal: list[str]


BROKEN_DATA: tuple[AlertName, ...] = (names.RECORDS_REJECTED, names.DATA_INVALID)
_DRIFT: AlertKind = "drift"

NAMESPACE = "namespace"
IDENTITY = (
    "alertname",
    NAMESPACE,
    names.JOB,
    *names.REPLICA_LABELS,
    names.MONITOR,
    names.MODEL_VERSION,
    names.REFERENCE,
    names.PREVIOUS,
    names.STABLE,
    names.FEATURE,
    names.SEGMENT,
    names.CLASS,
    names.METRIC,
    names.BOUND,
    names.DIRECTION,
    names.RESOURCE,
    names.RULE,
    names.REASON,
    names.SOURCE,
    names.CHECK,
    names.SLO,
    names.WINDOW,
)
"""What tells one alert of a cluster from another, beside how loud it is; a label that both lack counts as the same."""


def inhibitions(cluster_label: str) -> list[dict[str, object]]:
    """Each holds within one cluster only: of two, neither silences the other."""
    return [{**each, "equal": [cluster_label, *each["equal"]]} for each in _within_a_cluster()]


def _within_a_cluster() -> list[Inhibition]:
    """Each with the reason for it."""
    return [
        _no_exporter_is_left(),
        _broken_data_over_drift(),
        _model_over_its_features(),
        *(_louder_over_quieter(louder) for louder in ("critical", "warning")),
        _faster_over_slower_burn(),
    ]


def _no_exporter_is_left() -> Inhibition:
    """While none is left (the alert without `instance`), no other alert means anything; the watchdog's still does.

    One exporter of several that is down silences nothing: the others' counts still stand.
    """
    return {
        "source_matchers": [equals("alertname", names.EXPORTER_DOWN), equals("instance", "")],
        "target_matchers": [
            matches("alertname", EVERY_ALERT),
            differs("alertname", names.EXPORTER_DOWN),
            differs("alertname", names.WATCHDOG),
        ],
        "equal": [],
    }


def _broken_data_over_drift() -> Inhibition:
    """Data that no longer fits its description drifts as well; the first is what to mend."""
    return {
        "source_matchers": [any_of("alertname", BROKEN_DATA)],
        "target_matchers": [matches("alertname", EVERY_ALERT), equals(names.KIND, _DRIFT)],
        "equal": [NAMESPACE, names.JOB, names.MONITOR],
    }


def _model_over_its_features() -> Inhibition:
    """The alert about the model names the features that drifted most."""
    return {
        "source_matchers": [equals("alertname", names.MODEL_DRIFT)],
        "target_matchers": [equals("alertname", names.FEATURE_DRIFT)],
        "equal": [NAMESPACE, names.JOB, names.MONITOR, names.MODEL_VERSION, names.WINDOW],
    }


def _louder_over_quieter(louder: Severity) -> Inhibition:
    """Of the same alert, which has lasted and been escalated."""
    return {
        "source_matchers": [matches("alertname", EVERY_ALERT), equals(names.SEVERITY, louder)],
        "target_matchers": [matches("alertname", EVERY_ALERT), any_of(names.SEVERITY, _quieter(louder))],
        "equal": list(IDENTITY),
    }


def _faster_over_slower_burn() -> Inhibition:
    """A budget that burns fast burns over the longer windows as well."""
    return {
        "source_matchers": [equals("alertname", names.SLO_BURN), equals(names.SEVERITY, "critical")],
        "target_matchers": [equals("alertname", names.SLO_BURN), any_of(names.SEVERITY, _quieter("critical"))],
        "equal": [label for label in IDENTITY if label != names.WINDOW],
    }


def _quieter(louder: Severity) -> Sequence[Severity]:
    severities: tuple[Severity, ...] = get_args(Severity)
    return severities[: severities.index(louder)]
