"""Who can be told, and over what; the secrets that this takes come from files, never from a monitor."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, field_validator

from exporter.monitor.strict import LabelValue, StrictModel, as_list

_EMAIL = re.compile(r"^[^\s@,;<>{}]+@[^\s@,;<>{}]+$")
_KEY = re.compile(r"(?=.*[0-9])[0-9A-Za-z]{32}|[0-9A-Za-z]{8}(-[0-9A-Za-z]{4,5}){3}-[0-9A-Za-z]{12}")
"""What keys of PagerDuty and Opsgenie look like."""


def is_address(webhook: str) -> bool:
    """Whether a webhook is given by its address, rather than by the name of the file that holds it."""
    return "://" in webhook


def _name_of_a_file(text: str) -> str:
    if is_address(text):
        message = "is an address, which may hold a token; write a name here, and the address into the file of that name"
        raise ValueError(message)
    if _KEY.fullmatch(text):
        raise ValueError("looks like a key; write a name here, and the key into the file of that name")
    return text


def _email_address(text: str) -> str:
    if not _EMAIL.match(text):
        raise ValueError(f"{text!r} is not an email address, expected one such as ml-team@example.com")
    return text


def _webhook(text: str) -> str:
    if not is_address(text):
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable():
        raise ValueError(f"{text!r} is not an address, expected one such as https://hooks.example.com/ml")
    if parts.username is not None:
        raise ValueError("holds a password; write a name here, and the address into the file of that name")
    if "{{" in text:
        raise ValueError(f"{text!r} holds '{{{{', which newer Alertmanagers take for a template; write it as %7B%7B")
    return text


SecretName = Annotated[LabelValue, AfterValidator(_name_of_a_file)]
"""Names somebody, and the file that holds their secret."""
EmailAddress = Annotated[str, AfterValidator(_email_address)]
Webhook = Annotated[LabelValue, AfterValidator(_webhook)]
"""An address, or the name of a file that holds one."""


class Route(StrictModel):
    """Who is told, all of them; each name is also that of a file with a secret."""

    secrets_hint = (
        "secrets do not stand here: write a name, such as `pagerduty: risk-oncall`, and the secret into the file "
        "risk-oncall.pagerduty in Alertmanager's folder of secrets"
    )
    pagerduty: SecretName | None = None
    """A PagerDuty service."""
    opsgenie: SecretName | None = None
    """An Opsgenie team."""
    slack: SecretName | None = None
    """A Slack channel."""
    teams: SecretName | None = None
    """A Microsoft Teams channel (Alertmanager 0.28 or newer)."""
    email: list[EmailAddress] = []
    """One address or several."""
    webhook: Webhook | None = None
    """An address that takes Alertmanager's webhook; or, where it holds a token, a name (Alertmanager 0.26 or newer)."""

    _email = field_validator("email", mode="before", json_schema_input_type=EmailAddress | list[EmailAddress])(as_list)
