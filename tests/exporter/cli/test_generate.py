"""`infranaut generate`: writes, compares, removes what it owns, and nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from exporter.cli.generate import command
from exporter.errors import InvalidMonitors, InvalidSettings
from rules import prometheus_rule
from tests.support.golden_monitors import GOLDEN
from tests.support.programs import require
from tests.support.service_slos import write_objective

MONITORS = GOLDEN / "monitors"


def test_it_writes_every_kind_into_a_folder_of_its_own(tmp_path: Path) -> None:
    assert generate("all", tmp_path).exit_code == 0
    assert (tmp_path / "rules" / "credit-default.rules.yaml").is_file()
    assert (tmp_path / "dashboards" / "overview.json").is_file()
    assert (tmp_path / "alertmanager" / "infranaut.tmpl").is_file()
    assert (tmp_path / "mixin" / "monitors.libsonnet").is_file()
    assert (tmp_path / "mixin" / "credit-default.rules.template").is_file()
    assert (tmp_path / "tests" / "credit-default.3m.tests.yaml").is_file()


def test_one_kind_goes_into_the_folder_itself(tmp_path: Path) -> None:
    generate("rules", tmp_path)
    assert (tmp_path / "credit-default.rules.yaml").is_file()


def test_a_second_run_changes_nothing_and_says_so(tmp_path: Path) -> None:
    generate("all", tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert "written" not in generate("all", tmp_path).stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert generate("all", tmp_path, "--check").exit_code == 0


def test_check_tells_what_differs_and_writes_nothing(tmp_path: Path) -> None:
    generate("rules", tmp_path)
    edited = tmp_path / "bike-demand.rules.yaml"
    text = edited.read_text(encoding="utf-8").replace("for: 6s", "for: 7s", 1)
    edited.write_text(text, encoding="utf-8")
    (tmp_path / "credit-default.rules.yaml").unlink()
    result = generate("rules", tmp_path, "--check")
    assert result.exit_code == 1
    assert f"changed   {edited}" in result.stdout
    assert "-    for: 7s" in result.stdout
    assert "+    for: 6s" in result.stdout
    assert f"missing   {tmp_path / 'credit-default.rules.yaml'}" in result.stdout
    assert "2 of 4 files are out of date" in result.stderr
    assert edited.read_text(encoding="utf-8") == text


def test_a_file_of_a_monitor_that_is_gone_is_told_and_then_removed(tmp_path: Path) -> None:
    generate("all", tmp_path)
    stale = [tmp_path / "rules" / "gone.rules.yaml", tmp_path / "dashboards" / "model-gone.json"]
    for path, like in zip(stale, ("rules/bike-demand.rules.yaml", "dashboards/overview.json"), strict=True):
        path.write_bytes((tmp_path / like).read_bytes())
    result = generate("all", tmp_path, "--check")
    assert result.exit_code == 1
    assert all(f"stale     {path}" in result.stdout for path in stale)
    printed = generate("all", tmp_path).stdout
    assert all(f"removed   {path}" in printed for path in stale)
    assert not any(path.exists() for path in stale)


@pytest.mark.parametrize("name", ["mine.rules.yaml", "mine.json", "broken.json", "list.json", "binary.yaml"])
def test_what_a_person_put_there_stays(name: str, tmp_path: Path) -> None:
    texts = {"broken.json": b"{", "list.json": b"[]", "binary.yaml": b"\xff\xfe"}
    (tmp_path / name).write_bytes(texts.get(name, b'{"groups": []}'))
    generate("rules", tmp_path)
    assert (tmp_path / name).exists()
    assert generate("rules", tmp_path, "--check").exit_code == 0


def test_json_tells_the_state_of_every_file(tmp_path: Path) -> None:
    outcome = json.loads(generate("alertmanager", tmp_path, "--check", "--json").stdout)
    assert outcome["is_up_to_date"] is False
    assert {file["state"] for file in outcome["files"]} == {"missing"}
    assert not list(tmp_path.iterdir())


def test_addresses_and_the_folder_of_secrets_are_what_was_asked_for(tmp_path: Path) -> None:
    generate("all", tmp_path, "--grafana-url", "https://g/", "--runbooks-url", "https://r", "--secrets", "/run/s")
    rules = (tmp_path / "rules" / "credit-default.rules.yaml").read_text(encoding="utf-8")
    assert "dashboard_url: https://g/d/infranaut-feature-credit-default?" in rules
    assert "runbook_url: https://r/InfranautFeatureDrift.md" in rules
    assert "/run/s/risk-ml.slack" in (tmp_path / "alertmanager" / "alertmanager.yaml").read_text(encoding="utf-8")


def test_a_monitor_with_a_mistake_generates_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: Monitor\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["rules", "--monitors", str(broken), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, InvalidMonitors)
    assert not (tmp_path / "out").exists()


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    result = generate("rules", tmp_path / "out")
    assert isinstance(result.exception, InvalidSettings)
    assert "is a file, expected a folder" in str(result.exception)


def test_a_folder_in_the_place_of_a_generated_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bike-demand.rules.yaml").mkdir()
    assert isinstance(generate("rules", tmp_path).exception, InvalidSettings)


def test_objects_of_the_operator_have_the_labels_and_the_namespace_that_are_asked_for(tmp_path: Path) -> None:
    labels = ("--rule-label", "prometheus=k8s", "--rule-label", "role=alert-rules")
    assert generate("operator", tmp_path, *labels, "--namespace", "ml").exit_code == 0
    metadata = yaml.safe_load((tmp_path / "infranaut-credit-default.yaml").read_text(encoding="utf-8"))["metadata"]
    assert metadata["namespace"] == "ml"
    assert metadata["labels"].items() >= {"prometheus": "k8s", "role": "alert-rules"}.items()


def test_namespaces_of_mimir_come_with_the_limits_that_they_need(tmp_path: Path) -> None:
    result = generate("mimir", tmp_path, "--namespace", "ml")
    text = (tmp_path / "credit-default.rules.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["namespace"] == "ml-credit-default"
    assert "Mimir's limit ruler_max_rules_per_rule_group must be at least" in result.stderr


@pytest.mark.parametrize("kind", ["rules", "operator", "mimir"])
def test_a_selector_and_a_cluster_label_reach_every_form_of_the_rules(kind: str, tmp_path: Path) -> None:
    assert generate(kind, tmp_path, "--selector", "env='prod'", "--cluster-label", "cluster").exit_code == 0
    (path,) = tmp_path.glob("*credit-default*")
    text = path.read_text(encoding="utf-8")
    assert 'infranaut_feature_bin_total{env="prod",monitor="credit-default"}' in text
    assert "on (cluster, job, monitor)" in text


def test_a_cluster_label_reaches_rules_and_routes_alike_and_the_rules_still_pass_their_tests(tmp_path: Path) -> None:
    assert generate("all", tmp_path, "--cluster-label", "region").exit_code == 0
    rules_text = (tmp_path / "rules" / "credit-default.rules.yaml").read_text(encoding="utf-8")
    assert "on (region, job, monitor)" in rules_text
    routes = yaml.safe_load((tmp_path / "alertmanager" / "alertmanager.yaml").read_text(encoding="utf-8"))
    assert routes["route"]["group_by"] == ["alertname", "monitor", "region"]
    assert {inhibition["equal"][0] for inhibition in routes["inhibit_rules"]} == {"region"}
    shortest = min((tmp_path / "tests").glob("credit-default.*"), key=lambda path: path.stat().st_size)
    command: list[str | Path] = [require("promtool"), "test", "rules", shortest]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("all", ("--selector", "a='b'"), "--selector is for rules, operator, mimir, not for all"),
        (
            "tests",
            ("--cluster-label", "a"),
            "--cluster-label is for rules, operator, mimir, alertmanager, all, not for",
        ),
        ("rules", ("--selector", "a=b"), "'a=b' is not a selector"),
        ("rules", ("--cluster-label", "a b"), "'a b' is not a label"),
        ("operator", ("--rule-label", "k8s"), "'k8s', expected key=value such as prometheus=k8s"),
    ],
)
def test_options_that_fit_nothing_are_told(kind: str, options: tuple[str, ...], told: str, tmp_path: Path) -> None:
    result = generate(kind, tmp_path / "out", *options)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_group_that_no_object_can_hold_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_rule, "LARGEST_OBJECT", 100)
    result = generate("operator", tmp_path / "out")
    assert isinstance(result.exception, InvalidSettings)
    assert "more than the 100 of one PrometheusRule" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_it_says_how_many_objectives_were_read_beside_the_monitors(tmp_path: Path) -> None:
    assert "3 monitors read\n" in generate("rules", tmp_path / "out").stderr
    write_objective(tmp_path, "requests", "r", "e")
    path = str(tmp_path / "requests.yaml")
    only = CliRunner().invoke(command, ["rules", "--monitors", path, "--out", str(tmp_path / "only")])
    assert "0 monitors, 1 OpenSLO objective read\n" in only.stderr


@pytest.mark.parametrize(("kind", "is_told"), [("tests", True), ("all", True), ("rules", False)])
def test_an_objective_without_tests_is_told_where_tests_are_generated(kind: str, is_told: bool, tmp_path: Path) -> None:
    write_objective(tmp_path, "driven", "r", "e")
    write_objective(tmp_path, "odd", "r", "r")
    result = CliRunner().invoke(command, [kind, "--monitors", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert (f"note: {tmp_path / 'odd.yaml'}: odd of api: no tests of its alerts" in result.stderr) == is_told
    assert "driven" not in result.stderr
    assert bool(list((tmp_path / "out").rglob("api.openslo.4m.tests.yaml"))) == is_told


def generate(kind: str, out: Path, *more: str) -> Result:
    return CliRunner().invoke(command, [kind, "--monitors", str(MONITORS), "--out", str(out), *more])


@pytest.mark.parametrize("kind", ["rules", "operator", "mimir"])
def test_openslo_objectives_become_rules_of_their_service(tmp_path: Path, kind: str) -> None:
    result = generate(kind, tmp_path, "--monitors", str(GOLDEN / "openslo" / "slices" / "slo.yaml"))
    assert result.exit_code == 0
    assert "fast-slices: no alert at a burn rate of 43.2 over 1h" in result.stderr
    (path,) = tmp_path.glob("*openslo*")
    assert 'slo="fast-slices"' in path.read_text(encoding="utf-8")
