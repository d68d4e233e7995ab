"""`infranaut tiers`: what lies where in the archive, and what a person does with it; one file for each subcommand."""

from __future__ import annotations

import click

from exporter.cli.subcommands import Subcommands

COMMANDS = {
    "backup": "exporter.cli.tiers.backup",
    "hold": "exporter.cli.tiers.hold",
    "move": "exporter.cli.tiers.move",
    "release": "exporter.cli.tiers.release",
    "restore": "exporter.cli.tiers.restore",
    "restore-backup": "exporter.cli.tiers.restore_backup",
    "status": "exporter.cli.tiers.status",
    "verify": "exporter.cli.tiers.verify",
    "windows": "exporter.cli.tiers.windows",
}
"""As in `exporter.cli`."""


@click.group("tiers", cls=Subcommands, table=COMMANDS)
def command() -> None:
    """Looks after the archive: what lies where, moving, verifying, bringing back, legal hold, backup."""
