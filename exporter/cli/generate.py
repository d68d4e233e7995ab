"""`infranaut generate`: rules, dashboards, Alertmanager's configuration and the mixin's index from the monitors."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

import alertmanager
import dashboards
import rules
from alertmanager.receivers import DEFAULT_SECRETS
from exporter.cli.generated_folder import FileState, GeneratedFile, compare, update
from exporter.cli.mixin_index import render_index
from exporter.derive.sql import check_expressions
from exporter.monitor.load import load_monitors
from rules.links import DEFAULT_GRAFANA, DEFAULT_RUNBOOKS, Links

KINDS = ("rules", "dashboards", "alertmanager", "mixin")

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
@click.argument("kind", type=click.Choice([*KINDS, "all"]))
@click.option(
    "--monitors", "paths", required=True, multiple=True, type=click.Path(path_type=Path), help="Files and folders."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; exit with 1 when something is out of date.")
@click.option("--secrets", default=DEFAULT_SECRETS, show_default=True, help="Where Alertmanager finds its secrets.")
@click.option("--grafana-url", default=DEFAULT_GRAFANA, show_default=True, help="What dashboard_url starts with.")
@click.option("--runbooks-url", default=DEFAULT_RUNBOOKS, show_default=True, help="What runbook_url starts with.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(
    kind: str,
    paths: tuple[Path, ...],
    out: Path,
    is_check: bool,
    secrets: str,
    grafana_url: str,
    runbooks_url: str,
    is_json: bool,
) -> None:
    """Generates rules, dashboards, Alertmanager's configuration or the mixin's index into a folder, or all of them into
    one folder each. The index names the files of the folders `rules` and `dashboards` beside its own.

    Files that were generated once and are not any more are removed; what a person put there stays.

    \b
    Examples:
      infranaut generate all --monitors monitors/ --out observability/
      infranaut generate rules --monitors monitors/ --out /etc/prometheus/rules
      infranaut generate all --monitors monitors/ --out observability/ --check
    """
    links = Links(runbooks=runbooks_url.rstrip("/"), grafana=grafana_url.rstrip("/"))
    folders = _rendered(kind, paths, out, secrets, links)
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


def _rendered(kind: str, paths: Sequence[Path], out: Path, secrets: str, links: Links) -> dict[Path, Mapping[str, str]]:
    """Folder → file name → text."""
    loaded = load_monitors(paths, check_expressions)
    monitors = [monitor.monitor for monitor in loaded.monitors]
    click.echo(f"{len(monitors)} {'monitor' if len(monitors) == 1 else 'monitors'} read", err=True)
    renderers = {
        "rules": lambda: rules.render(monitors, links),
        "dashboards": lambda: dashboards.render(monitors),
        "alertmanager": lambda: alertmanager.render(monitors, secrets),
        "mixin": lambda: render_index(monitors),
    }
    if kind != "all":
        return {out: renderers[kind]()}
    return {out / name: renderers[name]() for name in KINDS}


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
