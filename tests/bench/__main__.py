"""`python -m tests.bench`: runs the benchmarks and prints what was measured."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
from rich.console import Console

from tests.bench import (
    bench_archive_ingest,
    bench_cold,
    bench_decode,
    bench_drift,
    bench_embedded_warm,
    bench_hot,
    bench_ids,
    bench_ingest,
    bench_landing,
    bench_memory,
    bench_pipeline,
    bench_plan_cost,
    bench_plan_storage,
    bench_processes,
    bench_profiles,
    bench_scrape,
    bench_slo_sums,
    bench_soak,
    bench_spool,
)
from tests.bench.harness import BenchRow, as_json, machine, print_table

BENCHES: dict[str, Callable[[], list[BenchRow]]] = {
    "archive-ingest": bench_archive_ingest.run,
    "cold": bench_cold.run,
    "decode": bench_decode.run,
    "drift": bench_drift.run,
    "embedded-warm": bench_embedded_warm.run,
    "hot": bench_hot.run,
    "ids": bench_ids.run,
    "ingest": bench_ingest.run,
    "landing": bench_landing.run,
    "memory": bench_memory.run,
    "pipeline": bench_pipeline.run,
    "plan-cost": bench_plan_cost.run,
    "plan-storage": bench_plan_storage.run,
    "processes": bench_processes.run,
    "profiles": bench_profiles.run,
    "scrape": bench_scrape.run,
    "slo-sums": bench_slo_sums.run,
    "soak": bench_soak.run,
    "spool": bench_spool.run,
}
"""Every benchmark by the name it is asked for; a new one is a new line."""


@click.command(epilog="Examples: `python -m tests.bench`, `python -m tests.bench drift --json > drift.json`")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(BENCHES)))
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document instead of tables.")
def main(names: tuple[str, ...], is_json: bool) -> None:
    """Run the benchmarks NAME... (all of them where none is named).

    Rivals run in turn within one run; figures are medians a CPU-second, ratios medians of rounds side by side.
    Progress goes to stderr, results to stdout.
    """
    progress, results = Console(stderr=True), Console()
    outcomes = {}
    if not is_json:
        results.print(" · ".join(f"{key} {value}" for key, value in machine().items()))
    for name in names or BENCHES:
        with progress.status(f"{name}: running"):
            outcomes[name] = BENCHES[name]()
        if not is_json:
            print_table(name, outcomes[name], results)
    if is_json:
        click.echo(json.dumps(as_json(outcomes), indent=1))


if __name__ == "__main__":
    main()
