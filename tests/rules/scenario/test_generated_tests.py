"""The generated promtool tests: every alert has scenarios, and promtool finds that all of them hold."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from exporter.monitor.alerting import AlertName
from exporter.monitor.load import load_monitors
from exporter.monitor.spec import Monitor
from rules import render, scenario
from rules.group import AlertingRule
from rules.links import Links
from rules.rendering import monitor_groups
from rules.scenario.promtool_test import is_rule_of
from rules.scenario.table import SIGNALS, WITHOUT_SCENARIO, monitor_signals
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import GOLDEN, golden_monitors
from tests.support.promtool import assert_promtool

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples" / "monitors"
MONITORS = [*golden_monitors(), *(loaded.monitor for loaded in load_monitors([EXAMPLES]).monitors)]
FILES = [(monitor, name) for monitor in MONITORS for name in scenario.render([monitor])]


def test_the_files_are_the_golden_ones(golden: GoldenFiles) -> None:
    (GOLDEN / "tests").mkdir(exist_ok=True)
    for name, text in scenario.render(golden_monitors()).items():
        golden.check(GOLDEN / "tests" / name, text)


def test_every_alert_of_a_monitor_has_scenarios() -> None:
    assert not SIGNALS.keys() & WITHOUT_SCENARIO.keys()
    assert SIGNALS.keys() | WITHOUT_SCENARIO.keys() == set(get_args(AlertName))


@pytest.mark.parametrize("monitor", golden_monitors(), ids=lambda monitor: monitor.name)
def test_every_rule_of_every_alert_with_scenarios_is_proven_but_far_periods_and_slices(monitor: Monitor) -> None:
    signals = monitor_signals(monitor)
    unproven = {
        (rule.alert, rule.labels.get("slo", ""))
        for group in monitor_groups(monitor, Links())
        for rule in group.rules
        if isinstance(rule, AlertingRule) and not any(is_rule_of(signal, rule) for signal in signals)
    }
    slices = {(alert, "quality") for alert in ("InfranautSloBurn", "InfranautSloBudgetSpent")}
    assert {(alert, slo) for alert, slo in unproven if alert not in WITHOUT_SCENARIO} <= slices | {
        ("InfranautPeriodDrift", "")
    }


@pytest.mark.parametrize(("monitor", "name"), FILES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_promtool_finds_that_every_scenario_holds(monitor: Monitor, name: str, tmp_path: Path) -> None:
    write(monitor, tmp_path)
    assert_promtool("test", "rules", tmp_path / "tests" / name)


def test_an_alert_that_cannot_fire_fails_its_scenarios(tmp_path: Path) -> None:
    """KL divergence never comes to 1000: promtool says so before anybody relies on the alert."""
    document = yaml.safe_load((EXAMPLES / "credit-default.yaml").read_text(encoding="utf-8"))
    document["spec"]["drift"] = {"window": "1h", "measure": "kl", "threshold": 1000}
    monitor = Monitor.model_validate(document)
    write(monitor, tmp_path)
    (name,) = [name for name in scenario.render([monitor]) if ".3m." in name]
    with pytest.raises(AssertionError, match=r'exp: .*InfranautFeatureDrift", feature="\w+", job="unsound"'):
        assert_promtool("test", "rules", tmp_path / "tests" / name)


def write(monitor: Monitor, folder: Path) -> None:
    """Rules and tests in the folders in which `infranaut generate all` puts them."""
    for kind, files in (("rules", render([monitor])), ("tests", scenario.render([monitor]))):
        (folder / kind).mkdir()
        for name, text in files.items():
            (folder / kind / name).write_text(text, encoding="utf-8")
