"""What the commands that change the archive have in common: open tiers, a progress bar, an end on Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from exporter.archive.address import masked
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.tier import ColdTier
from exporter.cli.archive_access import ArchiveAccess, person
from exporter.cli.replaying.interruption import INTERRUPTED, Interruption
from exporter.errors import InfranautError, InvalidSettings


class StoppedByPerson(Exception):
    """Leaves work between two steps, after Ctrl-C."""


class Steps:
    """Counts the steps of some work on stderr; `done` after each one leaves it when a person asked to stop."""

    def __init__(self, stop: Interruption, bar: Progress) -> None:
        self._stop = stop
        self._bar = bar
        self._task = bar.add_task("", total=None, detail="")
        self.count = 0

    def done(self, number: int, of: int, detail: str) -> None:
        """StoppedByPerson when it was asked for and there is more to do."""
        self.count = number
        self._bar.update(self._task, completed=number, total=of, detail=detail)
        if self._stop.is_asked and number < of:
            raise StoppedByPerson


@contextmanager
def opened_tiers(access: ArchiveAccess, *, is_read_only: bool = False) -> Iterator[Tiers]:
    """The tiers, to be changed by a person, whom the audit names."""
    with access.open(is_read_only=is_read_only) as archive:
        yield Tiers(archive.warm, archive.ledger, archive.cold, access.clock, person())


def required_cold(tiers: Tiers) -> ColdTier:
    if tiers.cold is None:
        raise InvalidSettings("the cold tier is off: archive.cold.enabled is false")
    return tiers.cold


@contextmanager
def steps_shown() -> Iterator[Steps]:
    """The progress bar, while steps are done. A first Ctrl-C lets the step under way finish."""
    stop = Interruption()
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[detail]}"), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with stop.by_signal(), bar:
        yield Steps(stop, bar)


@dataclass(frozen=True, slots=True)
class Ending:
    """How work ended; failure: the error that ended it, without passwords, such as a tier that is away."""

    is_interrupted: bool = False
    failure: str | None = None


@contextmanager
def told_at_the_end(tell: Callable[[Ending], None]) -> Iterator[None]:
    """Calls `tell` once, whatever ends the work: its end, Ctrl-C (exit code 130), a tier that goes away."""
    try:
        yield
    except (StoppedByPerson, KeyboardInterrupt):
        tell(Ending(is_interrupted=True))
        click.echo("interrupted; the rest is as it was, and the same command goes on with it", err=True)
        sys.exit(INTERRUPTED)
    except InfranautError as error:
        tell(Ending(failure=masked(str(error))))
        raise
    tell(Ending())


def show_json(document: msgspec.Struct) -> None:
    """What `--json` prints."""
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def show_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
