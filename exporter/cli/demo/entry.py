"""From the command's flags to a demonstration, and from its end to what is printed."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
from rich.console import Console

from exporter.cli.demo.built_in import built_in_scenario
from exporter.cli.demo.own_file import own_scenario
from exporter.cli.demo.run import DemoEnd, DemoSettings, run_demo
from exporter.cli.demo.scenario import Scenario
from exporter.cli.demo.screen import opened_screen
from exporter.cli.demo.story import DemoTiming
from exporter.cli.replaying.interruption import INTERRUPTED
from exporter.cli.signals import interrupted_by_signals
from exporter.clock import SystemClock
from exporter.errors import InvalidSettings, ServiceFailed

_SEED = 7


@dataclass(frozen=True, slots=True)
class DataChoice:
    """A person's own file, with what they say about it; without a path, the data that scikit-learn carries."""

    path: Path | None
    target: str | None
    timestamp: str | None

    def scenario(self) -> Scenario:
        rng = np.random.default_rng(_SEED)
        return own_scenario(self.path, self.target, self.timestamp, rng) if self.path else built_in_scenario(rng)


def demonstrate(data: DataChoice, *, is_once: bool, folder: Path | None, rate: float, timeout_s: float) -> None:
    """Runs it and prints how it ended; ServiceFailed when the alert did not arrive."""
    try:
        with interrupted_by_signals(), _kept_or_temporary(folder) as place:
            click.echo("training the model", err=True)
            scenario = data.scenario()
            settings = DemoSettings(rate, DemoTiming(timeout_s), is_once, place, os.environ)
            with opened_screen(Console(stderr=True)) as screen:
                end = run_demo(scenario, settings, screen, SystemClock())
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        sys.exit(INTERRUPTED)
    _report(end, is_once)


def _report(end: DemoEnd, is_once: bool) -> None:
    if is_once:
        click.echo(msgspec.json.encode(end.outcome).decode())
    else:
        click.echo(f"stopped; {end.outcome.rows.accepted:,} rows were accepted", err=True)
    if end.problem:
        raise ServiceFailed(end.problem)


@contextmanager
def _kept_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that is removed in the end."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="infranaut-demo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidSettings(f"--folder {folder}: not empty, expected a new or an empty folder")
    except OSError as error:
        raise InvalidSettings(f"--folder {folder}: cannot be used: {error.strerror}") from error
    yield folder
