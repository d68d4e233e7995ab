"""`infranaut reference`: builds references, and shows them."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.table import Table

from exporter.catalog import PREDICTION_FEATURE
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidReference, InvalidSettings
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.reference.build import FEW_ROWS, build_reference
from exporter.reference.data import open_data
from exporter.reference.document import FeatureReference, NumberReference, Reference, load_reference, save_reference
from exporter.reference.use import default_data


class FeatureSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the summary; mean and deviation of numbers only."""

    name: str
    type: str
    bins: int
    missing: int
    invalid: int
    mean: float | None = None
    standard_deviation: float | None = None
    top: str | None = None


class ReferenceSummary(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    monitor: str
    path: str
    rows: int
    sha256: str
    prediction: FeatureSummary
    features: list[FeatureSummary]


@click.group("reference")
def command() -> None:
    """What the data looked like when all was well."""


@command.command("build")
@click.option("--monitor", "monitor_path", type=click.Path(path_type=Path), required=True, help="The monitor's file.")
@click.option("--name", help="Which monitor, where the file holds several.")
@click.option("--data", type=click.Path(path_type=Path), help="Parquet, CSV or NDJSON  [default: spec.reference.path]")
@click.option("--out", type=click.Path(path_type=Path), help="The reference  [default: beside the data]")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def build(monitor_path: Path, name: str | None, data: Path | None, out: Path | None, is_json: bool) -> None:
    """Builds the reference of a monitor from data.

    It holds bins, categories and moments of each feature, and of the prediction. The same data, in any order of its
    rows, gives the same file. Keep it in git beside the monitor.

    \b
    Examples:
      infranaut reference build --monitor monitors/credit.yaml
      infranaut reference build --monitor monitors/credit.yaml --data train.parquet --out monitors/credit.reference.json
    """
    loaded = _single_monitor(monitor_path, name)
    source = data or default_data(loaded)
    if source is None:
        raise InvalidReference(f"{monitor_path}: spec.reference names no data; name a file with --data")
    target = out or _default_target(loaded, source)
    with ProgressBar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"reading {source.name}", total=1.0)
        reference = build_reference(loaded.monitor, open_data(source), lambda done: bar.update(task, completed=done))
    save_reference(reference, target)
    if reference.rows < FEW_ROWS:
        click.echo(f"warning: only {reference.rows} rows; quantiles of fewer than {FEW_ROWS} are rough", err=True)
    _print(reference, target, is_json)


@command.command("show")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def show(path: Path, is_json: bool) -> None:
    """Shows a built reference.

    \b
    Example:
      infranaut reference show monitors/credit.reference.json
    """
    _print(load_reference(path), path, is_json)


def _single_monitor(path: Path, name: str | None) -> LoadedMonitor:
    monitors = {loaded.name: loaded for loaded in load_monitors([path], check_expressions).monitors}
    if name is None and len(monitors) == 1:
        return next(iter(monitors.values()))
    if name not in monitors:
        raise InvalidSettings(f"{path} holds {', '.join(monitors)}; choose one with --name")
    return monitors[name]


def _default_target(loaded: LoadedMonitor, data: Path) -> Path:
    source = loaded.monitor.spec.reference
    return loaded.beside(source.document) if source else loaded.beside(data.with_suffix(".reference.json").name)


def _print(reference: Reference, path: Path, is_json: bool) -> None:
    summary = _summary(reference, path)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2))
        return
    click.echo(f"{summary.path}: {summary.rows:,} rows, reference {reference.label}")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("feature", "type", "bins", "missing", "invalid", "mean", "deviation", "mode"):
        is_text = heading in {"feature", "type", "mode"}
        table.add_column(
            heading,
            justify="left" if is_text else "right",
            overflow="fold",
            no_wrap=not is_text,
            min_width=len(PREDICTION_FEATURE) if heading == "feature" else None,
        )
    for line in (*summary.features, summary.prediction):
        table.add_row(*map(escape, _cells(line, summary.rows)))
    Console().print(table)


def _cells(line: FeatureSummary, rows: int) -> list[str]:
    shares = [f"{count / rows:.2%}" if count else "0" for count in (line.missing, line.invalid)]
    moments = ["" if value is None else f"{value:.5g}" for value in (line.mean, line.standard_deviation)]
    return [line.name, line.type, str(line.bins), *shares, *moments, line.top or ""]


def _summary(reference: Reference, path: Path) -> ReferenceSummary:
    return ReferenceSummary(
        monitor=reference.monitor,
        path=str(path),
        rows=reference.rows,
        sha256=reference.sha256,
        prediction=_feature_summary(PREDICTION_FEATURE, reference.prediction),
        features=[_feature_summary(name, feature) for name, feature in reference.features.items()],
    )


def _feature_summary(name: str, feature: FeatureReference) -> FeatureSummary:
    if isinstance(feature, NumberReference):
        mean, deviation = feature.mean, feature.standard_deviation
        return FeatureSummary(name, "number", len(feature.counts), feature.missing, feature.invalid, mean, deviation)
    top = feature.values[0] if feature.values else None
    bins = len(feature.values) + 1
    return FeatureSummary(name, "category", bins, feature.missing, feature.invalid, top=top)
