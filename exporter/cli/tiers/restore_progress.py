"""How far a restoration is, and what is told of it: lines for a person, and what `--json` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from exporter.archive.cold.restoring import RestoredFile, RestoredSpan, RestoreRequest, WrongFile
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.cli.amounts import count_text
from exporter.cli.tiers.work import Ending
from exporter.cli.times import utc


class ReportedRestoration(msgspec.Struct, frozen=True):
    """One file of what `--json` prints.

    state    : due where nobody has come to it; restored also where the file is wrong, but warm has its rows anyway.
    new_rows : those that were not in warm. detail: what is wrong with the file.
    """

    name: str
    kind: Kind
    hour: int
    rows: int
    state: Literal["due", "restored", "not_restored"] = "due"
    new_rows: int = 0
    detail: str | None = None


class RestoreReport(msgspec.Struct, frozen=True):
    """What `--json` prints: each file of the period; times in seconds since the epoch; what ended the work early.

    rows   : that are back, new_rows : those of them that were not in warm before.
    joined : predictions that got their label again; null where the work ended before, or nothing was done.
    """

    monitor: str
    start: float
    end: float
    keep_until: float
    dry_run: bool
    files: list[ReportedRestoration]
    rows: int
    new_rows: int
    joined: int | None
    interrupted: bool
    failure: str | None


@dataclass(slots=True)
class RestoreProgress:
    """Of a request for these files; grows file by file, and is done at the end."""

    request: RestoreRequest
    files: Sequence[ColdFile]
    is_dry_run: bool
    read: list[RestoredFile] = field(default_factory=list)
    done: RestoredSpan | None = None


def summarised(progress: RestoreProgress) -> Iterator[str]:
    """Also of work that ended early."""
    files, done = progress.files, progress.done
    if progress.is_dry_run or not files:
        rows = count_text(sum(file.rows for file in files), "row")
        yield from (f"{file.name}: {count_text(file.rows, 'row')}" for file in files)
        yield f"{rows} in {count_text(len(files), 'file')}; nothing was done"
    elif done is None:
        yield from (f"not restored: {each.problem}" for each in progress.read if each.problem is not None)
        if read := [each for each in progress.read if each.problem is None]:
            yield f"read {len(read):,} of {count_text(len(files), 'file')}; their rows are in warm"
    else:
        for each in done.wrong:
            yield f"{'wrong, but its rows are in warm' if each.is_held else 'not restored'}: {each.problem}"
        new, old = count_text(done.new_rows, "row"), done.rows - done.new_rows
        yield f"{new} restored, {old:,} were there; they stay in warm until {utc(progress.request.keep_until)}"
        yield f"{count_text(done.joined, 'label')} joined again"


def report(progress: RestoreProgress, ending: Ending) -> RestoreReport:
    request, done, read = progress.request, progress.done, progress.read
    wrong = {} if done is None else {each.file.name: each for each in done.wrong}
    files = [_reported(each, wrong.get(each.file.name)) for each in read]
    is_back = [each for each in files if each.state == "restored"]
    return RestoreReport(
        monitor=request.monitor,
        start=request.span.start,
        end=request.span.end,
        keep_until=request.keep_until,
        dry_run=progress.is_dry_run,
        files=[*files, *(ReportedRestoration(f.name, f.kind, f.hour, f.rows) for f in progress.files[len(read) :])],
        rows=sum(each.rows for each in is_back),
        new_rows=sum(each.new_rows for each in is_back),
        joined=None if done is None else done.joined,
        interrupted=ending.is_interrupted,
        failure=ending.failure,
    )


def _reported(read: RestoredFile, wrong: WrongFile | None) -> ReportedRestoration:
    file = read.file
    problem = read.problem if wrong is None else wrong.problem
    is_back = problem is None if wrong is None else wrong.is_held
    state: Literal["restored", "not_restored"] = "restored" if is_back else "not_restored"
    return ReportedRestoration(file.name, file.kind, file.hour, file.rows, state, read.new_rows, problem)


def advice(done: RestoredSpan) -> str:
    """What to do about the files that are wrong."""
    hours = {(each.file.kind, each.file.hour) for each in done.wrong if not each.is_held}
    again = "put back what the store's versions or another copy have of them"
    if not hours:
        return f"{again}; `infranaut tiers verify` proves it"
    return (
        f"{count_text(len(hours), 'hour')} not whole, so window profiles that need them stay as they are:"
        f" {again}, then run the same command again"
    )
