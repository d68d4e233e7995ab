"""`infranaut check`: every mistake in a folder of monitors at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from exporter.cli.amounts import count_text
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidMonitors, InvalidReference, Mistake
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.service_objectives import ServiceSlo
from exporter.reference.document import Reference
from exporter.reference.use import load_reference_of
from exporter.window.layout import Layout


class CheckedMonitor(msgspec.Struct, frozen=True):
    """A monitor without mistakes, in a line."""

    name: str
    path: str
    task: str
    features: int
    series: int
    reference: str | None
    warning: str | None
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        features = count_text(self.features, "feature")
        reference = f"reference {self.reference}" if self.reference else "no reference"
        return f"{self.path}: {self.name}: {self.task}, {features}, {reference}, about {self.series:,} series a version"


class CheckedObjective(msgspec.Struct, frozen=True):
    """An OpenSLO objective without mistakes, in a line."""

    name: str
    path: str
    service: str
    objective: float
    period: str
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.path}: {self.name}: objective {self.objective:g} of {self.service} over {self.period}"


class CheckOutcome(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    monitors: Sequence[CheckedMonitor]
    mistakes: Sequence[Mistake]
    objectives: Sequence[CheckedObjective] = ()


@click.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(paths: tuple[Path, ...], is_json: bool) -> None:
    """Checks monitors (files, or folders at any depth) and prints every mistake with its line.

    Exit code 0 where there is none, 1 where there is one.

    \b
    Examples:
      infranaut check monitors/
      infranaut check monitors/credit.yaml --json
    """
    outcome = check_monitors(paths)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(outcome), indent=2))
    else:
        _print(outcome)
    sys.exit(1 if outcome.mistakes else 0)


def check_monitors(paths: Sequence[Path]) -> CheckOutcome:
    """The monitors, or everything that is wrong with them and with their references."""
    try:
        loaded = load_monitors(paths, check_expressions)
    except InvalidMonitors as error:
        return CheckOutcome([], error.mistakes)
    checked, mistakes = [], []
    for monitor in loaded.monitors:
        try:
            found = load_reference_of(monitor)
        except InvalidReference as error:
            mistakes.append(Mistake(str(monitor.path), 0, "spec.reference", str(error)))
        else:
            checked.append(_checked(monitor, found.reference, found.warning))
    return CheckOutcome(checked, mistakes, [_checked_objective(slo) for slo in loaded.objectives])


def _checked(loaded: LoadedMonitor, reference: Reference | None, warning: str | None) -> CheckedMonitor:
    layout = Layout(loaded.monitor, reference)
    return CheckedMonitor(
        name=loaded.name,
        path=str(loaded.path),
        task=loaded.monitor.spec.model.task,
        features=len(loaded.monitor.spec.features),
        series=layout.overall.series + layout.static_series + layout.model.series,
        reference=reference.label if reference else None,
        warning=warning,
        notes=loaded.notes,
    )


def _checked_objective(slo: ServiceSlo) -> CheckedObjective:
    terms = slo.slo.terms
    return CheckedObjective(slo.name, str(slo.path), slo.service, terms.objective, terms.period, slo.notes)


def _print(outcome: CheckOutcome) -> None:
    for mistake in outcome.mistakes:
        click.echo(mistake)
    if outcome.mistakes:
        click.echo(count_text(len(outcome.mistakes), "mistake"), err=True)
        return
    for monitor in outcome.monitors:
        click.echo(monitor)
        if monitor.warning:
            click.echo(f"warning: {monitor.warning}", err=True)
    for objective in outcome.objectives:
        click.echo(objective)
    checked: list[CheckedMonitor | CheckedObjective] = [*outcome.monitors, *outcome.objectives]
    for each in checked:
        for note in each.notes:
            click.echo(f"note: {each.path}: {note}", err=True)
