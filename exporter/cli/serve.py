"""`infranaut serve`: runs the exporter."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from exporter.errors import InvalidSettings
from exporter.settings import (
    DEFAULT_BODY_LIMIT,
    DEFAULT_INGEST,
    DEFAULT_STATE,
    DEFAULT_WEB,
    ServeSettings,
    parse_address,
    parse_size,
)
from exporter.settings_file import load_settings_file

_EXAMPLES = """
\b
Examples:
  infranaut serve --monitors monitors/
  infranaut serve --monitors monitors/ --config infranaut.yaml
  infranaut serve --monitors monitors/ --listen 0.0.0.0:8750 --web-listen 0.0.0.0:9750 --processes 4
  kill -HUP PID          (or: curl -X POST http://127.0.0.1:9750/-/reload) reads the monitors again
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--monitors",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A folder or file of monitors; may be given several times.",
)
@click.option("--listen", default=DEFAULT_INGEST, show_default=True, help="Where predictions and labels are posted.")
@click.option("--web-listen", default=DEFAULT_WEB, show_default=True, help="/metrics, the landing page, /-/reload.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Ingest processes.")
@click.option(
    "--state",
    default=DEFAULT_STATE,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the archive's spool, dead letters, collectors' positions, and tiers that are no servers.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file: where the archive's tiers are. Without it they are in the state folder.",
)
@click.option("--max-body", default=DEFAULT_BODY_LIMIT, show_default=True, help="The largest body, also once inflated.")
@click.option(
    "--log-level", default="info", show_default=True, type=click.Choice(["debug", "info", "warning", "error"])
)
def command(
    monitors: tuple[Path, ...],
    listen: str,
    web_listen: str,
    processes: int,
    state: Path,
    config: Path | None,
    max_body: str,
    log_level: str,
) -> None:
    """Takes predictions and labels over HTTP and exposes them to Prometheus."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    settings = ServeSettings(
        monitors=monitors,
        ingest=parse_address(listen),
        web=parse_address(web_listen),
        processes=processes,
        state=state,
        body_limit_bytes=parse_size(max_body),
        archive=load_settings_file(config).archive,
    )
    logging.basicConfig(
        level=log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(process)d %(message)s"
    )
    from exporter.app.configuration import try_configuration  # noqa: PLC0415 - after the environment is set
    from exporter.app.supervisor import Supervisor  # noqa: PLC0415 - after the environment is set

    try_configuration(settings)
    _make_folder(state)
    supervisor = Supervisor(settings)
    ingest, web = supervisor.addresses
    click.echo(
        f"ingest at {ingest}/v1/monitors/NAME/predictions, metrics at {web}/metrics, overview at {web}/", err=True
    )
    supervisor.run()
    click.echo("stopped", err=True)


def _make_folder(state: Path) -> None:
    """Refuses at the start what would lose dead letters and positions later."""
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSettings(f"--state {state}: cannot be made: {error.strerror}; name another folder") from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise InvalidSettings(f"--state {state}: cannot be written to by this user; name another folder")
