"""`infranaut query` on real tiers."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from exporter.cli import infranaut
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, HOUR_S, labels, letters, predictions
from tests.support.exporters import COMMAND, an_exporter
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until


@pytest.fixture
def filled(place: ArchivePlace) -> ArchivePlace:
    """`old` is cold alone, `copied` in both tiers, `new` warm; `late` came for the day of `old` once it was dropped."""
    state = place.state
    state.land(
        predictions(["old-1", "old-2"], [TODAY_S - 40 * DAY_S, TODAY_S - 40 * DAY_S + HOUR_S], age=[1.0, None]),
        predictions(["copied"], TODAY_S - 5 * DAY_S, age=2.0),
        predictions(["new"], TODAY_S - HOUR_S, age=3.0, region=["north"]),
        labels(["old-1", "new"], TODAY_S - 2 * HOUR_S),
        letters([7], TODAY_S),
    )
    state.move(state.clock.now())
    state.land(predictions(["late"], TODAY_S - 40 * DAY_S, age=4.0))
    return place


def lines(place: ArchivePlace, sql: str, *more: str) -> list[str]:
    result = place.run("query", sql, *more)
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout.splitlines()


def test_every_row_comes_once_wherever_it_lies(filled: ArchivePlace) -> None:
    found = lines(filled, "SELECT id, age, region FROM credit ORDER BY id")
    assert found == [
        '"id","age","region"',
        '"copied",2,',
        '"late",4,',
        '"new",3,"north"',
        '"old-1",1,',
        '"old-2",,',
    ]


def test_labels_are_joined_over_both_tiers(filled: ArchivePlace) -> None:
    sql = 'SELECT id, label FROM "credit.labelled" WHERE label IS NOT NULL ORDER BY id'
    found = lines(filled, sql, "--format", "json")
    assert [json.loads(line) for line in found] == [{"id": "new", "label": 1.0}, {"id": "old-1", "label": 1.0}]


def test_a_period_is_asked_for_by_flags(filled: ArchivePlace) -> None:
    sql = "SELECT id FROM credit ORDER BY id"
    assert lines(filled, sql, "--from", "10d") == ['"id"', '"copied"', '"new"']
    assert lines(filled, sql, "--from", "50d", "--to", "10d")[1:] == ['"late"', '"old-1"', '"old-2"']


def test_dead_letters_are_a_table(filled: ArchivePlace) -> None:
    assert lines(filled, "SELECT monitor, id, reason FROM dead_letters")[1:] == ['"credit","7","malformed"']


def test_a_file_of_arrow_holds_what_was_asked_for(filled: ArchivePlace, tmp_path: Path) -> None:
    out = tmp_path / "rows.arrow"
    assert lines(filled, "SELECT id, time FROM credit ORDER BY id", "--format", "arrow", "--out", str(out)) == []
    table = pa.ipc.open_stream(out.read_bytes()).read_all()
    assert table.column("id").to_pylist() == ["copied", "late", "new", "old-1", "old-2"]
    assert table.schema.field("time").type == pa.timestamp("us", "UTC")
    assert not list(tmp_path.glob(".*.part"))


def test_the_tables_are_listed_with_their_rows_and_columns(filled: ArchivePlace) -> None:
    listed = filled.run("query", "--tables").stdout
    assert "credit: 4 rows, " in listed
    assert "  monitor, id, time, reason, detail, body_kind, raw" in listed
    tables = json.loads(filled.run("query", "--tables", "--format", "json").stdout)
    assert [table["name"] for table in tables][:2] == ["credit", "credit.dead_letters"]


def test_columns_of_the_monitor_are_there_before_any_row_has_them(place: ArchivePlace) -> None:
    place.state.land(labels(["a"], TODAY_S))
    assert lines(place, "SELECT age, prediction FROM credit") == ['"age","prediction"']


def test_a_table_is_cut_with_a_note_and_shows_wide_rows_one_below_the_other(filled: ArchivePlace) -> None:
    result = filled.run("query", "SELECT id FROM credit ORDER BY id", "--format", "table", "--rows", "2")
    assert result.stdout.split() == ["id", "copied", "late"]
    assert "only the first 2 rows; --rows N shows more" in result.stderr
    wide = filled.run("query", "SELECT * FROM credit ORDER BY id", "--format", "table").stdout
    assert wide.startswith("row 1\n  id               copied\n")


def test_nothing_a_sender_wrote_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["\x1b[31mred[/]"], TODAY_S))
    shown = place.run("query", "SELECT id FROM credit", "--format", "table").stdout
    assert "\x1b" not in shown
    assert "\\x1b[31mred[/]" in shown


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT agee FROM credit", "there is no column 'agee'; did you mean 'age'?"),
        ("SELECT * FROM creditt", "there is no table 'creditt'; did you mean 'credit'?"),
        ("DELETE FROM credit", "a query only reads"),
    ],
)
def test_a_mistake_is_told_in_words(sql: str, words: str, tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], TODAY_S, age=1.0))
    result = place.run("query", sql)
    assert result.exit_code == 1
    assert words in str(result.exception)


def test_wrong_use_is_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    assert place.run("query").exit_code == 2
    assert place.run("query", "SELECT 1", "--tables").exit_code == 2
    assert place.run("query", "SELECT 1", "--from", "2026-03-02", "--to", "2026-03-01").exit_code == 2
    assert "write 2026-03-01" in place.run("query", "SELECT 1", "--from", "yesterday").stderr
    assert "is no folder" in str(place.run("query", "SELECT 1").exception)
    (tmp_path / "state").mkdir()
    assert "the exporter makes it" in str(place.run("query", "SELECT 1").exception)


def test_rows_whose_file_is_gone_are_not_left_out_in_silence(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    state = place.state
    state.land(predictions(["old"], TODAY_S - 40 * DAY_S))
    state.move(state.clock.now())
    for file in (tmp_path / "state" / "cold").rglob("*.parquet"):
        file.chmod(0o600)
        file.unlink()
    result = place.run("query", "SELECT count(id) FROM credit")
    assert result.exit_code == 1
    assert "is not there" in str(result.exception)


def test_rows_whose_key_was_taken_away_come_without_what_it_sealed(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    place = ArchivePlace(tmp_path, "archive: {cold: {column_keys: keys.json}}\n")
    state = place.state
    state.land(*(predictions([name], TODAY_S - days * DAY_S, age=7.0) for name, days in (("old", 40), ("older", 90))))
    state.move(state.clock.now())
    sql = "SELECT id, age, time IS NULL AS is_timeless FROM credit ORDER BY time"
    assert lines(place, sql)[1:] == ['"older",7,false', '"old",7,false']
    keys = json.loads((tmp_path / "keys.json").read_text())
    (tmp_path / "keys.json").write_text(json.dumps({**keys, min(keys): None}))
    result = place.run("query", sql)
    assert result.exit_code == 0, result.exception
    assert result.stdout.splitlines()[1:] == [",,false", '"old",7,false']
    assert "1 row came without columns whose key was taken away" in result.stderr
    verified = place.run("tiers", "verify")
    assert verified.exit_code == 0
    assert "sealed: 1 file whose key was taken away\n1 of 2 files right" in verified.stdout


def test_a_query_from_standard_input_is_read(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], TODAY_S))
    result = place.run("query", "-")
    assert "empty, expected a SELECT" in str(result.exception)


def test_an_interruption_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], TODAY_S))
    out, part = tmp_path / "rows.csv", tmp_path / ".rows.csv.part"
    sql = "SELECT range FROM range(100000000000)"
    command = [str(COMMAND), "query", sql, "--state", str(tmp_path / "state"), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            wait_until(lambda: part.exists() and part.stat().st_size > 0, 60, "rows being written")
            running.send_signal(signal.SIGINT)
            _, stderr = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert "interrupted" in stderr
    assert not out.exists()
    assert not part.exists()


def test_what_was_posted_is_found_while_the_exporter_runs_and_once_it_has_stopped(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", "credit")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        posted = exporter.post_predictions("credit", [{"id": "p1", "ts": time.time(), "score": 0.5, "age": 40}])
        assert posted.status_code == 202
        command = ["query", "SELECT id, age FROM credit", "--state", str(exporter.state)]
        expected = '"id","age"\n"p1",40\n'
        wait_until(lambda: CliRunner().invoke(infranaut, command).stdout == expected, 30, "the row")
    assert CliRunner().invoke(infranaut, command).stdout == expected


def test_an_id_is_found_wherever_it_lies(filled: ArchivePlace) -> None:
    for name, age in {"copied": "2", "late": "4", "new": "3", "old-1": "1"}.items():
        assert lines(filled, f"SELECT age FROM credit WHERE id = '{name}'")[1:] == [age]
    several = "SELECT id FROM predictions WHERE id IN ('old-2', 'new', 'copied', 'nobody') ORDER BY id"
    assert lines(filled, several)[1:] == ['"copied"', '"new"', '"old-2"']
    labelled = "SELECT label FROM \"credit.labelled\" WHERE id = '{}'"
    assert lines(filled, labelled.format("old-1"))[1:] == lines(filled, labelled.format("new"))[1:] == ["1"]
    assert lines(filled, "SELECT reason FROM dead_letters WHERE id = '7'")[1:] == ['"malformed"']
    assert lines(filled, "SELECT id FROM credit WHERE region = 'north'")[1:] == ['"new"']
