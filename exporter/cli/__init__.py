"""The `infranaut` command: one file for each subcommand."""

from __future__ import annotations

import sys

import click

from exporter import __version__
from exporter.cli.ownership import require_own_packages
from exporter.cli.replaying.interruption import INTERRUPTED
from exporter.cli.subcommands import Subcommands
from exporter.errors import InfranautError

COMMANDS = {
    "backfill": "exporter.cli.backfill",
    "backtest": "exporter.cli.backtest",
    "check": "exporter.cli.check",
    "dead-letters": "exporter.cli.dead_letters",
    "demo": "exporter.cli.demo",
    "docs": "exporter.cli.docs",
    "generate": "exporter.cli.generate",
    "plan": "exporter.cli.plan",
    "reference": "exporter.cli.reference",
    "query": "exporter.cli.query",
    "serve": "exporter.cli.serve",
    "replay": "exporter.cli.replay",
    "tiers": "exporter.cli.tiers",
}
"""Subcommand → the module whose `command` it is, imported when it is asked for."""


@click.group(
    cls=Subcommands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="infranaut")
def infranaut() -> None:
    """Monitors machine-learning models from inside the Prometheus stack you already run."""


def main() -> None:
    """Runs the command; an error of ours is one line on stderr and exit code 1, Ctrl-C exit code 130."""
    try:
        require_own_packages()
        infranaut()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except InfranautError as error:
        from exporter.archive.address import masked  # noqa: PLC0415 - not needed where all is well

        click.echo(f"infranaut: {masked(str(error))}", err=True)
        sys.exit(1)
