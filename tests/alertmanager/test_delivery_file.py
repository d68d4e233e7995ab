"""The file of `--delivery`: read as a person writes it, every mistake told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmanager.delivery import DeliverySettings
from alertmanager.delivery_file import load_delivery
from exporter.archive.address import masked
from exporter.errors import InvalidSettings

WHOLE = """\
alertmanager: "0.28"
secrets: /run/secrets
smtp: {smarthost: "mail.example.com:587", sender: ml@example.com, username: ml}
watchdog: https://alive.example.com/risk
exporter: {slack: "#platform"}
teams:
  risk:
    route: {slack: "#risk-ml", email: [a@example.com, b@example.com]}
    routes:
      - {severity: critical, to: {pagerduty: risk-oncall}, goes_on: true}
    mute:
      - {name: nights, times: "22:00-06:00", weekdays: monday..friday, location: Europe/Berlin}
default: {slack: "#ml"}
"""


def test_a_file_with_every_key_is_read(tmp_path: Path) -> None:
    settings = load_delivery(written(tmp_path, WHOLE))
    assert settings.version == (0, 28)
    assert settings.teams["risk"].route.email == ["a@example.com", "b@example.com"]
    assert settings.teams["risk"].mute[0].weekdays == ["monday..friday"]
    assert set(DeliverySettings.model_fields) == settings.model_fields_set


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = WHOLE.replace('"0.28"', '"0.24"').replace("ml@example.com,", "nobody,").replace("goes_on", "go_on")
    path = written(tmp_path, text.replace("Europe/Berlin", "Europe/Berlyn"))
    with pytest.raises(InvalidSettings) as raised:
        load_delivery(path)
    first, second, third, fourth = str(raised.value).splitlines()
    assert first == f"{path}:1: alertmanager: Alertmanager 0.24 is too old, expected 0.25 or newer"
    assert second.startswith(f"{path}:3: smtp.sender: 'nobody' is not an email address")
    assert third == f"{path}:10: teams.risk.routes[0].go_on: unknown key; did you mean 'goes_on'?"
    assert fourth.startswith(f"{path}:12: teams.risk.mute[0].location: 'Europe/Berlyn' is not a time zone")
    assert fourth.endswith("did you mean 'Europe/Berlin'?")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "expected one mapping with any of alertmanager, secrets, smtp, watchdog, default, exporter, teams"),
        ("{}\n---\n{}\n", "expected one mapping with any of"),
        ("", "expected one mapping with any of"),
        ("a: [\n", "delivery.yaml:2: "),
        ("secrets: /a\nsecrets: /b\n", "delivery.yaml:2: secrets: "),
        ('alertmanager: "new"\n', "'new' is not a version of Alertmanager, expected one such as 0.25"),
        ("smtp: {smarthost: mail, sender: a@b.c}\n", "'mail' is not a mail server, expected one such as"),
    ],
)
def test_what_is_no_such_file_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as raised:
        load_delivery(written(tmp_path, text))
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "smtp: {smarthost: 'a:25', sender: a@b.c, password: hunter2}\n",
            "smtp: unknown key 'password', the password does not stand here: write it into the file smtp.password in",
        ),
        ("slack_token: abc\n", "delivery.yaml:1: unknown key 'slack_token', secrets do not stand here: each is a file"),
        (
            "default: {pagerduty_key: abc}\n",
            "default: unknown key 'pagerduty_key', secrets do not stand here: write a name, such as",
        ),
    ],
)
def test_who_writes_a_secret_is_told_where_it_belongs(text: str, told: str, tmp_path: Path) -> None:
    """Also after the command has masked whatever looks like a password."""
    with pytest.raises(InvalidSettings) as raised:
        load_delivery(written(tmp_path, text))
    assert told in masked(str(raised.value))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"none\.yaml: cannot be read: No such file"):
        load_delivery(tmp_path / "none.yaml")


def written(folder: Path, text: str) -> Path:
    path = folder / "delivery.yaml"
    path.write_text(text, encoding="utf-8")
    return path
