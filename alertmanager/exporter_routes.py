"""Routes of alerts about the exporter itself: who is told of those of no monitor, and of those that name one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alertmanager.delivery import DeliverySettings
from alertmanager.inhibitions import EVERY_ALERT
from alertmanager.matchers import any_of, differs, equals, matches, none_of
from alertmanager.pace import PACES
from alertmanager.receiver_names import NOBODY, receiver_name
from alertmanager.recipients import Recipients, people_of
from exporter.monitor.routing import Route
from exporter.monitor.spec import Monitor, Severity
from rules import names


def exporter_route(told: Iterable[Recipients], delivery: DeliverySettings) -> dict[str, object]:
    """What belongs to no monitor: to those who are asked for, else to everybody once, since each model is unwatched."""
    return {
        "receiver": NOBODY,
        "matchers": [matches("alertname", EVERY_ALERT), equals(names.KIND, "self"), equals(names.MONITOR, "")],
        "routes": [_exporter_severity_route(severity, told, delivery) for severity in PACES],
    }


def exporter_too(monitors: Sequence[Monitor], delivery: DeliverySettings) -> list[dict[str, object]]:
    """Who is asked for the exporter is told of its alerts about a single monitor too, beside those of the monitor."""
    if delivery.exporter in (None, Route()):
        return []
    told = [
        {
            "receiver": receiver_name(delivery.exporter),
            "matchers": [equals(names.SEVERITY, severity), *matchers],
            **pace._asdict(),
        }
        for severity, pace in PACES.items()
        if (matchers := _not_told_anyway(severity, monitors, delivery)) is not None
    ]
    about_a_monitor = [matches("alertname", EVERY_ALERT), equals(names.KIND, "self"), differs(names.MONITOR, "")]
    return [{"receiver": NOBODY, "matchers": about_a_monitor, "continue": True, "routes": told}]


def _exporter_severity_route(
    severity: Severity, told: Iterable[Recipients], delivery: DeliverySettings
) -> dict[str, object]:
    if delivery.exporter is not None:
        routes = [delivery.exporter]
    else:
        routes = [route for recipients in told for route in recipients.told(severity, "self")]
    receivers = sorted({receiver_name(route) for route in routes} - {NOBODY})
    return {
        "receiver": NOBODY,
        "matchers": [equals(names.SEVERITY, severity)],
        **PACES[severity]._asdict(),
        **({"routes": [{"receiver": name, "continue": True} for name in receivers]} if receivers else {}),
    }


def _not_told_anyway(severity: Severity, monitors: Sequence[Monitor], delivery: DeliverySettings) -> list[str] | None:
    """Monitors through whom the same receiver does not hear of it, so that nobody is told twice; None: there is none.

    Where it is the default's as well, it hears of every monitor that nobody knows.
    """
    wanted = receiver_name(delivery.exporter or Route())
    told: dict[bool, list[str]] = {True: [], False: []}
    for monitor in monitors:
        receivers = map(receiver_name, people_of(monitor, delivery).told(severity, "self"))
        told[wanted in receivers].append(monitor.name)
    if receiver_name(delivery.default) != wanted:
        return [none_of(names.MONITOR, told[True])] if told[True] else []
    return [any_of(names.MONITOR, told[False])] if told[False] else None
