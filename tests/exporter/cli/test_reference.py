"""`infranaut reference`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.errors import InvalidReference, InvalidSettings
from exporter.reference.document import load_reference
from tests.support.monitor_files import a_monitor_text, write_monitor
from tests.support.reference_data import a_table, write_table

FEATURES = "age: {type: number}, region: {type: category}"
SOURCE = "  reference: {path: data/train.parquet}\n"


def reference(*arguments: object) -> Result:
    return CliRunner().invoke(infranaut, ["reference", *map(str, arguments)])


def a_folder(tmp_path: Path, rows: int = 1_000) -> Path:
    """A monitor with the data that it names; gives the path of the monitor."""
    (tmp_path / "data").mkdir()
    write_table(tmp_path / "data" / "train.parquet", a_table(rows))
    return write_monitor(tmp_path, more=SOURCE, features=FEATURES)


def test_data_and_place_come_from_the_monitor(tmp_path: Path) -> None:
    result = reference("build", "--monitor", a_folder(tmp_path))
    assert result.exit_code == 0
    built = load_reference(tmp_path / "data" / "train.reference.json")
    assert result.stdout.startswith(f"{tmp_path}/data/train.reference.json: 1,000 rows, reference {built.label}\n")
    words = [line.split() for line in result.stdout.splitlines()]
    assert "__prediction__" in [line[0] for line in words if line]
    assert ["age", "number", "12", "0", "0"] in [line[:5] for line in words]
    assert ["region", "category", "4", "0", "0", "north"] in words


def test_data_and_place_may_be_given(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, features=FEATURES)
    data = write_table(tmp_path / "other.csv", a_table(300))
    result = reference("build", "--monitor", path, "--data", data, "--out", tmp_path / "new" / "r.json", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert (summary["monitor"], summary["rows"]) == ("credit", 300)
    assert [feature["name"] for feature in summary["features"]] == ["age", "region"]
    assert summary["sha256"] == load_reference(tmp_path / "new" / "r.json").sha256


def test_a_built_reference_can_be_shown_again(tmp_path: Path) -> None:
    built = reference("build", "--monitor", a_folder(tmp_path))
    path = tmp_path / "data" / "train.reference.json"
    assert reference("show", path).stdout == built.stdout
    assert json.loads(reference("show", path, "--json").stdout)["rows"] == 1_000


def test_few_rows_are_warned_of_beside_the_result(tmp_path: Path) -> None:
    result = reference("build", "--monitor", a_folder(tmp_path, rows=199), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["rows"] == 199
    assert "warning: only 199 rows; quantiles of fewer than 200 are rough" in result.stderr


def test_a_built_reference_is_no_data_to_build_from(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, more="  reference: {path: train.reference.json}\n")
    result = reference("build", "--monitor", path)
    assert isinstance(result.exception, InvalidReference)
    assert "spec.reference names no data; name a file with --data" in str(result.exception)


def test_one_monitor_of_several_in_a_file_must_be_named(tmp_path: Path) -> None:
    path = tmp_path / "both.yaml"
    path.write_text(a_monitor_text("one") + "---\n" + a_monitor_text("two"))
    data = write_table(tmp_path / "train.parquet", a_table(300))
    result = reference("build", "--monitor", path, "--data", data)
    assert isinstance(result.exception, InvalidSettings)
    assert str(result.exception) == f"{path} holds one, two; choose one with --name"
    assert reference("build", "--monitor", path, "--name", "two", "--data", data).exit_code == 0
    assert load_reference(tmp_path / "train.reference.json").monitor == "two"


def test_nothing_is_written_where_the_data_does_not_fit(tmp_path: Path) -> None:
    path = write_monitor(tmp_path, features="income: {type: number}")
    data = write_table(tmp_path / "train.parquet", a_table(300))
    result = reference("build", "--monitor", path, "--data", data)
    assert isinstance(result.exception, InvalidReference)
    assert not (tmp_path / "train.reference.json").exists()


@pytest.mark.parametrize("subcommand", ["build", "show"])
def test_help_shows_examples(subcommand: str) -> None:
    assert f"infranaut reference {subcommand}" in reference(subcommand, "--help").stdout
