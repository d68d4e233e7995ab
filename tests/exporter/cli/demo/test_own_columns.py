from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from exporter.cli.demo.own_columns import read_own_table
from exporter.cli.demo.rows import is_number


def test_types_are_found_out_from_the_values(tmp_path: Path) -> None:
    table = {
        "small": pa.array([1, None, 3], pa.int8()),
        "flag": pa.array([True, None, False]),
        "code": pa.array(["a", None, "b"]).dictionary_encode(),
        "written": pa.array(["1.5", None, "2"]),
        "day": pa.array(["2024-01-01", None, "2024-01-02T12:00:00Z"]),
        "moment": pa.array([0, None, 1_500_000], pa.timestamp("us")),
        "nested": pa.array([[1], None, [2]]),
    }
    pa.parquet.write_table(pa.table(table), tmp_path / "a.parquet")
    columns = read_own_table(tmp_path / "a.parquet").columns
    assert np.array_equal(columns["small"].values, [1.0, np.nan, 3.0], equal_nan=True)
    assert list(columns["flag"].values) == ["true", None, "false"]
    assert list(columns["code"].values) == ["a", None, "b"]
    assert np.array_equal(columns["written"].values, [1.5, np.nan, 2.0], equal_nan=True)
    assert np.array_equal(columns["moment"].times, [0.0, np.nan, 1.5], equal_nan=True)  # type: ignore[arg-type]  # None fails
    assert columns["day"].times is not None
    assert columns["day"].times[2] - columns["day"].times[0] == 1.5 * 86_400
    assert is_number(columns["nested"].values)
    assert np.isnan(columns["nested"].values).all()


@pytest.mark.parametrize("values", [["2024-01-01", "soon"], ["2024-13-41", "2024-01-01"], ["1", "two"]])
def test_texts_that_are_not_all_times_are_a_category(tmp_path: Path, values: list[Any]) -> None:
    pa.parquet.write_table(pa.table({"a": values}), tmp_path / "a.parquet")
    column = read_own_table(tmp_path / "a.parquet").columns["a"]
    assert column.times is None
    assert list(column.values) == values


def test_a_file_that_is_too_long_is_cut(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table({"a": np.arange(100)}), tmp_path / "a.parquet")
    table = read_own_table(tmp_path / "a.parquet", most_rows=60)
    assert table.is_cut
    assert len(table.columns["a"].values) == 60
    assert not read_own_table(tmp_path / "a.parquet", most_rows=100).is_cut
