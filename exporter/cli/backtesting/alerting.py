"""When alerts fire: Prometheus' own states, over the values that their conditions had."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.recording import rule_at_fault
from exporter.cli.backtesting.remote_write import SeriesValues
from exporter.monitor.duration import parse_duration_s
from rules.group import AlertingRule

_BELOW = {"<", "<="}
_FILTERS = {*_BELOW, ">", ">=", "==", "!="}


@dataclass(frozen=True, slots=True)
class Incident:
    """One alert that fired.

    labels : of the series that it fired for, without the rule's own.
    start  : when it fired, after its `for`; seconds since the epoch.
    end    : when it stopped; None where it was still firing at the end.
    value  : at the start; `peak`: the farthest from what is allowed, while it fired.
    """

    rule: AlertingRule
    labels: Mapping[str, str]
    start: float
    end: float | None
    value: float
    peak: float


def fired(server: BlockServer, rule: AlertingRule, span: Span, step_s: int) -> list[Incident]:
    """The incidents of one rule, evaluated at every whole step of the span, in the order of their start."""
    times = [float(time) for time in range(math.ceil(span.start / step_s) * step_s, int(span.end) + 1, step_s)]
    if not times:
        return []
    with rule_at_fault(rule.alert):
        answer = server.range(rule.expr, times[0], times[-1], step_s)
    lowest = is_lower_worse(rule.expr)
    found = [
        incident for labels, values in _merged(answer) for incident in _incidents(rule, labels, values, times, lowest)
    ]
    return sorted(found, key=lambda incident: (incident.start, sorted(incident.labels.items())))


def is_lower_worse(query: str) -> bool:
    """Whether the value that an alert shows has fallen below a limit, rather than risen above one."""
    return _first_comparison(promql_parser.parse(query)) in _BELOW


def _first_comparison(node: promql_parser.Expr) -> str:
    if isinstance(node, promql_parser.ParenExpr):
        return _first_comparison(node.expr)
    if not isinstance(node, promql_parser.BinaryExpr):
        return ""
    operator = str(node.op)
    return operator if operator in _FILTERS else _first_comparison(node.lhs) or _first_comparison(node.rhs)


def _merged(answer: Sequence[SeriesValues]) -> Iterator[tuple[Mapping[str, str], Mapping[float, float]]]:
    """Alerts bear no series' name: where a condition goes over from one series to another, it is the same alert."""
    found: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for series in answer:
        own = frozenset((name, value) for name, value in series.labels.items() if name != "__name__")
        found.setdefault(own, {}).update(zip(series.times.tolist(), series.values.tolist(), strict=True))
    for own, values in found.items():
        yield dict(sorted(own)), values


def _incidents(
    rule: AlertingRule,
    labels: Mapping[str, str],
    values: Mapping[float, float],
    times: Sequence[float],
    lowest: bool,
) -> Iterator[Incident]:
    """Pending from the first value, firing after `for`, until values stay away for longer than `keep_firing_for`."""
    hold_s, keep_s = parse_duration_s(rule.hold), parse_duration_s(rule.keep_firing_for) if rule.keep_firing_for else 0
    worse = min if lowest else max
    active = start = gone = None
    first = peak = 0.0
    for time in times:
        value = values.get(time)
        if value is not None:
            gone, active = None, time if active is None else active
            if start is None and time - active >= hold_s:
                start, first, peak = time, value, value
            peak = worse(peak, value) if start is not None else peak
            continue
        gone = time if gone is None else gone
        if start is not None and time - gone < keep_s:
            continue
        if start is not None:
            yield Incident(rule, labels, start, time, first, peak)
        active = start = gone = None
    if start is not None:
        yield Incident(rule, labels, start, None, first, peak)
