"""`infranaut tiers status`: what lies where, and which tiers can be reached."""

from __future__ import annotations

import json
from pathlib import Path

from exporter.archive.hot.tier import hot_monitor
from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.identity import known_identity
from exporter.monitor.load import load_monitors
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, a_stream, predictions
from tests.support.filled_places import fill
from tests.support.hot_places import hot_rows
from tests.support.object_stores import StorePlace
from tests.support.redis import redis_server
from tests.support.spools import OpenedSpool


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
    assert "hot   redis://:***@127.0.0.1:1/0: is away: " in status.stdout
    assert "warm  postgresql://infranaut:***@127.0.0.1:1/archive: " in status.stdout
    assert "cold  /dev/null/cold: cannot be used: " in status.stdout
    assert ": ok" not in status.stdout.replace(f"{tmp_path / 'state' / 'spool'}, 0 B: ok", "")
    assert "opensesame" not in status.output
    for command in (("tiers", "move"), ("query", "SELECT 1")):
        assert "opensesame" not in str(place.run(*command).exception)


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


def test_status_tells_the_address_of_a_store_once(tmp_path: Path) -> None:
    settings = "endpoint: 'http://127.0.0.1:1', region: us-east-1, allow_http: 'true'"
    place = ArchivePlace(tmp_path, f"archive: {{cold: {{url: 's3://bucket/prefix', options: {{{settings}}}}}}}\n")
    (tmp_path / "state").mkdir()
    with StorePlace("", environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}).credentials():
        told = json.loads(place.run("tiers", "status", "--json").stdout)["tiers"][-1]
        assert (told["tier"], told["place"]) == ("cold", "s3://bucket/prefix")
        assert told["problem"].startswith("cannot be used now: ")
        assert "s3://" not in told["problem"]
