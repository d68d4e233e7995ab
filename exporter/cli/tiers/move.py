"""`infranaut tiers move`: does what is due, as the exporter does every hour."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import click
import msgspec

from exporter.archive.cold.moving import Moved, Outcome, due_moves, move
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay, DueAction, due_rows
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.work import Ending, opened_tiers, show_json, show_lines, steps_shown, told_at_the_end


class ReportedAction(msgspec.Struct, frozen=True):
    """One action of what `--json` prints.

    what     : in words. due_rows: how many it is about, by the side counts.
    outcome  : due where nobody has come to it: with --dry-run, or because the work ended before.
    rows     : that were copied, dropped or deleted. detail: why it was left.
    """

    action: Literal["copy", "drop", "delete"]
    what: str
    due_rows: int
    outcome: Outcome | Literal["due"] = "due"
    rows: int = 0
    detail: str | None = None


class MoveReport(msgspec.Struct, frozen=True):
    """What `--json` prints: every action that was due; the rows of those that were done; what ended the work early."""

    dry_run: bool
    actions: list[ReportedAction]
    copied_rows: int
    dropped_rows: int
    deleted_rows: int
    interrupted: bool
    failure: str | None


@click.command("move")
@archive_options
@click.option("--dry-run", is_flag=True, help="Print what is due, and change nothing.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document, also after Ctrl-C or a failure.")
def command(access: ArchiveAccess, dry_run: bool, is_json: bool) -> None:
    """Copies hours to cold, drops days from warm and deletes cold files, each once it is due and proven.

    The exporter does the same every hour. Both at once do no harm. Exit code 1 when something had to be left.

    \b
    Examples:
      infranaut tiers move --monitors monitors/ --dry-run
      infranaut tiers move --monitors monitors/ --config infranaut.yaml
      infranaut tiers move --monitors monitors/ --json
    """
    retention = {name: monitor.spec.retention for name, monitor in access.require_monitors().items()}
    moved: list[Moved] = []
    with opened_tiers(access, is_read_only=dry_run) as tiers:
        actions = due_moves(tiers, retention)

        def tell(ending: Ending) -> None:
            if is_json:
                show_json(_report(actions, moved, ending, is_dry_run=dry_run))
            elif dry_run or not actions:
                show_lines(_planned(actions, is_dry_run=dry_run))
            else:
                show_lines(summarised(moved))

        with told_at_the_end(tell), steps_shown() as steps:
            for number, action in enumerate([] if dry_run else actions, 1):
                moved += move(tiers, [action])
                steps.done(number, len(actions), str(action))
    sys.exit(1 if any(each.outcome == "left" for each in moved) else 0)


def summarised(moved: Sequence[Moved]) -> list[str]:
    """What was done, by what it was; then each action that was left, with why."""
    lines = [f"{_VERBS[kind]} {count_text(count, 'row')}" for kind, count in _rows_of(moved).items()]
    return [*lines, *(f"left: {each.action}: {each.detail}" for each in moved if each.outcome == "left")]


def _planned(actions: Sequence[DueAction], *, is_dry_run: bool) -> list[str]:
    due = f"{count_text(len(actions), 'action')} due" if actions else "nothing is due"
    return [*(str(action) for action in actions if is_dry_run), f"{due}; nothing was done"]


def _rows_of(moved: Sequence[Moved]) -> Counter[type[DueAction]]:
    rows: Counter[type[DueAction]] = Counter()
    for each in moved:
        rows[type(each.action)] += each.rows
    return rows


def _report(actions: Sequence[DueAction], moved: Sequence[Moved], ending: Ending, *, is_dry_run: bool) -> MoveReport:
    rows, reached = _rows_of(moved), [_reported(each.action, each) for each in moved]
    return MoveReport(
        dry_run=is_dry_run,
        actions=[*reached, *(_reported(action) for action in actions[len(moved) :])],
        copied_rows=rows[CopyHour],
        dropped_rows=rows[DropDay],
        deleted_rows=rows[DeleteFile],
        interrupted=ending.is_interrupted,
        failure=ending.failure,
    )


def _reported(action: DueAction, moved: Moved | None = None) -> ReportedAction:
    name, what = _NAMES[type(action)], str(action)
    if moved is None:
        return ReportedAction(name, what, due_rows(action))
    detail = moved.detail if moved.outcome == "left" else None
    return ReportedAction(name, what, due_rows(action), moved.outcome, moved.rows, detail)


_VERBS: dict[type[DueAction], str] = {CopyHour: "copied", DropDay: "dropped", DeleteFile: "deleted"}
_NAMES: dict[type[DueAction], Literal["copy", "drop", "delete"]] = {
    CopyHour: "copy",
    DropDay: "drop",
    DeleteFile: "delete",
}
