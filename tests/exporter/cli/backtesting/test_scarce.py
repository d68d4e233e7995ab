"""Whoever waits for an alert that cannot come is told why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.rows import FileRows, read_rows
from exporter.cli.backtesting.scarce import most_in_a_window, scarce_alerts
from exporter.monitor.spec import Monitor
from rules.group import AlertingRule
from rules.links import Links
from rules.rendering import monitor_groups
from tests.support.batches import a_monitor

START = 1_749_996_000.0
HOUR_S = 3600


def the_monitor(minimum_rows: int) -> Monitor:
    document = a_monitor({"age": {"type": "number"}}).model_dump(mode="json")
    document["spec"]["reference"] = {"path": "reference.parquet"}
    document["spec"]["labels"] = {"join": "id"}
    document["spec"]["drift"] = {"window": ["1h", "1d"], "minimum_rows": minimum_rows}
    document["spec"]["performance"] = {
        "window": "1h", "minimum_labels": 5, "objectives": [{"metric": "accuracy", "minimum": 0.9}],
    }  # fmt: skip
    return Monitor.model_validate(document)


def rows_of(monitor: Monitor, folder: Path, count: int, *, labelled: bool = False) -> FileRows:
    """Half an hour apart."""
    at = np.arange(count)
    columns = {"id": at.astype(str), "ts": START + at * HOUR_S / 2, "score": at / count, "age": at, "label": at % 2}
    path = folder / "data.parquet"
    pa.parquet.write_table(pa.table(columns), path)
    return read_rows(monitor, path, path if labelled else None, 0.0, lambda _share, _rows: None)


def told(monitor: Monitor, rows: FileRows) -> dict[str, str]:
    return dict(scarce_alerts(monitor, alerts_of(monitor), rows, rows.span))


def alerts_of(monitor: Monitor) -> list[AlertingRule]:
    rules = [rule for group in monitor_groups(monitor, Links()) for rule in group.rules]
    return [rule for rule in rules if isinstance(rule, AlertingRule)]


def test_windows_that_never_hold_enough_rows_are_told_with_the_key_that_asks_for_them(tmp_path: Path) -> None:
    monitor = the_monitor(30)
    found = told(monitor, rows_of(monitor, tmp_path, 100))
    assert found["InfranautFeatureDrift (window=1h)"] == (
        "asks for 30 rows (drift.minimum_rows), and no 1h had more than 2 rows"
    )
    assert "InfranautFeatureDrift (window=1d)" not in found
    assert "InfranautPerformanceLow (window=1h)" not in found


def test_labels_count_for_what_rests_on_labels(tmp_path: Path) -> None:
    monitor = the_monitor(1)
    found = told(monitor, rows_of(monitor, tmp_path, 100, labelled=True))
    assert found == {
        "InfranautPerformanceLow (window=1h)": (
            "asks for 5 rows (performance.minimum_labels), and no 1h had more than 2 rows"
        )
    }


def test_an_alert_that_counts_other_rows_is_not_judged(tmp_path: Path) -> None:
    monitor = the_monitor(30)
    rows = rows_of(monitor, tmp_path, 100)
    others = [replace(alert, alert="InfranautLabelCoverageLow") for alert in alerts_of(monitor)]
    assert scarce_alerts(monitor, others, rows, rows.span) == {}


@pytest.mark.parametrize(
    ("span", "most"), [(Span(0, 100), 3), (Span(0, 15), 2), (Span(50, 100), 1), (Span(200, 300), 0)]
)
def test_only_windows_that_end_in_the_span_count(span: Span, most: int) -> None:
    assert most_in_a_window(np.array([10.0, 12.0, 19.0, 60.0]), span, 10) == most
