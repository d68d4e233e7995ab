"""`infranaut tiers verify`: reads cold files again, and compares them with what the ledger says."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence

import click

from exporter.archive.cold.names import HOUR_S
from exporter.archive.cold.verify import VerifiedFile, VerifiedState, find_orphans, sample_files, verify_file
from exporter.archive.ledger import ColdFile
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, Moment, archive_options
from exporter.cli.tiers.selecting import require_known
from exporter.cli.tiers.work import opened_tiers, required_cold, steps_shown, told_what_was_done


@click.command("verify")
@archive_options
@click.option("--monitor", metavar="NAME", help="Only this monitor.")
@click.option("--since", type=Moment(), help="Only rows from then on: 2026-03-01, or 30d.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many files, by chance.")
def command(access: ArchiveAccess, monitor: str | None, since: float | None, sample: int | None) -> None:
    """Reads cold files whole and compares bytes, rows and digests with the ledger. Nothing is changed.

    Exit code 1 when a file is wrong or missing; each is printed. Objects that no ledger knows are told too.

    \b
    Examples:
      infranaut tiers verify
      infranaut tiers verify --monitor credit-default --since 30d
      infranaut tiers verify --sample 100 --config infranaut.yaml
    """
    found: list[VerifiedFile] = []
    with opened_tiers(access, is_read_only=True) as tiers:
        cold = required_cold(tiers)
        files = _files(tiers.ledger.cold_files(), monitor, since)
        if sample is not None and files:
            files = sample_files(files, sample / len(files), random.SystemRandom())
        summary = [] if files else ["no cold files"]
        with told_what_was_done(summary), steps_shown() as steps:
            for number, file in enumerate(files, 1):
                found.append(verify_file(cold, file))
                summary[:] = _summarised(found)
                steps.done(number, len(files), file.name)
        if sample is None and monitor is None and since is None:
            for orphan in find_orphans(tiers, cold):
                click.echo(f"not in the ledger: {orphan.name} ({bytes_text(orphan.size_bytes)})")
    sys.exit(1 if any(each.state is VerifiedState.WRONG for each in found) else 0)


def _files(files: Sequence[ColdFile], monitor: str | None, since: float | None) -> list[ColdFile]:
    if monitor is not None:
        require_known(monitor, files)
    earliest = -math.inf if since is None else since
    return [file for file in files if file.hour + HOUR_S > earliest and monitor in {None, file.monitor}]


def _summarised(found: list[VerifiedFile]) -> list[str]:
    wrong = [each for each in found if each.state is VerifiedState.WRONG]
    sealed = sum(each.state is VerifiedState.SEALED for each in found)
    rows = sum(each.file.rows for each in found if each.state is VerifiedState.RIGHT)
    size = sum(each.file.size_bytes for each in found)
    lines = [f"wrong: {each.detail}" for each in wrong]
    if sealed:
        lines.append(f"sealed: {count_text(sealed, 'file')} whose key was taken away")
    right = len(found) - len(wrong) - sealed
    of = count_text(len(found), "file")
    return [*lines, f"{right:,} of {of} right: {count_text(rows, 'row')}, {bytes_text(size)} read"]
