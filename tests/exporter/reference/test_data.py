"""Reading data files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from exporter.errors import InvalidReference
from exporter.reference.data import open_data


def rows_of(path: Path, *wanted: str) -> list[dict[str, Any]]:
    rows = []
    for chunk in open_data(path).chunks(wanted):
        columns = {name: _as_list(values) for name, values in chunk.columns.items()}
        rows += [{name: values[row] for name, values in columns.items()} for row in range(chunk.rows)]
    return rows


def _as_list(values: Any) -> list[Any]:
    return values if isinstance(values, list) else list(values.to_pylist())


def refused(path: Path, *wanted: str) -> str:
    with pytest.raises(InvalidReference) as raised:
        rows_of(path, *wanted)
    return str(raised.value)


def test_parquet_keeps_its_types_and_only_wanted_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pa.parquet.write_table(pa.table({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]}), path)
    assert open_data(path).names == ("a", "b", "c")
    assert rows_of(path, "a", "b", "z") == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_csv_is_text_and_an_empty_cell_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "train.CSV"
    path.write_bytes('\ufeffa,b\r\n1,"x, ""y"""\r\n,\r\n007,"two\nlines"\r\n'.encode())
    assert rows_of(path, "a", "b") == [
        {"a": "1", "b": 'x, "y"'},
        {"a": None, "b": None},
        {"a": "007", "b": "two\nlines"},
    ]


def test_ndjson_fields_may_differ_from_line_to_line(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"a": 1}\n\n{"b": [1], "a": "x"}\n{"a": null}')
    assert open_data(path).names == ("a", "b")
    assert rows_of(path, "a") == [{"a": 1}, {"a": "x"}, {"a": None}]


def test_chunks_end_with_all_of_the_file_read(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pa.parquet.write_table(pa.table({"a": range(200_000)}), path)
    chunks = list(open_data(path).chunks(["a"]))
    assert sum(chunk.rows for chunk in chunks) == 200_000
    assert len(chunks) > 1
    assert chunks[-1].done == 1.0


def test_a_wanted_column_that_the_file_lacks_costs_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("a\n1\n2\n")
    assert [chunk.rows for chunk in open_data(path).chunks([])] == [2]


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("x")
    (tmp_path / "a.parquet").write_text("not parquet")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "twice.csv").write_text("a,b,a\n1,2,3\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (tmp_path / "latin.csv").write_bytes(b"a\n\xe9\n")
    (tmp_path / "broken.ndjson").write_text('{"a": 1}\n{"a": NaN}\n')
    (tmp_path / "list.ndjson").write_text("[1, 2]\n")
    (tmp_path / "late.ndjson").write_text('{"a": 1}\n' * 2_000 + "{\n")
    assert "unknown extension '.xlsx', expected one of .parquet, .csv" in refused(tmp_path / "a.xlsx")
    assert refused(tmp_path / "none.csv").endswith("none.csv: no such file")
    assert "cannot be read as parquet" in refused(tmp_path / "a.parquet")
    assert "empty, expected a first line that names the columns" in refused(tmp_path / "empty.csv")
    assert "the first line names 'a' twice" in refused(tmp_path / "twice.csv")
    assert "cannot be read" in refused(tmp_path / "ragged.csv", "a", "b")
    assert "cannot be read" in refused(tmp_path / "latin.csv", "a")
    assert "broken.ndjson:2: not JSON" in refused(tmp_path / "broken.ndjson", "a")
    assert "list.ndjson:1: not an object" in refused(tmp_path / "list.ndjson")
    assert "late.ndjson:2001: not JSON" in refused(tmp_path / "late.ndjson", "a")
