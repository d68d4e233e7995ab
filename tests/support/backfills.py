"""An archive that real payloads went into, and the real command over it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from exporter.archive.cold.moving import Tiers, due_moves, move
from exporter.archive.configuration import ArchiveConfiguration
from exporter.archive.entry import Entry
from exporter.archive.opening import WARM_FOLDER, open_archive
from exporter.archive.warm.embedded import open_embedded
from exporter.cli import infranaut
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference, save_reference
from tests.support.archives import ORIGIN, a_stream
from tests.support.clocks import MovedClock
from tests.support.programs import TOOLS, require
from tests.support.promtool import assert_promtool


def write_monitor_file(folder: Path, monitor: Monitor, reference: Reference | None) -> Path:
    """`<name>.yaml`, and its built reference beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    document = monitor.model_dump(mode="json", exclude_none=True)
    if reference is not None:
        save_reference(reference, folder / "built.reference.json")
    path = folder / f"{monitor.name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def land(state: Path, entries: Sequence[Entry], clock: MovedClock) -> None:
    """Lands entries in the embedded warm tier of a state folder, and joins their labels."""
    warm, _ = open_embedded(state / WARM_FOLDER, clock)
    warm.migrate()
    claim = warm.claim(ORIGIN)
    warm.land(claim, a_stream(*entries, first=claim.next_sequence))
    warm.join_labels([ORIGIN], 0.0, 1_000_000)
    warm.close()


def move_to_cold(
    state: Path, monitor: Monitor, clock: MovedClock, configuration: ArchiveConfiguration | None = None
) -> None:
    """Everything moves to the folder `cold` of the state, and leaves the warm tier."""
    archive = open_archive(configuration or ArchiveConfiguration(), state, clock)
    tiers = Tiers(archive.warm, archive.ledger, archive.cold, clock)
    for _ in range(2):
        move(tiers, due_moves(tiers, {monitor.name: monitor.spec.retention}))
    assert not any(hour.rows for hour in archive.warm.hours()), "rows are left in the warm tier"
    archive.close()


def run_backfill(folder: Path, *flags: str | Path) -> Result:
    """The command over `folder/monitors` and `folder/state`; stdout and stderr apart."""
    where = ("--monitors", folder / "monitors", "--state", folder / "state")
    arguments = [str(flag) for flag in ("backfill", *where, *flags)]
    return CliRunner().invoke(infranaut, arguments)


def backfilled(folder: Path, *flags: str | Path) -> Mapping[str, Any]:
    """What the command tells once it has written blocks to `folder/blocks`."""
    require("promtool")
    result = run_backfill(folder, "--out", folder / "blocks", "--promtool", TOOLS / "promtool", "--json", *flags)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    told: Mapping[str, Any] = json.loads(result.stdout)
    return told


def dumped(blocks: Path) -> list[str]:
    """Every sample of a folder of blocks, as `series value milliseconds`."""
    copied = blocks.with_name(f"{blocks.name}-dumped")
    shutil.copytree(blocks, copied)
    (copied / "wal").mkdir()
    return assert_promtool("tsdb", "dump", copied).splitlines()
