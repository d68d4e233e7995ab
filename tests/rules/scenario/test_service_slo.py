"""The generated tests of OpenSLO objectives: golden, found to hold by promtool, and failing where a rule is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import rules
from exporter.monitor.service_objectives import ServiceSlo
from rules import names, scenario
from rules.group import AlertingRule
from rules.links import Links
from rules.scenario.promtool_test import is_rule_of
from rules.scenario.service_slo import service_signals
from rules.slo.services import service_groups
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import GOLDEN
from tests.support.promtool import assert_promtool
from tests.support.service_slos import objectives_in, write_objective

FOLDER = GOLDEN / "openslo"
SERVICES = {"requests": "scoring-api", "slices": "credit-default"}
FILES = [(name, interval) for name in SERVICES for interval in ("4m", "15m")]
BROKEN = [
    ("requests", "4m", names.SLO_BURN, ">= 10", ">= 0"),
    ("requests", "4m", names.SLO_BURN, "> 3", "> -3"),
    ("requests", "4m", names.SLO_BURN, "> 2.8", "> 280"),
    ("requests", "4m", names.slo_events("5m"), "increase(", "delta("),
    ("requests", "4m", names.slo_errors("5m"), "increase(", "delta("),
    ("requests", "4m", names.slo_errors("5m"), '=~"5.."', '=~"4.."'),
    ("requests", "4m", names.SLO_BUDGET_SPENT, "<= 0", "<= 1"),
    ("requests", "4m", names.SLO_BUDGET_SPENT, ">= 1000", ">= 0"),
    ("requests", "15m", names.SLO_BUDGET_ENDING, " > 0", " > -9"),
    ("requests", "15m", names.SLO_BUDGET_ENDING, "offset 6h", "offset 5m"),
    ("requests", "15m", names.SLO_BUDGET_ENDING, ">= 1000", ">= 0"),
    ("slices", "4m", names.SLO_BURN, ">= 10", ">= 0"),
    ("slices", "4m", names.SLO_BUDGET_SPENT, ">= 100", ">= 0"),
    ("slices", "4m", names.slo_errors("5m"), "> bool (1 - 0.9)", "> bool 0"),
    ("slices", "15m", names.SLO_BUDGET_ENDING, " > 0", " > -9"),
]
"""Document, distance of evaluations, alert or recorded series, and what of its query is replaced by what."""
SHAPES = {
    "buckets": ("h_count", 'h_count - h_bucket{le="0.25"}'),
    "apart": ("sum(rate(ok_total[1m])) + sum(rate(errors_total[1m]))", "sum(rate(errors_total[1m])) or vector(0)"),
    "pods": ('sum by (pod) (r{code=~"[2-5]..",instance!="x"})', 'sum by (pod) (r{code=~"5..|429",instance!="x"})'),
}
"""Total and bad events, as people write them."""


def objectives_of(name: str) -> tuple[ServiceSlo, ...]:
    return objectives_in(FOLDER / name / "slo.yaml", *sorted((FOLDER / name).glob("sli.yaml")))


def write(objectives: tuple[ServiceSlo, ...], folder: Path) -> list[Path]:
    """Rules and tests in folders beside each other; gives the files of tests."""
    for kind, files in (
        ("rules", rules.render([], objectives=objectives)),
        ("tests", scenario.render([], objectives)),
    ):
        (folder / kind).mkdir()
        for name, text in files.items():
            (folder / kind / name).write_text(text, encoding="utf-8")
    return sorted((folder / "tests").glob("*.openslo.*"))


@pytest.mark.parametrize("name", SERVICES)
def test_the_tests_of_a_document_are_the_golden_ones(name: str, golden: GoldenFiles) -> None:
    files = scenario.render([], objectives_of(name))
    assert [file for file in files if "openslo" in file] == [
        f"{SERVICES[name]}.openslo.{i}.tests.yaml" for i in ("4m", "15m")
    ]
    for interval in ("4m", "15m"):
        text = files[f"{SERVICES[name]}.openslo.{interval}.tests.yaml"]
        golden.check(FOLDER / name / f"expected.{interval}.tests.yaml", text)


@pytest.mark.parametrize("name", SERVICES)
def test_every_alert_of_an_objective_has_scenarios(name: str) -> None:
    (slo,) = objectives_of(name)
    ((group,),) = service_groups([slo], [], Links()).values()
    alerts = [rule for rule in group.rules if isinstance(rule, AlertingRule)]
    firing = [signal for signal in service_signals(slo) if signal.fires]
    assert len(alerts) >= 5
    assert [rule for rule in alerts if not any(is_rule_of(signal, rule) for signal in firing)] == []


@pytest.mark.parametrize(("name", "interval"), FILES)
def test_promtool_finds_that_every_scenario_of_an_objective_holds(name: str, interval: str, tmp_path: Path) -> None:
    write(objectives_of(name), tmp_path)
    assert_promtool("test", "rules", tmp_path / "tests" / f"{SERVICES[name]}.openslo.{interval}.tests.yaml")


@pytest.mark.parametrize("shape", SHAPES)
def test_queries_of_other_shapes_are_driven_as_well(shape: str, tmp_path: Path) -> None:
    total, bad = SHAPES[shape]
    write_objective(tmp_path, "requests", total, bad)
    for path in write(objectives_in(tmp_path / "requests.yaml"), tmp_path):
        assert_promtool("test", "rules", path)


@pytest.mark.parametrize(("name", "interval", "rule", "old", "new"), BROKEN)
def test_a_broken_rule_of_an_objective_fails_its_scenarios(
    name: str, interval: str, rule: str, old: str, new: str, tmp_path: Path
) -> None:
    write(objectives_of(name), tmp_path)
    path = tmp_path / "rules" / f"{SERVICES[name]}.openslo.rules.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    broken = [each for each in document["groups"][0]["rules"] if rule in (each.get("alert"), each.get("record"))]
    assert any(old in each["expr"] for each in broken)
    for each in broken:
        each["expr"] = each["expr"].replace(old, new)
    path.write_text(yaml.safe_dump(document, sort_keys=False, width=10_000), encoding="utf-8")
    with pytest.raises(AssertionError, match="exp: "):
        assert_promtool("test", "rules", tmp_path / "tests" / f"{SERVICES[name]}.openslo.{interval}.tests.yaml")


def test_an_objective_that_no_series_drives_is_named_in_the_tests_of_the_others(tmp_path: Path) -> None:
    write_objective(tmp_path, "driven", "r", "e")
    write_objective(tmp_path, "odd", "r", "r")
    objectives = objectives_in(tmp_path)
    reason = (
        "odd of api: no tests of its alerts, as no series can be made for its queries: "
        "no series comes to mind that it counts as an event and not as an error"
    )
    assert scenario.untested(objectives) == [reason]
    text = scenario.render([], objectives)["api.openslo.4m.tests.yaml"]
    assert text.splitlines()[:2] == [
        "# Generated by `infranaut generate tests` from the monitors; edit those, not this file.",
        f"# {reason}",
    ]
    assert "slo driven" in text
    assert "slo odd" not in text


def test_a_service_of_which_nothing_can_be_driven_has_no_tests(tmp_path: Path) -> None:
    write_objective(tmp_path, "odd", "r", "r")
    assert not [name for name in scenario.render([], objectives_in(tmp_path)) if name.startswith("api.")]
