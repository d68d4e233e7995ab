import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.cli.demo.fault import CalibrationShift
from exporter.cli.demo.own_file import own_scenario
from exporter.cli.demo.scenario import Scenario
from exporter.errors import InvalidReference, InvalidSettings
from tests.support.demonstrations import a_parquet_file, own_columns


def scenario_of(path: Path, target: str | None = None, timestamp: str | None = None) -> Scenario:
    return own_scenario(path, target, timestamp, np.random.default_rng(1))


def scenario_with(folder: Path, target: str | None = None, timestamp: str | None = None, **columns: Any) -> Scenario:
    return scenario_of(a_parquet_file(folder, own_columns(**columns)), target, timestamp)


def days(count: int, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> list[str]:
    return [(start + timedelta(days=day)).date().isoformat() for day in range(count)]


def test_the_target_is_the_last_column_and_two_texts_make_it_binary(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path)
    assert scenario.model.task == "binary"
    assert scenario.model.classes == ("no", "yes")
    assert set(scenario.reference.columns) == {"size", "colour"}
    assert scenario.name == "my-sales-2024"


def test_half_trains_a_fifth_is_the_reference_and_the_rest_is_streamed_in_order(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path, row=np.random.default_rng(2).permutation(600).astype(float))
    assert len(scenario.reference) == 120
    assert scenario.distinct_rows == 180
    whole = own_columns()["size"]
    assert np.array_equal(scenario.reference.columns["size"], whole[300:420])
    assert np.array_equal(scenario.source.next_rows(200).columns["size"], [*whole[420:], *whole[420:440]])


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (lambda size: size * 3.5, "regression"),
        (lambda size: np.round(size * 40).astype(int), "regression"),
        (lambda size: np.digitize(size, [9.0, 11.0]), "multiclass"),
        (lambda size: (size > 10).astype(int), "binary"),
        (lambda size: size > 10, "binary"),
        (lambda size: np.where(size > 11, "l", np.where(size > 9, "m", "s")), "multiclass"),
    ],
)
def test_the_task_follows_from_the_target(tmp_path: Path, values: Any, task: str) -> None:
    columns = own_columns()
    scenario = scenario_of(a_parquet_file(tmp_path, columns | {"goal": values(columns["size"])}), target="goal")
    assert scenario.model.task == task


def test_a_column_of_times_orders_the_rows(tmp_path: Path) -> None:
    shuffled = np.random.default_rng(4).permutation(600)
    columns = own_columns(day=days(600))
    path = a_parquet_file(tmp_path, {name: np.asarray(values)[shuffled] for name, values in columns.items()})
    scenario = scenario_of(path)
    assert np.array_equal(scenario.reference.columns["size"], columns["size"][300:420])
    assert "day" not in scenario.reference.columns


def test_a_column_of_numbers_can_be_named_to_order_the_rows(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path, timestamp="age", age=np.arange(600.0)[::-1])
    assert np.array_equal(scenario.reference.columns["size"], own_columns()["size"][::-1][300:420])


def test_what_cannot_be_an_input_is_left_out_and_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scenario = scenario_with(
        tmp_path,
        row=np.arange(600),
        shop=["here"] * 600,
        empty=np.full(600, np.nan),
        receipt=[f"r{number}" for number in rng.permutation(600)],
        day=days(600),
        paid=days(600),
    )
    assert set(scenario.reference.columns) == {"size", "colour"}
    told = "\n".join(scenario.notes)
    for reason in ("'row' (only ever grows", "'shop' (always the same", "'empty' (always empty", "'paid' (a time)"):
        assert reason in told
    assert "'receipt' (600 different texts)" in told


def test_rows_without_a_target_are_not_used(tmp_path: Path) -> None:
    columns = own_columns(rows=900)
    columns["sold"] = [None if row % 3 == 0 else value for row, value in enumerate(columns["sold"])]
    assert len(scenario_of(a_parquet_file(tmp_path, columns)).reference) == 120


def test_the_most_important_feature_is_broken_first(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path)
    fault = scenario.plans[0].faults[0]
    assert isinstance(fault, CalibrationShift)
    assert fault.feature == "size"


def test_where_the_most_important_feature_drifts_already_a_quiet_one_breaks_too_and_is_watched(tmp_path: Path) -> None:
    scenario = scenario_with(tmp_path)
    assert scenario.choose_plan({"colour"}).watched == ("size",)
    both = scenario.choose_plan({"size"})
    assert (both.features, both.watched) == (("size", "colour"), ("colour",))
    assert scenario.choose_plan({"size", "colour"}).watched == ("size",)


def test_csv_and_ndjson_give_what_parquet_gives(tmp_path: Path) -> None:
    columns = {name: list(values) for name, values in own_columns(size_unit=["cm", ""] * 300).items()}
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(records)
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(record) for record in records))
    from_csv, from_ndjson = scenario_of(tmp_path / "a.csv"), scenario_of(tmp_path / "a.ndjson")
    from_parquet = scenario_of(a_parquet_file(tmp_path, own_columns()))
    for scenario in (from_csv, from_ndjson):
        assert np.array_equal(scenario.reference.columns["size"], from_parquet.reference.columns["size"])
        assert list(scenario.reference.columns["colour"]) == list(from_parquet.reference.columns["colour"])


def test_names_that_cannot_be_features_are_made_plain_and_kept_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    odd: dict[str, Any] = {
        name: rng.normal(size=600) for name in ('si"ze', "si'ze", "SIZE", "__secret__", "@id", "größe\t1")
    }
    names = set(scenario_with(tmp_path, **odd).reference.columns)
    assert names == {"size", "colour", "si_ze", "si_ze_2", "SIZE_2", "secret", "id", "größe_1"}


@pytest.mark.parametrize(
    ("change", "flags", "message"),
    [
        ({}, {"target": "sould"}, r"--target 'sould': no such column; did you mean 'sold'\?; there are size"),
        ({}, {"timestamp": "colour"}, "column 'colour' does not hold times"),
        ({}, {"timestamp": "when"}, "--timestamp 'when': no such column"),
        ({}, {"target": "size", "timestamp": "size"}, "cannot be both the target and the time"),
        ({"goal": ["x"] * 600}, {"target": "goal"}, "column 'goal' is always 'x'; choose another with --target"),
        ({"goal": [f"t{n}" for n in range(600)]}, {"target": "goal"}, "has 600 different texts, expected at most 50"),
        ({"goal": ["a"] * 300 + ["b"] * 300}, {"target": "goal"}, "first half of the rows has only 'a' .* shuffle"),
        ({"goal": [None] * 300 + [1.5, 2.5] * 150}, {"target": "goal"}, "300 rows with a value of 'goal', expected at"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_what_to_do(
    tmp_path: Path, change: dict[str, Any], flags: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidSettings, match=message):
        scenario_with(tmp_path, **flags, **change)


def test_a_file_without_an_input_is_refused(tmp_path: Path) -> None:
    columns = {"row": np.arange(600), "sold": ["yes", "no"] * 300}
    with pytest.raises(InvalidSettings, match=r"no column is left to predict 'sold' from; left out: 'row'"):
        scenario_of(a_parquet_file(tmp_path, columns))


def test_a_file_of_nothing_but_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="has no column to predict"):
        scenario_of(a_parquet_file(tmp_path, {"day": days(600)}))


def test_an_unknown_or_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidReference, match=r"unknown extension '\.xlsx'"):
        scenario_of(tmp_path / "a.xlsx")
    with pytest.raises(InvalidReference, match="no such file"):
        scenario_of(tmp_path / "a.csv")
