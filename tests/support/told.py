"""Monitors that tell many people over many things, a table of who is told of what, and doubles of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from exporter.monitor.spec import Monitor
from rules.names import (
    BIN_MISMATCH,
    DATA_INVALID,
    EXPORTER_DOWN,
    FEATURE_DRIFT,
    NO_PREDICTIONS,
    SERIES_ABSENT,
    SERIES_DROPPED,
    SLO_BURN,
    WATCHDOG,
)
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor
from tests.support.mail import MailDouble, mail_double
from tests.support.webhook import ReceivedPost, WebhookDouble, webhook_double

SUPPORT = 'support "{{ tools }}"'
"""The team of the multiclass monitor, whose name is as awkward as can be."""

PAGER, OPSGENIE, SLACK = "pagerduty risk-oncall", "opsgenie sre", "slack #risk-ml"
MAIL, HOOK, ALIVE = "email support@example.com", "hook", "watchdog"
PLATFORM, DEFAULT = "platform", "default"

DRIFT = {"alertname": FEATURE_DRIFT, "kind": "drift"}
BURN = {"alertname": SLO_BURN, "kind": "slo"}
DOWN = {"alertname": EXPORTER_DOWN, "kind": "self", "instance": "a"}

TABLE: tuple[tuple[Mapping[str, str], frozenset[str]], ...] = (
    (DRIFT | {"monitor": BINARY, "severity": "warning"}, frozenset({SLACK})),
    (DRIFT | {"monitor": BINARY, "severity": "critical"}, frozenset({PAGER, SLACK})),
    (DRIFT | {"monitor": BINARY, "severity": "unheard-of"}, frozenset({SLACK})),
    (BURN | {"monitor": BINARY, "severity": "critical"}, frozenset({PAGER, OPSGENIE})),
    (BURN | {"monitor": BINARY, "severity": "warning"}, frozenset({OPSGENIE})),
    ({"alertname": NO_PREDICTIONS, "monitor": BINARY, "severity": "warning"}, frozenset()),
    ({"alertname": NO_PREDICTIONS, "monitor": BINARY, "severity": "critical"}, frozenset({PAGER})),
    (DRIFT | {"monitor": MULTICLASS, "team": SUPPORT, "severity": "warning"}, frozenset({MAIL})),
    (DRIFT | {"monitor": MULTICLASS, "team": SUPPORT, "severity": "info"}, frozenset()),
    (DRIFT | {"monitor": "made-by-hand", "team": SUPPORT, "severity": "warning"}, frozenset({MAIL})),
    (DRIFT | {"monitor": REGRESSION, "severity": "info"}, frozenset({HOOK})),
    (DRIFT | {"monitor": f"{BINARY}-2", "severity": "critical"}, frozenset()),
    ({"alertname": "NodeDown", "monitor": BINARY, "severity": "critical"}, frozenset()),
    ({"alertname": DATA_INVALID, "monitor": REGRESSION, "severity": "warning"}, frozenset({HOOK})),
    (DOWN | {"severity": "critical"}, frozenset({PAGER, SLACK, MAIL, HOOK})),
    (DOWN | {"severity": "warning"}, frozenset({SLACK, MAIL, HOOK})),
    (DOWN | {"monitor": BINARY, "severity": "warning"}, frozenset({SLACK})),
    ({"alertname": WATCHDOG, "kind": "self", "severity": "info"}, frozenset({ALIVE})),
)
"""Labels of an alert, and who is told of it."""

_ABSENT = {"alertname": SERIES_ABSENT, "kind": "self"}
_MISMATCH = {"alertname": BIN_MISMATCH, "kind": "self", "severity": "warning"}
_DROPPED = {"alertname": SERIES_DROPPED, "kind": "self"}
_OF_TEAM = {"monitor": "checkout", "team": SUPPORT}

DEFAULT_TABLE: tuple[tuple[Mapping[str, str], frozenset[str]], ...] = (
    (_ABSENT | {"severity": "critical"}, frozenset({PLATFORM})),
    (_ABSENT | {"severity": "critical", "monitor": BINARY}, frozenset({PLATFORM, PAGER, SLACK})),
    (_MISMATCH | {"monitor": MULTICLASS}, frozenset({PLATFORM, MAIL})),
    (_DROPPED | {"severity": "info", "monitor": MULTICLASS}, frozenset({PLATFORM})),
    (_MISMATCH | {"monitor": REGRESSION}, frozenset({PLATFORM, DEFAULT})),
    (_MISMATCH | {"monitor": "unheard-of"}, frozenset({PLATFORM, DEFAULT})),
    (BURN | _OF_TEAM | {"severity": "warning"}, frozenset({MAIL})),
    (BURN | _OF_TEAM | {"severity": "info"}, frozenset()),
    (BURN | {"monitor": "checkout", "severity": "critical"}, frozenset({DEFAULT})),
    (BURN | {"monitor": "checkout", "team": "unheard-of", "severity": "critical"}, frozenset({DEFAULT})),
    (DRIFT | {"monitor": REGRESSION, "severity": "warning"}, frozenset({DEFAULT})),
    (DRIFT | {"monitor": BINARY, "severity": "warning"}, frozenset({SLACK})),
    ({"alertname": NO_PREDICTIONS, "monitor": BINARY, "severity": "warning"}, frozenset()),
    ({"alertname": "NodeDown", "monitor": REGRESSION, "severity": "critical"}, frozenset()),
)
"""The same where somebody is told of the exporter, and somebody of what nobody else is: the third monitor names nobody.

