"""With `--dry-run` the commands of `infranaut tiers` only look: they do not even make tables."""

from __future__ import annotations

import pytest

from exporter.errors import InvalidSettings
from tests.support.archive_places import TODAY_S, ArchivePlace
from tests.support.archives import DAY_S, predictions

PERIOD = ("--monitor", "credit", "--from", "60d", "--to", "1d")
COMMANDS = (
    ("move",),
    ("restore", *PERIOD),
    ("hold", *PERIOD),
    ("release", *PERIOD),
    ("backup", "--out", "backup.tar.gz"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_nothing_is_made_where_the_exporter_never_ran(place: ArchivePlace, command: tuple[str, ...]) -> None:
    (place.folder / "state").mkdir()
    asked = place.run("tiers", *command, "--dry-run")
    assert asked.exit_code == 1
    assert isinstance(asked.exception, InvalidSettings)
    assert "exporter" in str(asked.exception)
    assert isinstance(place.run("tiers", "move", "--dry-run").exception, InvalidSettings)


def test_nothing_is_noted_in_the_audit(place: ArchivePlace) -> None:
    place.state.land(predictions(["old"], TODAY_S - 40 * DAY_S))
    assert place.run("tiers", "move").exit_code == 0
    with place.state.open() as archive:
        before = {name: table.num_rows for name, table in archive.ledger.dump().items()}
    for command in COMMANDS:
        asked = place.run("tiers", *command, "--dry-run")
        assert asked.exit_code == 0, asked.exception
    with place.state.open() as archive:
        assert {name: table.num_rows for name, table in archive.ledger.dump().items()} == before
