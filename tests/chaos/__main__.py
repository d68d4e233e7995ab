"""`python -m tests.chaos`: two exporters under load, one fault after the other, and in the end a verdict."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.senders import SendingPace, some_senders
from tests.chaos.storm import storm
from tests.chaos.verdict import Judgement, judge, judge_tiers
from tests.chaos.world import WorldPlan, a_world, reason_against_small_disks, some_servers

_PACE = SendingPace(pause_s=0.3)
_SMALL_MB = 96
_ARCHIVE = {"spool": {"limit": "48MiB", "file": "256KiB"}}


@click.command(epilog="Examples: `python -m tests.chaos --minutes 5`, `make chaos MINUTES=60 SEED=7`")
@click.option("--minutes", default=60.0, show_default=True, help="How long faults are inflicted.")
@click.option("--seed", default=1, show_default=True, help="The same seed chooses the same faults and bodies.")
def main(minutes: float, seed: int) -> None:
    """Kill, freeze, fill and restart everything under the load of 16 clients, then look for what was lost or doubled.

    Progress goes to stderr, the report to stdout; the exit code is 1 when a promise was broken.
    """
    progress, results = Console(stderr=True), Console()
    reason = reason_against_small_disks()
    if reason is not None:
        progress.print(f"left out: disk full ({reason})")
    plan = WorldPlan(archive=_ARCHIVE, small_mb=0 if reason else _SMALL_MB)
    with (
        tempfile.TemporaryDirectory(prefix="infranaut-chaos-") as folder,
        some_servers(Path(folder)) as servers,
        a_world(Path(folder), plan, servers) as world,
    ):
        world.start()
        inflicted: Counter[str] = Counter()
        began_at = time.monotonic()

        def tell(what: str) -> None:
            line = f"{time.monotonic() - began_at:7.0f} s  {senders.acknowledged_rows:>10,} rows  {what}"
            progress.print(line, highlight=False, soft_wrap=True)

        with some_senders(world.addresses, seed, _PACE) as senders:
            failure = None
            try:
                inflicted = storm(world, senders, began_at + 60 * minutes, seed, tell)
            except AssertionError as error:
                failure = str(error)
        tell("senders have ended; reading the archive")
        judgement = judge(world, senders)
        judge_tiers(judgement, world, senders)
        judgement.expect(failure is None, failure or "")
    _report(results, inflicted, senders.statuses, judgement)
    sys.exit(1 if judgement.broken else 0)


def _report(console: Console, inflicted: Mapping[str, int], statuses: Mapping[int, int], judgement: Judgement) -> None:
    table = Table(title="chaos", title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    for name, count in sorted(inflicted.items()):
        table.add_row(name, f"{count:,}")
    table.add_section()
    for status, count in sorted(statuses.items()):
        table.add_row(f"answers {status}", f"{count:,}")
    table.add_section()
    for name, count in judgement.figures.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
    for promise in judgement.broken:
        console.print(f"[red]broken[/] {promise}", highlight=False)
    if not judgement.broken:
        console.print("[green]every promise was kept[/]")


if __name__ == "__main__":
    main()
