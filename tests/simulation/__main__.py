"""`python -m tests.simulation`: runs histories of the spool and the lander, and prints the first that fails."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.running import run_histories


@click.command(epilog="Examples: `python -m tests.simulation`, `python -m tests.simulation --seed 4711 --histories 1`")
@click.option("--histories", default=20_000, show_default=True, type=click.IntRange(1), help="How many to run.")
@click.option("--seed", default=1, show_default=True, help="Of the first; the others follow it.")
@click.option("--processes", type=click.IntRange(1), help="How many at once; as many as there are cores.")
def main(histories: int, seed: int, processes: int | None) -> None:
    """Run histories in which the disk, the database, processes and the power fail, and check what has to hold.

    Each follows from its seed alone. Progress goes to stderr, the outcome to stdout; exit code 1 when one fails.
    """
    columns = (TextColumn("histories"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=histories)
        for chunk in run_histories(seed, histories, processes):
            progress.advance(task, chunk.histories)
            if chunk.failure is not None:
                progress.stop()
                click.echo(str(chunk.failure))
                sys.exit(1)
    click.echo(f"{histories} histories from seed {seed}: everything held")


if __name__ == "__main__":
    main()
