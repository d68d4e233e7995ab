"""`infranaut tiers move`: does what is due, as the exporter does every hour."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import click

from exporter.archive.cold.moving import Moved, due_moves, move
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay, DueAction
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.work import opened_tiers, steps_shown, told_what_was_done


@click.command("move")
@archive_options
@click.option("--dry-run", is_flag=True, help="Print what is due, and change nothing.")
def command(access: ArchiveAccess, dry_run: bool) -> None:
    """Copies hours to cold, drops days from warm and deletes cold files, each once it is due and proven.

    The exporter does the same every hour. Both at once do no harm. Exit code 1 when something had to be left.

    \b
    Examples:
      infranaut tiers move --monitors monitors/ --dry-run
      infranaut tiers move --monitors monitors/ --config infranaut.yaml
    """
    retention = {name: monitor.spec.retention for name, monitor in access.require_monitors().items()}
    moved: list[Moved] = []
    with opened_tiers(access, is_read_only=dry_run) as tiers:
        actions = due_moves(tiers, retention)
        if dry_run:
            for action in actions:
                click.echo(str(action))
        if dry_run or not actions:
            due = f"{count_text(len(actions), 'action')} due" if actions else "nothing is due"
            click.echo(f"{due}; nothing was done")
            return
        summary: list[str] = []
        with told_what_was_done(summary), steps_shown() as steps:
            for number, action in enumerate(actions, 1):
                moved += move(tiers, [action])
                summary[:] = summarised(moved)
                steps.done(number, len(actions), str(action))
    sys.exit(1 if any(each.outcome == "left" for each in moved) else 0)


def summarised(moved: Sequence[Moved]) -> list[str]:
    """What was done, by what it was; then each action that was left, with why."""
    rows: Counter[str] = Counter()
    for each in moved:
        rows[_VERBS[type(each.action)]] += each.rows
    lines = [f"{verb} {count_text(count, 'row')}" for verb, count in rows.items()]
    return [*lines, *(f"left: {each.action}: {each.detail}" for each in moved if each.outcome == "left")]


_VERBS: dict[type[DueAction], str] = {CopyHour: "copied", DropDay: "dropped", DeleteFile: "deleted"}
