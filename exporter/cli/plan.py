"""`infranaut plan`: what a change of monitors means for Prometheus, and for whoever is paged."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from alertmanager.delivery import DeliverySettings
from exporter.cli.delivery_options import delivery_options
from exporter.cli.planning.document import plan_json
from exporter.cli.planning.exposed import PlannedFleet
from exporter.cli.planning.figures import PlannedPace
from exporter.cli.planning.outcome import Budgets, make_plan
from exporter.cli.planning.revision import files_against, planned_files
from exporter.cli.planning.text import plan_text
from exporter.errors import InvalidSettings
from exporter.monitor.duration import parse_duration_s

BUDGET_BROKEN = 2

_EXAMPLES = """
\b
Examples:
  infranaut plan --monitors monitors/
  infranaut plan --monitors monitors/ --against origin/main --markdown >> "$GITHUB_STEP_SUMMARY"
  infranaut plan --monitors monitors/ --against ../deployed --series-budget 200000 --cpu-budget 20 --json
"""


@click.command("plan", epilog=_EXAMPLES)
@click.option(
    "--monitors", "paths", required=True, multiple=True, type=click.Path(path_type=Path), help="Files and folders."
)
@click.option("--against", metavar="GIT_REV|DIR", help="What is there now; a folder of that name goes first.")
@click.option(
    "--replicas", default=1, show_default=True, type=click.IntRange(1), help="Exporters that Prometheus scrapes."
)
@click.option(
    "--versions",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Model versions at least, where there are versions.",
)
@click.option(
    "--queried-series",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Series that each selector of an OpenSLO query finds, of what no monitor exposes.",
)
@click.option("--scrape-interval", default="15s", show_default=True, help="Prometheus' own.")
@click.option("--evaluation-interval", default="15s", show_default=True, help="Prometheus' own.")
@click.option("--series-budget", type=click.IntRange(0), help="The most series, exposed and recorded, of all monitors.")
@click.option("--cpu-budget", type=click.FloatRange(0), help="The most CPU-seconds a minute for rules of all monitors.")
@delivery_options
@click.option("--markdown", "is_markdown", is_flag=True, help="For a pull request.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(  # noqa: PLR0913, PLR0917 - one argument a flag
    paths: tuple[Path, ...],
    against: str | None,
    replicas: int,
    versions: int,
    queried_series: int,
    scrape_interval: str,
    evaluation_interval: str,
    series_budget: int | None,
    cpu_budget: float | None,
    delivery: DeliverySettings,
    is_markdown: bool,
    is_json: bool,
) -> None:
    """Tells what monitors, and OpenSLO objectives beside them, mean before they are merged: series, rules, CPU, memory
    and disk of Prometheus, alerts that are added, removed or changed, and who is told.

    Exit code 0 when all is well, 1 when something given cannot be used, 2 when a budget is broken: that of a monitor
    (spec.limits.series), or one of the two flags.
    """
    if is_json and is_markdown:
        raise InvalidSettings("--json and --markdown: give one of them")
    pace = PlannedPace(
        _seconds("--scrape-interval", scrape_interval), _seconds("--evaluation-interval", evaluation_interval)
    )
    now = planned_files(paths)
    click.echo(f"{now} read", err=True)
    before = files_against(against, paths) if against else None
    if before:
        click.echo(f"{before.planned} read of {before.name}", err=True)
    fleet = PlannedFleet(replicas, versions, queried_series)
    with _uncollected():
        plan = make_plan(now, before, fleet, pace, Budgets(series_budget, cpu_budget), delivery)
    if is_json:
        click.echo(plan_json(plan))
    else:
        click.echo(plan_text(plan, is_markdown=is_markdown))
    for broken in plan.broken_budgets:
        click.echo(f"budget broken: {broken}", err=True)
    sys.exit(BUDGET_BROKEN if plan.broken_budgets else 0)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Millions of label sets are made, and no circle of references: to look for some would double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _seconds(flag: str, text: str) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise InvalidSettings(f"{flag}: {error}") from error
