"""`infranaut tiers verify`: files that are wrong, objects that nobody knows, and stores that are away."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.cli.replaying.interruption import Interruption
from tests.support.archive_places import ArchivePlace
from tests.support.fault_proxy import FaultProxy, HttpFault, fault_proxy
from tests.support.filled_places import OLD_S, cold_files, fill, moved, spoil, told_as_json
from tests.support.object_stores import StorePlace


def test_what_is_verified_is_read_again_and_a_changed_file_is_found(place: ArchivePlace) -> None:
    moved(place)
    right = place.run("tiers", "verify")
    assert right.exit_code == 0, right.exception
    assert right.stdout.startswith("3 of 3 files right: 3 rows, ")
    assert place.run("tiers", "verify", "--since", "10d").stdout.startswith("1 of 1 file right: 1 row, ")
    assert place.run("tiers", "verify", "--sample", "2").stdout.startswith("2 of 2 files right: 2 rows, ")
    name = cold_files(place)[0].name
    spoil(place, name)
    wrong = place.run("tiers", "verify", "--monitor", "credit")
    assert wrong.exit_code == 1
    assert f"wrong: {name} has the SHA-256 " in wrong.stdout
    assert "2 of 3 files right" in wrong.stdout


@pytest.fixture
def relayed(tmp_path: Path, s3: StorePlace) -> Iterator[tuple[ArchivePlace, FaultProxy]]:
    """Cold files in S3, behind a proxy."""
    with s3.credentials(), fault_proxy(s3.port) as proxy:
        options = ", ".join(f"{name}: '{value}'" for name, value in s3.through(proxy.port).options.items())
        cold = f"{{url: '{s3.url}/{tmp_path.name}', options: {{{options}}}}}"
        yield moved(ArchivePlace(tmp_path, f"archive: {{cold: {cold}}}\n")), proxy


def test_a_store_that_is_away_is_not_taken_for_an_empty_one(relayed: tuple[ArchivePlace, FaultProxy]) -> None:
    place, proxy = relayed
    proxy.plan("GET", HttpFault.REFUSED, times=100)
    away = place.run("tiers", "verify")
    assert (away.exit_code, away.stdout) == (1, "")
    assert f"{place.state.configuration.cold.url} cannot be used now" in str(away.exception)
    told = json.loads(place.run("tiers", "verify", "--json").stdout)
    assert (told["right"], told["orphans"]) == (0, None)
    assert [file["state"] for file in told["files"]] == ["due"] * 3
    assert "cannot be used now" in told["failure"]


def test_what_was_read_before_a_store_went_away_is_told(relayed: tuple[ArchivePlace, FaultProxy]) -> None:
    """The first requests are the listing that opens it and a file."""
    place, proxy = relayed
    proxy.plan("GET", HttpFault.REFUSED, times=100, after=2)
    away = place.run("tiers", "verify")
    assert away.exit_code == 1
    assert away.stdout.startswith("1 of 3 files right: 1 row, ")
    assert away.stdout.endswith(" read; 2 not read\n")


def test_a_listing_that_fails_is_told_after_the_files(relayed: tuple[ArchivePlace, FaultProxy]) -> None:
    place, proxy = relayed
    proxy.plan("GET", HttpFault.REFUSED, times=100, after=4)
    told = place.run("tiers", "verify", "--json")
    assert told.exit_code == 1
    document = json.loads(told.stdout)
    assert (document["right"], document["orphans"]) == (3, None)
    assert document["failure"] == str(told.exception)


def test_an_archive_without_cold_files_says_so(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    fill(place)
    assert place.run("tiers", "verify").stdout == "no cold files\n"
    assert told_as_json(place, "verify") == {
        "files": [], "right": 0, "sealed": 0, "wrong": 0, "orphans": [], "interrupted": False, "failure": None,
    }  # fmt: skip


def test_json_tells_every_file_and_what_is_wrong(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    first, *others = cold_files(place)
    spoil(place, first.name)
    wrong = place.run("tiers", "verify", "--json")
    assert wrong.exit_code == 1
    told = json.loads(wrong.stdout)
    assert (told["right"], told["sealed"], told["wrong"]) == (2, 0, 1)
    assert [file["name"] for file in told["files"]] == [first.name, *(file.name for file in others)]
    assert [file["state"] for file in told["files"]] == ["wrong", "right", "right"]
    assert f"{first.name} has the SHA-256 " in told["files"][0]["detail"]
    assert told["files"][1]["detail"] is None
    assert (told["files"][0]["monitor"], told["files"][0]["kind"]) == ("credit", "predictions")
    assert told["files"][0]["hour"] == first.hour


def test_json_tells_what_was_read_before_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = moved(ArchivePlace(tmp_path))
    monkeypatch.setattr(Interruption, "is_asked", property(lambda _: True))
    stopped = place.run("tiers", "verify", "--json")
    assert stopped.exit_code == 130
    told = json.loads(stopped.stdout)
    assert told["interrupted"]
    assert [file["state"] for file in told["files"]] == ["right", "due", "due"]
    assert told["orphans"] is None


def test_objects_that_no_ledger_knows_are_looked_for_where_files_are(tmp_path: Path) -> None:
    place = moved(ArchivePlace(tmp_path))
    cold = tmp_path / "state" / "cold"
    old, *_, copied = (file.name for file in cold_files(place))
    orphans = [f"{Path(old).parent}/extra.parquet", f"{Path(copied).parent}/extra.parquet", "churn/notes.txt"]
    for name in orphans:
        (cold / name).parent.mkdir(exist_ok=True)
        (cold / name).write_bytes(b"12")
        os.utime(cold / name, (OLD_S, OLD_S))

    def found(*arguments: str) -> list[str]:
        listed = told_as_json(place, "verify", *arguments)["orphans"]
        return [] if listed is None else [each["name"] for each in listed]

    assert found() == sorted(orphans)
    assert found("--monitor", "credit") == sorted(orphans[:2])
    assert found("--since", "10d") == [orphans[1]]
    assert found("--monitor", "credit", "--since", "10d") == [orphans[1]]
    assert found("--since", "60d") == sorted(orphans)
    assert found("--sample", "1") == []
    told = place.run("tiers", "verify", "--monitor", "credit")
    assert (told.exit_code, told.stdout.count("not in the ledger: ")) == (0, 2)
    assert told.stdout.endswith(f"not in the ledger: {orphans[1]} (2 B)\n")


def test_a_time_since_which_there_are_no_files_is_told(tmp_path: Path) -> None:
    since = moved(ArchivePlace(tmp_path)).run("tiers", "verify", "--since", "1d")
    assert (since.exit_code, since.stdout) == (0, "no cold files\n")
    assert since.stderr.startswith("no cold files since then; there are some of ")
