"""`infranaut replay`: streams a file into a server."""

from __future__ import annotations

import heapq
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from exporter.cli.replaying.interruption import INTERRUPTED, Interruption
from exporter.cli.replaying.pace import DueRows, ReplayPace, wait_until
from exporter.cli.replaying.reading import RowFile, open_rows
from exporter.cli.replaying.rows import TimeField
from exporter.cli.replaying.sending import PATIENCE_S, Kind, Sender
from exporter.cli.replaying.tally import Tally
from exporter.cli.replaying.timestamps import Unit
from exporter.clock import Clock, SystemClock
from exporter.errors import ServiceFailed

_EXAMPLES = """
\b
Examples:
  infranaut replay events.ndjson --monitor credit-default --url http://127.0.0.1:8750
  infranaut replay events.parquet --monitor credit-default --url $URL --speed 60x --shift-to-now
  infranaut replay events.csv --monitor credit-default --url $URL --labels truth.csv
  infranaut replay events.ndjson --monitor credit-default --url $URL --follow
"""
_FILE = click.Path(path_type=Path, exists=False, dir_okay=False)


class _Speed(click.ParamType[float]):
    name = "speed"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`60x` and `60` are 60 seconds of event time in a second."""
        try:
            speed = float(str(value).removesuffix("x"))
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is not a speed; write how many times faster than real time, such as 60x", param, ctx)
        return speed


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What to replay, where to, how fast."""

    files: tuple[tuple[Kind, Path], ...]
    monitor: str
    url: str
    time_field: TimeField
    batch_rows: int
    speed: float | None
    shift_to_now: bool
    follow: bool
    patience_s: float


@click.command("replay", epilog=_EXAMPLES)
@click.argument("file", type=_FILE)
@click.option("--monitor", required=True, help="The monitor that the rows belong to.")
@click.option("--url", default="http://127.0.0.1:8750", show_default=True, help="The server's ingest address.")
@click.option("--kind", type=click.Choice(get_args(Kind)), default="predictions", show_default=True, help="Of FILE.")
@click.option("--labels", type=_FILE, help="Labels to send too: with --speed in step, else after the predictions.")
@click.option("--speed", type=_Speed(), help="Keep the pace of the timestamps, so many times faster: 60x.")
@click.option("--shift-to-now", is_flag=True, help="Make each timestamp the moment when its row is due.")
@click.option("--timestamp-field", default="ts", show_default=True, help="Holds the timestamps, for the two above.")
@click.option("--timestamp-unit", type=click.Choice(get_args(Unit)), default="s", show_default=True)
@click.option("--follow", is_flag=True, help="Wait for lines to be added (NDJSON and CSV), until Ctrl-C.")
@click.option("--batch", default=5_000, show_default=True, type=click.IntRange(1, 1_000_000), help="Rows a request.")
@click.option("--retry-for", default=PATIENCE_S, show_default=True, help="Seconds to wait for a server that is away.")
@click.option("--json", "is_json", is_flag=True, help="Print the summary as one JSON document.")
def command(  # noqa: PLR0913, PLR0917 - one argument a flag
    file: Path,
    monitor: str,
    url: str,
    kind: Kind,
    labels: Path | None,
    speed: float | None,
    shift_to_now: bool,
    timestamp_field: str,
    timestamp_unit: Unit,
    follow: bool,
    batch: int,
    retry_for: float,
    is_json: bool,
) -> None:
    """Streams FILE (NDJSON, CSV, Parquet or Arrow) into a server and says what became of its rows.

    Exit code 0 when everything was accepted, 1 when a row was rejected or the server stayed away, 130 after Ctrl-C.
    """
    if labels is not None and (follow or kind == "labels"):
        raise click.UsageError("--labels goes with a whole file of predictions; replay the labels with --kind labels")
    files: tuple[tuple[Kind, Path], ...] = ((kind, file), *([("labels", labels)] if labels else ()))
    settings = ReplaySettings(
        files, monitor, url, TimeField(timestamp_field, timestamp_unit), batch, speed, shift_to_now, follow, retry_for
    )
    stop, started_s = Interruption(), time.perf_counter()
    with stop.by_signal():
        tally = replay(settings, SystemClock(), stop, Console(stderr=True))
    _print(tally, monitor, time.perf_counter() - started_s, is_json=is_json)
    if tally.is_interrupted and not follow:
        sys.exit(INTERRUPTED)
    sys.exit(1 if tally.rejected or tally.failure else 0)


