"""`infranaut tiers windows`: the latest windows as a table and as JSON, from a Redis or from the warm tier."""

from __future__ import annotations

import json
from pathlib import Path

from exporter.archive.latest_windows import WindowPublisher
from tests.support.archive_places import ArchivePlace
from tests.support.archives import MONITOR, predictions
from tests.support.redis import redis_server
from tests.support.windows import FIRST, a_profile_of, a_stored_window

PROFILE = a_profile_of([20.0, 30.0, None])


def close(place: ArchivePlace, *numbers: int) -> None:
    """Gives windows a profile."""
    with place.state.open() as archive:
        for number in numbers:
            assert archive.ledger.put_profiles([a_stored_window(number, PROFILE)], replaces=0)


def shown(place: ArchivePlace, *arguments: str) -> str:
    result = place.run("tiers", "windows", "--monitor", MONITOR, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_newest_window_is_shown_as_a_table(place: ArchivePlace) -> None:
    close(place, 0, 1)
    lines = shown(place).splitlines()
    assert lines[0] == "2025-06-15T16:00Z to 2025-06-15T17:00Z, version 1: 3 rows, 1 labelled, revision 1"
    [age] = [line.split() for line in lines if line.startswith("  age")]
    assert age == ["age", "2", "1", "0", "2", "25", "5", "20", "30", "20", "20", "20", "30", "30"]
    [region] = [line.split() for line in lines if line.startswith("  region")]
    assert region[1:5] == ["3", "0", "0", "1"]
    assert region[-2:] == ["north", "3"]
    assert "revision" not in "".join(lines[1:])


def test_json_tells_as_many_windows_as_were_asked_for(place: ArchivePlace) -> None:
    close(place, 0, 1, 2)
    told = json.loads(shown(place, "--last", "2", "--json"))
    assert told["monitor"] == MONITOR
    assert [(window["start"] - FIRST) // 3600 for window in told["windows"]] == [2, 1]
    assert told["windows"][0]["features"][0]["feature"] == "age"


def test_a_monitor_whose_windows_are_all_open_is_told(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], FIRST))
    assert shown(place) == "no window has closed yet\n"
    assert json.loads(shown(place, "--json")) == {"monitor": MONITOR, "windows": []}


def test_an_unknown_monitor_is_told_with_the_nearest(tmp_path: Path) -> None:
    place = ArchivePlace(tmp_path)
    place.state.land(predictions(["a"], FIRST))
    result = place.run("tiers", "windows", "--monitor", "credti")
    assert result.exit_code == 1
    assert "nothing is known of a monitor 'credti'; did you mean 'credit'?" in str(result.exception)


def test_a_number_of_windows_that_there_cannot_be_is_wrong_usage(tmp_path: Path) -> None:
    result = ArchivePlace(tmp_path).run("tiers", "windows", "--monitor", MONITOR, "--last", "25")
    assert result.exit_code == 2


def test_a_redis_is_asked_first_and_read_around_when_it_is_away(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as redis:
        place = ArchivePlace(tmp_path, f"archive:\n  hot: {{url: '{redis.url}'}}\n")
        close(place, 0)
        with place.state.open() as archive:
            WindowPublisher(archive.hot, archive.ledger, {MONITOR: 3600.0}).publish(MONITOR)
            archive.ledger.drop_profiles(MONITOR, FIRST + 10 * 3600)
        assert "3 rows" in shown(place)
        redis.kill()
        close(place, 0, 1)
        assert "2025-06-15T16:00Z to" in shown(place)
