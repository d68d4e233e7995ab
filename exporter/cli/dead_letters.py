"""`infranaut dead-letters`: which records were set aside, and why."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.archive.dead_letter_summary import DeadLetterSummary, monitors_with_letters, summarise
from exporter.archive.dead_letters import DeadLetter
from exporter.cli.amounts import count_text
from exporter.errors import InvalidSettings
from exporter.monitor.suggestion import did_you_mean
from exporter.settings import DEFAULT_STATE

_LONGEST_SHOWN = 200


@click.command("dead-letters")
@click.option(
    "--state", type=click.Path(path_type=Path), default=DEFAULT_STATE, show_default=True, help="Folder of the server."
)
@click.option("--monitor", metavar="NAME", help="Only this monitor.")
@click.option("--newest", type=click.IntRange(0, 10_000), default=10, show_default=True, help="Records to print.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(state: Path, monitor: str | None, newest: int, is_json: bool) -> None:
    """Counts the records that were rejected by reason, and prints the newest of them.

    \b
    Examples:
      infranaut dead-letters
      infranaut dead-letters --monitor credit-default --newest 3
      infranaut dead-letters --state /var/lib/infranaut --json
    """
    directory = state / "dead-letters"
    summary = summarise(directory, _monitors(directory, state, monitor), newest)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2))
    else:
        _print(summary, Console())


def _monitors(directory: Path, state: Path, monitor: str | None) -> list[str]:
    if not state.is_dir():
        raise InvalidSettings(f"{state} is no folder; give the one that `infranaut serve --state` was started with")
    known = monitors_with_letters(directory)
    if monitor is None:
        return known
    if monitor not in known:
        raise InvalidSettings(f"no record of a monitor {monitor!r} was set aside{did_you_mean(monitor, known)}")
    return [monitor]


def _print(summary: DeadLetterSummary, console: Console) -> None:
    if not summary.counts:
        console.print("No record was set aside.")
    else:
        _print_counts(summary, console)
    for letter in summary.newest:
        _print_letter(letter, console)
    if summary.unreadable:
        click.echo(f"{count_text(summary.unreadable, 'line')} could not be read", err=True)


def _print_counts(summary: DeadLetterSummary, console: Console) -> None:
    caption = f"{count_text(summary.files, 'file')}, {summary.size_bytes:,} bytes"
    table = Table("monitor", "kind", "reason", caption=caption)
    table.add_column("records", justify="right")
    for count in summary.counts:
        table.add_row(Text(count.monitor), count.kind, count.reason, f"{count.records:,}")
    console.print(table)


def _print_letter(letter: DeadLetter, console: Console) -> None:
    """What a sender wrote is printed as it is, never read as markup."""
    where = f"{letter.time} {letter.monitor} {letter.kind} from {letter.source}, record {letter.position}: "
    console.print(Text.assemble(where, (letter.reason, "bold"), f": {letter.detail}"), soft_wrap=True)
    raw = letter.raw if letter.raw is not None else f"base64 {letter.raw_base64}"
    shown = raw if len(raw) <= _LONGEST_SHOWN else f"{raw[:_LONGEST_SHOWN]}…"
    console.print(Text(f"  {_printable(shown)}", style="dim"), soft_wrap=True)


def _printable(text: str) -> str:
    """Control characters spelled out: a record must not write to the terminal by itself."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
