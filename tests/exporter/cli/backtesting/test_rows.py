"""Files are read as the exporter reads bodies, and rows come back in the order of time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.rows import FileRows, read_rows
from exporter.errors import InvalidSettings
from exporter.monitor.spec import Monitor
from tests.support.batches import a_monitor

EVENTS = [
    {"id": "b", "ts": 200, "score": 0.5, "age": 2},
    {"id": "a", "ts": 100, "score": 0.25, "age": 1},
    {"id": "b", "ts": 300, "score": 0.75, "age": 3},
    {"id": "c", "ts": 400, "score": "high", "age": 3},
]
LABELS = [{"id": "b", "label": 1}, {"id": "b", "label": 0}, {"id": "z", "label": 1}]


def the_monitor() -> Monitor:
    document = a_monitor({"age": {"type": "number"}}).model_dump(mode="json")
    document["spec"]["labels"] = {"join": "id", "maximum_delay": "1h"}
    return Monitor.model_validate(document)


def read(folder: Path, *, label_delay_s: float = 0.0, events: Any = EVENTS, labels: Any = LABELS) -> FileRows:
    paths = []
    for name, records in (("data", events), ("labels", labels)):
        paths.append(folder / f"{name}.ndjson")
        paths[-1].write_text("".join(json.dumps(record) + "\n" for record in records))
    return read_rows(the_monitor(), paths[0], paths[1], label_delay_s, lambda _share, _rows: None)


def ids(batches: Any) -> list[str]:
    return [name for batch in batches for name in batch.column("id").to_pylist()]


def test_predictions_come_in_the_order_of_time_and_once_an_id(tmp_path: Path) -> None:
    rows = read(tmp_path)
    assert ids(rows.predictions(Span(0, 1000))) == ["a", "b"]
    assert ids(rows.predictions(Span(100, 200))) == ["a"]
    assert (rows.span.start, rows.rejected) == (100, 1)
    assert rows.span.end == np.nextafter(200, np.inf)


def test_labels_are_known_after_their_delay(tmp_path: Path) -> None:
    rows = read(tmp_path, label_delay_s=60)
    assert ids(rows.outcomes(Span(200, 260), 3600)) == []
    [batch] = rows.outcomes(Span(260, 261), 3600)
    assert batch.column("label").to_pylist() == [1]
    assert ids(rows.outcomes(Span(0, 1000), 30)) == []


def test_the_first_of_two_labels_counts(tmp_path: Path) -> None:
    assert [batch.column("label").to_pylist() for batch in read(tmp_path).outcomes(Span(0, 1000), 3600)] == [[1]]


def test_a_file_without_any_prediction_is_refused_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read(tmp_path, events=[{"id": "a"}, {"id": "b", "ts": "01/02/2026", "score": 1}])
    told = str(caught.value)
    assert "none of its 2 rows is a prediction of 'credit': 1 record not read (missing_timestamp)" in told
    assert "the first is row 1: field 'ts', the timestamp, is absent" in told
    assert "(invalid_timestamp), the first is row 2: field 'ts' must hold a time" in told
    assert told.endswith("the monitor reads the fields 'id', 'ts', 'score', 'age'; the file has 'id', 'ts', 'score'")


def test_a_file_without_any_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidSettings, match=r"is a label of .*: no column is called 'id'; .*the fields 'id', 'label'"
    ):
        read(tmp_path, labels=[{"label": 1}])


@pytest.mark.parametrize(("name", "content"), [("data.csv", ""), ("data.csv", "id,ts,score\n"), ("data.ndjson", "")])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidSettings, match=r"is empty, expected predictions of 'credit'"):
        read_rows(the_monitor(), tmp_path / name, None, 0.0, lambda _share, _rows: None)


def test_a_field_that_no_row_has_is_noted(tmp_path: Path) -> None:
    rows = read(tmp_path, events=[{"id": "a", "ts": 100, "score": 0.5}])
    [note] = [note for note in rows.notes if "no row has" in note]
    assert note.endswith("no row has a value in 'age' that can be read, so it counts as missing everywhere")


def test_a_mistyped_column_is_told_with_the_one_that_is_near(tmp_path: Path) -> None:
    rows = read(tmp_path, events=[{"id": "a", "ts": 100, "score": 0.5, "agee": 3}])
    [note] = [note for note in rows.notes if "no row has" in note]
    assert note.endswith("missing everywhere; did you mean 'agee'?")
    with pytest.raises(InvalidSettings, match=r"'credit': no column is called 'score'; did you mean 'scores'\?;"):
        read(tmp_path, events=[{"id": "a", "ts": 100, "scores": 0.5}])


def test_a_column_that_the_monitor_reads_was_not_meant_by_another(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("id,ts,score,age\na,100,0.5,1\n")
    monitor = a_monitor({"age": {"type": "number"}, "wage": {"type": "number"}})
    [note] = read_rows(monitor, path, None, 0.0, lambda _share, _rows: None).notes
    assert note.endswith("no row has a value in 'wage' that can be read, so it counts as missing everywhere")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_without_times_is_told_what_to_do(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    table = pa.table({"id": ["a"], "score": [0.5], "age": [3.0]})
    pa.csv.write_csv(table, path) if suffix == "csv" else pa.parquet.write_table(table, path)
    with pytest.raises(
        InvalidSettings, match=r"no column is called 'ts' \(a backtest goes by the time.*docs/backtest"
    ) as told:
        read_rows(the_monitor(), path, None, 0.0, lambda _share, _rows: None)
    assert str(told.value).endswith("the file has 'id', 'score', 'age'")


def test_a_file_of_something_else_is_told_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pa.parquet.write_table(pa.table({f"c{number}": [1] for number in range(40)}), path)
    with pytest.raises(
        InvalidSettings, match=r"none of the monitor's fields .*; the file has 'c0', .*'c29' and 10 more"
    ):
        read_rows(the_monitor(), path, None, 0.0, lambda _share, _rows: None)


def test_records_that_could_not_be_read_are_noted(tmp_path: Path) -> None:
    notes = read(tmp_path).notes
    assert any("1 record not read (invalid_prediction), the first is row 4: " in note for note in notes)


def test_labels_of_nobody_are_noted(tmp_path: Path) -> None:
    notes = read(tmp_path, labels=[{"id": "z", "label": 1}]).notes
    assert any("none of its labels has the id of a prediction" in note for note in notes)


def test_times_without_a_zone_are_utc_and_need_no_order(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("id,ts,score,age\nb,2026-03-01 12:00:01,0.5,1\na,2026-03-01 12:00:00,0.5,1\n")
    rows = read_rows(the_monitor(), path, None, 0.0, lambda _share, _rows: None)
    assert rows.span.start == datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert ids(rows.predictions(rows.span)) == ["a", "b"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="is a folder; expected a file of"):
        read_rows(the_monitor(), tmp_path, None, 0.0, lambda _share, _rows: None)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"nothing\.csv: no such file"):
        read_rows(the_monitor(), tmp_path / "nothing.csv", None, 0.0, lambda _share, _rows: None)


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(InvalidSettings, match=r"data\.parquet: cannot be read"):
        read_rows(the_monitor(), path, None, 0.0, lambda _share, _rows: None)
