"""What the asked-for Alertmanager lacks, told before it refuses the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alertmanager.delivery import DeliverySettings
from alertmanager.recipients import Recipients
from exporter.errors import InvalidSettings
from exporter.monitor.routing import Route, is_address

TEAMS_SINCE = (0, 28)
"""The first with Teams workflows; the connectors that 0.26 and 0.27 send to no longer exist."""
WEBHOOK_FILE_SINCE = (0, 26)


def require_support(everybody: Iterable[Recipients], delivery: DeliverySettings) -> None:
    """Raises InvalidSettings with a line for each thing that the version lacks, or that is not told."""
    problems = [
        f"{recipients.owner}: {problem}"
        for recipients in everybody
        for route in recipients.every_route()
        for problem in _problems(route, delivery)
    ]
    problems += [f"exporter: {problem}" for problem in _problems(delivery.exporter or Route(), delivery)]
    problems += [f"watchdog: {problem}" for problem in _problems(Route(webhook=delivery.watchdog), delivery)]
    if problems:
        raise InvalidSettings("\n".join(dict.fromkeys(problems)))


def _problems(route: Route, delivery: DeliverySettings) -> Iterator[str]:
    if route.teams and delivery.version < TEAMS_SINCE:
        yield _too_old(f"Teams (channel {route.teams!r})", TEAMS_SINCE, delivery)
    if route.webhook and not is_address(route.webhook) and delivery.version < WEBHOOK_FILE_SINCE:
        yield _too_old(f"the address of a webhook in a file ({route.webhook!r})", WEBHOOK_FILE_SINCE, delivery)
    if route.email and delivery.smtp is None:
        yield f"tells {', '.join(route.email)} by email, but smtp (smarthost, sender) stands in no --delivery file"


def _too_old(what: str, since: tuple[int, int], delivery: DeliverySettings) -> str:
    needed = ".".join(map(str, since))
    return (
        f"{what} needs Alertmanager {needed} or newer, and the files are for {delivery.alertmanager}: "
        f"pass --alertmanager-version {needed} if yours is new enough, or tell somebody over something else"
    )
