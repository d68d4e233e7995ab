"""`infranaut demo`: a real model's drift, from the stream to the alert, in about a minute."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import click

from exporter.errors import InvalidSettings


@click.command("demo")
@click.option("--once", "is_once", is_flag=True, help="End when the alert was delivered; figures as JSON on stdout.")
@click.option("--data", type=click.Path(path_type=Path), help="Your own Parquet, CSV or NDJSON file.")
@click.option("--target", help="The column to predict  [default: the last]")
@click.option(
    "--timestamp", help="The column that orders the rows  [default: the first with times, else as they stand]"
)
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where to keep monitor, rules, logs.")
@click.option("--rate", default=300.0, show_default=True, type=click.FloatRange(50, 20_000), help="Rows a second.")
@click.option(
    "--timeout", default=180.0, show_default=True, type=click.FloatRange(min=1), help="Seconds to wait for the alert."
)
def command(
    is_once: bool,
    data: Path | None,
    target: str | None,
    timestamp: str | None,
    folder: Path | None,
    rate: float,
    timeout: float,
) -> None:
    """Trains a model, streams its predictions, breaks its inputs, and shows the alert on its way.

    Starts the exporter and, where they can be found, Prometheus and Alertmanager, on free ports of this machine, and
    stops them in the end. Without --once it runs until Ctrl-C.

    \b
    Examples:
      infranaut demo
      infranaut demo --once | tail -n 1
      infranaut demo --data sales.csv --target returned --timestamp sold_at
      infranaut demo --folder demo-files          keeps the monitor, rules, dashboards and logs
    """
    if data is None and (target or timestamp):
        raise click.UsageError("--target and --timestamp are about your own file; name it with --data")
    if find_spec("sklearn") is None:
        raise InvalidSettings(
            "the demo trains a model with scikit-learn, which is missing: pip install 'infranaut[demo]'"
        )
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from exporter.cli.demo.entry import DataChoice, demonstrate  # noqa: PLC0415 - loads scikit-learn, which is optional

    demonstrate(DataChoice(data, target, timestamp), is_once=is_once, folder=folder, rate=rate, timeout_s=timeout)
