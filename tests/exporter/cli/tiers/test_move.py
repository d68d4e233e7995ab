"""`infranaut tiers move`: what is due is done, and told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.cli.replaying.interruption import Interruption
from tests.support.archive_places import ArchivePlace
from tests.support.archives import labels, predictions
from tests.support.filled_places import OLD_S, actions, counted, fill, moved, told_as_json


def test_a_move_does_what_status_says_is_due(place: ArchivePlace) -> None:
    fill(place)
    status = place.run("tiers", "status")
    assert status.exit_code == 0, status.exception
    assert "due: copy 3 rows of 3 hours to cold\ndue: drop 2 rows of 1 day from warm\n" in status.stdout
    dry = place.run("tiers", "move", "--dry-run")
    assert dry.stdout.count("copy 1 row of credit/predictions/") == 3
    assert dry.stdout.endswith("4 actions due; nothing was done\n")
    assert counted(place) == (4, 0)
    done = place.run("tiers", "move")
    assert (done.exit_code, done.stdout) == (0, "copied 3 rows\ndropped 2 rows\n")
    assert counted(place) == (2, 3)
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"
    assert actions(place) == ["archive.copy"] * 3 + ["archive.drop"]


def test_rows_of_a_monitor_that_is_not_loaded_are_told_and_left(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], OLD_S), monitor="gone")
    assert "gone *" in (shown := place.run("tiers", "status").stdout)
    assert "* monitor not loaded: its rows stay where they are" in shown
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"
    assert "--monitors PATH tells what is due" in place.run("tiers", "status", monitors=False).stdout
    refused = place.run("tiers", "move", monitors=False)
    assert "retention stands in the monitors" in str(refused.exception)


def test_what_cannot_be_moved_is_left_and_told(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    place.state.land(labels(["old-1"], OLD_S))
    blocked = tmp_path / "state" / "cold" / "credit" / "labels"
    blocked.write_text("in the way")
    left = place.run("tiers", "move")
    assert left.exit_code == 1
    assert "labels" in str(left.exception or left.stdout)
    assert counted(place)[0] == 3
    blocked.unlink()
    assert place.run("tiers", "move").stdout == "copied 1 row\ndropped 1 row\n"


def test_an_interruption_ends_after_the_step_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "move")
    assert (stopped.exit_code, stopped.stdout) == (130, "copied 1 row\n")
    assert "the same command goes on with it" in stopped.stderr
    assert counted(place) == (4, 1)
    monkeypatch.undo()
    assert place.run("tiers", "move").stdout == "copied 2 rows\ndropped 2 rows\n"


def test_json_tells_each_action_before_and_after(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    due = told_as_json(place, "move", "--dry-run")
    assert [(each["action"], each["due_rows"], each["outcome"]) for each in due["actions"]] == [
        *[("copy", 1, "due")] * 3,
        ("drop", 2, "due"),
    ]
    assert (due["dry_run"], due["copied_rows"], due["interrupted"], due["failure"]) == (True, 0, False, None)
    done = told_as_json(place, "move")
    assert [(each["what"], each["outcome"], each["rows"]) for each in done["actions"]] == [
        (each["what"], "done", each["due_rows"]) for each in due["actions"]
    ]
    assert (done["dry_run"], done["copied_rows"], done["dropped_rows"], done["deleted_rows"]) == (False, 3, 2, 0)
    assert told_as_json(place, "move")["actions"] == []


def test_json_tells_what_was_done_before_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "move", "--json")
    assert stopped.exit_code == 130
    told = json.loads(stopped.stdout)
    assert told["interrupted"]
    assert [each["outcome"] for each in told["actions"]] == ["done", "due", "due", "due"]


def test_json_tells_what_was_done_before_a_failure_and_why_it_ended(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.state.land(labels(["old-1"], OLD_S))
    blocked = tmp_path / "state" / "cold" / "credit" / "predictions"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")
    failed = place.run("tiers", "move", "--json")
    assert failed.exit_code == 1
    told = json.loads(failed.stdout)
    assert told["failure"] == str(failed.exception)
    assert [(each["action"], each["outcome"]) for each in told["actions"]] == [
        ("copy", "done"),
        *[("copy", "due")] * 3,
        *[("drop", "due")] * 2,
    ]
    assert told["copied_rows"] == 1


def test_json_tells_why_an_action_was_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    with monkeypatch.context() as patch:
        patch.setattr(Interruption, "is_asked", property(lambda _: True))
        assert place.run("tiers", "move").stdout == "copied 1 row\n"
    with place.state.open() as archive:
        [file] = archive.ledger.cold_files()
        archive.ledger.remove_cold_file(file.name)
        archive.ledger.add_cold_file(replace(file, digest="0" * 32))
    left = place.run("tiers", "move", "--json")
    assert left.exit_code == 1
    told = json.loads(left.stdout)
    assert [each["outcome"] for each in told["actions"]] == ["done", "done", "left"]
    assert f"{file.name} holds 1 rows with the digest {'0' * 32}" in told["actions"][-1]["detail"]
    assert (told["failure"], told["dropped_rows"]) == (None, 0)
