"""Routes: which alert goes to which receiver, what is told together, and how often again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from alertmanager.delivery import DeliverySettings
from alertmanager.inhibitions import EVERY_ALERT
from alertmanager.matchers import any_of, equals, matches
from alertmanager.receiver_names import NOBODY, WATCHDOG, receiver_name
from alertmanager.recipients import NamedMute, Recipients, everybody, of_monitor, of_team
from exporter.monitor.alerting import RoutedAlerts
from exporter.monitor.spec import Monitor, Severity
from rules import names


class Pace(NamedTuple):
    """How long to wait for more of a group before the first message, between changes, and before saying it again."""

    group_wait: str
    group_interval: str
    repeat_interval: str


PACES: Mapping[Severity, Pace] = {
    "critical": Pace("10s", "1m", "1h"),
    "warning": Pace("30s", "5m", "12h"),
    "info": Pace("5m", "30m", "5d"),
}
"""None repeats after more than five days, for which Alertmanager remembers whom it told."""
_WATCHDOG_PACE = Pace("0s", "1m", "5m")


def root_route(monitors: Sequence[Monitor], delivery: DeliverySettings) -> dict[str, object]:
    """The tree: the watchdog's, alerts about the exporter, those of each monitor, those of each team, others to nobody.

    Grouped by alert and monitor, so that two hundred drifting features of a model are one message.
    """
    of_monitors = [(monitor, of_monitor(monitor, delivery)) for monitor in monitors]
    return {
        "receiver": NOBODY,
        "group_by": ["alertname", names.MONITOR],
        **PACES["warning"]._asdict(),
        "routes": [
            _watchdog_route(delivery),
            _exporter_route(everybody(monitors, delivery), delivery),
            *(_route_of(names.MONITOR, monitor.name, told) for monitor, told in of_monitors if told is not None),
            *(_route_of(names.TEAM, name, of_team(name, team)) for name, team in sorted(delivery.teams.items())),
        ],
    }


def _watchdog_route(delivery: DeliverySettings) -> dict[str, object]:
    return {
        "receiver": WATCHDOG if delivery.watchdog is not None else NOBODY,
        "matchers": [equals("alertname", names.WATCHDOG)],
        **_WATCHDOG_PACE._asdict(),
    }


def _exporter_route(told: Iterable[Recipients], delivery: DeliverySettings) -> dict[str, object]:
    """What belongs to no monitor: to those who are asked for, else to everybody once, since each model is unwatched."""
    return {
        "receiver": NOBODY,
        "matchers": [matches("alertname", EVERY_ALERT), equals(names.KIND, "self"), equals(names.MONITOR, "")],
        "routes": [_exporter_severity_route(severity, told, delivery) for severity in PACES],
    }


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


def _route_of(label: str, value: str, told: Recipients) -> dict[str, object]:
    return {
        "receiver": receiver_name(told.route),
        "matchers": [matches("alertname", EVERY_ALERT), equals(label, value)],
        "routes": [
            *(_some_alerts(routed, told.mutes) for routed in told.routes),
            *_by_severity(get_args(Severity), told.mutes),
        ],
    }


def _some_alerts(routed: RoutedAlerts, mutes: Sequence[NamedMute]) -> dict[str, object]:
    wanted: Mapping[str, Sequence[str]] = {
        names.SEVERITY: routed.severity,
        names.KIND: routed.kind,
        "alertname": routed.alert,
    }
    return {
        "receiver": receiver_name(routed.to),
        "matchers": [any_of(label, values) for label, values in wanted.items() if values],
        **({"continue": True} if routed.goes_on else {}),
        "routes": _by_severity(routed.severity or get_args(Severity), mutes),
    }


def _by_severity(severities: Iterable[Severity], mutes: Sequence[NamedMute]) -> list[dict[str, object]]:
    """A route for each severity, from loud to quiet, with its pace and what mutes it."""
    wanted = set(severities)
    return [
        {"matchers": [equals(names.SEVERITY, severity)], **pace._asdict(), **_muted(severity, mutes)}
        for severity, pace in PACES.items()
        if severity in wanted
    ]


def _muted(severity: Severity, mutes: Sequence[NamedMute]) -> dict[str, object]:
    found = [named.name for named in mutes if severity in named.mute.severity]
    return {"mute_time_intervals": found} if found else {}
