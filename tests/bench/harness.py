"""Times rivals in turn within one run, and tells the outcome as ratios, which move less than figures do.

A benchmark is a module with `run() -> list[BenchRow]`; the table of them is in `tests/bench/__main__.py`.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Elapsed:
    """What one round took: CPU seconds of the process (or processes) that worked, and wall seconds."""

    cpu_s: float
    wall_s: float


Contender = Callable[[], Elapsed | None]
"""One round of work. It is timed from outside, in this process, unless it gives what it took (a peer in another)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All rounds of one contender."""

    rounds: tuple[Elapsed, ...]

    @property
    def cpu_s(self) -> float:
        """Median CPU seconds a round."""
        return statistics.median(elapsed.cpu_s for elapsed in self.rounds)

    @property
    def wall_s(self) -> float:
        """Median wall seconds a round."""
        return statistics.median(elapsed.wall_s for elapsed in self.rounds)

    def cpu_ratio(self, other: Timing) -> float:
        """How many times the CPU of `other` this took: the median over rounds that ran side by side."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(mine.cpu_s / theirs.cpu_s for mine, theirs in pairs)

    def wall_ratio(self, other: Timing) -> float:
        """How many times as long as `other` this took, in the same way."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(mine.wall_s / theirs.wall_s for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One line of the outcome.

    ours, peer : figures in `unit`; None where the peer could not be had.
    ratio      : how many times better ours is, whatever the unit's direction; None without a peer.
    goal       : the ratio, or for a line without a peer the figure, to reach; None where there is none.
    meets_goal : whether it was reached; None where there is none, or nothing to compare.
    note       : conditions, the peer's version, or why it could not be had.
    """

    name: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    goal: float | None = None
    meets_goal: bool | None = None
    note: str = ""


def interleave(contenders: Mapping[str, Contender], rounds: int, warm_up: int = 1) -> dict[str, Timing]:
    """Runs every contender once a round, in turn, starting with another each round; `warm_up` rounds are not kept."""
    names = list(contenders)
    taken: dict[str, list[Elapsed]] = {name: [] for name in names}
    for turn in range(warm_up + rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            elapsed = _timed(contenders[name])
            if turn >= warm_up:
                taken[name].append(elapsed)
    return {name: Timing(tuple(elapsed)) for name, elapsed in taken.items()}


def faster(
    name: str,
    ours: Timing,
    peer: Timing | None,
    *,
    items: tuple[int, int],
    unit: str,
    goal: float | None = None,
    note: str = "",
) -> BenchRow:
    """A row of rates: items a CPU-second, where a round of ours and one of the peer did (ours, peer) items."""
    if peer is None:
        return BenchRow(name, items[0] / ours.cpu_s, None, unit, None, goal, None, note)
    ratio = peer.cpu_ratio(ours) * items[0] / items[1]
    return BenchRow(
        name,
        items[0] / ours.cpu_s,
        items[1] / peer.cpu_s,
        unit,
        ratio,
        goal,
        None if goal is None else ratio >= goal,
        note,
    )


def machine() -> dict[str, str | int | None]:
    """What the figures were taken on."""
    return {
        "python": platform.python_version(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_1m": f"{os.getloadavg()[0]:.1f}",
    }


def as_json(outcomes: Mapping[str, Sequence[BenchRow]]) -> dict[str, object]:
    """The machine, and for each benchmark its rows."""
    return {
        "machine": machine(),
        "benchmarks": {name: [asdict(row) for row in rows] for name, rows in outcomes.items()},
    }


def print_table(name: str, rows: Sequence[BenchRow], console: Console) -> None:
    table = Table(title=name, title_justify="left", title_style="bold")
    table.add_column("what")
    for heading in ("ours", "peer", "ratio", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("note", overflow="fold")
    for row in rows:
        table.add_row(row.name, _ours(row), _figure(row.peer), _ratio(row), _goal(row), row.unit, row.note)
    console.print(table)


def _timed(contender: Contender) -> Elapsed:
    gc.collect()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    own = contender()
    return own or Elapsed(time.process_time() - cpu_s, time.perf_counter() - wall_s)


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ours(row: BenchRow) -> str:
    text = _figure(row.ours)
    return _judged(text, row.meets_goal) if row.peer is None else text


def _ratio(row: BenchRow) -> str:
    return "-" if row.ratio is None else _judged(f"{_figure(row.ratio)}x", row.meets_goal)


def _judged(text: str, meets_goal: bool | None) -> str:
    return {True: f"[green]{text} ok[/]", False: f"[red]{text} short[/]", None: text}[meets_goal]


def _goal(row: BenchRow) -> str:
    if row.goal is None:
        return ""
    return f"{_figure(row.goal)}x" if row.peer is not None else _figure(row.goal)


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
