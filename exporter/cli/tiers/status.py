"""`infranaut tiers status`: what lies where, what is due, and which tiers can be reached."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exporter.archive.address import masked
from exporter.archive.cold.moving import Tiers, survey
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay, DueAction, due_rows, plan_moves
from exporter.archive.cold.tier import ColdTier, open_cold
from exporter.archive.hot.opening import open_hot_tier
from exporter.archive.hot.tier import hot_monitor
from exporter.archive.ledger import Ledger
from exporter.archive.opening import WARM_FOLDER, open_warm
from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.waiting import WaitingEntries, waiting_entries
from exporter.archive.stock import Stock, next_copy, take_stock
from exporter.archive.warm.tier import WarmTier
from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.archive_access import ArchiveAccess, archive_options
from exporter.cli.times import utc
from exporter.errors import InfranautError, StopError

_PROBE = "tiers-status"
_WIDTH = 140


class TierState(msgspec.Struct, frozen=True):
    """One tier: where it is, without passwords, and why it cannot be used (null: it can).

    size_bytes : on its disk; of cold see the stock.
    rows       : of hot, of the monitors that are loaded.
    waiting    : of the spool: what has not landed; null while the warm tier cannot tell how far it is.
    """

    tier: str
    place: str
    problem: str | None
    size_bytes: int | None = None
    rows: int | None = None
    waiting: WaitingEntries | None = None


class Due(msgspec.Struct, frozen=True):
    """What the next move does."""

    copies: int = 0
    copy_rows: int = 0
    drops: int = 0
    drop_rows: int = 0
    deletes: int = 0
    delete_rows: int = 0


class TiersStatus(msgspec.Struct, frozen=True):
    """What `--json` prints; times in seconds since the epoch."""

    tiers: Sequence[TierState]
    stock: Sequence[Stock]
    due: Due | None
    next_copy: float | None
    kept_back_until: dict[str, float]


@click.command("status")
@archive_options
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
def command(access: ArchiveAccess, is_json: bool) -> None:
    """Tells what lies where by monitor and kind, what is due, and whether each tier can be reached.

    Exit code 1 when one cannot. With --monitors it also tells what is due, and whose rows nobody looks after.

    \b
    Examples:
      infranaut tiers status
      infranaut tiers status --monitors monitors/ --config infranaut.yaml
      infranaut tiers status --state /var/lib/infranaut --json
    """
    access.require_state()
    status = look(access)
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(status), indent=2))
    else:
        _print(status, access, Console(width=None if sys.stdout.isatty() else _WIDTH))
    if any(tier.problem for tier in status.tiers):
        raise click.exceptions.Exit(1)


def look(access: ArchiveAccess) -> TiersStatus:
    """What can be found out; a tier that is down hides nothing of the others."""
    spool, hot = _spool(access), _hot(access)
    cold, cold_state = _cold(access)
    with _warm(access) as (opened, warm_state):
        tiers = (spool, hot, warm_state, cold_state)
        if opened is None:
            return TiersStatus(tiers, [], None, None, {})
        warm, ledger = opened
        retention = {name: monitor.spec.retention for name, monitor in access.monitors.items()}
        surveyed = survey(Tiers(warm, ledger, cold, access.clock), retention)
        tiers = (_with_waiting(spool, ledger), *tiers[1:])
    holdings = replace(surveyed, has_cold=access.configuration.cold.enabled)
    coming = next_copy(holdings.hours, holdings.files, access.monitors) if holdings.has_cold else None
    return TiersStatus(
        tiers,
        take_stock(holdings.hours, holdings.files, access.monitors),
        due_of(plan_moves(holdings, access.clock.now())) if access.monitors else None,
        coming,
        {pin.monitor: pin.keep_until for pin in holdings.pins},
    )


def _spool(access: ArchiveAccess) -> TierState:
    folder = access.state / "spool"
    return TierState("spool", str(folder), None, _size_of(folder))


def _with_waiting(spool: TierState, ledger: Ledger) -> TierState:
    try:
        waiting = waiting_entries(LocalDisk(), Path(spool.place), ledger.offsets())
    except (OSError, StopError) as error:
        return msgspec.structs.replace(spool, problem=f"cannot be read: {error}")
    return msgspec.structs.replace(spool, waiting=waiting)


def _hot(access: ArchiveAccess) -> TierState:
    section = access.configuration.hot
    if section.url is None:
        return TierState("hot", "memory of the exporter", None)
    try:
        hot = open_hot_tier(section, access.clock)
        try:
            hot.get_value(_PROBE)
            rows = sum(hot.row_count(hot_monitor(monitor)) for monitor in access.monitors.values())
        finally:
            hot.close()
    except InfranautError as error:
        return _in_trouble("hot", masked(section.url), error)
    return TierState("hot", masked(section.url), None, rows=rows if access.monitors else None)


@contextmanager
def _warm(access: ArchiveAccess) -> Iterator[tuple[tuple[WarmTier, Ledger] | None, TierState]]:
    section = access.configuration.warm
    is_file = section.url is None
    place = str(access.state / WARM_FOLDER) if section.url is None else masked(section.url)
    opened: tuple[WarmTier, Ledger] | None = None
    try:
        opened = open_warm(section, access.state, access.clock, is_read_only=is_file)
        size = opened[0].size_bytes()
    except InfranautError as error:
        if opened is not None:
            opened[0].close()
        yield None, _in_trouble("warm", place, error)
        return
    try:
        yield opened, TierState("warm", place, None, size)
    finally:
        opened[0].close()


def _cold(access: ArchiveAccess) -> tuple[ColdTier | None, TierState]:
    section = access.configuration.cold
    if not section.enabled:
        return None, TierState("cold", "off", None)
    place = masked(section.url) if section.url is not None else str(access.state / "cold")
    try:
        cold = open_cold(section, access.state, access.clock)
        if cold is not None:
            cold.store.check()
    except InfranautError as error:
        return None, _in_trouble("cold", place, error)
    return cold, TierState("cold", place, None)


def _in_trouble(tier: str, place: str, error: InfranautError) -> TierState:
    """Its problem without the place, where the error begins with it: that is told beside it."""
    problem = masked(str(error))
    before, _, after = problem.partition(place)
    is_told = after.startswith((" ", ": ")) and (not before or before.startswith(f"the {tier} tier"))
    return TierState(tier, place, after.removeprefix(":").lstrip() if is_told else problem)


def _size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def due_of(actions: Sequence[DueAction]) -> Due:
    """Actions, counted."""
    copies = [action for action in actions if isinstance(action, CopyHour)]
    drops = [action for action in actions if isinstance(action, DropDay)]
    deletes = [action for action in actions if isinstance(action, DeleteFile)]
    return Due(
        len(copies),
        sum(map(due_rows, copies)),
        len(drops),
        sum(map(due_rows, drops)),
        len(deletes),
        sum(map(due_rows, deletes)),
    )


def _print(status: TiersStatus, access: ArchiveAccess, console: Console) -> None:
    for tier in status.tiers:
        click.echo(f"{tier.tier:6}{', '.join([tier.place, *_amounts(tier)])}: {tier.problem or 'ok'}")
    if status.stock:
        click.echo()
        _print_stock(status.stock, console)
        click.echo()
    _print_due(status, access)


def _amounts(tier: TierState) -> Iterator[str]:
    if tier.size_bytes is not None:
        yield bytes_text(tier.size_bytes)
    if tier.rows is not None:
        yield count_text(tier.rows, "row")
    if tier.waiting is not None:
        waiting = tier.waiting
        size = f" ({bytes_text(waiting.size_bytes)})" if waiting.entries else ""
        yield f"{waiting.entries:,} {'entry has' if waiting.entries == 1 else 'entries have'} not landed{size}"


def _print_stock(stock: Sequence[Stock], console: Console) -> None:
    table = Table("monitor", "kind", box=None, header_style="bold", pad_edge=False)
    for name in ("warm rows", "cold rows", "files", "bytes", "held"):
        table.add_column(name, justify="right")
    table.add_column("from")
    table.add_column("to")
    for each in stock:
        name = each.monitor if each.is_loaded else f"{each.monitor} *"
        oldest = min(at for at in (each.warm_oldest, each.cold_oldest) if at is not None)
        newest = max(at for at in (each.warm_newest, each.cold_newest) if at is not None)
        counts = f"{each.warm_rows:,}", f"{each.cold_rows:,}", f"{each.cold_files:,}", bytes_text(each.cold_bytes)
        table.add_row(escape(name), each.kind.value, *counts, f"{each.held_files:,}", utc(oldest), utc(newest))
    console.print(table)


def _print_due(status: TiersStatus, access: ArchiveAccess) -> None:
    if status.due is None:
        if status.stock:
            click.echo("* monitor not loaded; --monitors PATH tells what is due")
        return
    if any(not each.is_loaded for each in status.stock):
        click.echo("* monitor not loaded: its rows stay where they are")
    for line in due_lines(status.due):
        click.echo(f"due: {line}")
    if status.due == Due():
        click.echo("nothing is due")
    if status.next_copy is not None and status.next_copy > access.clock.now():
        click.echo(f"next copy to cold: {utc(status.next_copy)}")
    for monitor, until in status.kept_back_until.items():
        click.echo(f"{monitor}: restored rows stay in warm until {utc(until)}")


def due_lines(due: Due) -> list[str]:
    """What a move does, in words; none where it does nothing."""
    lines = []
    if due.copies:
        lines.append(f"copy {count_text(due.copy_rows, 'row')} of {count_text(due.copies, 'hour')} to cold")
    if due.drops:
        lines.append(f"drop {count_text(due.drop_rows, 'row')} of {count_text(due.drops, 'day')} from warm")
    if due.deletes:
        lines.append(f"delete {count_text(due.delete_rows, 'row')} in {count_text(due.deletes, 'file')} from cold")
    return lines