def replay(settings: ReplaySettings, clock: Clock, stop: Interruption, console: Console) -> Tally:
    """Sends every row; returns early when `stop` is asked, and when the server refuses a batch or stays away."""
    files = {
        kind: open_rows(path, follow=settings.follow, batch_rows=settings.batch_rows, pause=stop.pause)
        for kind, path in settings.files
    }
    tally = Tally()
    progress = _Progress(console, sum(file.size for file in files.values()))
    sender = Sender(settings.url, settings.monitor, stop, progress.notify, settings.patience_s)
    try:
        with progress:
            for kind, due, done in batches_in_step(files, settings, clock):
                if due is not None:
                    wait_until(due.due_s, clock, stop.pause)
                if stop.is_asked:
                    break
                if due is not None:
                    rows = len(due.rows)
                    tally.add(kind, rows, sender.send(kind, due.rows.body(), due.rows.media_type, rows))
                    progress.show(kind, done, tally)
    except ServiceFailed as error:
        tally.failure = str(error)
    finally:
        sender.close()
    tally.is_interrupted = stop.is_asked
    return tally


_Step = tuple[Kind, DueRows | None, int]


def batches_in_step(files: dict[Kind, RowFile], settings: ReplaySettings, clock: Clock) -> Iterator[_Step]:
    """The batches of all files in the order in which they are due; predictions first where that is the same."""
    pace = ReplayPace(
        settings.batch_rows,
        settings.time_field,
        clock,
        speed=settings.speed,
        shift_to_now=settings.shift_to_now,
    )
    steps = [_steps(kind, file, pace) for kind, file in files.items()]
    return heapq.merge(*steps, key=lambda step: step[1].due_s if step[1] else 0.0)


def _steps(kind: Kind, file: RowFile, pace: ReplayPace) -> Iterator[_Step]:
    """Each batch with how much of the file has been sent after it; None while there is nothing new."""
    before = 0
    for read in file.read():
        if read is None:
            yield kind, None, before
            continue
        cut = 0
        for due in pace.cut(read.rows):
            cut += len(due.rows)
            yield kind, due, before + (read.done - before) * cut // len(read.rows)
        before = read.done


class _Progress:
    """The bar on stderr: share of the files, rows, rows a second, rejected rows."""

    def __init__(self, console: Console, size: int) -> None:
        columns = "{task.fields[rows]:,} rows  {task.fields[rate]:,.0f}/s  {task.fields[rejected]:,} rejected"
        self._console = console
        self._bar = Progress(
            BarColumn(), TaskProgressColumn(), TextColumn(columns), TimeElapsedColumn(), console=console
        )
        self._task = self._bar.add_task("replay", total=size or None, rows=0, rate=0.0, rejected=0)
        self._done: dict[Kind, int] = {}

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def notify(self, message: str) -> None:
        self._console.print(message, highlight=False, markup=False)

    def show(self, kind: Kind, done: int, tally: Tally) -> None:
        self._done[kind] = done
        elapsed_s = self._bar.tasks[0].elapsed or 0.0
        rate = tally.sent / elapsed_s if elapsed_s else 0.0
        self._bar.update(
            self._task, completed=sum(self._done.values()), rows=tally.sent, rate=rate, rejected=tally.rejected
        )


def _print(tally: Tally, monitor: str, seconds: float, *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps(tally.as_document(monitor, seconds), indent=2))
    else:
        click.echo("\n".join(tally.as_lines(seconds)))
