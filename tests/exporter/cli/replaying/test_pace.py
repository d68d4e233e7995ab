"""When `infranaut replay` sends a row that says when it happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import InvalidSettings
from tests.support.ingest_double import IngestDouble
from tests.support.replays import START_S, PausedClock, ndjson, predictions, replayed, rows


def test_with_a_speed_rows_come_when_they_are_due(server: IngestDouble, tmp_path: Path) -> None:
    clock = PausedClock()
    replayed(server, predictions(tmp_path, rows(4, every_s=60)), clock, speed=60.0)
    assert clock.pauses == [1.0, 1.0, 1.0]
    assert [posted.rows[0]["id"] for posted in server.posted] == ["p0", "p1", "p2", "p3"]


def test_rows_of_one_moment_are_sent_together(server: IngestDouble, tmp_path: Path) -> None:
    replayed(server, predictions(tmp_path, rows(100, every_s=1)), speed=1000.0)
    assert len(server.posted) == 1


def test_a_row_that_comes_late_in_the_file_is_sent_at_once(server: IngestDouble, tmp_path: Path) -> None:
    clock = PausedClock()
    late = [*rows(2, every_s=60), {"id": "late", "ts": START_S}, {"id": "timeless"}]
    replayed(server, predictions(tmp_path, late), clock, speed=60.0)
    assert clock.pauses == [1.0]
    assert [row["id"] for row in server.posted[1].rows] == ["p1", "late", "timeless"]


def test_with_a_speed_labels_come_in_step(server: IngestDouble, tmp_path: Path) -> None:
    truth = ndjson(tmp_path, [{"id": "p0", "label": 1, "ts": START_S + 90}], "truth.ndjson")
    files = [*predictions(tmp_path, rows(3, every_s=60)), ("labels", truth)]
    replayed(server, files, speed=60.0)
    kinds = [posted.path.rpartition("/")[2] for posted in server.posted]
    assert kinds == ["predictions", "predictions", "labels", "predictions"]


def test_a_speed_without_timestamps_says_how_to_name_their_field(server: IngestDouble, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="field 'ts'; name the field with --timestamp-field"):
        replayed(server, predictions(tmp_path, [{"id": "p0", "at": START_S}]), speed=1.0)
