"""A plan as a person reads it: in a terminal, or as Markdown in a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from exporter.cli.amounts import bytes_text, count_text
from exporter.cli.planning.figures import Figures
from exporter.cli.planning.outcome import BeforeAfter, Plan, TellingChange
from exporter.cli.planning.paging import AlertChange

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_LONGEST, _LED_BY = 160, 40

_COLUMNS: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("exposed", lambda each: f"{each.exposed_series:,}"),
    ("recorded", lambda each: f"{each.recorded_series:,}"),
    ("rules", lambda each: f"{each.rules:,}"),
    ("alerts", lambda each: f"{each.alerts:,}"),
    ("evaluations/min", lambda each: f"{each.evaluations_per_minute:,.0f}"),
    ("CPU s/min", lambda each: f"{each.cpu_seconds_per_minute:,.3f}"),
    ("samples/s", lambda each: f"{each.samples_per_second:,.1f}"),
    ("memory", lambda each: bytes_text(each.memory_bytes)),
    ("disk/day", lambda each: bytes_text(each.disk_bytes_per_day)),
)


def plan_text(plan: Plan, *, is_markdown: bool = False) -> str:
    """The whole plan, without an end of line."""
    heading = "### " if is_markdown else ""
    parts = [f"{heading}Plan{f' against {plan.against}' if plan.against else ''}", _figures_table(plan, is_markdown)]
    listed: Sequence[tuple[str, list[str]]] = (
        ("Broken budgets", plan.broken_budgets),
        (_alerts_title(plan), [line for change in plan.alerts for line in _alert_lines(change, is_markdown)]),
        ("Who is told", [line for change in plan.receivers for line in _telling_lines(change)]),
        ("Reckoned with", plan.assumptions),
    )
    for title, lines in listed:
        if lines:
            parts.append("\n".join([f"{heading}{title}", *([""] if is_markdown else []), *_items(lines, is_markdown)]))
    return "\n\n".join(parts)


def _figures_table(plan: Plan, is_markdown: bool) -> str:
    rows = [["", *(name for name, _ in _COLUMNS)]]
    rows += [_row(name, each) for name, each in plan.monitors.items()]
    rows.append(_row("total", plan.total))
    if is_markdown:
        rows.insert(1, ["---", *(["---:"] * len(_COLUMNS))])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_aligned(row, widths) for row in rows)


def _row(name: str, each: BeforeAfter) -> list[str]:
    return [name, *(_cell(each, show) for _, show in _COLUMNS)]


def _cell(each: BeforeAfter, show: Callable[[Figures], str]) -> str:
    before, after = (show(side) if side else "-" for side in (each.before, each.after))
    return after if before in (after, "-") else f"{before} → {after}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _alerts_title(plan: Plan) -> str:
    counts = {change: sum(each.change == change for each in plan.alerts) for change in _SIGNS}
    return "Alerts: " + ", ".join(f"{count} {change}" for change, count in counts.items())


def _alert_lines(change: AlertChange, is_markdown: bool) -> Iterator[str]:
    about = f" ({change.about})" if change.about else ""
    tells = ", ".join(change.receivers)
    yield f"{_SIGNS[change.change]} {change.monitor}: {change.alert}{about}, {change.severity}, tells {tells}"
    quote = "`" if is_markdown else ""
    for each in change.fields:
        shown = _around_difference(each.before, each.after)
        before, after = (f"{quote}{text}{quote}" if text else "-" for text in shown)
        yield f"    {each.field}: {before} → {after}"


def _telling_lines(change: TellingChange) -> Iterator[str]:
    gone = [f"- {alert}" for alert in change.before if alert not in change.after]
    new = [f"+ {alert}" for alert in change.after if alert not in change.before]
    if change.before:
        yield f"{change.receiver}: {len(change.before)} → {count_text(len(change.after), 'alert')}"
    else:
        yield f"{change.receiver}: {count_text(len(change.after), 'alert')}"
    if change.before or not change.after:
        yield from (f"    {line}" for line in (*gone, *new))


def _items(lines: Sequence[str], is_markdown: bool) -> Iterator[str]:
    for line in lines:
        if not is_markdown:
            yield f"  {line}"
        elif line.startswith("    "):
            yield f"  - {line.strip()}"
        else:
            yield f"- {line}"


def _around_difference(before: str, after: str) -> tuple[str, str]:
    """Both whole where they are short, else from a little before the place where they begin to differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - _LED_BY)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    if len(text) <= _LONGEST:
        return text
    start = min(start, len(text) - _LONGEST)
    end = start + _LONGEST
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"
