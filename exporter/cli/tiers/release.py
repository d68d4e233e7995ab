"""`infranaut tiers release`: lets go of cold files that are on legal hold."""

from __future__ import annotations

import click

from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.holding import change_hold
from exporter.cli.tiers.selecting import within_options


@click.command("release")
@archive_options
@within_options
@click.option("--dry-run", is_flag=True, help="Print the files, and change nothing.")
def command(access: ArchiveAccess, monitor: str, start: float, end: float, dry_run: bool) -> None:
    """Lets go of the cold files of a period; retention deletes them again when they are old enough.

    \b
    Example:
      infranaut tiers release --monitor credit-default --from 2026-01-01 --to 2026-04-01
    """
    change_hold(access, monitor, start, end, is_held=False, is_dry_run=dry_run)
