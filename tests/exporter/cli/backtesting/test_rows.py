"""Files are read as the exporter reads bodies, and rows come back in the order of time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
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


def test_a_file_without_any_prediction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="none of its 1 rows is a prediction of 'credit'"):
        read(tmp_path, events=[{"id": "a"}])


def test_a_file_without_any_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="is a label of 'credit'"):
        read(tmp_path, labels=[{"label": 1}])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"nothing\.csv: no such file"):
        read_rows(the_monitor(), tmp_path / "nothing.csv", None, 0.0, lambda _share, _rows: None)


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(InvalidSettings, match=r"data\.parquet: cannot be read"):
        read_rows(the_monitor(), path, None, 0.0, lambda _share, _rows: None)
