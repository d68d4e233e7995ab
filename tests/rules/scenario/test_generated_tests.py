"""The generated promtool tests: every alert has scenarios, and promtool finds that all of them hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
import yaml

from exporter.monitor.alerting import AlertName
from exporter.monitor.load import load_monitors
from exporter.monitor.spec import Monitor
from rules import names, render, scenario
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from rules.scenario.promtool_test import is_rule_of
from rules.scenario.self_alerts import self_signals
from rules.scenario.signal import Signal
from rules.scenario.table import SIGNALS, monitor_signals
from rules.self_monitoring import self_monitoring_groups
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import BINARY, GOLDEN, MULTICLASS, REGRESSION, golden_monitor, golden_monitors
from tests.support.promtool import assert_promtool
from tests.support.slos import NAME, slo_monitor

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples" / "monitors"
MONITORS = [*golden_monitors(), *(loaded.monitor for loaded in load_monitors([EXAMPLES]).monitors)]
FILES = [
    *((monitor, name) for monitor in MONITORS for name in scenario.render([monitor]) if name.startswith(monitor.name)),
    *((MONITORS[0], name) for name in scenario.render([])),
]
BROKEN = [
    (BINARY, "15m", "InfranautReferenceOld", ">", "<"),
    (MULTICLASS, "1m", "InfranautResourcesHigh", "> on", "< on"),
    (MULTICLASS, "84h", "InfranautTrafficAnomaly", "traffic_rows", "traffic_change"),
    (MULTICLASS, "84h", "monitor_week:infranaut_predictions:increase1h", "w))", "h))"),
    (REGRESSION, "12h", "InfranautPeriodDrift", "drift_rows", "drift_psi"),
    (REGRESSION, "15m", "InfranautSloBudgetEnding", "offset 6h", "offset 5m"),
    (REGRESSION, "15m", "InfranautSloBudgetEnding", 'ratio{monitor="bike-demand",slo="validity"} > 0', "ratio"),
    (REGRESSION, "15m", "InfranautSloBudgetEnding", 'ratio{monitor="bike-demand",slo="quality"} > 0', "ratio"),
    (REGRESSION, "4m", "slo:infranaut_slo_errors:increase5m", "> 60", "< 60"),
    (names.GENERAL_PART, "30s", "InfranautIngestLagging", ">", "<"),
    (names.GENERAL_PART, "30s", "InfranautWatchdog", "vector(1)", "vector(1) > 1"),
    (names.GENERAL_PART, "5m", "InfranautDeadLettersGrowing", ">= 20", ">= 0"),
]
"""Part, distance of evaluations, alert or recorded series, and what of its query is replaced by what."""


def test_the_files_are_the_golden_ones(golden: GoldenFiles) -> None:
    (GOLDEN / "tests").mkdir(exist_ok=True)
    for name, text in scenario.render(golden_monitors()).items():
        golden.check(GOLDEN / "tests" / name, text)


def test_every_alert_has_scenarios() -> None:
    assert SIGNALS.keys() == set(get_args(AlertName))
    assert {signal.alert for signal in self_signals()} | {names.WATCHDOG} == set(names.SELF_ALERTS)


@pytest.mark.parametrize("monitor", golden_monitors(), ids=lambda monitor: monitor.name)
def test_every_rule_of_every_alert_of_a_monitor_is_proven(monitor: Monitor) -> None:
    assert not unproven(monitor_groups(monitor, Links()), monitor_signals(monitor))


def test_every_rule_of_every_alert_about_the_exporter_is_proven() -> None:
    assert {rule.alert for rule in unproven(self_monitoring_groups(Links()), self_signals())} == {names.WATCHDOG}


@pytest.mark.parametrize(("monitor", "name"), FILES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_promtool_finds_that_every_scenario_holds(monitor: Monitor, name: str, tmp_path: Path) -> None:
    write(monitor, tmp_path)
    assert_promtool("test", "rules", tmp_path / "tests" / name)


@pytest.mark.parametrize(("part", "interval", "rule", "old", "new"), BROKEN)
def test_a_broken_rule_fails_its_scenarios(
    part: str, interval: str, rule: str, old: str, new: str, tmp_path: Path
) -> None:
    write(golden_monitor(BINARY if part == names.GENERAL_PART else part), tmp_path)
    path = tmp_path / "rules" / f"{part}.rules.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for each in (each for group in document["groups"] for each in group["rules"]):
        if rule in (each.get("alert"), each.get("record")):
            each["expr"] = each["expr"].replace(old, new)
    path.write_text(yaml.safe_dump(document, sort_keys=False, width=10_000), encoding="utf-8")
    with pytest.raises(AssertionError, match="exp: "):
        assert_promtool("test", "rules", tmp_path / "tests" / f"{part}.{interval}.tests.yaml")


@pytest.mark.parametrize(("ending_within", "hold"), [("2h", "1h"), ("70m", "10m")])
def test_a_budget_is_played_to_its_end_however_late_the_alert_warns(
    ending_within: str, hold: str, tmp_path: Path
) -> None:
    ends = {"ending_within": ending_within}
    validity = {"name": "validity", "objective": 0.9, **ends}
    quality = {"name": "quality", "objective": 0.95, "metric": "rmse", "maximum": 60, **ends}
    tuning = {names.SLO_BUDGET_ENDING: {"hold": hold}}
    write(slo_monitor(validity, quality, task="regression", alerts={"tuning": tuning}), tmp_path)
    assert_promtool("test", "rules", tmp_path / "tests" / f"{NAME}.15m.tests.yaml")


def test_an_alert_that_cannot_fire_fails_its_scenarios(tmp_path: Path) -> None:
    """KL divergence never comes to 1000: promtool says so before anybody relies on the alert."""
    document = yaml.safe_load((EXAMPLES / "credit-default.yaml").read_text(encoding="utf-8"))
    document["spec"]["drift"] = {"window": "1h", "measure": "kl", "threshold": 1000}
    monitor = Monitor.model_validate(document)
    write(monitor, tmp_path)
    (name,) = [name for name in scenario.render([monitor]) if ".3m." in name]
    with pytest.raises(AssertionError, match=r'exp: .*InfranautFeatureDrift", feature="\w+", job="unsound"'):
        assert_promtool("test", "rules", tmp_path / "tests" / name)


def unproven(groups: Sequence[RuleGroup], signals: Sequence[Signal]) -> list[AlertingRule]:
    alerts = [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]
    return [rule for rule in alerts if not any(is_rule_of(signal, rule) for signal in signals)]


def write(monitor: Monitor, folder: Path) -> None:
    """Rules and tests in the folders in which `infranaut generate all` puts them."""
    for kind, files in (("rules", render([monitor])), ("tests", scenario.render([monitor]))):
        (folder / kind).mkdir()
        for name, text in files.items():
            (folder / kind / name).write_text(text, encoding="utf-8")
