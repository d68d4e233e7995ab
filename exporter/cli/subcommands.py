"""A group of commands that are imported when they are asked for: help and checks start fast."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from exporter.cli.replaying.interruption import INTERRUPTED

_LONGEST_SENTENCE = 500


class Subcommands(click.Group):
    """Finds subcommands in a table: name → the module whose `command` it is. Ctrl-C ends each with exit code 130."""

    def __init__(self, *arguments: Any, table: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in self._table:
            return None
        command: click.Command = import_module(self._table[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the first sentence of each command whole, where click would cut it off at the end of the line."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command:
                rows.append((name, command.get_short_help_str(_LONGEST_SENTENCE)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
