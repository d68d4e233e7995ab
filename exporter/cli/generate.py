"""`infranaut generate`: rules and their tests, dashboards, Alertmanager's configuration and the mixin's index."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

import alertmanager
import dashboards
import rules
from alertmanager.delivery import DeliverySettings
from exporter.cli.amounts import count_text
from exporter.cli.delivery_options import delivery_options
from exporter.cli.generated_folder import FileState, GeneratedFile, compare, update
from exporter.cli.mixin_index import render_index
from exporter.cli.rule_options import RuleSettings, rule_options
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidSettings
from exporter.monitor.load import Loaded, load_monitors
from rules import names, scenario
from rules.group import RuleGroup
from rules.mimir import limits_to_raise, render_namespaces
from rules.prometheus_rule import GroupTooLarge, render_objects
from rules.rendering import groups_by_part
from rules.scoped_groups import scope_texts

KINDS = ("rules", "tests", "dashboards", "alertmanager", "mixin")
OTHER_OUTPUTS = ("operator", "mimir")
"""The rules once more, as other programs take them; never among `all`."""

_DONE = {
    FileState.UNCHANGED: "unchanged",
    FileState.CHANGED: "updated",
    FileState.MISSING: "written",
    FileState.STALE: "removed",
}


class GenerateOutcome(msgspec.Struct, frozen=True):
    """What `--json` prints: each file with the state in which it was found."""

    is_up_to_date: bool
    files: Sequence[GeneratedFile]


@click.command("generate")
@click.argument("kind", type=click.Choice([*KINDS, *OTHER_OUTPUTS, "all"]))
@click.option(
    "--monitors", "paths", required=True, multiple=True, type=click.Path(path_type=Path), help="Files and folders."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; exit with 1 when something is out of date.")
@delivery_options
@rule_options
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(
    kind: str,
    paths: tuple[Path, ...],
    out: Path,
    is_check: bool,
    delivery: DeliverySettings,
    settings: RuleSettings,
    is_json: bool,
) -> None:
    """Generates rules, tests of them for promtool, dashboards, Alertmanager's configuration or the mixin's index into a
    folder, or all of them into one folder each. The tests name the files of the folder `rules` beside their own, and
    the index those of `dashboards`. The kinds `operator` and `mimir` are the rules once more, as PrometheusRule objects
    for the Prometheus operator and as namespaces for `mimirtool rules load`.

    Files that were generated once and are not any more are removed; what a person put there stays.

    \b
    Examples:
      infranaut generate all --monitors monitors/ --out observability/
      infranaut generate rules --monitors monitors/ --out /etc/prometheus/rules
      infranaut generate all --monitors monitors/ --out observability/ --check
      infranaut generate alertmanager --monitors monitors/ --out /etc/alertmanager --delivery delivery.yaml
      infranaut generate operator --monitors monitors/ --out manifests/ --rule-label prometheus=k8s
      infranaut generate rules --monitors monitors/ --out rules/ --selector 'job=~"ml.*"' --cluster-label cluster
    """
    folders = _rendered(kind, paths, out, delivery, settings)
    act = compare if is_check else update
    files = [file for folder, wanted in folders.items() for file in act(folder, wanted)]
    outcome = GenerateOutcome(all(file.state is FileState.UNCHANGED for file in files), files)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(outcome), indent=2))
    elif is_check:
        _print_check(outcome)
    else:
        _print_update(outcome)
    sys.exit(1 if is_check and not outcome.is_up_to_date else 0)


def _rendered(
    kind: str, paths: Sequence[Path], out: Path, delivery: DeliverySettings, settings: RuleSettings
) -> dict[Path, Mapping[str, str]]:
    """Folder → file name → text."""
    loaded = load_monitors(paths, check_expressions)
    monitors = [monitor.monitor for monitor in loaded.monitors]
    click.echo(f"{_counted(loaded)} read", err=True)
    for note in [*_notes(loaded), *(_untested(loaded) if kind in ("tests", "all") else ())]:
        click.echo(f"note: {note}", err=True)
    renderers = {
        "rules": lambda: rules.render(monitors, settings.links, settings.scope, loaded.objectives),
        "tests": lambda: scenario.render(monitors, loaded.objectives),
        "dashboards": lambda: dashboards.render(monitors, loaded.objectives),
        "alertmanager": lambda: alertmanager.render(monitors, delivery, settings.scope.cluster_label or names.CLUSTER),
        "mixin": lambda: render_index(monitors, settings.links, loaded.objectives),
        "operator": lambda: _objects(loaded, settings),
        "mimir": lambda: _namespaces(loaded, settings),
    }
    if kind != "all":
        return {out: renderers[kind]()}
    return {out / name: renderers[name]() for name in KINDS}


def _objects(loaded: Loaded, settings: RuleSettings) -> Mapping[str, str]:
    parts = _parts(loaded, settings)
    try:
        return render_objects(parts, settings.metadata)
    except GroupTooLarge as error:
        raise InvalidSettings(str(error)) from error


def _namespaces(loaded: Loaded, settings: RuleSettings) -> Mapping[str, str]:
    parts = _parts(loaded, settings)
    for limit, least in limits_to_raise(parts).items():
        click.echo(f"Mimir's limit {limit} must be at least {least} for this tenant", err=True)
    return render_namespaces(parts, settings.metadata.namespace or "infranaut")


def _parts(loaded: Loaded, settings: RuleSettings) -> Mapping[str, Sequence[RuleGroup]]:
    monitors = [monitor.monitor for monitor in loaded.monitors]
    return groups_by_part(monitors, settings.links, scope_texts(settings.scope), loaded.objectives)


def _counted(loaded: Loaded) -> str:
    monitors = count_text(len(loaded.monitors), "monitor")
    return f"{monitors}, {count_text(len(loaded.objectives), 'OpenSLO objective')}" if loaded.objectives else monitors


def _untested(loaded: Loaded) -> list[str]:
    return [f"{slo.path}: {reason}" for slo in loaded.objectives for reason in scenario.untested([slo])]


def _notes(loaded: Loaded) -> list[str]:
    of_monitors = [f"{monitor.path}: {note}" for monitor in loaded.monitors for note in monitor.notes]
    return of_monitors + [f"{slo.path}: {note}" for slo in loaded.objectives for note in slo.notes]


def _print_update(outcome: GenerateOutcome) -> None:
    for file in outcome.files:
        click.echo(f"{_DONE[file.state]:<9} {file.path}")


def _print_check(outcome: GenerateOutcome) -> None:
    late = [file for file in outcome.files if file.state is not FileState.UNCHANGED]
    for file in late:
        click.echo(f"{file.state:<9} {file.path}")
        if file.diff:
            click.echo(file.diff)
    if late:
        click.echo(f"{len(late)} of {len(outcome.files)} files are out of date: run this without --check", err=True)
    else:
        click.echo(f"all {len(outcome.files)} files are up to date", err=True)
