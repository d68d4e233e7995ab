"""`infranaut tiers hold`: puts cold files on legal hold."""

from __future__ import annotations

import click

from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.holding import change_hold
from exporter.cli.tiers.selecting import within_options


@click.command("hold")
@archive_options
@within_options
@click.option("--dry-run", is_flag=True, help="Print the files, and change nothing.")
def command(access: ArchiveAccess, monitor: str, start: float, end: float, dry_run: bool) -> None:
    """Puts the cold files of a period on legal hold: no retention deletes them until `tiers release`.

    What is copied into a held hour later is held too.

    \b
    Example:
      infranaut tiers hold --monitor credit-default --from 2026-01-01 --to 2026-04-01
    """
    change_hold(access, monitor, start, end, is_held=True, is_dry_run=dry_run)
