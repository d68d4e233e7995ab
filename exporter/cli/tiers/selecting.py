"""The options that name a part of the archive: a monitor, and a period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from exporter.archive.cold.names import HOUR_S
from exporter.archive.ledger import ColdFile
from exporter.cli.times import Moment, utc
from exporter.errors import InvalidSettings
from exporter.monitor.suggestion import did_you_mean


def within_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds --monitor, --from and --to."""

    @click.option("--monitor", required=True, metavar="NAME", help="The monitor whose rows are meant.")
    @click.option("--from", "start", required=True, type=Moment(), help="Rows from then on: 2026-03-01, or 30d.")
    @click.option("--to", "end", required=True, type=Moment(), help="Rows before then.")
    @wraps(function)
    def within(start: float, end: float, **arguments: Any) -> None:
        if start >= end:
            given = f"--from {utc(start)} is not before --to {utc(end)}"
            raise click.UsageError(f"{given}; with days ago the greater number comes first: --from 30d --to 20d")
        function(start=start, end=end, **arguments)

    return within


def require_known(monitor: str, files: Sequence[ColdFile]) -> None:
    """InvalidSettings when the cold tier has nothing of a monitor."""
    known = {file.monitor for file in files}
    if monitor not in known:
        raise InvalidSettings(f"no cold files of a monitor {monitor!r}{did_you_mean(monitor, known)}")


def span_text(files: Sequence[ColdFile]) -> str:
    """From the first hour of some files to the last one, for a person who asked for another time."""
    return f"{utc(min(file.hour for file in files))} to {utc(max(file.hour for file in files) + HOUR_S)}"
