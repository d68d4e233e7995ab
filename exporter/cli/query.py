"""`infranaut query`: SQL over everything that is archived."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import click
import msgspec

from exporter.archive.query.archive_reader import ArchiveReader
from exporter.archive.query.hours import plan_hours
from exporter.archive.query.session import QuerySession
from exporter.archive.query.views import QueryTable
from exporter.archive.warm.tier import Span
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.querying.output import Format, write_rows
from exporter.cli.replaying.interruption import INTERRUPTED
from exporter.cli.times import Moment, utc
from exporter.monitor.spec import Monitor
from exporter.settings import parse_size

_EXAMPLES = """
\b
Examples:
  infranaut query --tables
  infranaut query 'SELECT count(*), avg(prediction) FROM "credit-default"' --from 7d
  infranaut query 'SELECT * FROM "credit-default.labelled" WHERE label = 1 LIMIT 20'
  infranaut query 'SELECT * FROM "credit-default"' --from 2026-03-01 --to 2026-04-01 --format arrow --out march.arrow
  infranaut query - < report.sql
"""
_EVER_S = 1e11


class ListedTable(msgspec.Struct, frozen=True):
    """One element of what `--tables --format json` prints."""

    name: str
    rows: int
    span: tuple[str, ...] | None
    columns: tuple[str, ...]


@click.command("query", epilog=_EXAMPLES)
@click.argument("sql", required=False)
@archive_options
@click.option("--from", "start", type=Moment(), help="Only rows from then on: 2026-03-01, 2026-03-01T12:00Z, or 7d.")
@click.option("--to", "end", type=Moment(), help="Only rows before then.")
@click.option("--format", "form", type=click.Choice(get_args(Format)), help="By default table on a terminal, else csv.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write, in place of stdout.")
@click.option("--rows", default=1000, show_default=True, type=click.IntRange(0), help="The most rows of a table.")
@click.option("--memory-limit", default="1GiB", show_default=True, help="For sorting, grouping and joining.")
@click.option("--tables", "is_listing", is_flag=True, help="List the tables with their columns, rows and span.")
def command(  # noqa: PLR0913, PLR0917 - one argument a flag
    access: ArchiveAccess,
    sql: str | None,
    start: float | None,
    end: float | None,
    form: Format | None,
    out: Path | None,
    rows: int,
    memory_limit: str,
    is_listing: bool,
) -> None:
    """Answers SQL (DuckDB's) over the warm and the cold tier together. Nothing can be changed by it.

    NAME holds a monitor's predictions, NAME.labels its labels, NAME.labelled both; predictions, labels and
    dead_letters hold those of all monitors. A name with a dash or a dot stands in double quotes. Times are UTC.
    """
    if is_listing == (sql is not None):
        raise click.UsageError("give SQL, or --tables to see what there is")
    text = sys.stdin.read() if sql == "-" else sql
    span = None if start is None and end is None else Span(start or -_EVER_S, _EVER_S if end is None else end)
    if span is not None and span.start >= span.end:
        raise click.UsageError("--from is not before --to")
    with _interruption_told(), _session(access, parse_size(memory_limit), span) as (session, reader):
        if text is None:
            _list(session.tables, is_json=form == "json")
            return
        chosen = form or ("table" if out is None and sys.stdout.isatty() else "csv")
        write_rows(session.run(text), chosen, out, rows or None)
        if reader.sealed_rows:
            sealed = count_text(reader.sealed_rows, "row")
            click.echo(f"{sealed} came without columns whose key was taken away, only their time is left", err=True)


@contextmanager
def _session(
    access: ArchiveAccess, memory_bytes: int, span: Span | None
) -> Iterator[tuple[QuerySession, ArchiveReader]]:
    with access.open(is_read_only=True) as archive, tempfile.TemporaryDirectory(prefix="infranaut-query-") as spill:
        reader = ArchiveReader(archive.warm, archive.cold)
        hours = plan_hours(archive.warm.hours(), archive.ledger.cold_files())
        session = QuerySession(
            hours,
            reader.schemas(hours, access.monitors),
            reader,
            memory_bytes=memory_bytes,
            spill=Path(spill),
            span=span,
            labels_late_s={name: _labels_late_s(monitor) for name, monitor in access.monitors.items()},
        )
        try:
            yield session, reader
        finally:
            session.close()


def _labels_late_s(monitor: Monitor) -> float:
    return monitor.spec.labels.maximum_delay.seconds if monitor.spec.labels else 0.0


@contextmanager
def _interruption_told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; a file that was named is as it was", err=True)
        sys.exit(INTERRUPTED)


def _list(tables: Sequence[QueryTable], *, is_json: bool) -> None:
    """Each table with its rows (of hours that are being moved: at least so many), and below it its columns."""
    if is_json:
        found = [ListedTable(each.name, each.rows, _span(each), each.columns) for each in tables]
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    for each in tables:
        span = " to ".join(_span(each) or ())
        click.echo(f"{each.name}: {count_text(each.rows, 'row')}{f', {span}' if span else ''}")
        click.echo(click.wrap_text(", ".join(each.columns), 100, "  ", "  "))


def _span(table: QueryTable) -> tuple[str, ...] | None:
    return tuple(map(utc, table.span)) if table.span else None
