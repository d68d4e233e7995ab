"""`infranaut backfill`: counts archived rows again, and writes them as blocks that Prometheus can load."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from exporter.archive.entry import Kind
from exporter.archive.opening import Archive, open_warm
from exporter.archive.query.archive_reader import ArchiveReader
from exporter.archive.query.hours import HoursOf, plan_hours
from exporter.archive.query.session import QuerySession
from exporter.archive.warm.tier import Span
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.backfilling.blocks import find_promtool
from exporter.cli.backfilling.raw_rows import QueriedRows
from exporter.cli.backfilling.run import Backfill, Backfilled, backfill
from exporter.cli.times import Moment, utc
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidSettings
from exporter.monitor.duration import parse_duration_s
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.suggestion import did_you_mean
from exporter.reference.use import load_reference_of
from exporter.settings import parse_size

_EXAMPLES = """
\b
Examples:
  infranaut backfill --monitors monitors/ --monitor credit-default --from 7d --dry-run
  infranaut backfill --monitors monitors/ --monitor credit-default --from 2026-03-01 --to 2026-03-08 --out blocks
  cp -r blocks/* /var/lib/prometheus/metrics2/          (Prometheus loads them within a minute)
"""


class BackfillSummary(msgspec.Struct, frozen=True):
    """What `--json` prints; samples and blocks are 0 where nothing was written."""

    monitor: str
    start: str
    end: str
    step_s: int
    predictions: int
    outcomes: int
    samples: int
    blocks: int
    out: str | None
    left_out: list[str]


@click.command("backfill", epilog=_EXAMPLES)
@archive_options
@click.option("--monitor", "name", metavar="NAME", required=True, help="Whose series.")
@click.option(
    "--from", "start", type=Moment(), required=True, help="2026-03-01, 2026-03-01T12:00Z, or 7d for so long ago."
)
@click.option("--to", "end", type=Moment(), help="The same; by default now.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A new folder for the blocks.")
@click.option("--step", default="1m", show_default=True, help="From one sample to the next.")
@click.option("--job", default="infranaut", show_default=True, help="The label `job`, as the scrapes have it.")
@click.option("--instance", default="backfill", show_default=True, help="The label `instance`; no live exporter's.")
@click.option("--promtool", type=click.Path(path_type=Path), help="By default that of .tools/bin, or on PATH.")
@click.option("--memory-limit", default="1GiB", show_default=True, help="For joining labels.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be read, and write nothing.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(  # noqa: PLR0913, PLR0917 - one argument a flag
    access: ArchiveAccess,
    name: str,
    start: float,
    end: float | None,
    out: Path | None,
    step: str,
    job: str,
    instance: str,
    promtool: Path | None,
    memory_limit: str,
    is_dry: bool,
    is_json: bool,
) -> None:
    """Rebuilds a monitor's series from the raw rows of the warm and the cold tier, as its file says today.

    Predictions are counted when they were made, outcomes when their label came. What a running exporter alone knows
    (records received, rejected and waiting) is not rebuilt.
    """
    if (out is None) != is_dry:
        raise click.UsageError("give --out FOLDER for the blocks, or --dry-run")
    loaded = _monitor(access, name)
    wanted = _wanted(
        loaded, start, access.clock.now() if end is None else end, step, (("job", job), ("instance", instance))
    )
    with access.open(is_read_only=True) as archive:
        hours = plan_hours(archive.warm.hours(), archive.ledger.cold_files())
        if out is None:
            done = _planned(hours, wanted)
        else:
            tool = find_promtool(promtool)
            with _rows(access, archive, hours, parse_size(memory_limit), name) as rows, _Bar(name) as bar:
                done = backfill(wanted, rows[0], rows[1], tool, out, bar.show)
    _print(wanted, done, out, is_json=is_json)


def _monitor(access: ArchiveAccess, name: str) -> LoadedMonitor:
    access.require_monitors()
    loaded = {each.name: each for each in load_monitors(access.monitor_paths, check_expressions).monitors}
    if name not in loaded:
        raise InvalidSettings(f"--monitor {name!r} is not among the monitors{did_you_mean(name, list(loaded))}")
    return loaded[name]


def _wanted(
    loaded: LoadedMonitor, start: float, end: float, step: str, target: tuple[tuple[str, str], ...]
) -> Backfill:
    """Times are rounded outwards to whole steps."""
    try:
        step_s = int(parse_duration_s(step))
    except ValueError as error:
        raise InvalidSettings(f"--step: {error}") from error
    found = load_reference_of(loaded)
    if found.warning:
        click.echo(f"warning: {found.warning}", err=True)
    span = Span(start // max(step_s, 1) * step_s, -(-end // max(step_s, 1)) * step_s)
    return Backfill(loaded.monitor, loaded.sha256, found.reference, span, step_s, target)


@contextmanager
def _rows(
    access: ArchiveAccess, archive: Archive, hours: HoursOf, memory_bytes: int, monitor: str
) -> Iterator[list[QueriedRows]]:
    """Two, because two streams are read in turns; tells at the end which rows were not whole."""
    with ExitStack() as stack:
        spill = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="infranaut-backfill-")))
        readers, rows = [], []
        for number in range(2):
            warm, _ = open_warm(access.configuration.warm, access.state, access.clock, is_read_only=True)
            stack.callback(warm.close)
            reader = ArchiveReader(warm, archive.cold)
            schemas = reader.schemas(hours, access.monitors)
            session = QuerySession(hours, schemas, reader, memory_bytes=memory_bytes, spill=spill / str(number))
            stack.callback(session.close)
            readers.append(reader)
            rows.append(QueriedRows(session, monitor))
        yield rows
        if readers[0].sealed_rows:
            click.echo(
                f"warning: the key of {readers[0].sealed_rows:,} rows was taken away: their features count as missing",
                err=True,
            )


def _planned(hours: HoursOf, wanted: Backfill) -> Backfilled:
    """Whole hours, by the side counts and the manifest."""
    rows = {
        kind: sum(
            hour.rows
            for hour in hours.get((wanted.monitor.name, kind), ())
            if hour.span.end > wanted.span.start and hour.span.start < wanted.span.end
        )
        for kind in (Kind.PREDICTIONS, Kind.LABELS)
    }
    return Backfilled(rows[Kind.PREDICTIONS], rows[Kind.LABELS], 0, 0)


def _print(wanted: Backfill, done: Backfilled, out: Path | None, *, is_json: bool) -> None:
    start, end, hidden = utc(wanted.span.start), utc(wanted.span.end), sorted(wanted.left_out)
    if is_json:
        folder = None if out is None else str(out)
        summary = BackfillSummary(
            wanted.monitor.name, start, end, wanted.step_s, done.predictions, done.outcomes, done.samples, done.blocks,
            folder, hidden,
        )  # fmt: skip
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2))
        return
    period = f"{wanted.monitor.name}, {start} to {end}"
    if out is None:
        click.echo(f"{period}: about {done.predictions:,} predictions and {done.outcomes:,} labels would be counted")
    else:
        read = f"{done.predictions:,} predictions and {done.outcomes:,} outcomes"
        click.echo(f"{period}: {read} as {done.samples:,} samples in {done.blocks} blocks, in {out}")
    if hidden:
        click.echo(f"left out, since spec.privacy keeps them out of the archive: {', '.join(hidden)}")


class _Bar:
    """On stderr, gone in the end."""

    def __init__(self, name: str) -> None:
        counted = TextColumn("{task.fields[rows]:,} rows")
        columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeElapsedColumn(), TimeRemainingColumn())
        self._bar = ProgressBar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(name, total=1.0, rows=0)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def show(self, share: float, rows: int) -> None:
        self._bar.update(self._task, completed=share, rows=rows)
