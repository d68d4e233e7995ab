"""A built reference beside its monitor."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import InvalidReference
from exporter.monitor.load import load_monitors
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference, save_reference, seal
from exporter.reference.use import load_references
from tests.support.batches import a_monitor
from tests.support.monitor_files import write_monitor
from tests.support.reference_data import a_table, build_from

SOURCE = "  reference: {path: train.parquet}\n"
BOTH = "age: {type: number}, region: {type: category}"


def references_of(
    folder: Path, features: str = BOTH, task: str = "binary"
) -> tuple[dict[str, Reference | None], list[str]]:
    write_monitor(folder, more=SOURCE, features=features, task=task)
    warnings: list[str] = []
    return load_references(load_monitors([folder]), warnings.append), warnings


def build_beside(folder: Path, monitor: Monitor) -> Reference:
    reference = build_from(folder, monitor, a_table())
    save_reference(reference, folder / "train.reference.json")
    return reference


def refused(folder: Path, features: str = BOTH, task: str = "binary") -> str:
    with pytest.raises(InvalidReference) as raised:
        references_of(folder, features, task)
    assert f"; build it again with: infranaut reference build --monitor {folder}/credit.yaml" in str(raised.value)
    return str(raised.value)


def test_the_reference_beside_the_data_is_found(tmp_path: Path) -> None:
    built = build_beside(tmp_path, a_monitor({"age": {"type": "number"}, "region": {"type": "category"}}))
    assert references_of(tmp_path) == ({"credit": built}, [])


def test_a_monitor_without_a_reference_has_none_and_nobody_is_warned(tmp_path: Path) -> None:
    write_monitor(tmp_path)
    warnings: list[str] = []
    assert load_references(load_monitors([tmp_path]), warnings.append) == {"credit": None}
    assert warnings == []


def test_a_reference_that_is_not_built_is_none_with_a_warning_that_names_the_command(tmp_path: Path) -> None:
    found, (warning,) = references_of(tmp_path)
    assert found == {"credit": None}
    assert warning == (
        f"monitor 'credit': {tmp_path}/train.reference.json is not there, so drift is not computed; "
        f"build it with: infranaut reference build --monitor {tmp_path}/credit.yaml"
    )


def test_features_come_in_the_order_of_the_monitor_and_removed_ones_are_left_out(tmp_path: Path) -> None:
    build_beside(tmp_path, a_monitor({name: {"type": "number"} for name in ("age", "ts", "score")}))
    found, _ = references_of(tmp_path, "ts: {type: number}, age: {type: number}")
    assert found["credit"] is not None
    assert list(found["credit"].features) == ["ts", "age"]


def test_a_feature_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    build_beside(tmp_path, a_monitor({"age": {"type": "number"}}))
    told = refused(tmp_path, "age: {type: category}, region: {type: category}")
    assert "feature 'age' is a category, and a number in the reference" in told
    assert "feature 'region' is not in it" in told


def test_a_prediction_of_another_kind_is_refused(tmp_path: Path) -> None:
    build_beside(tmp_path, a_monitor())
    told = refused(tmp_path, "age: {type: number}", task="multiclass")
    assert "the prediction of a multiclass model is a category, and a number in the reference" in told


def test_the_reference_of_another_monitor_is_refused(tmp_path: Path) -> None:
    save_reference(_named_other(build_from(tmp_path, a_monitor(), a_table())), tmp_path / "train.reference.json")
    assert "the reference of monitor 'other', expected 'credit'" in refused(tmp_path, "age: {type: number}")


def _named_other(reference: Reference) -> Reference:
    return seal(
        monitor="other",
        rows=reference.rows,
        first_timestamp=reference.first_timestamp,
        last_timestamp=reference.last_timestamp,
        prediction=reference.prediction,
        score_edges=reference.score_edges,
        features=reference.features,
    )
