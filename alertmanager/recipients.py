"""Who is told of a monitor: what it says itself, and what its team says where it is silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alertmanager.delivery import DeliverySettings, TeamDelivery
from exporter.monitor.alerting import AlertKind, RoutedAlerts
from exporter.monitor.muting import Mute
from exporter.monitor.routing import Route
from exporter.monitor.spec import Monitor, Severity
from rules import names


@dataclass(frozen=True, slots=True)
class NamedMute:
    """A mute, and its name in Alertmanager, where all names are in one list."""

    name: str
    mute: Mute


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is told of a monitor's or a team's alerts (`owner` in words), in order, and when nobody is."""

    owner: str
    route: Route
    routes: Sequence[RoutedAlerts]
    mutes: Sequence[NamedMute]

    def told(self, severity: Severity, kind: AlertKind) -> Iterator[Route]:
        """Everybody who is told of an alert of that severity and kind that `routes` does not name."""
        for routed in self.routes:
            if not routed.alert and severity in (routed.severity or (severity,)) and kind in (routed.kind or (kind,)):
                yield routed.to
                if not routed.goes_on:
                    return
        yield self.route

    def every_route(self) -> Iterator[Route]:
        yield self.route
        yield from (routed.to for routed in self.routes)


def people_of(monitor: Monitor, delivery: DeliverySettings) -> Recipients:
    """Whoever says it: the monitor, its team, or the default."""
    team = team_of(monitor)
    if team in delivery.teams:
        return of_monitor(monitor, delivery) or of_team(team, delivery)
    return of_monitor(monitor, delivery) or of_default(delivery)


def team_of(monitor: Monitor) -> str:
    """Empty where it has none."""
    return monitor.metadata.labels.get(names.TEAM, "")


def of_monitor(monitor: Monitor, delivery: DeliverySettings) -> Recipients | None:
    """None where the monitor says nothing, so that its team's holds, or the default."""
    alerts = monitor.spec.alerts
    if alerts.route == Route() and not alerts.routes and not alerts.mute:
        return None
    fallback = of_team(team_of(monitor), delivery)
    return Recipients(
        owner=f"monitor {monitor.name}",
        route=alerts.route if alerts.route != Route() else fallback.route,
        routes=alerts.routes or fallback.routes,
        mutes=_named(monitor.name, alerts.mute) or fallback.mutes,
    )


def of_team(name: str, delivery: DeliverySettings) -> Recipients:
    team = delivery.teams.get(name, TeamDelivery())
    route = team.route if team.route != Route() else delivery.default
    return Recipients(f"team {name}", route, team.routes, _named(f"team {name}", team.mute))


def of_default(delivery: DeliverySettings) -> Recipients:
    return Recipients("default", delivery.default, [], [])


def everybody(monitors: Iterable[Monitor], delivery: DeliverySettings) -> list[Recipients]:
    """Of every monitor that says something, of every team, and of others."""
    of_monitors = [of_monitor(monitor, delivery) for monitor in monitors]
    teams = [of_team(name, delivery) for name in sorted(delivery.teams)]
    return [recipients for recipients in of_monitors if recipients is not None] + teams + [of_default(delivery)]


def _named(prefix: str, mutes: Iterable[Mute]) -> list[NamedMute]:
    return [NamedMute(f"{prefix}: {mute.name}", mute) for mute in mutes]
