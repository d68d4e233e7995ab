"""`infranaut check`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from exporter.cli import infranaut
from tests.support.golden_monitors import GOLDEN
from tests.support.monitor_files import write_monitor


def check(*arguments: object) -> Result:
    return CliRunner().invoke(infranaut, ["check", *map(str, arguments)])


def test_monitors_without_mistakes_are_one_line_each(tmp_path: Path) -> None:
    one, two = (
        write_monitor(tmp_path, "one"),
        write_monitor(tmp_path, "two", features="a: {type: number}, b: {type: category}"),
    )
    result = check(tmp_path)
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{one}: one: binary, 1 feature, no reference, about ")
    assert second.startswith(f"{two}: two: binary, 2 features, no reference, about ")


def test_mistakes_are_the_result_and_the_exit_code_is_one(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, more="  rules:\n    - {name: adult, sql: agee > 18}\n  drift: {treshold: 1}\n")
    result = check(path)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{path}:9: spec.rules[0].sql: unknown field 'agee'; did you mean 'age'?",
        f"{path}:10: spec.drift.treshold: unknown key; did you mean 'threshold'?",
    ]
    assert result.stderr == "2 mistakes\n"


def test_a_reference_that_is_not_built_yet_is_a_warning(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, more="  reference: {path: train.parquet}\n")
    result = check(path)
    assert result.exit_code == 0
    assert f"build it with: infranaut reference build --monitor {path}" in result.stderr


def test_a_reference_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, more="  reference: {path: train.parquet}\n")
    (tmp_path / "train.reference.json").write_text("{}")
    result = check(path)
    assert result.exit_code == 1
    assert "spec.reference" in result.stdout
    assert "infranaut reference build" in result.stdout


def test_json_holds_what_a_machine_needs(tmp_path: Path) -> None:
    path = write_monitor(tmp_path)
    (monitor,) = json.loads(check(path, "--json").stdout)["monitors"]
    assert monitor["name"] == "credit"
    assert monitor["series"] > 0
    broken = write_monitor(tmp_path, "broken", task="x")
    outcome = json.loads(check(path, broken, "--json").stdout)
    assert outcome["monitors"] == []
    assert outcome["mistakes"][0] == {
        "path": str(broken),
        "line": 5,
        "key": "spec.model.task",
        "message": "got the text 'x', expected one of binary, multiclass, regression",
    }


def test_help_shows_examples_and_no_path_is_a_wrong_use() -> None:
    assert "infranaut check monitors/" in check("--help").stdout
    assert check().exit_code == 2


def test_a_burn_rate_that_could_never_alert_is_a_note(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, more="  slos: [{name: freshness, objective: 0.9}]\n")
    result = check(path)
    assert result.exit_code == 0
    assert f"note: {path}: freshness: no alert at a burn rate of 14.4 over 1h, since " in result.stderr
    (checked,) = json.loads(check(path, "--json").stdout)["monitors"]
    assert len(checked["notes"]) == 1


def test_openslo_objectives_are_one_line_each(tmp_path: Path) -> None:
    write_monitor(tmp_path, "one")
    path = tmp_path / "slo.yaml"
    path.write_text((GOLDEN / "openslo" / "slices" / "slo.yaml").read_text())
    result = check(tmp_path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1] == f"{path}: fast-slices: objective 0.95 of credit-default over 90d"
    assert f"note: {path}: fast-slices: no alert at a burn rate of 43.2 over 1h, since " in result.stderr
