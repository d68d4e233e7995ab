"""The `infranaut` command: one file for each subcommand."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from exporter import __version__
from exporter.cli.ownership import require_own_packages
from exporter.errors import InfranautError

COMMANDS = {
    "check": "exporter.cli.check",
    "dead-letters": "exporter.cli.dead_letters",
    "demo": "exporter.cli.demo",
    "docs": "exporter.cli.docs",
    "generate": "exporter.cli.generate",
    "reference": "exporter.cli.reference",
    "serve": "exporter.cli.serve",
    "replay": "exporter.cli.replay",
}
"""Subcommand → the module whose `command` it is, imported when it is asked for: help and checks start fast."""


class Subcommands(click.Group):
    """Finds subcommands in the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="infranaut")
def infranaut() -> None:
    """Monitors machine-learning models from inside the Prometheus stack you already run."""


def main() -> None:
    """Runs the command; an error of ours is one line on stderr and exit code 1."""
    try:
        require_own_packages()
        infranaut()
    except InfranautError as error:
        click.echo(f"infranaut: {error}", err=True)
        sys.exit(1)
