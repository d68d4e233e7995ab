"""OpenSLO documents beside monitors: what their rules cost, and who is told of their alerts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.monitor.load import load_monitors
from tests.support.golden_monitors import GOLDEN
from tests.support.promtool import RuleTest

MONITOR = GOLDEN / "monitors" / "credit-default.yaml"
REQUESTS = GOLDEN / "openslo" / "requests"
PART = "scoring-api.openslo"
OF_THE_MONITOR = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: answered}
spec:
  service: credit-default
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            {type: Prometheus, spec: {query: 'infranaut_prediction_errors_total{monitor="credit-default"}'}}
        total:
          metricSource:
            {type: Prometheus, spec: {query: 'infranaut_predictions_total{monitor="credit-default"}'}}
  timeWindow: [{duration: 4w}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A monitor, and an objective of another service with its indicator."""
    folder = tmp_path / "repository" / "monitors"
    folder.mkdir(parents=True)
    for path in (MONITOR, REQUESTS / "slo.yaml", REQUESTS / "sli.yaml"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The monitor alone."""
    (tmp_path / "before").mkdir()
    shutil.copy(MONITOR, tmp_path / "before")
    return tmp_path / "before"


def plan(*arguments: str | Path) -> Result:
    return CliRunner().invoke(infranaut, ["plan", *map(str, arguments)])


def planned(*arguments: str | Path) -> dict[str, Any]:
    result = plan(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def change(folder: Path, before: str, after: str) -> None:
    path = folder / "slo.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_an_objective_costs_what_its_rules_cost(folder: Path, before: Path) -> None:
    document = planned("--monitors", folder, "--against", before)
    part = document["monitors"][PART]
    assert part["before"] is None
    assert (part["after"]["exposed_series"], part["after"]["alerts"]) == (0, 6)
    assert part["after"]["cpu_seconds_per_minute"] > 0
    assert part["after"]["evaluations_per_minute"] == part["after"]["rules"]
    for figure in ("recorded_series", "rules", "evaluations_per_minute", "cpu_seconds_per_minute"):
        added = document["total"]["after"][figure] - document["total"]["before"][figure]
        assert added == pytest.approx(part["after"][figure])


def test_the_planned_series_of_an_objective_are_those_that_prometheus_records(folder: Path, tmp_path: Path) -> None:
    figures = planned("--monitors", folder)["monitors"][PART]["after"]
    test = RuleTest([], objectives=load_monitors([folder]).objectives)
    test.series("http_requests_total", "0+90x60", job="api", instance="a", code="200")
    test.series("http_requests_total", "0x20 0+30x40", job="api", instance="a", code="503")
    test.expect_value('count({__name__=~".+:.+",monitor="scoring-api"})', "50m", figures["recorded_series"])
    test.run(tmp_path)


def test_series_that_no_monitor_exposes_are_named_and_can_be_many(folder: Path) -> None:
    one, many = (planned("--monitors", folder, "--queried-series", count) for count in ("1", "20000"))
    assert "OpenSLO queries: 20,000 series for each selector" in many["assumptions"][-1]
    assert many["assumptions"][-1].endswith("http_requests_total")
    spent = [each["monitors"][PART]["after"]["cpu_seconds_per_minute"] for each in (one, many)]
    assert spent[1] > 5 * spent[0]
    assert one["monitors"][PART]["after"]["recorded_series"] == many["monitors"][PART]["after"]["recorded_series"]


def test_series_of_a_monitor_beside_it_are_known(folder: Path) -> None:
    (folder / "slo.yaml").write_text(OF_THE_MONITOR)
    (folder / "sli.yaml").unlink()
    document = planned("--monitors", folder)
    assert document["monitors"]["credit-default.openslo"]["after"]["recorded_series"] > 20
    assert not any("OpenSLO" in line for line in document["assumptions"])


def test_an_objective_counts_towards_the_budget_of_all(folder: Path, before: Path) -> None:
    total = planned("--monitors", before)["total"]["after"]
    most = str(total["exposed_series"] + total["recorded_series"])
    assert plan("--monitors", before, "--series-budget", most).exit_code == 0
    assert plan("--monitors", folder, "--series-budget", most).exit_code == 2


def test_alerts_of_an_objective_are_told_with_who_gets_them(folder: Path, before: Path, tmp_path: Path) -> None:
    delivery = tmp_path / "delivery.yaml"
    delivery.write_text('teams: {risk: {route: {slack: "#risk-apis"}}}\n', encoding="utf-8")
    document = planned("--monitors", folder, "--against", before, "--delivery", delivery)
    assert {(each["change"], each["monitor"], *each["receivers"]) for each in document["alerts"]} == {
        ("added", "scoring-api", "slack #risk-apis")
    }
    text = plan("--monitors", folder, "--against", before, "--delivery", delivery)
    assert "1 monitor, 1 OpenSLO objective read\n1 monitor read of" in text.stderr
    burn = "+ scoring-api: InfranautSloBurn (window=1h, slo=requests-succeed), critical, tells slack #risk-apis"
    assert burn in text.stdout


def test_alerts_of_a_service_that_is_a_monitor_go_where_those_of_the_monitor_go(folder: Path) -> None:
    (folder / "slo.yaml").write_text(OF_THE_MONITOR)
    alerts = planned("--monitors", folder)["alerts"]
    [burn] = [each for each in alerts if each["about"] == "window=1h, slo=answered"]
    assert (burn["monitor"], burn["receivers"]) == ("credit-default", ["pagerduty risk-oncall, slack #risk-ml"])


def test_a_changed_objective_shows_what_changes_about_its_alerts(folder: Path) -> None:
    old = folder.parent / "old"
    shutil.copytree(folder, old)
    change(folder, "targetPercent: 99.5", "targetPercent: 90")
    change(folder, "team: risk", "team: apis")
    document = planned("--monitors", folder, "--against", old)
    by_change = {
        change: [each for each in document["alerts"] if each["change"] == change] for change in ("changed", "removed")
    }
    fields = {each["field"] for alert in by_change["changed"] for each in alert["fields"]}
    assert "label team" in fields
    assert all(each["about"].startswith("window=") for each in by_change["removed"])


def test_an_objective_that_is_gone_takes_its_alerts_along(folder: Path, before: Path) -> None:
    document = planned("--monitors", before, "--against", folder)
    assert document["monitors"][PART]["after"] is None
    assert {(each["change"], each["monitor"]) for each in document["alerts"]} == {("removed", "scoring-api")}


def test_objectives_without_any_monitor_are_planned(folder: Path) -> None:
    (folder / "credit-default.yaml").unlink()
    document = planned("--monitors", folder)
    assert list(document["monitors"]) == [PART, "(exporter)"]


def test_objectives_of_a_revision_are_compared_with(folder: Path) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "monitors")):
        subprocess.run(["git", "-C", folder.parent, *who, *command], check=True, capture_output=True)
    assert planned("--monitors", folder, "--against", "HEAD")["alerts"] == []
    change(folder, "team: risk", "team: apis")
    changed = planned("--monitors", folder, "--against", "HEAD")["alerts"]
    assert {(each["change"], each["monitor"]) for each in changed} == {("changed", "scoring-api")}
    assert [each["field"] for each in changed[0]["fields"]] == ["label team"]
