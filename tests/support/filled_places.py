"""Archives with rows of several ages, and what commands have made of them."""

from __future__ import annotations

import json
from typing import Any

from exporter.archive.ledger import ColdFile
from exporter.cli.archive_access import person
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, EVER, HOUR_S, predictions

OLD_S = TODAY_S - 40 * DAY_S
COPIED_S = TODAY_S - 5 * DAY_S
OLD_PERIOD = ("--monitor", "credit", "--from", "45d", "--to", "35d")


def fill(place: ArchivePlace) -> None:
    """Two hours are old enough to leave the warm tier, one to be copied, one is of today."""
    place.state.land(
        predictions(["old-1", "old-2"], [OLD_S, OLD_S + HOUR_S], age=1.0),
        predictions(["copied"], COPIED_S, age=2.0),
        predictions(["new"], TODAY_S, age=3.0),
    )


def moved(place: ArchivePlace) -> ArchivePlace:
    """Filled, and moved: the two old rows are in cold only, one is in both tiers, one in warm only."""
    fill(place)
    assert place.run("tiers", "move").exit_code == 0
    return place


def counted(place: ArchivePlace) -> tuple[int, int]:
    """Rows in warm and in cold, as `status` tells them."""
    status = json.loads(place.run("tiers", "status", "--json").stdout)
    return sum(each["warm_rows"] for each in status["stock"]), sum(each["cold_rows"] for each in status["stock"])


def actions(place: ArchivePlace) -> list[str]:
    """What a person did, as the audit has it."""
    with place.state.open() as archive:
        return [event.action for event in archive.ledger.audit_events(EVER) if event.actor == person()]


def cold_files(place: ArchivePlace) -> list[ColdFile]:
    with place.state.open() as archive:
        return list(archive.ledger.cold_files())


def spoil(place: ArchivePlace, name: str) -> None:
    """Puts another object in the place of one."""
    with place.state.open() as archive:
        assert archive.cold is not None
        archive.cold.store.delete(name)
        archive.cold.store.put_if_absent(name, b"something else")


def told_as_json(place: ArchivePlace, *arguments: str) -> dict[str, Any]:
    """What a command prints with `--json`; nothing but one document stands on stdout."""
    told = json.loads(place.run("tiers", *arguments, "--json").stdout)
    assert isinstance(told, dict)
    return told
