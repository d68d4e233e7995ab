"""`infranaut tiers restore`: brings a period back from cold into warm."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.pins import LONGEST_KEEP_S
from exporter.archive.cold.restoring import RestoredFile, RestoreRequest, files_to_restore, restore
from exporter.archive.cold.tier import ColdTier
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.restore_progress import RestoreProgress, advice, report, summarised
from exporter.cli.tiers.selecting import require_known, span_text, within_options
from exporter.cli.tiers.work import (
    Ending,
    opened_tiers,
    required_cold,
    show_json,
    show_lines,
    steps_shown,
    told_at_the_end,
)
from exporter.monitor.duration import parse_duration_s


@click.command("restore")
@archive_options
@within_options
@click.option("--keep", default="7d", show_default=True, help="How long no move takes them away; at most 90d.")
@click.option("--dry-run", is_flag=True, help="Print what would be read, and change nothing.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document, also after Ctrl-C or a failure.")
def command(
    access: ArchiveAccess, monitor: str, start: float, end: float, keep: str, dry_run: bool, is_json: bool
) -> None:
    """Brings the hours of a period back into warm, from proven files; rows that are there stay as they are.

    Labels come after their predictions: with --monitors, label files are brought back up to the monitor's
    spec.labels.maximum_delay behind the period; without, only labels that came within the period. Then each
    prediction of the period gets its label again. No metric counts a restored row or label a second time.

    A file that is missing or wrong is told, and everything else is brought back; exit code 1 then.

    \b
    Examples:
      infranaut tiers restore --monitor credit-default --from 2026-03-01 --to 2026-03-08 --monitors monitors/ --dry-run
      infranaut tiers restore --monitor credit-default --from 2026-03-01 --to 2026-03-08 --monitors monitors/ --keep 14d
      infranaut tiers restore --monitor credit-default --from 30d --to 20d --monitors monitors/ --json
    """
    kept_s = _kept_s(keep)
    with opened_tiers(access, is_read_only=dry_run) as tiers:
        cold = required_cold(tiers)
        require_known(monitor, tiers.ledger.cold_files())
        late_s = _labels_late_s(access, monitor, tiers.ledger.cold_files(monitor, Kind.LABELS))
        request = RestoreRequest(monitor, Span(start, end), access.clock.now() + kept_s, labels_late_s=late_s)
        progress = RestoreProgress(request, files_to_restore(tiers, request), dry_run)

        def tell(ending: Ending) -> None:
            if is_json:
                show_json(report(progress, ending))
            else:
                show_lines(summarised(progress))

        with told_at_the_end(tell):
            if progress.files and not dry_run:
                _restore(tiers, cold, progress)
        if not progress.files:
            known = tiers.ledger.cold_files(monitor)
            click.echo(f"no cold files of {monitor} in that period; there are some of {span_text(known)}", err=True)
    if progress.done is not None and progress.done.wrong:
        click.echo(advice(progress.done), err=True)
        sys.exit(1)


def _restore(tiers: Tiers, cold: ColdTier, progress: RestoreProgress) -> None:
    with steps_shown() as steps:

        def told(number: int, of: int, read: RestoredFile) -> None:
            progress.read.append(read)
            steps.done(number, of, read.file.name)

        progress.done = restore(tiers, cold, progress.request, told)


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
