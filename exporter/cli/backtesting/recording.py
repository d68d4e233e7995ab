"""Recorded series over the past: rules are evaluated stretch by stretch, those that others read first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.remote_write import STALE_BITS, SeriesValues
from exporter.errors import ServiceFailed
from rules.dependencies import levels
from rules.group import RecordingRule

_STRETCH_S = 2 * 86_400
"""Prometheus computes the answer to one query in memory."""


@dataclass(frozen=True, slots=True)
class PastRule:
    """A rule, and when it is evaluated: at every whole step of the span, both ends inclusive."""

    rule: RecordingRule
    span: Span
    step_s: int

    def within(self, stretch: Span) -> Span:
        """From the first of its steps in a stretch to the last."""
        start, end = max(stretch.start, self.span.start), min(stretch.end, self.span.end)
        return Span(math.ceil(start / self.step_s) * self.step_s, math.floor(end / self.step_s) * self.step_s)


def record(server: BlockServer, rules: Sequence[PastRule], show: Callable[[float], None]) -> None:
    """Adds the recorded series to those of the server. A series that a rule gives no more ends there, as Prometheus
    ends it."""
    order = [rule for level in levels([each.rule for each in rules]) for rule in level]
    ordered = sorted(rules, key=lambda each: order.index(each.rule))
    todo = sum(each.span.end - each.span.start + each.step_s for each in rules)
    done = 0.0
    for stretch in _stretches(rules):
        for each in ordered:
            part = each.within(stretch)
            if part.start <= part.end:
                _record_part(server, each, part)
                done += part.end - part.start + each.step_s
                show(done / todo)


def _stretches(rules: Sequence[PastRule]) -> Iterator[Span]:
    start, end = min((each.span.start for each in rules), default=0), max((each.span.end for each in rules), default=-1)
    while start <= end:
        yield Span(start, min(start + _STRETCH_S - 1, end))
        start += _STRETCH_S


@contextmanager
def rule_at_fault(name: str) -> Iterator[None]:
    """A refused query is told with the rule that it belongs to."""
    try:
        yield
    except ServiceFailed as error:
        raise ServiceFailed(f"rule {name}: {error}") from error


def _record_part(server: BlockServer, each: PastRule, part: Span) -> None:
    """The step before the part is asked for as well, to know what ends with it."""
    is_first = part.start - each.step_s < each.span.start
    grid = Span(part.start - (0 if is_first else each.step_s), part.end)
    with rule_at_fault(each.rule.record):
        answer = server.range(each.rule.expr, grid.start, grid.end, each.step_s)
        found = (with_ends(_recorded(each.rule, series), grid, each.step_s, written=not is_first) for series in answer)
        server.write(series for series in found if len(series.times))


def _recorded(rule: RecordingRule, series: SeriesValues) -> SeriesValues:
    return SeriesValues({**series.labels, **rule.labels, "__name__": rule.record}, series.times, series.values)


def with_ends(series: SeriesValues, grid: Span, step_s: int, *, written: bool) -> SeriesValues:
    """The series over the steps of a grid, with the mark of an end at each step at which it is gone.

    written : the first step has been, and is not to be again.
    """
    steps = np.arange(round((grid.end - grid.start) / step_s) + 1)
    values, is_there = np.empty(len(steps)), np.zeros(len(steps), bool)
    at = np.round((series.times - grid.start) / step_s).astype(np.int64)
    values[at], is_there[at] = series.values, True
    is_gone = np.zeros(len(steps), bool)
    is_gone[1:] = is_there[:-1] & ~is_there[1:]
    values.view(np.uint64)[is_gone] = STALE_BITS
    times = np.asarray(grid.start + steps * step_s, np.float64)
    kept = (is_there | is_gone) & (steps >= int(written))
    return SeriesValues(series.labels, times[kept], values[kept])
