"""Legal hold, on and off: what `hold` and `release` do."""

from __future__ import annotations

import click

from exporter.archive.cold.holding import hold_files
from exporter.archive.warm.tier import Span
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import ArchiveAccess
from exporter.cli.tiers.selecting import require_known
from exporter.cli.tiers.work import opened_tiers, required_cold, steps_shown, told_at_the_end


def change_hold(
    access: ArchiveAccess, monitor: str, start: float, end: float, *, is_held: bool, is_dry_run: bool
) -> None:
    """File by file, so that Ctrl-C leaves each one either way."""
    word = "held" if is_held else "released"
    with opened_tiers(access, is_read_only=is_dry_run) as tiers:
        cold = required_cold(tiers)
        require_known(monitor, tiers.ledger.cold_files())
        files = [file for file in tiers.ledger.cold_files(monitor, None, Span(start, end)) if file.is_held != is_held]
        if is_dry_run or not files:
            for file in files:
                click.echo(f"{file.name}: {count_text(file.rows, 'row')}")
            click.echo(f"{count_text(len(files), 'file')} to be {word}; nothing was done")
            return
        done = 0
        with told_at_the_end(lambda _: click.echo(f"{count_text(done, 'file')} {word}")), steps_shown() as steps:
            for number, file in enumerate(files, 1):
                hold_files(tiers, cold, [file], is_held)
                done = number
                steps.done(number, len(files), file.name)
