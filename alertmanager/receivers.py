"""Receivers: who is told, and over what; secrets stay in files that Alertmanager reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from alertmanager import notifiers
from alertmanager.delivery import DeliverySettings
from alertmanager.receiver_names import WATCHDOG, receiver_name
from alertmanager.recipients import Recipients
from exporter.monitor.routing import Route

_BUILDERS: Mapping[str, tuple[str, Callable[[Route, str], dict[str, object] | None]]] = {
    "pagerduty": ("pagerduty_configs", notifiers.pagerduty),
    "opsgenie": ("opsgenie_configs", notifiers.opsgenie),
    "slack": ("slack_configs", notifiers.slack),
    "teams": ("msteamsv2_configs", notifiers.teams),
    "email": ("email_configs", notifiers.email),
    "webhook": ("webhook_configs", notifiers.webhook),
}
"""Key of a route → key of a receiver, and what makes its one entry from the route and the folder of secrets."""


def receivers(everybody: Iterable[Recipients], delivery: DeliverySettings) -> list[dict[str, object]]:
    """`nobody`, the watchdog's if there is one, and one for each distinct route, however many monitors share it."""
    routes = [route for recipients in everybody for route in recipients.every_route()]
    by_name = {receiver_name(route): route for route in [*routes, delivery.exporter or Route(), Route()]}
    found = [{"name": name} | _notifiers(by_name[name], delivery.secrets) for name in sorted(by_name)]
    if delivery.watchdog is not None:
        entry = notifiers.watchdog(delivery.watchdog, delivery.secrets)
        found.append({"name": WATCHDOG, "webhook_configs": [entry]})
    return found


def _notifiers(route: Route, secrets: str) -> dict[str, object]:
    return {key: [build(route, secrets)] for given, (key, build) in _BUILDERS.items() if getattr(route, given)}
