"""Routes: which alert goes to which receiver, what is told together, and how often again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from alertmanager.delivery import DeliverySettings
from alertmanager.exporter_routes import exporter_route, exporter_too
from alertmanager.inhibitions import EVERY_ALERT
from alertmanager.matchers import any_of, equals, matches
from alertmanager.pace import PACES, WATCHDOG_PACE
from alertmanager.receiver_names import NOBODY, WATCHDOG, receiver_name
from alertmanager.recipients import (
    NamedMute,
    Recipients,
    everybody,
    of_default,
    of_monitor,
    of_team,
    team_of,
)
from exporter.monitor.alerting import RoutedAlerts
from exporter.monitor.routing import Route
from exporter.monitor.spec import Monitor, Severity
from rules import names


def root_route(monitors: Sequence[Monitor], delivery: DeliverySettings, cluster_label: str) -> dict[str, object]:
    """The tree: the watchdog's, alerts about the exporter, those of each monitor, those of each team, the default.

    Grouped by alert and monitor, so that two hundred drifting features of a model are one message.
    """
    return {
        "receiver": NOBODY,
        "group_by": list(dict.fromkeys(("alertname", names.MONITOR, cluster_label))),
        **PACES["warning"]._asdict(),
        "routes": [
            _watchdog_route(delivery),
            exporter_route(everybody(monitors, delivery), delivery),
            *exporter_too(monitors, delivery),
            *_routes_of_monitors(monitors, delivery),
            *_routes_of_teams(monitors, delivery),
            *_default_route(delivery),
        ],
    }


def _routes_of_monitors(monitors: Sequence[Monitor], delivery: DeliverySettings) -> list[dict[str, object]]:
    told = [(monitor, of_monitor(monitor, delivery)) for monitor in monitors]
    return [
        _route_of([equals(names.MONITOR, monitor.name)], recipients)
        for monitor, recipients in told
        if recipients is not None
    ]


def _routes_of_teams(monitors: Sequence[Monitor], delivery: DeliverySettings) -> Iterator[dict[str, object]]:
    """By the label `team`; and alerts about the exporter, which have none, by the monitor that they name."""
    for name in sorted(delivery.teams):
        told = of_team(name, delivery)
        yield _route_of([equals(names.TEAM, name)], told)
        left = [one.name for one in monitors if team_of(one) == name and of_monitor(one, delivery) is None]
        if left:
            yield _route_of([equals(names.KIND, "self"), any_of(names.MONITOR, left)], told)


def _default_route(delivery: DeliverySettings) -> list[dict[str, object]]:
    return [] if delivery.default == Route() else [_route_of([], of_default(delivery))]


def _watchdog_route(delivery: DeliverySettings) -> dict[str, object]:
    return {
        "receiver": WATCHDOG if delivery.watchdog is not None else NOBODY,
        "matchers": [equals("alertname", names.WATCHDOG)],
        **WATCHDOG_PACE._asdict(),
    }


def _route_of(matchers: Sequence[str], told: Recipients) -> dict[str, object]:
    return {
        "receiver": receiver_name(told.route),
        "matchers": [matches("alertname", EVERY_ALERT), *matchers],
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
