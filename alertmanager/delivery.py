"""How Alertmanager delivers, beside what the monitors say: its version, its secrets, mail, and who teams are."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from exporter.monitor.alerting import RoutedAlerts
from exporter.monitor.muting import Mute
from exporter.monitor.routing import EmailAddress, Route, Webhook
from exporter.monitor.strict import LabelValue, StrictModel

DEFAULT_SECRETS = "/etc/alertmanager/secrets"
OLDEST = "0.25"
"""The oldest Alertmanager that takes what is generated, and the one that is meant unless a newer one is asked for."""

_VERSION = re.compile(r"^v?([0-9]+)\.([0-9]+)(\.[0-9]+)?$")
_SMARTHOST = re.compile(r"^[^\s:/]+:[0-9]{1,5}$")


def parse_version(text: str) -> tuple[int, int]:
    """`0.28` or `v0.28.1`; ValueError where it is none, or too old."""
    match = _VERSION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a version of Alertmanager, expected one such as {OLDEST}")
    version = (int(match[1]), int(match[2]))
    if version < (0, 25):
        raise ValueError(f"Alertmanager {text} is too old, expected {OLDEST} or newer")
    return version


def _version(text: str) -> str:
    parse_version(text)
    return text


def _smarthost(text: str) -> str:
    if not _SMARTHOST.match(text):
        raise ValueError(f"{text!r} is not a mail server, expected one such as mail.example.com:587")
    return text


class MailServer(StrictModel):
    """The SMTP server that takes mail; its password is read from `smtp.password` in the folder of secrets."""

    secrets_hint = "the password does not stand here: write it into the file smtp.password in the folder of secrets"
    smarthost: Annotated[str, AfterValidator(_smarthost)]
    """Host and port."""
    sender: EmailAddress
    """Whom mail is from."""
    username: LabelValue | None = None
    """Without it nobody logs in, and no password is read."""
    require_tls: bool = True
    """Whether mail is sent over TLS only."""


class TeamDelivery(StrictModel):
    """Who is told of the monitors of a team (`metadata.labels.team`) that do not say so themselves."""

    route: Route = Route()
    """Who is told of what `routes` does not take."""
    routes: list[RoutedAlerts] = []
    """Who is told instead, the first that fits."""
    mute: list[Mute] = []
    """When nobody is told."""


class DeliverySettings(StrictModel):
    """The file that is given as `--delivery`. Nothing must be there."""

    secrets_hint = "secrets do not stand here: each is a file in the folder that the key secrets names"
    alertmanager: Annotated[str, AfterValidator(_version)] = OLDEST
    """The oldest version of Alertmanager that reads the files, in quotes."""
    secrets: LabelValue = DEFAULT_SECRETS
    """The folder in which Alertmanager finds its secrets."""
    smtp: MailServer | None = None
    """Where mail goes; needed as soon as anybody is told by email."""
    watchdog: Webhook | None = None
    """Who is told that alerts still flow, every five minutes; silence is the alarm."""
    default: Route = Route()
    """Who is told where a monitor or service, and its team, name nobody; nobody where absent."""
    exporter: Route | None = None
    """Who is told of the exporter itself, and also of what it does to a single model; where absent, everybody who is
    told of a model."""
    teams: dict[LabelValue, TeamDelivery] = {}
    """By the name of the team."""

    @property
    def version(self) -> tuple[int, int]:
        return parse_version(self.alertmanager)
