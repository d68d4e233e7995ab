"""Building references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.errors import InvalidReference
from exporter.monitor.spec import Monitor
from exporter.reference.build import build_reference
from exporter.reference.data import open_data
from exporter.reference.document import (
    CategoryReference,
    NumberReference,
    Reference,
    load_reference,
    quantile_bin_names,
    save_reference,
)
from tests.support.batches import a_monitor
from tests.support.reference_data import a_table, build_from, write_table

FEATURES: dict[str, Any] = {"age": {"type": "number", "min": 0, "max": 120}, "region": {"type": "category"}}


def number(reference: Reference, name: str) -> NumberReference:
    feature = reference.features[name]
    assert isinstance(feature, NumberReference)
    return feature


def category(reference: Reference, name: str) -> CategoryReference:
    feature = reference.features[name]
    assert isinstance(feature, CategoryReference)
    return feature


def refused(folder: Path, monitor: Monitor, table: Any) -> str:
    with pytest.raises(InvalidReference) as raised:
        build_from(folder, monitor, table)
    return str(raised.value)


def test_every_row_stands_in_one_bin_of_every_feature(tmp_path: Path) -> None:
    reference = build_from(tmp_path, a_monitor(FEATURES), a_table(5_000))
    assert reference.rows == 5_000
    assert list(reference.features) == ["age", "region"]
    for feature in (reference.prediction, *reference.features.values()):
        assert int(feature.bin_counts().sum()) == 5_000
    assert category(reference, "region").values == ["north", "south", "east"]


def test_values_that_live_events_would_be_invalid_for_are_invalid_here(tmp_path: Path) -> None:
    age = [30.0, None, float("inf"), -1.0, 121.0, float("nan"), 40.0]
    region = ["north", None, "nowhere", "north", "north", "south", ""]
    monitor = a_monitor({**FEATURES, "region": {"type": "category", "values": ["north", "south"]}})
    reference = build_from(tmp_path, monitor, a_table(7, age=pa.array(age), region=region))
    found = number(reference, "age")
    assert (found.missing, found.invalid, sum(found.counts)) == (2, 3, 2)
    assert (found.minimum, found.maximum, found.mean) == (30.0, 40.0, 35.0)
    regions = category(reference, "region")
    assert (regions.values, regions.counts) == (["north", "south"], [3, 1])
    assert (regions.missing, regions.invalid, regions.other) == (1, 2, 0)


def test_values_of_the_wrong_type_are_invalid(tmp_path: Path) -> None:
    path = tmp_path / "train.ndjson"
    lines = ['{"score": 0.1, "age": 3, "region": "a"}', '{"score": 0.2, "age": [1], "region": {"x": 1}}']
    lines += ['{"score": 0.3, "age": "old", "region": 7}', '{"score": 0.4, "age": null, "region": true}']
    path.write_text("\n".join(lines))
    reference = build_reference(a_monitor(FEATURES), open_data(path))
    age, region = number(reference, "age"), category(reference, "region")
    assert (sum(age.counts), age.missing, age.invalid) == (1, 1, 2)
    assert (region.values, region.invalid) == (["7", "a", "true"], 1)


def test_derived_features_are_computed_as_for_live_events(tmp_path: Path) -> None:
    monitor = a_monitor({**FEATURES, "half": {"type": "number", "sql": "age / 2"}})
    table = a_table(70_000)
    half = number(build_from(tmp_path, monitor, table), "half")
    np.testing.assert_allclose(half.mean, np.mean(table["age"].to_numpy()) / 2, rtol=1e-12)
    assert sum(half.counts) + half.invalid + half.missing == 70_000


def test_a_field_under_another_name_is_read_from_there(tmp_path: Path) -> None:
    monitor = a_monitor({"years": {"type": "number", "field": "age"}})
    table = a_table(500)
    assert number(build_from(tmp_path, monitor, table), "years").mean == pytest.approx(np.mean(table["age"].to_numpy()))


def test_the_same_rows_in_another_order_give_the_same_file(tmp_path: Path) -> None:
    monitor = a_monitor({**FEATURES, "ratio": {"type": "number", "sql": "age / nullif(score, 0)"}})
    table = a_table(3_000, ts=np.repeat(np.arange(300.0), 10), age=np.random.default_rng(2).lognormal(5, 3, 3_000))
    shuffled = table.take(np.random.default_rng(9).permutation(3_000))
    for name, rows in (("one", table), ("two", shuffled)):
        save_reference(build_from(tmp_path, monitor, rows), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
def test_every_format_gives_the_same_reference(tmp_path: Path, suffix: str) -> None:
    monitor, table = a_monitor(FEATURES), a_table(2_000, region=["a", None, "b", "c"] * 500)
    expected = build_from(tmp_path, monitor, table)
    assert build_from(tmp_path, monitor, table, suffix).sha256 == expected.sha256


def test_the_saved_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    reference = build_from(tmp_path, a_monitor(FEATURES), a_table())
    save_reference(reference, tmp_path / "new" / "credit.reference.json")
    assert load_reference(tmp_path / "new" / "credit.reference.json") == reference
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["credit.reference.json"]


def test_times_of_the_first_and_the_last_row_are_kept_in_every_way_to_write_them(tmp_path: Path) -> None:
    texts = ["2025-06-15T15:06:42Z", "2025-06-15T17:06:40+02:00", None]
    moments = pa.array([1_750_000_002, 1_750_000_000, None], pa.timestamp("s", "UTC"))
    for ts in (texts, moments, [1_750_000_002, 1_750_000_000, None]):
        reference = build_from(tmp_path, a_monitor(), a_table(3, ts=ts))
        assert (reference.first_timestamp, reference.last_timestamp) == (1_750_000_000.0, 1_750_000_002.0)


def test_training_data_needs_no_ids_and_no_times(tmp_path: Path) -> None:
    table = a_table(300).drop_columns(["id", "ts"])
    reference = build_from(tmp_path, a_monitor(latency_seconds="took", model_version="version", error="error"), table)
    assert (reference.rows, reference.last_timestamp) == (300, None)


def test_columns_that_are_not_there_are_all_named_with_those_that_are(tmp_path: Path) -> None:
    table = a_table(10).rename_columns(["id", "ts", "scores", "Age", "zone"])
    told = refused(tmp_path, a_monitor(FEATURES), table)
    assert "no column 'score' for the prediction; did you mean 'scores'?" in told
    assert "no column 'age' for feature 'age'; did you mean 'Age'?" in told
    assert "no column 'region' for feature 'region'" in told
    assert told.endswith("(columns of the file: id, ts, scores, Age, zone)")


def test_no_rows_and_no_predictions_are_refused(tmp_path: Path) -> None:
    assert "no rows to build a reference from" in refused(tmp_path, a_monitor(), a_table(10).slice(0, 0))
    table = a_table(10, score=np.full(10, 7.0))
    assert "none of 10 rows has a valid prediction in column 'score'" in refused(tmp_path, a_monitor(), table)


def test_a_score_outside_zero_and_one_is_invalid(tmp_path: Path) -> None:
    table = a_table(5, score=pa.array([0.0, 1.0, 1.5, -0.1, None]))
    prediction = build_from(tmp_path, a_monitor(), table).prediction
    assert isinstance(prediction, NumberReference)
    assert (sum(prediction.counts), prediction.missing, prediction.invalid) == (2, 1, 2)


def test_scores_have_edges_and_other_predictions_have_none(tmp_path: Path) -> None:
    table = a_table(3_000)
    assert len(build_from(tmp_path, a_monitor(), table).score_edges) == 29
    assert build_from(tmp_path, a_monitor(task="regression"), table).score_edges == ()


def test_the_classes_of_a_multiclass_model_come_from_the_data_or_the_monitor(tmp_path: Path) -> None:
    table = a_table(6, score=["cat", "dog", "dog", None, "emu", "dog"])
    open_classes = build_from(tmp_path, a_monitor(task="multiclass"), table).prediction
    assert isinstance(open_classes, CategoryReference)
    assert (open_classes.values, open_classes.counts) == (["dog", "cat", "emu"], [3, 1, 1])
    declared = a_monitor(task="multiclass").model_copy(deep=True)
    object.__setattr__(declared.spec.model, "classes", ["cat", "dog", "fox"])
    closed = build_from(tmp_path, declared, table).prediction
    assert isinstance(closed, CategoryReference)
    assert (closed.values, closed.counts, closed.invalid) == (["dog", "cat", "fox"], [3, 1, 0], 1)


def test_bins_and_categories_are_as_many_as_the_monitor_asks_for(tmp_path: Path) -> None:
    monitor = a_monitor(FEATURES).model_copy(deep=True)
    source = {"path": "train.parquet", "bins": 20, "categories": 2}
    document = monitor.model_dump()
    document["spec"]["reference"] = source
    reference = build_from(tmp_path, Monitor.model_validate(document), a_table(5_000))
    assert number(reference, "age").bin_names()[:22] == quantile_bin_names(22)
    assert len(number(reference, "age").counts) == 22
    assert len(category(reference, "region").values) == 2


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    path = write_table(tmp_path / "train.parquet", a_table(150_000))
    build_reference(a_monitor(), open_data(path), told.append)
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == 1.0
