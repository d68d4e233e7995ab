"""Alertmanager's files: golden text, accepted by amtool, routed as monitors ask, and without a secret in them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from alertmanager.receiver_names import NOBODY, receiver_name, secret_file
from exporter.monitor.spec import Route
from rules.names import FEATURE_DRIFT
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import BINARY, GOLDEN, MULTICLASS, REGRESSION, golden_monitor, golden_monitors
from tests.support.programs import require


def test_the_files_are_the_golden_ones(golden: GoldenFiles) -> None:
    for name, text in alertmanager.render(golden_monitors()).items():
        golden.check(GOLDEN / "alertmanager" / name, text)


def test_amtool_accepts_the_configuration_and_its_templates(tmp_path: Path) -> None:
    printed = amtool("check-config", written(tmp_path))
    assert "6 inhibit rules" in printed
    assert "1 templates" in printed


def test_amtool_accepts_what_comes_from_no_monitors_at_all(tmp_path: Path) -> None:
    for name, text in alertmanager.render([]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert amtool("config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yaml'}", "a=b") == f"{NOBODY}\n"


def test_many_drifting_features_of_a_monitor_are_one_message() -> None:
    route = configuration()["route"]
    assert route["group_by"] == ["alertname", "monitor", "cluster"]


def test_the_label_that_tells_clusters_apart_groups_alerts_and_stands_in_their_titles() -> None:
    files = alertmanager.render(golden_monitors(), cluster_label="region")
    assert yaml.safe_load(files["alertmanager.yaml"])["route"]["group_by"] == ["alertname", "monitor", "region"]
    assert "{{ with .GroupLabels.region }} ({{ . }}){{ end }}" in files["infranaut.tmpl"]
    assert "cluster }}" not in files["infranaut.tmpl"]


def test_a_cluster_label_that_groups_alerts_anyway_is_named_once(tmp_path: Path) -> None:
    for name, text in alertmanager.render([], cluster_label="monitor").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    amtool("check-config", tmp_path / "alertmanager.yaml")


def test_what_pages_waits_less_and_repeats_more_often_than_what_informs() -> None:
    by_severity = {pace["matchers"][0]: pace for pace in configuration()["route"]["routes"][2]["routes"]}
    assert by_severity['severity="critical"']["group_wait"] == "10s"
    assert by_severity['severity="info"']["repeat_interval"] == "5d"


def test_one_receiver_serves_all_monitors_of_the_same_route() -> None:
    route = {"route": {"slack": "#risk-ml"}}
    monitors = [golden_monitor(name, alerts=route) for name in (BINARY, MULTICLASS, REGRESSION)]
    document = yaml.safe_load(alertmanager.render(monitors)["alertmanager.yaml"])
    assert [receiver["name"] for receiver in document["receivers"]] == [NOBODY, receiver_name(Route(slack="#risk-ml"))]


def test_secrets_are_named_by_file_in_the_folder_that_was_asked_for() -> None:
    text = alertmanager.render([golden_monitor(BINARY)], DeliverySettings(secrets="/run/secrets/"))["alertmanager.yaml"]
    assert "routing_key_file: /run/secrets/risk-oncall.pagerduty" in text
    assert "api_url_file: /run/secrets/risk-ml.slack" in text


@pytest.mark.parametrize("name", ["../../etc/passwd", "team a", "team/a", "#", "..", "é"])
def test_a_name_that_is_no_file_name_stays_in_the_folder_and_apart_from_others(name: str) -> None:
    path = Path(secret_file("/secrets", name, "slack"))
    assert path.parent == Path("/secrets")
    assert path.suffix == ".slack"
    assert path != Path(secret_file("/secrets", name + "x", "slack"))


def test_the_token_of_a_webhook_is_not_told_by_its_receiver() -> None:
    assert "key=1" not in receiver_name(Route(webhook="https://hooks.example.com/ml?key=1"))


def test_braces_of_a_channel_are_not_a_template() -> None:
    monitor = golden_monitor(BINARY, alerts={"route": {"slack": "#{{ x }}"}})
    document = yaml.safe_load(alertmanager.render([monitor])["alertmanager.yaml"])
    assert document["receivers"][-1]["slack_configs"][0]["channel"] == '#{{ "{{" }} x }}'


def test_a_message_of_one_alert_bears_its_summary(tmp_path: Path) -> None:
    assert rendered(tmp_path, "infranaut.title", alerts=1) == "[FIRING 1] income has drifted"


def test_a_message_of_many_alerts_counts_them_and_tells_the_first_ten(tmp_path: Path) -> None:
    assert rendered(tmp_path, "infranaut.title", alerts=200) == "[FIRING 200] InfranautFeatureDrift credit-default"
    text = rendered(tmp_path, "infranaut.text", alerts=200)
    assert text.count("Since 2026-01-02 03:04:05 UTC.") == 10
    assert "These are 10 of 200 alerts.\nFeatures: f0, f1, f2, " in text
    assert text.endswith("f98, f99, ….\nDashboard: http://g/d/1\nWhat to do: http://r/1")


def rendered(folder: Path, template: str, alerts: int) -> str:
    """What amtool makes of a template for a group of firing alerts."""
    written(folder)
    common = {"dashboard_url": "http://g/d/1", "runbook_url": "http://r/1"}
    told = [
        {
            "status": "firing",
            "labels": {"alertname": FEATURE_DRIFT, "feature": f"f{index}"},
            "annotations": {"summary": "income has drifted", "description": f"f{index} differs.", **common},
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
        for index in range(alerts)
    ]
    data = {
        "status": "firing",
        "receiver": "r",
        "alerts": told,
        "groupLabels": {"alertname": FEATURE_DRIFT, "monitor": BINARY},
        "commonLabels": {"alertname": FEATURE_DRIFT},
        "commonAnnotations": common | ({"summary": "income has drifted"} if alerts == 1 else {}),
    }
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    glob = f"--template.glob={folder / 'infranaut.tmpl'}"
    text = f'--template.text={{{{ template "{template}" . }}}}'
    return amtool("template", "render", glob, text, f"--template.data={folder / 'data.json'}").strip()


def configuration() -> Any:
    return yaml.safe_load(alertmanager.render(golden_monitors())["alertmanager.yaml"])


def written(folder: Path) -> Path:
    """The generated files in `folder`; gives the configuration's path."""
    for name, text in alertmanager.render(golden_monitors()).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "alertmanager.yaml"


def amtool(*arguments: str | Path) -> str:
    done = subprocess.run([require("amtool"), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
