"""`infranaut backtest`: which alerts a monitor would have fired on past data, and when."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from exporter.cli.backtesting.objectives import TriedObjectives, tried_objectives
from exporter.cli.backtesting.outcome import BacktestOutcome, outcome_of
from exporter.cli.backtesting.outcome_text import outcome_text
from exporter.cli.backtesting.pace import asked_length_s, asked_pace, evaluated_span, unit_note, usual_pace
from exporter.cli.backtesting.programs import find_tools
from exporter.cli.backtesting.rows import read_rows
from exporter.cli.backtesting.run import Backtest, Say
from exporter.cli.backtesting.variant import Variant
from exporter.cli.backtesting.variants import Setting, parse_setting, parse_sweep, with_settings
from exporter.cli.signals import interrupted_by_signals
from exporter.cli.times import Moment
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidSettings
from exporter.monitor.duration import parse_duration_s
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.spec import Privacy
from exporter.reference.use import load_reference_of

_ESTIMATED_S = 300.0
_FILE = click.Path(path_type=Path)
_EXAMPLES = """
\b
Examples:
  infranaut backtest --monitor monitors/credit.yaml --data march.parquet
  infranaut backtest --monitor monitors/credit.yaml --data march.parquet --labels truth.csv --label-delay 2d
  infranaut backtest --monitor monitors/credit.yaml --data march.ndjson --set drift.threshold=0.2 --set drift.hold=30m
  infranaut backtest --monitor monitors/credit.yaml --data march.csv --sweep drift.threshold=0.05,0.1,0.2 --json
"""


@click.command("backtest", epilog=_EXAMPLES)
@click.option("--monitor", "path", required=True, type=_FILE, help="The monitor's file, or a folder.")
@click.option("--name", help="Which monitor, where there are several.")
@click.option("--data", required=True, type=_FILE, help="Predictions: NDJSON, CSV, Parquet or Arrow.")
@click.option("--labels", type=_FILE, help="Labels, the same; may be the very file.")
@click.option("--label-delay", help="How long after its prediction each label came; by default at once.")
@click.option("--from", "start", type=Moment(), help="2026-03-01, 2026-03-01T12:00Z, or 7d for so long ago.")
@click.option("--to", "end", type=Moment(), help="The same; by default the last row.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A key of the spec: drift.threshold=0.2.")
@click.option("--sweep", metavar="KEY=VALUE,…", help="Try one value after the other, and count the alerts of each.")
@click.option("--step", help="From one evaluation to the next; by default 1m, and 5m of more than a week.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(  # noqa: PLR0913, PLR0917 - one argument a flag
    path: Path,
    name: str | None,
    data: Path,
    labels: Path | None,
    label_delay: str | None,
    start: float | None,
    end: float | None,
    settings: tuple[str, ...],
    sweep: str | None,
    step: str | None,
    is_json: bool,
) -> None:
    """Counts past rows as the exporter does, lets a real Prometheus evaluate the monitor's rules over them, and tells
    which alerts would have fired: when, for how long, at what value, and what they would have said.

    Rows count at their own timestamps. OpenSLO objectives in the same file or folder are tried as well, where their
    queries ask for nothing but the monitor's own series. Nothing is sent to anybody, and nothing is kept.
    """
    tools, pace = find_tools(), asked_pace(step) if step else None
    delay_s = _seconds("--label-delay", label_delay) if label_delay else 0.0
    found, beside = _monitor_and_objectives(path, name)
    loaded = with_settings(found, [parse_setting("--set", text) for text in settings])
    variants = _variants(loaded, beside, parse_sweep(sweep) if sweep else [])
    with _progress() as say, _work_folder() as work:
        rows = read_rows(loaded.monitor, data, labels, delay_s, lambda share, _count: say("reading", share))
        for note in filter(None, [*rows.notes, unit_note(rows.span, data)]):
            click.echo(f"warning: {note}", err=True)
        pace = pace or usual_pace(asked_length_s(rows.span, start, end))
        span = evaluated_span(rows.span, start, end, pace, data)
        backtest = Backtest(rows, tools, span, pace, work, say)
        tried = [(variant, backtest.run(variant)) for variant in variants]
        outcome = outcome_of(loaded.name, rows, span, pace.step_s, tried)
    _print(outcome, is_json=is_json)


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Gone in the end, also where somebody interrupts or ends the program."""
    with interrupted_by_signals(), tempfile.TemporaryDirectory(prefix="infranaut-backtest-") as folder:
        yield Path(folder)


def _monitor_and_objectives(path: Path, name: str | None) -> tuple[LoadedMonitor, TriedObjectives]:
    """The one monitor, or that of the name, and the objectives in the same file or folder."""
    everything = load_monitors([path], check_expressions)
    monitors = {loaded.name: loaded for loaded in everything.monitors}
    if not monitors:
        raise InvalidSettings(
            f"--monitor {path}: holds OpenSLO objectives and no monitor; name a folder that holds the monitor as well, "
            f"which tells what the rows mean"
        )
    if name is None and len(monitors) == 1:
        (name,) = monitors
    if name not in monitors:
        asked = f"--name {name}: {path} holds" if name else f"--monitor {path}: holds"
        raise InvalidSettings(f"{asked} the monitors {', '.join(monitors)}; choose one of them with --name")
    return monitors[name], tried_objectives(everything.objectives, name)


def _variants(loaded: LoadedMonitor, beside: TriedObjectives, swept: Sequence[Setting]) -> list[Variant]:
    """One for each value of a sweep, or the monitor as it is."""
    if not swept:
        return [_variant(loaded, "", beside)]
    return [_variant(with_settings(loaded, [each]), str(each), beside) for each in swept]


def _variant(loaded: LoadedMonitor, name: str, beside: TriedObjectives) -> Variant:
    """Nothing that is read leaves this machine or stays on it, so fields that the archive must not hold do count."""
    found = load_reference_of(loaded)
    if found.warning:
        click.echo(f"warning: {found.warning}", err=True)
    spec = loaded.monitor.spec.model_copy(update={"privacy": Privacy()})
    open_monitor = loaded.monitor.model_copy(update={"spec": spec})
    return Variant(name, LoadedMonitor(open_monitor, loaded.path, loaded.sha256), found.reference, beside)


def _seconds(flag: str, text: str) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise InvalidSettings(f"{flag}: {error}") from error


def _print(outcome: BacktestOutcome, *, is_json: bool) -> None:
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(outcome), indent=2))
        return
    click.echo(outcome_text(outcome))


@contextmanager
def _progress() -> Iterator[Say]:
    """A bar on stderr for whatever is being done, with how long that will go on, gone in the end."""
    columns: Sequence[ProgressColumn] = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %, left"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=_ESTIMATED_S) as bar:
        yield PhaseBar(bar).say


class PhaseBar:
    """Begins anew with each thing that is done: they differ in speed."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._what = ""
        self._task = bar.add_task("", total=1.0)

    def say(self, what: str, share: float) -> None:
        if what != self._what:
            self._bar.remove_task(self._task)
            self._what, self._task = what, self._bar.add_task(what, total=1.0)
        self._bar.update(self._task, completed=share)
