"""What people read: alerts posted to a real Alertmanager, and what PagerDuty, Opsgenie, Slack, Teams, mail and webhook
get, as doubles keep it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.alertmanagers import GENERATIONS, AlertmanagerPrograms, Generation, programs
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.polling import wait_until
from tests.support.posted import DASHBOARD, RUNBOOK, an_alert, post, resolved
from tests.support.services import RunningAlertmanager
from tests.support.services import alertmanager as running_alertmanager
from tests.support.told import DRIFT, DeliveryDoubles, delivery_doubles, told_delivery

DEADLINE_S = 60
AWKWARD = "income <net> & debt"
ESCAPED = "income &lt;net&gt; &amp; debt"
PLACES = ("pagerduty", "opsgenie", "slack", "hook")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_everybody_reads_what_drifted_how_sure_since_when_and_what_to_do(
    generation: Generation, tmp_path: Path
) -> None:
    with everybody_told(programs(generation), tmp_path) as told:
        alert = a_drift(AWKWARD)
        post(told.running, [alert])
        firing = told.wait_for_all("FIRING")
        check_pagerduty(firing["pagerduty"])
        check_opsgenie(firing["opsgenie"])
        check_slack(firing["slack"])
        check_mail(told, "[FIRING 1]")
        assert firing["hook"]["alerts"][0]["annotations"]["summary"] == AWKWARD
        if generation == "newest":
            check_teams(firing["teams"])
        post(told.running, [resolved(alert)])
        told.wait_for_resolution()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_two_hundred_drifting_features_are_one_message_each(generation: Generation, tmp_path: Path) -> None:
    with everybody_told(programs(generation), tmp_path) as told:
        features = ["__prediction__", *(f"f{index:03}" for index in range(199))]
        post(told.running, [a_drift_of(feature, cluster="east") for feature in features])
        firing = told.wait_for_all("200")
        counts = {place: len(told.doubles.posts_of(place)) for place in PLACES}
        assert counts == dict.fromkeys(PLACES, 1)
        assert len(told.doubles.mail.mails) == 1
    assert len(firing["hook"]["alerts"]) == 200
    (card,) = firing["slack"]["attachments"]
    assert card["title"] == f"[FIRING 200] InfranautFeatureDrift {BINARY} (east)"
    assert card["text"].count("_Since") == 10
    assert "*These are 10 of 200 alerts.*\nFeatures: the prediction, f000, f001" in card["text"]
    details = firing["pagerduty"]["payload"]["custom_details"]["alerts"]
    assert "These are 10 of 200 alerts.\nFeatures: the prediction, f000, f001" in details


@pytest.mark.parametrize("generation", GENERATIONS)
def test_where_alerts_lead_to_several_dashboards_their_message_leads_to_the_first(
    generation: Generation, tmp_path: Path
) -> None:
    with everybody_told(programs(generation), tmp_path) as told:
        post(told.running, [a_drift_of(feature) for feature in ("age", "debt")])
        firing = told.wait_for_all("FIRING 2")
    first = f"{DASHBOARD}?var-feature=age&var-job=a%20b"
    assert f"Dashboard: {first}\n" in firing["pagerduty"]["payload"]["custom_details"]["alerts"]
    assert {"href": first, "text": "Dashboard"} in firing["pagerduty"]["links"]
    assert firing["opsgenie"]["details"]["dashboard"] == first
    (card,) = firing["slack"]["attachments"]
    assert (card["title_link"], card["actions"][1]["url"]) == (first, first)
    assert f'href="{first.replace("&", "&amp;")}"' in told.doubles.mail.mails[-1].part("html")


def check_pagerduty(body: Any) -> None:
    assert (body["routing_key"], body["event_action"]) == ("risk-oncall.pagerduty", "trigger")
    payload = body["payload"]
    assert (payload["summary"], payload["severity"]) == (f"[FIRING 1] {AWKWARD}", "critical")
    assert (payload["class"], payload["component"]) == (DRIFT["alertname"], BINARY)
    check_plain(payload["custom_details"]["alerts"])
    assert {"href": RUNBOOK, "text": "What to do"} in body["links"]


def check_opsgenie(body: Any) -> None:
    assert (body["message"], body["priority"], body["entity"]) == (f"[FIRING 1] {AWKWARD}", "P1", BINARY)
    assert body["tags"] == [DRIFT["alertname"], "critical"]
    check_plain(body["description"])
    assert body["details"]["runbook"] == RUNBOOK


def check_slack(body: Any) -> None:
    assert body["channel"] == "#risk-ml"
    (card,) = body["attachments"]
    assert (card["title"], card["title_link"]) == (f"[FIRING 1] {ESCAPED}", DASHBOARD)
    assert card["color"] == "#d0342c"
    assert f"{ESCAPED}: PSI of 0.312" in card["text"]
    assert "9.5 standard deviations above chance. _Since 20" in card["text"]
    assert [(action["text"], action["url"]) for action in card["actions"]] == [
        ("What to do", RUNBOOK),
        ("Dashboard", DASHBOARD),
    ]


def check_teams(body: Any) -> None:
    title, text = body["attachments"][0]["content"]["body"]
    assert title["text"] == f"[FIRING 1] {AWKWARD}"
    check_plain(text["text"])


def check_mail(told: EverybodyTold, state: str) -> None:
    mail = told.doubles.mail.mails[-1]
    assert mail.login == ("ml", "hush")
    assert mail.recipients == ("a@example.com", "b@example.com")
    assert mail.message["Subject"] == f"{state} {AWKWARD}"
    check_plain(mail.part("plain"))
    html = mail.part("html")
    assert f"<strong>{ESCAPED}</strong><br>{ESCAPED}: PSI of 0.312" in html
    assert f'href="{RUNBOOK}"' in html
    assert f'href="{DASHBOARD}"' in html
    assert "1 firing, 0 resolved" in html


def check_plain(text: str) -> None:
    assert f"{AWKWARD}: PSI of 0.312 (threshold 0.1), 9.5 standard deviations above chance. Since 20" in text
    assert f"Dashboard: {DASHBOARD}\nWhat to do: {RUNBOOK}" in text


def a_drift_of(feature: str, **labels: str) -> dict[str, Any]:
    """With a dashboard of its own."""
    alert = a_drift(f"feature {feature} drifts", feature=feature)
    alert["annotations"]["dashboard_url"] = f"{DASHBOARD}?var-feature={feature}&var-job=a%20b"
    return alert | {"labels": alert["labels"] | labels}


def a_drift(summary: str, feature: str = "income") -> dict[str, Any]:
    return an_alert(summary, **DRIFT, monitor=BINARY, severity="critical", feature=feature, team="risk")


@dataclass(frozen=True, slots=True)
class EverybodyTold:
    """A running Alertmanager whose one monitor is told over everything that its version has."""

    running: RunningAlertmanager
    doubles: DeliveryDoubles
    places: tuple[str, ...]

    def wait_for_all(self, marker: str) -> dict[str, Any]:
        """What each place got first, once all have something and a mail with the marker has come."""
        self._wait(lambda: all(self.doubles.posts_of(place) for place in self.places), "a post everywhere")
        self._wait(lambda: any(marker in mail.message["Subject"] for mail in self.doubles.mail.mails), "a mail")
        return {place: self.doubles.posts_of(place)[0].body for place in self.places}

    def wait_for_resolution(self) -> None:
        self._wait(lambda: self._last("pagerduty")["event_action"] == "resolve", "resolved in PagerDuty")
        self._wait(lambda: "/close" in self.doubles.posts_of("opsgenie")[-1].path, "closed in Opsgenie")
        self._wait(lambda: self._last("hook")["status"] == "resolved", "the webhook told")
        self._wait(lambda: "RESOLVED" in json.dumps(self._last("slack")), "resolved in Slack")
        self._wait(lambda: len(self.doubles.mail.mails) > 1, "a second mail")
        (card,) = self._last("slack")["attachments"]
        assert card["color"] == "#2e9e5b"
        assert f":white_check_mark: {ESCAPED}. _It lasted " in card["text"]
        mail = self.doubles.mail.mails[-1]
        assert mail.message["Subject"] == f"[RESOLVED] {AWKWARD}"
        assert f"Resolved: {AWKWARD}. It lasted " in mail.part("plain")
        assert "0 firing, 1 resolved" in mail.part("html")

    def _last(self, place: str) -> Any:
        return self.doubles.posts_of(place)[-1].body

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        wait_until(is_so, DEADLINE_S, what)


@contextmanager
def everybody_told(given: AlertmanagerPrograms, folder: Path) -> Iterator[EverybodyTold]:
    with delivery_doubles(folder) as doubles:
        route: dict[str, Any] = {"pagerduty": "risk-oncall", "opsgenie": "sre", "slack": "#risk-ml"}
        route |= {"email": ["a@example.com", "b@example.com"], "webhook": f"{doubles.posts.url}/hook"}
        route |= {} if given.version == "0.25" else {"teams": "risk-ml"}
        monitor = golden_monitor(BINARY, alerts={"route": route})
        config = doubles.write([monitor], told_delivery(doubles.posts.url, alertmanager=given.version))
        with running_alertmanager(config, folder, program=given.server) as running:
            places = (*PLACES, *(("teams",) if "teams" in route else ()))
            yield EverybodyTold(running, doubles, places)
