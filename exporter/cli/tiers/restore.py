"""`infranaut tiers restore`: brings a period back from cold into warm."""

from __future__ import annotations

from collections.abc import Sequence

import click

from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.pins import LONGEST_KEEP_S
from exporter.archive.cold.restoring import RestoreRequest, files_to_restore, restore
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options, utc
from exporter.cli.tiers.selecting import require_known, within_options
from exporter.cli.tiers.work import opened_tiers, required_cold, steps_shown, told_what_was_done
from exporter.monitor.duration import parse_duration_s


@click.command("restore")
@archive_options
@within_options
@click.option("--keep", default="7d", show_default=True, help="How long no move takes them away; at most 90d.")
@click.option("--dry-run", is_flag=True, help="Print what would be read, and change nothing.")
def command(access: ArchiveAccess, monitor: str, start: float, end: float, keep: str, dry_run: bool) -> None:
    """Brings the hours of a period back into warm, from proven files; rows that are there stay as they are.

    Labels come after their predictions: with --monitors, label files are brought back up to the monitor's
    spec.labels.maximum_delay behind the period; without, only labels that came within the period. Then each
    prediction of the period gets its label again. No metric counts a restored row or label a second time.

    \b
    Examples:
      infranaut tiers restore --monitor credit-default --from 2026-03-01 --to 2026-03-08 --monitors monitors/ --dry-run
      infranaut tiers restore --monitor credit-default --from 2026-03-01 --to 2026-03-08 --monitors monitors/ --keep 14d
    """
    kept_s = _kept_s(keep)
    with opened_tiers(access, is_read_only=dry_run) as tiers:
        cold = required_cold(tiers)
        require_known(monitor, tiers.ledger.cold_files())
        late_s = _labels_late_s(access, monitor, tiers.ledger.cold_files(monitor, Kind.LABELS))
        keep_until = access.clock.now() + kept_s
        request = RestoreRequest(monitor, Span(start, end), keep_until, labels_late_s=late_s)
        files = files_to_restore(tiers, request)
        rows = count_text(sum(file.rows for file in files), "row")
        if dry_run or not files:
            for file in files:
                click.echo(f"{file.name}: {count_text(file.rows, 'row')}")
            click.echo(f"{rows} in {count_text(len(files), 'file')}; nothing was done")
            return
        summary: list[str] = []
        with told_what_was_done(summary), steps_shown() as steps:

            def told(number: int, of: int, file: ColdFile) -> None:
                summary[:] = [f"read {number:,} of {count_text(of, 'file')}; their rows are in warm"]
                steps.done(number, of, file.name)

            restored = restore(tiers, cold, request, told)
            new, old = count_text(restored.new_rows, "row"), restored.rows - restored.new_rows
            summary[:] = [
                f"{new} restored, {old:,} were there; they stay in warm until {utc(keep_until)}",
                f"{count_text(restored.joined, 'label')} joined again",
            ]


def _labels_late_s(access: ArchiveAccess, monitor: str, files: Sequence[ColdFile]) -> float:
    """How long after the period labels may have come, where the monitor is loaded; else it is said what that means."""
    loaded = access.monitors.get(monitor)
    if loaded is not None:
        return loaded.spec.labels.maximum_delay.seconds if loaded.spec.labels else 0.0
    if files:
        click.echo(
            f"monitor {monitor} is not loaded: labels that came after the period stay in cold;"
            " --monitors PATH tells how late they may come",
            err=True,
        )
    return 0.0


def _kept_s(keep: str) -> float:
    try:
        kept_s = parse_duration_s(keep)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--keep") from error
    if kept_s > LONGEST_KEEP_S:
        raise click.BadParameter(
            f"{keep} is too long, expected at most {LONGEST_KEEP_S // DAY_S}d", param_hint="--keep"
        )
    return kept_s
