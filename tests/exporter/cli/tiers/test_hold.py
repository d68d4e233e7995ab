"""`infranaut tiers hold` and `release`."""

from __future__ import annotations

from tests.support.archive_places import ArchivePlace
from tests.support.filled_places import OLD_PERIOD, actions, cold_files, moved


def test_the_files_of_a_period_are_put_on_hold_and_let_go_of(place: ArchivePlace) -> None:
    moved(place)
    assert place.run("tiers", "hold", *OLD_PERIOD, "--dry-run").stdout.endswith(
        "2 files to be held; nothing was done\n"
    )
    assert place.run("tiers", "hold", *OLD_PERIOD).stdout == "2 files held\n"
    assert place.run("tiers", "hold", *OLD_PERIOD).stdout == "0 files to be held; nothing was done\n"
    held = {file.name for file in cold_files(place) if file.is_held}
    assert len(held) == 2
    assert place.run("tiers", "release", *OLD_PERIOD).stdout == "2 files released\n"
    assert actions(place)[-4:] == ["archive.hold"] * 2 + ["archive.release"] * 2
