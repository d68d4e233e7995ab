"""`infranaut tiers verify`: reads cold files again, and compares them with what the ledger says."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import click
import msgspec

from exporter.archive.cold.names import HOUR_S
from exporter.archive.cold.store import StoredObject
from exporter.archive.cold.verify import VerifiedFile, VerifiedState, find_orphans, sample_files, verify_file
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.tiers.selecting import require_known, span_text
from exporter.cli.tiers.work import (
    Ending,
    opened_tiers,
    required_cold,
    show_json,
    show_lines,
    steps_shown,
    told_at_the_end,
)
from exporter.cli.times import Moment


class ReportedFile(msgspec.Struct, frozen=True):
    """One file of what `--json` prints; state: due where nobody has come to it; detail: what is wrong with it."""

    name: str
    monitor: str
    kind: Kind
    hour: int
    rows: int
    size_bytes: int
    state: VerifiedState | Literal["due"] = "due"
    detail: str | None = None


class VerifyReport(msgspec.Struct, frozen=True):
    """What `--json` prints: each file that was to be read, how many are what, and what ended the work early.

    orphans : objects that no ledger knows; null where nobody looked for them: with --sample, or when the work ended
              before.
    """

    files: list[ReportedFile]
    right: int
    sealed: int
    wrong: int
    orphans: list[StoredObject] | None
    interrupted: bool
    failure: str | None


@dataclass(slots=True)
class _Findings:
    """Grows file by file; orphans is None until somebody has looked for them."""

    files: Sequence[ColdFile]
    found: list[VerifiedFile] = field(default_factory=list)
    orphans: list[StoredObject] | None = None

    def count(self, state: VerifiedState) -> int:
        return sum(each.state is state for each in self.found)


@click.command("verify")
@archive_options
@click.option("--monitor", metavar="NAME", help="Only this monitor.")
@click.option("--since", type=Moment(), help="Only rows from then on: 2026-03-01, or 30d.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many files, by chance.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document, also after Ctrl-C or a failure.")
def command(access: ArchiveAccess, monitor: str | None, since: float | None, sample: int | None, is_json: bool) -> None:
    """Reads cold files whole and compares bytes, rows and digests with the ledger. Nothing is changed.

    Exit code 1 when a file is wrong or missing; each is printed. Objects that no ledger knows are told too, of the
    monitor and since the time that are given; with --sample nobody looks for them.

    \b
    Examples:
      infranaut tiers verify
      infranaut tiers verify --monitor credit-default --since 30d
      infranaut tiers verify --sample 100 --config infranaut.yaml
      infranaut tiers verify --json
    """
    earliest = -math.inf if since is None else since
    with opened_tiers(access, is_read_only=True) as tiers:
        cold = required_cold(tiers)
        known = tiers.ledger.cold_files()
        files = _files(known, monitor, earliest)
        if sample is not None and files:
            files = sample_files(files, sample / len(files), random.SystemRandom())
        findings = _Findings(files)

        def tell(ending: Ending) -> None:
            if is_json:
                show_json(_report(findings, ending))
            else:
                show_lines(_summarised(findings, ending))

        if known and not files:
            click.echo(f"no cold files since then; there are some of {span_text(known)}", err=True)
        with told_at_the_end(tell), steps_shown() as steps:
            for number, file in enumerate(files, 1):
                findings.found.append(verify_file(cold, file))
                steps.done(number, len(files), file.name)
            if sample is None:
                findings.orphans = find_orphans(tiers, cold, monitor, earliest)
    sys.exit(1 if findings.count(VerifiedState.WRONG) else 0)


def _files(files: Sequence[ColdFile], monitor: str | None, earliest: float) -> list[ColdFile]:
    if monitor is not None:
        require_known(monitor, files)
    return [file for file in files if file.hour + HOUR_S > earliest and monitor in {None, file.monitor}]


def _summarised(findings: _Findings, ending: Ending) -> list[str]:
    """Nothing where the work ended before the first file was read."""
    found, is_whole = findings.found, ending == Ending()
    lines = [f"wrong: {each.detail}" for each in found if each.state is VerifiedState.WRONG]
    if sealed := findings.count(VerifiedState.SEALED):
        lines.append(f"sealed: {count_text(sealed, 'file')} whose key was taken away")
    if found:
        rows = sum(each.file.rows for each in found if each.state is VerifiedState.RIGHT)
        size = sum(each.file.size_bytes for each in found)
        of = count_text(len(findings.files), "file")
        unread = len(findings.files) - len(found)
        left = f"; {unread:,} not read" if unread else ""
        right = findings.count(VerifiedState.RIGHT)
        lines.append(f"{right:,} of {of} right: {count_text(rows, 'row')}, {bytes_text(size)} read{left}")
    elif is_whole:
        lines.append("no cold files")
    orphans = findings.orphans or ()
    return [*lines, *(f"not in the ledger: {each.name} ({bytes_text(each.size_bytes)})" for each in orphans)]


def _report(findings: _Findings, ending: Ending) -> VerifyReport:
    return VerifyReport(
        files=[
            *(_reported(each.file, each.state, each.detail or None) for each in findings.found),
            *(_reported(file) for file in findings.files[len(findings.found) :]),
        ],
        right=findings.count(VerifiedState.RIGHT),
        sealed=findings.count(VerifiedState.SEALED),
        wrong=findings.count(VerifiedState.WRONG),
        orphans=findings.orphans,
        interrupted=ending.is_interrupted,
        failure=ending.failure,
    )


def _reported(file: ColdFile, state: VerifiedState | Literal["due"] = "due", detail: str | None = None) -> ReportedFile:
    return ReportedFile(file.name, file.monitor, file.kind, file.hour, file.rows, file.size_bytes, state, detail)
