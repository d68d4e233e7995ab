"""`infranaut backtest`: which alerts a monitor would have fired on past data, and when."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from exporter.cli.archive_access import Moment, utc
from exporter.cli.backfilling.blocks import BLOCK_S
from exporter.cli.backfilling.run import LONGEST_STEP_S
from exporter.cli.backtesting.outcome import BacktestOutcome, outcome_of, outcome_text
from exporter.cli.backtesting.programs import find_tools
from exporter.cli.backtesting.rows import read_rows
from exporter.cli.backtesting.run import Backtest, Say, Variant, whole_steps
from exporter.cli.backtesting.variants import parse_setting, parse_sweep, with_settings
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidSettings
from exporter.monitor.duration import parse_duration_s
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.spec import Privacy
from exporter.reference.use import load_reference_of

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
@click.option("--monitor", "path", required=True, type=_FILE, help="The monitor's file.")
@click.option("--name", help="Which monitor, where the file holds several.")
@click.option("--data", required=True, type=_FILE, help="Predictions: NDJSON, CSV, Parquet or Arrow.")
@click.option("--labels", type=_FILE, help="Labels, the same; may be the very file.")
@click.option("--label-delay", help="How long after its prediction each label came; by default at once.")
@click.option("--from", "start", type=Moment(), help="2026-03-01, 2026-03-01T12:00Z, or 7d for so long ago.")
@click.option("--to", "end", type=Moment(), help="The same; by default the last row.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A key of the spec: drift.threshold=0.2.")
@click.option("--sweep", metavar="KEY=VALUE,…", help="Try one value after the other, and count the alerts of each.")
@click.option("--step", default="1m", show_default=True, help="From one scrape, and one evaluation, to the next.")
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
    step: str,
    is_json: bool,
) -> None:
    """Counts past rows as the exporter does, lets a real Prometheus evaluate the monitor's rules over them, and tells
    which alerts would have fired: when, for how long, at what value, and what they would have said.

    Rows count at their own timestamps. Nothing is sent to anybody, and nothing is kept.
    """
    tools, step_s = find_tools(), _step_s(step)
    delay_s = _seconds("--label-delay", label_delay) if label_delay else 0.0
    loaded = with_settings(_single_monitor(path, name), [parse_setting("--set", text) for text in settings])
    swept = parse_sweep(sweep) if sweep else []
    variants = [_variant(loaded, ""), *(_variant(with_settings(loaded, [each]), str(each)) for each in swept)]
    if swept:
        del variants[0]
    with _progress() as say, tempfile.TemporaryDirectory(prefix="infranaut-backtest-") as work:
        rows = read_rows(loaded.monitor, data, labels, delay_s, lambda share, _count: say("reading", share))
        span = whole_steps(rows.span, start, end, step_s)
        if span.start >= min(span.end, rows.span.end + step_s):
            raise InvalidSettings(
                f"--from and --to: {data} has rows from {utc(rows.span.start)} to {utc(rows.span.end)}"
            )
        backtest = Backtest(rows, tools, span, step_s, Path(work), say)
        outcome = outcome_of(loaded.name, rows, span, [(variant, backtest.run(variant)) for variant in variants])
    _print(outcome, is_json=is_json)


def _single_monitor(path: Path, name: str | None) -> LoadedMonitor:
    monitors = {loaded.name: loaded for loaded in load_monitors([path], check_expressions).monitors}
    if name is None and len(monitors) == 1:
        return next(iter(monitors.values()))
    if name not in monitors:
        raise InvalidSettings(f"{path} holds {', '.join(monitors)}; choose one with --name")
    return monitors[name]


def _variant(loaded: LoadedMonitor, name: str) -> Variant:
    """Nothing that is read leaves this machine or stays on it, so fields that the archive must not hold do count."""
    found = load_reference_of(loaded)
    if found.warning:
        click.echo(f"warning: {found.warning}", err=True)
    spec = loaded.monitor.spec.model_copy(update={"privacy": Privacy()})
    open_monitor = loaded.monitor.model_copy(update={"spec": spec})
    return Variant(name, LoadedMonitor(open_monitor, loaded.path, loaded.sha256), found.reference)


def _step_s(text: str) -> int:
    step_s = _seconds("--step", text)
    if step_s != int(step_s) or step_s > LONGEST_STEP_S or BLOCK_S % step_s:
        raise InvalidSettings(f"--step {text}: expected whole seconds, up to 4m, so many of which make two hours")
    return int(step_s)


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
    """A bar on stderr for whatever is being done, gone in the end."""
    columns: Sequence[TextColumn | BarColumn | TimeElapsedColumn] = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