Services of OpenSLO are monitors that nobody knows; alerts about the exporter bear no team.
"""


def told_monitors(url: str = "https://hooks.example.com") -> list[Monitor]:
    """One with routes of its own, one that leaves all to its team, one with a webhook under `url`."""
    routes = [
        {"severity": "critical", "to": {"pagerduty": "risk-oncall"}, "goes_on": True},
        {"kind": "slo", "to": {"opsgenie": "sre"}},
        {"alert": NO_PREDICTIONS, "to": {}},
    ]
    return [
        golden_monitor(BINARY, alerts={"route": {"slack": "#risk-ml"}, "routes": routes}),
        golden_monitor(MULTICLASS, alerts={"route": {}}),
        golden_monitor(REGRESSION, alerts={"route": {"webhook": f"{url}/hook"}}),
    ]


def defaulting_monitors() -> list[Monitor]:
    """Those of `told_monitors`, but the third has neither a route nor a team that is told."""
    *first, _ = told_monitors()
    return [*first, golden_monitor(REGRESSION, alerts={"route": {}})]


def defaulting_delivery(url: str = "https://hooks.example.com") -> DeliverySettings:
    """The exporter's and the default's are webhooks under `url`."""
    return told_delivery(url, default={"webhook": f"{url}/default"}, exporter={"webhook": f"{url}/platform"})


def told_delivery(url: str = "https://hooks.example.com", **more: Any) -> DeliverySettings:
    """A mail server, a watchdog under `url`, and one team."""
    team = {"route": {"email": "support@example.com"}, "routes": [{"severity": "info", "to": {}}]}
    settings = {
        "smtp": {"smarthost": "mail.example.com:587", "sender": "ml@example.com", "username": "ml"},
        "watchdog": f"{url}/watchdog",
        "teams": {SUPPORT: team},
    }
    return DeliverySettings.model_validate(settings | more)


@dataclass(frozen=True, slots=True)
class DeliveryDoubles:
    """In place of PagerDuty, Opsgenie, Slack, Teams, a webhook (all at one address) and a mail server."""

    posts: WebhookDouble
    mail: MailDouble
    folder: Path

    def write(self, monitors: list[Monitor], delivery: DeliverySettings) -> Path:
        """The generated files, told where the doubles are and to hurry; gives the configuration's path."""
        secrets = self.folder / "secrets"
        secrets.mkdir()
        for name in ("risk-oncall.pagerduty", "sre.opsgenie"):
            (secrets / name).write_text(name)
        (secrets / "smtp.password").write_text("hush")
        for channel in ("slack", "teams"):
            (secrets / f"risk-ml.{channel}").write_text(f"{self.posts.url}/{channel}/risk-ml")
        files = alertmanager.render(monitors, delivery.model_copy(update={"secrets": str(secrets)}))
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        path = self.folder / "alertmanager.yaml"
        path.write_text(json.dumps(self._redirected(yaml.safe_load(path.read_text(encoding="utf-8")))))
        return path

    def _redirected(self, document: dict[str, Any]) -> dict[str, Any]:
        addresses = {
            "pagerduty_url": f"{self.posts.url}/pagerduty",
            "opsgenie_api_url": f"{self.posts.url}/opsgenie/",
            "smtp_smarthost": self.mail.address,
            "smtp_require_tls": False,
        }
        _hurry(document["route"])
        return document | {"global": document.get("global", {}) | addresses}

    def told_of(self, marker: str) -> set[str]:
        """Who was told something that holds the marker, by the names of the table."""
        who = {_told_by_post(post.path, post.body, post.authorization) for post in self.posts_with(marker)}
        return who | {
            f"email {' '.join(mail.recipients)}" for mail in list(self.mail.mails) if marker in mail.part("plain")
        }

    def posts_with(self, marker: str) -> list[ReceivedPost]:
        return [post for post in list(self.posts.posts) if marker in json.dumps(post.body)]

    def posts_of(self, place: str) -> list[ReceivedPost]:
        """What was posted to `pagerduty`, `opsgenie`, `slack`, `teams` or `hook`, in order of arrival."""
        return [post for post in list(self.posts.posts) if post.path.startswith(f"/{place}")]


@contextmanager
def delivery_doubles(folder: Path) -> Iterator[DeliveryDoubles]:
    with webhook_double() as posts, mail_double() as mail:
        yield DeliveryDoubles(posts, mail, folder)


def _told_by_post(path: str, body: Any, authorization: str) -> str:
    if path == "/pagerduty":
        return f"pagerduty {body['routing_key'].removesuffix('.pagerduty')}"
    if path.startswith("/opsgenie"):
        return f"opsgenie {authorization.removeprefix('GenieKey ').removesuffix('.opsgenie')}"
    if path.startswith("/slack"):
        return f"slack {body['channel']}"
    return path.removeprefix("/")


def _hurry(route: dict[str, Any]) -> None:
    """Nobody waits for more alerts, and changes are told after a second."""
    route |= {"group_wait": "500ms", "group_interval": "1s"}
    for child in route.get("routes", []):
        _hurry(child)
