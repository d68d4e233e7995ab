"""An hour of real expositions, and what the rules record of it, in a real Prometheus that answers over blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.archive.warm.tier import Span
from exporter.cli.backfilling.blocks import create_blocks
from exporter.cli.backtesting.programs import Tools, over_blocks
from exporter.cli.backtesting.recording import PastRule, record
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from rules import names
from rules.dependencies import needed
from rules.group import RecordingRule
from rules.links import Links
from rules.rendering import groups_by_part
from rules.scope import RuleScope
from rules.scoped_groups import scope_texts
from tests.support.clocks import MovedClock
from tests.support.pipelines import a_pipeline
from tests.support.programs import require
from tests.support.services import RunningPrometheus

START_S = 1_749_996_000
STEP_S = 60

TARGETS: Sequence[Mapping[str, str]] = (
    {"cluster": "eu", "job": "ml", "instance": "a"},
    {"cluster": "us", "job": "ml-canary", "instance": "b"},
)
"""Exporters with the same counts in two clusters, as a Prometheus over both of them sees them."""


@dataclass(frozen=True, slots=True)
class SentMinute:
    """What a monitor is sent within a minute: predictions, then labels."""

    events: Sequence[Mapping[str, Any]]
    labels: Sequence[Mapping[str, Any]] = ()


@contextmanager
def a_recorded_past(
    histories: Sequence[tuple[Monitor, Sequence[SentMinute]]],
    queries: Iterable[str],
    folder: Path,
    objectives: Sequence[ServiceSlo] = (),
) -> Iterator[tuple[RunningPrometheus, float]]:
    """A Prometheus with all that the queries rest on, and the time of the last minute in it."""
    tools = Tools(require("prometheus"), require("promtool"))
    text = folder / "exposed.txt"
    with text.open("w", encoding="utf-8") as file:
        for number, (monitor, minutes) in enumerate(histories):
            file.writelines(_exposed(folder / str(number), monitor, minutes))
        file.write("# EOF\n")
    (folder / "blocks").mkdir()
    create_blocks(tools.promtool, text, folder)
    span = Span(START_S, START_S + STEP_S * max(len(minutes) for _, minutes in histories))
    rules = _recording_rules([monitor for monitor, _ in histories], objectives)
    with over_blocks(tools, folder / "blocks", folder / "logs") as server:
        past = [PastRule(rule, span, STEP_S) for rule in needed(rules, queries)]
        record(server, past, lambda _share: None)
        yield RunningPrometheus(server.url), span.end


def _exposed(folder: Path, monitor: Monitor, minutes: Sequence[SentMinute]) -> Iterator[str]:
    """Every series at the end of each minute, and at 0 before the first."""
    clock = MovedClock(START_S)
    exporter = a_pipeline(folder, monitor, clock=clock)
    yield from _lines(exporter.series(), clock.now())
    for minute in minutes:
        clock.move(STEP_S)
        exporter.predict(*minute.events)
        exporter.label(*minute.labels)
        yield from _lines(exporter.series(), clock.now())


def _lines(series: Mapping[str, float], time: float) -> Iterator[str]:
    """Only what is of the monitor: of the rest each exporter has one."""
    of_the_monitor = [(name, value) for name, value in series.items() if f'{names.MONITOR}="' in name]
    for name, value in of_the_monitor:
        for target in TARGETS:
            scraped = ",".join(f'{label}="{text}"' for label, text in target.items())
            yield f"{name.removesuffix('}')},{scraped}}} {value!r} {time:.0f}\n"


def _recording_rules(monitors: Sequence[Monitor], objectives: Sequence[ServiceSlo]) -> list[RecordingRule]:
    parts = groups_by_part(monitors, Links(), scope_texts(RuleScope()), objectives)
    rules = [rule for groups in parts.values() for group in groups for rule in group.rules]
    return [rule for rule in rules if isinstance(rule, RecordingRule)]
