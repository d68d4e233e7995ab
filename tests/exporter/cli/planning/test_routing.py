"""The walk through the routes ends where Alertmanager's own does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import alertmanager
from alertmanager.rendering import CONFIGURATION_FILE
from exporter.cli.planning.figures import EXPORTER
from exporter.cli.planning.paging import paging_alerts, unescaped
from exporter.cli.planning.routing import matches, receivers_of
from tests.support.golden_monitors import golden_monitors
from tests.support.programs import require

TREE = {
    "receiver": "root",
    "routes": [
        {"matchers": ['team="a"'], "receiver": "a", "continue": True},
        {
            "matchers": ['team=~"a|b"', 'severity!="info"'],
            "routes": [
                {"matchers": ["severity=critical"], "receiver": "pager", "continue": True},
                {"matchers": ['severity=~"crit.*"'], "receiver": "phone"},
                {"receiver": "never"},
            ],
        },
        {"matchers": ['owner!~".+"', 'team="c \\"quoted\\""'], "receiver": "c"},
    ],
}
ALERTS: list[Mapping[str, str]] = [
    {"team": "a", "severity": "critical"},
    {"team": "b", "severity": "critical"},
    {"team": "a", "severity": "info"},
    {"team": "b", "severity": "warning"},
    {"team": 'c "quoted"'},
    {"team": 'c "quoted"', "owner": "me"},
    {},
]


@pytest.mark.parametrize("labels", ALERTS, ids=str)
def test_an_alert_goes_where_alertmanager_sends_it(labels: Mapping[str, str], tmp_path: Path) -> None:
    names = ("root", "a", "pager", "phone", "never", "c")
    config = tmp_path / "alertmanager.yaml"
    config.write_text(yaml.safe_dump({"route": TREE, "receivers": [{"name": name} for name in names]}))
    assert ",".join(receivers_of(TREE, labels)) == routed_by_amtool(config, labels)


def test_every_alert_of_the_golden_monitors_goes_where_alertmanager_sends_it(tmp_path: Path) -> None:
    monitors = golden_monitors()
    for name, text in alertmanager.render(monitors).items():
        (tmp_path / name).write_text(text)
    found = {
        (subject, alert.rule.labels["severity"], alert.rule.labels["kind"]): (alert.rule, receivers)
        for alert in paging_alerts(monitors)
        for subject, receivers in alert.told.items()
    }
    assert len(found) > 12
    for (subject, _, _), (rule, receivers) in found.items():
        named = {} if subject == EXPORTER else {"monitor": subject}
        labels = {"alertname": rule.alert} | named | {name: unescaped(text) for name, text in rule.labels.items()}
        assert ",".join(receivers) == routed_by_amtool(tmp_path / CONFIGURATION_FILE, labels)


def routed_by_amtool(config: Path, labels: Mapping[str, str]) -> str:
    pairs = [f"{name}={json.dumps(value)}" for name, value in labels.items()] or ['unknown=""']
    command: list[str | Path] = [require("amtool"), "config", "routes", "test", f"--config.file={config}", *pairs]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return str(done.stdout).strip()


def test_a_matcher_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'team' is no matcher"):
        matches("team", {})
