"""`infranaut tiers windows`: what the latest window profiles of a monitor tell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exporter.archive.latest_windows import LATEST_WINDOWS, LatestWindows
from exporter.archive.opening import Archive
from exporter.archive.window_figures import QUANTILES, FeatureFigures, WindowFigures, latest_figures
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.times import utc
from exporter.errors import InvalidSettings
from exporter.monitor.suggestion import did_you_mean

_WIDTH = 180
_DIGITS = 5
_COUNTS = ("count", "missing", "invalid", "distinct")
_NUMBERS = ("mean", "standard_deviation", "minimum", "maximum")


@click.command("windows")
@archive_options
@click.option("--monitor", required=True, metavar="NAME", help="The monitor whose windows are meant.")
@click.option(
    "--last", type=click.IntRange(1, LATEST_WINDOWS), default=1, show_default=True, help="So many of the newest hours."
)
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document, as the route of the exporter gives it.")
def command(access: ArchiveAccess, monitor: str, last: int, is_json: bool) -> None:
    """Prints the newest hourly windows that have closed: rows, labels, and figures of every feature.

    They are read from the hot tier where it is a Redis that has them, else from the warm tier.

    \b
    Examples:
      infranaut tiers windows --monitor payments
      infranaut tiers windows --monitor payments --last 24 --json
      infranaut tiers windows --monitor payments --state /var/lib/infranaut --config infranaut.yaml
    """
    with access.open(is_read_only=True) as archive:
        hot = None if access.configuration.hot.url is None else archive.hot
        reader = LatestWindows(hot, lambda: nullcontext(archive.ledger))
        figures = latest_figures(monitor, reader.read(monitor, last))
        if not figures.windows:
            _require_known(monitor, access, archive)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(figures), indent=2))
    elif figures.windows:
        _print(figures.windows, Console(width=None if sys.stdout.isatty() else _WIDTH))
    else:
        click.echo("no window has closed yet")


def _require_known(monitor: str, access: ArchiveAccess, archive: Archive) -> None:
    known = {*access.monitors, *(hour.monitor for hour in archive.warm.hours())}
    if monitor not in known:
        raise InvalidSettings(f"nothing is known of a monitor {monitor!r}{did_you_mean(monitor, known)}")


def _print(windows: list[WindowFigures], console: Console) -> None:
    """A table of each window and model version."""
    for window in windows:
        segment = "" if window.segment is None else f", segment {window.segment}"
        click.echo(
            f"{utc(window.start)} to {utc(window.end)}, version {window.model_version}{segment}:"
            f" {window.rows:,} rows, {window.labelled:,} labelled, revision {window.revision}"
        )
        if window.features is None:
            click.echo("  its profile cannot be read")
        else:
            console.print(_table(window.features))


def _table(features: list[FeatureFigures]) -> Table:
    table = Table("  feature", box=None, header_style="bold", pad_edge=False)
    for name in (*_COUNTS, "mean", "deviation", "minimum", "maximum", *QUANTILES):
        table.add_column(name, justify="right")
    table.add_column("most frequent")
    for feature in features:
        table.add_row(f"  {escape(feature.feature)}", *_cells(feature), escape(_frequent(feature)))
    return table


def _cells(feature: FeatureFigures) -> Iterator[str]:
    for name in _COUNTS:
        count: int | None = getattr(feature, name)
        yield "-" if count is None else f"{count:,}"
    numbers = [getattr(feature, name) for name in _NUMBERS]
    for number in (*numbers, *((feature.quantiles or {}).get(name) for name in QUANTILES)):
        yield "-" if number is None else f"{number:.{_DIGITS}g}"


def _frequent(feature: FeatureFigures) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in (feature.categories or {}).items())
