"""`infranaut tiers`: what lies where, moving, verifying, bringing back and legal hold, on real tiers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exporter.archive.hot.tier import hot_monitor
from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.identity import known_identity
from exporter.cli.archive_access import person, utc
from exporter.cli.replaying.interruption import Interruption
from exporter.monitor.load import load_monitors
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, EVER, HOUR_S, a_stream, labels, predictions
from tests.support.hot_places import hot_rows
from tests.support.landed import labelled
from tests.support.redis import redis_server
from tests.support.spools import OpenedSpool

OLD_S = TODAY_S - 40 * DAY_S
COPIED_S = TODAY_S - 5 * DAY_S


def ago(days: int) -> str:
    return f"{days}d"


def fill(place: ArchivePlace) -> None:
    """Two hours are old enough to leave the warm tier, one to be copied, one is of today."""
    place.state.land(
        predictions(["old-1", "old-2"], [OLD_S, OLD_S + HOUR_S], age=1.0),
        predictions(["copied"], COPIED_S, age=2.0),
        predictions(["new"], TODAY_S, age=3.0),
    )


def counted(place: ArchivePlace) -> tuple[int, int]:
    """Rows in warm and in cold, as `status` tells them."""
    status = json.loads(place.run("tiers", "status", "--json").stdout)
    return sum(each["warm_rows"] for each in status["stock"]), sum(each["cold_rows"] for each in status["stock"])


def actions(place: ArchivePlace) -> list[str]:
    """What a person did, as the audit has it."""
    with place.state.open() as archive:
        return [event.action for event in archive.ledger.audit_events(EVER) if event.actor == person()]


def test_a_move_does_what_status_says_is_due(place: ArchivePlace) -> None:
    fill(place)
    status = place.run("tiers", "status")
    assert status.exit_code == 0, status.exception
    assert "due: copy 3 rows of 3 hours to cold\ndue: drop 2 rows of 1 day from warm\n" in status.stdout
    dry = place.run("tiers", "move", "--dry-run")
    assert dry.stdout.count("copy 1 row of credit/predictions/") == 3
    assert dry.stdout.endswith("4 actions due; nothing was done\n")
    assert counted(place) == (4, 0)
    moved = place.run("tiers", "move")
    assert (moved.exit_code, moved.stdout) == (0, "copied 3 rows\ndropped 2 rows\n")
    assert counted(place) == (2, 3)
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"
    assert actions(place) == ["archive.copy"] * 3 + ["archive.drop"]


def test_what_is_verified_is_read_again_and_a_changed_file_is_found(place: ArchivePlace) -> None:
    fill(place)
    place.run("tiers", "move")
    right = place.run("tiers", "verify")
    assert right.exit_code == 0, right.exception
    assert right.stdout.startswith("3 of 3 files right: 3 rows, ")
    assert place.run("tiers", "verify", "--since", "10d").stdout.startswith("1 of 1 file right: 1 row, ")
    assert place.run("tiers", "verify", "--sample", "2").stdout.startswith("2 of 2 files right: 2 rows, ")
    with place.state.open() as archive:
        assert archive.cold is not None
        name = archive.ledger.cold_files()[0].name
        archive.cold.store.delete(name)
        archive.cold.store.put_if_absent(name, b"something else")
    wrong = place.run("tiers", "verify", "--monitor", "credit")
    assert wrong.exit_code == 1
    assert f"wrong: {name} has the SHA-256 " in wrong.stdout
    assert "2 of 3 files right" in wrong.stdout


def test_a_store_that_is_away_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
    away = ArchivePlace(tmp_path, "archive: {cold: {url: /dev/null/cold}}\n").run("tiers", "verify")
    assert (away.exit_code, away.stdout) == (1, "")
    assert "/dev/null/cold" in str(away.exception)


def test_a_period_that_is_brought_back_stays_in_warm_until_its_time(place: ArchivePlace) -> None:
    fill(place)
    place.run("tiers", "move")
    period = ("--monitor", "credit", "--from", ago(45), "--to", ago(35))
    dry = place.run("tiers", "restore", *period, "--dry-run")
    assert dry.stdout.endswith("2 rows in 2 files; nothing was done\n")
    assert counted(place) == (2, 3)
    restored = place.run("tiers", "restore", *period, "--keep", "14d")
    assert restored.stdout.startswith("2 rows restored, 0 were there; they stay in warm until "), restored.exception
    assert place.run("tiers", "restore", *period).stdout.startswith("0 rows restored, 2 were there;")
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
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
    period = ("--monitor", "credit", "--from", ago(45), "--to", ago(35))
    assert place.run("tiers", "restore", *period, monitors=False).stderr == ""


def test_the_files_of_a_period_are_put_on_hold_and_let_go_of(place: ArchivePlace) -> None:
    fill(place)
    place.run("tiers", "move")
    period = ("--monitor", "credit", "--from", ago(45), "--to", ago(35))
    assert place.run("tiers", "hold", *period, "--dry-run").stdout.endswith("2 files to be held; nothing was done\n")
    assert place.run("tiers", "hold", *period).stdout == "2 files held\n"
    assert place.run("tiers", "hold", *period).stdout == "0 files to be held; nothing was done\n"
    with place.state.open() as archive:
        held = {file.name for file in archive.ledger.cold_files() if file.is_held}
    assert len(held) == 2
    assert place.run("tiers", "release", *period).stdout == "2 files released\n"
    assert actions(place)[-4:] == ["archive.hold"] * 2 + ["archive.release"] * 2


def test_rows_of_a_monitor_that_is_not_loaded_are_told_and_left(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], OLD_S), monitor="gone")
    assert "gone *" in (shown := place.run("tiers", "status").stdout)
    assert "* monitor not loaded: its rows stay where they are" in shown
    assert place.run("tiers", "move").stdout == "nothing is due; nothing was done\n"
    assert "--monitors PATH tells what is due" in place.run("tiers", "status", monitors=False).stdout
    refused = place.run("tiers", "move", monitors=False)
    assert "retention stands in the monitors" in str(refused.exception)


def test_status_tells_when_the_next_hours_are_copied(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["new"], TODAY_S))
    status = json.loads(place.run("tiers", "status", "--json").stdout)
    assert status["next_copy"] == TODAY_S + 2 * DAY_S
    assert status["due"] == dict.fromkeys(status["due"], 0)


def test_status_tells_which_tier_is_away_and_why_and_hides_passwords(tmp_path: Path) -> None:
    settings = (
        "archive:\n"
        "  hot: {url: 'redis://:opensesame@127.0.0.1:1/0'}\n"
        "  warm: {url: 'postgresql://infranaut:opensesame@127.0.0.1:1/archive'}\n"
        "  cold: {url: /dev/null/cold}\n"
    )
    place = ArchivePlace(tmp_path, settings)
    (tmp_path / "state").mkdir()
    status = place.run("tiers", "status")
    assert status.exit_code == 1
    assert "hot   redis://:***@127.0.0.1:1/0: " in status.stdout
    assert "warm  postgresql://infranaut:***@127.0.0.1:1/archive: " in status.stdout
    assert "cold  /dev/null/cold: " in status.stdout
    assert ": ok" not in status.stdout.replace(f"{tmp_path / 'state' / 'spool'}, 0 B: ok", "")
    assert "opensesame" not in status.output
    for command in (("tiers", "move"), ("query", "SELECT 1")):
        assert "opensesame" not in str(place.run(*command).exception)


def test_what_cannot_be_moved_is_left_and_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
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


def test_an_interrupted_restoration_is_finished_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
    period = ("--monitor", "credit", "--from", ago(45), "--to", ago(35))
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "restore", *period)
    assert (stopped.exit_code, stopped.stdout) == (130, "read 1 of 2 files; their rows are in warm\n")
    monkeypatch.undo()
    assert place.run("query", "SELECT count(DISTINCT id), count(*) FROM credit").stdout.splitlines()[1] == "4,4"
    assert place.run("tiers", "restore", *period).stdout.startswith("1 row restored, 1 were there;")


def test_a_restoration_that_meets_a_broken_file_tells_what_is_back_already(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
    period = ("--monitor", "credit", "--from", ago(45), "--to", ago(35))
    with place.state.open() as archive:
        assert archive.cold is not None
        *_, name = [
            line.split(": ")[0] for line in place.run("tiers", "restore", *period, "--dry-run").stdout.splitlines()[:-1]
        ]
        archive.cold.store.delete(name)
        archive.cold.store.put_if_absent(name, b"something else")
    stopped = place.run("tiers", "restore", *period)
    assert stopped.exit_code == 1
    assert stopped.stdout == "read 1 of 2 files; their rows are in warm\n"
    assert name in str(stopped.exception)


def test_wrong_use_is_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    place.run("tiers", "move")
    period = ("--from", "2026-01-01", "--to", "2026-02-01")
    misspelt = place.run("tiers", "restore", "--monitor", "credt", *period)
    assert "no cold files of a monitor 'credt'; did you mean 'credit'?" in str(misspelt.exception)
    assert place.run("tiers", "hold", "--monitor", "credit", "--from", "1d", "--to", "2d").exit_code == 2
    assert place.run("tiers", "restore", "--monitor", "credit", *period, "--keep", "long").exit_code == 2
    assert "at most 90d" in place.run("tiers", "restore", "--monitor", "credit", *period, "--keep", "1y").stderr
    off = ArchivePlace(tmp_path, "archive: {cold: {enabled: false}}\n")
    assert "the cold tier is off" in str(off.run("tiers", "verify").exception)


def test_status_tells_what_the_tiers_take_and_what_waits_in_the_spool(place: ArchivePlace) -> None:
    fill(place)
    spools = place.folder / "state" / "spool"
    OpenedSpool(spools / "0").put(*[b"an entry"] * 3)
    with place.state.open() as archive:
        claim = archive.warm.claim(f"exporter/0/{known_identity(LocalDisk(), spools / '0')}")
        archive.warm.land(claim, a_stream(predictions(["landed"], TODAY_S), first=2))
    status = place.run("tiers", "status")
    assert status.exit_code == 0, status.exception
    assert f"spool {spools}, " in status.stdout
    assert ", 1 entry has not landed (32 B): ok" in status.stdout
    told = json.loads(place.run("tiers", "status", "--json").stdout)["tiers"]
    assert told[0]["waiting"] == {"entries": 1, "size_bytes": 32}
    assert (told[1]["tier"], told[1]["rows"]) == ("hot", None)
    assert told[2]["size_bytes"] > 10_000


def test_a_spool_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    (tmp_path / "state" / "spool" / "0" / f"{1:016x}.spool").mkdir(parents=True)
    status = place.run("tiers", "status")
    assert status.exit_code == 1
    assert ": cannot be read: " in status.stdout
    assert "credit " in status.stdout


def test_status_tells_the_rows_of_a_redis(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as redis:
        place = ArchivePlace(tmp_path, f"archive:\n  hot: {{url: '{redis.url}'}}\n")
        (tmp_path / "state").mkdir()
        loaded = {each.name: each.monitor for each in load_monitors([place.monitors]).monitors}
        with place.state.open() as archive:
            archive.hot.put(hot_monitor(loaded["credit"]), hot_rows(["a", "b"], time_s=TODAY_S))
        assert f"hot   {redis.url}, 2 rows: ok" in place.run("tiers", "status").stdout
        assert f"hot   {redis.url}: ok" in place.run("tiers", "status", monitors=False).stdout
