"""`infranaut tiers restore`: a period that comes back, with its labels, for as long as it is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exporter.archive.cold.folder import FolderStore
from exporter.cli.replaying.interruption import Interruption
from exporter.cli.times import utc
from exporter.errors import RetryLater
from tests.support.archive_places import ArchivePlace
from tests.support.archives import DAY_S, HOUR_S, labels, predictions
from tests.support.filled_places import OLD_PERIOD, OLD_S, cold_files, counted, moved, spoil, told_as_json
from tests.support.landed import labelled


def test_a_period_that_is_brought_back_stays_in_warm_until_its_time(place: ArchivePlace) -> None:
    moved(place)
    dry = place.run("tiers", "restore", *OLD_PERIOD, "--dry-run")
    assert dry.stdout.endswith("2 rows in 2 files; nothing was done\n")
    assert counted(place) == (2, 3)
    restored = place.run("tiers", "restore", *OLD_PERIOD, "--keep", "14d")
    assert restored.stdout.startswith("2 rows restored, 0 were there; they stay in warm until "), restored.exception
    assert place.run("tiers", "restore", *OLD_PERIOD).stdout.startswith("0 rows restored, 2 were there;")
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"
    assert counted(place) == (4, 3)
    assert "restored rows stay in warm until" in place.run("tiers", "status").stdout
    assert place.run("query", "SELECT count(DISTINCT id), count(*) FROM credit").stdout.splitlines()[1] == "4,4"


def fill_with_labels(place: ArchivePlace) -> tuple[str, ...]:
    """Predictions of an old day, with labels up to the eighth day after it, all in cold only; the day as options."""
    day = OLD_S - OLD_S % DAY_S
    place.state.land(
        predictions(["a", "b", "c"], day),
        labels(["a", "b", "c"], [day, day + 7 * DAY_S, day + 9 * DAY_S], [1.0, 0.0, 1.0]),
    )
    assert place.run("tiers", "move").stdout == "copied 6 rows\ndropped 6 rows\n"
    return ("--monitor", "credit", "--from", utc(day), "--to", utc(day + DAY_S))


def labels_of(place: ArchivePlace) -> list[str]:
    query = 'SELECT id, label FROM "credit.labelled" WHERE label IS NOT NULL ORDER BY id'
    return place.run("query", query).stdout.splitlines()[1:]


def test_predictions_that_are_brought_back_have_the_labels_of_the_monitors_delay(place: ArchivePlace) -> None:
    period = fill_with_labels(place)
    before = labels_of(place)
    assert before == ['"a",1', '"b",0', '"c",1']
    dry = place.run("tiers", "restore", *period, "--dry-run")
    assert dry.stdout.endswith("5 rows in 3 files; nothing was done\n")
    restored = place.run("tiers", "restore", *period)
    assert restored.stdout.startswith("5 rows restored, 0 were there; "), restored.exception
    assert restored.stdout.endswith("\n2 labels joined again\n")
    assert restored.stderr == ""
    with place.state.open() as archive:
        assert sorted(labelled(archive.warm)) == ["a", "b"]
    assert labels_of(place) == before
    assert place.run("tiers", "restore", *period).stdout.endswith("\n0 labels joined again\n")
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"


def test_without_the_monitor_it_is_told_which_labels_stay_in_cold(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    period = fill_with_labels(place)
    restored = place.run("tiers", "restore", *period, monitors=False)
    assert "monitor credit is not loaded: labels that came after the period stay in cold" in restored.stderr
    assert restored.stdout.endswith("\n1 label joined again\n")
    with place.state.open() as archive:
        assert labelled(archive.warm) == {"a": 1.0}
    assert place.run("tiers", "restore", *period).stdout.endswith("\n1 label joined again\n")
    assert "--monitors" in place.run("tiers", "restore", "--help", monitors=False).stdout


def test_without_any_labels_nothing_is_told_of_them(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    assert place.run("tiers", "restore", *OLD_PERIOD, monitors=False).stderr == ""


def test_an_interrupted_restoration_is_finished_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = moved(ArchivePlace(tmp_path))
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "restore", *OLD_PERIOD)
    assert (stopped.exit_code, stopped.stdout) == (130, "read 1 of 2 files; their rows are in warm\n")
    monkeypatch.undo()
    assert place.run("query", "SELECT count(DISTINCT id), count(*) FROM credit").stdout.splitlines()[1] == "4,4"
    assert place.run("tiers", "restore", *OLD_PERIOD).stdout.startswith("1 row restored, 1 were there;")


def test_everything_but_a_wrong_file_is_brought_back_and_the_file_is_told(place: ArchivePlace) -> None:
    first, second, _ = cold_files(moved(place))
    with place.state.open() as archive:
        assert archive.cold is not None
        content = archive.cold.store.get(first.name)
        assert content is not None
    spoil(place, first.name)
    restored = place.run("tiers", "restore", *OLD_PERIOD)
    assert restored.exit_code == 1
    wrong, rows, joined = restored.stdout.splitlines()
    assert wrong.startswith(f"not restored: {first.name} has the SHA-256 ")
    assert rows.startswith("1 row restored, 0 were there; they stay in warm until ")
    assert joined == "0 labels joined again"
    assert "1 hour not whole" in restored.stderr
    assert "then run the same command again" in restored.stderr
    assert counted(place) == (3, 3)
    with place.state.open() as archive:
        assert archive.cold is not None
        archive.cold.store.delete(first.name)
        archive.cold.store.put_if_absent(first.name, content)
    again = place.run("tiers", "restore", *OLD_PERIOD)
    assert (again.exit_code, again.stderr) == (0, "")
    assert again.stdout.startswith("1 row restored, 1 were there;")
    assert second.hour != first.hour


def test_a_wrong_file_whose_rows_are_in_warm_is_told_too(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    place.run("tiers", "restore", *OLD_PERIOD)
    spoil(place, cold_files(place)[0].name)
    restored = place.run("tiers", "restore", *OLD_PERIOD)
    assert restored.exit_code == 1
    assert restored.stdout.startswith("wrong, but its rows are in warm: ")
    assert "not whole" not in restored.stderr
    assert "tiers verify" in restored.stderr


def test_json_tells_each_file_before_and_after(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    first, second, _ = cold_files(place)
    due = told_as_json(place, "restore", *OLD_PERIOD, "--dry-run")
    assert [(file["name"], file["state"]) for file in due["files"]] == [(first.name, "due"), (second.name, "due")]
    assert (due["dry_run"], due["rows"], due["joined"], due["failure"]) == (True, 0, None, None)
    spoil(place, first.name)
    told = told_as_json(place, "restore", *OLD_PERIOD)
    assert [file["state"] for file in told["files"]] == ["not_restored", "restored"]
    assert f"{first.name} has the SHA-256 " in told["files"][0]["detail"]
    assert [file["new_rows"] for file in told["files"]] == [0, 1]
    assert (told["monitor"], told["rows"], told["new_rows"], told["joined"]) == ("credit", 1, 1, 0)
    assert told["keep_until"] > told["end"] > told["start"]


def test_json_tells_that_rows_of_a_wrong_file_are_in_warm(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    place.run("tiers", "restore", *OLD_PERIOD)
    spoil(place, cold_files(place)[0].name)
    told = told_as_json(place, "restore", *OLD_PERIOD)
    assert [(file["state"], file["detail"] is None) for file in told["files"]] == [
        ("restored", False),
        ("restored", True),
    ]
    assert (told["rows"], told["new_rows"]) == (2, 0)


def test_json_tells_what_was_done_before_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = moved(ArchivePlace(tmp_path))
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "restore", *OLD_PERIOD, "--json")
    assert stopped.exit_code == 130
    told = json.loads(stopped.stdout)
    assert told["interrupted"]
    assert [file["state"] for file in told["files"]] == ["restored", "due"]
    assert (told["rows"], told["joined"]) == (1, None)


def test_a_store_that_goes_away_ends_it_and_what_was_done_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = moved(ArchivePlace(tmp_path))
    first, second, _ = cold_files(place)
    spoil(place, first.name)
    whole = FolderStore.get

    def get(store: FolderStore, name: str) -> bytes | None:
        if name == second.name:
            raise RetryLater("the share has gone")
        return whole(store, name)

    monkeypatch.setattr(FolderStore, "get", get)
    away = place.run("tiers", "restore", *OLD_PERIOD)
    assert away.exit_code == 1
    assert str(away.exception) == "the share has gone"
    assert away.stdout.startswith(f"not restored: {first.name} has the SHA-256 ")
    told = json.loads(place.run("tiers", "restore", *OLD_PERIOD, "--json").stdout)
    assert told["failure"] == "the share has gone"
    assert [file["state"] for file in told["files"]] == ["not_restored", "due"]


def test_wrong_use_is_told(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    period = ("--from", "2026-01-01", "--to", "2026-02-01")
    misspelt = place.run("tiers", "restore", "--monitor", "credt", *period)
    assert "no cold files of a monitor 'credt'; did you mean 'credit'?" in str(misspelt.exception)
    assert place.run("tiers", "hold", "--monitor", "credit", "--from", "1d", "--to", "2d").exit_code == 2
    assert place.run("tiers", "restore", "--monitor", "credit", *period, "--keep", "long").exit_code == 2
    assert "at most 90d" in place.run("tiers", "restore", "--monitor", "credit", *period, "--keep", "1y").stderr
    off = ArchivePlace(tmp_path, "archive: {cold: {enabled: false}}\n")
    assert "the cold tier is off" in str(off.run("tiers", "verify").exception)


def test_a_period_that_is_the_wrong_way_round_or_empty_is_told(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    turned = place.run("tiers", "restore", "--monitor", "credit", "--from", "35d", "--to", "45d")
    assert turned.exit_code == 2
    assert "with days ago the greater number comes first: --from 30d --to 20d" in turned.stderr
    empty = place.run("tiers", "restore", "--monitor", "credit", "--from", "60d", "--to", "50d")
    assert (empty.exit_code, empty.stdout) == (0, "0 rows in 0 files; nothing was done\n")
    hours = [file.hour for file in cold_files(place)]
    known = f"{utc(min(hours))} to {utc(max(hours) + HOUR_S)}"
    assert empty.stderr == f"no cold files of credit in that period; there are some of {known}\n"
