"""The `infranaut` command: one file for each subcommand."""

from __future__ import annotations

import sys

import click

from exporter import __version__
from exporter.errors import InfranautError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="infranaut")
def infranaut() -> None:
    """Monitors machine-learning models from inside the Prometheus stack you already run."""


def main() -> None:
    """Runs the command; an error of ours is one line on stderr and exit code 1."""
    try:
        infranaut()
    except InfranautError as error:
        click.echo(f"infranaut: {error}", err=True)
        sys.exit(1)
