"""A backtest from beginning to end: rows counted, series recorded, alerts evaluated, for each variant of a monitor."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from exporter import catalog
from exporter.archive.warm.tier import Span
from exporter.cli.amounts import count_text
from exporter.cli.backfilling.blocks import block_length_s
from exporter.cli.backfilling.run import Backfill, backfill
from exporter.cli.backtesting.alerting import Incident, fired
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.describing import descriptions
from exporter.cli.backtesting.pace import BacktestPace, down
from exporter.cli.backtesting.programs import Tools, over_blocks
from exporter.cli.backtesting.recording import PastRule, record
from exporter.cli.backtesting.remote_write import SeriesValues
from exporter.cli.backtesting.rows import FileRows
from exporter.cli.backtesting.variant import Variant
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.group import AlertingRule, RecordingRule
from rules.slo.series import of_slo

_MOST_DESCRIBED = 25

Say = Callable[[str, float], None]
"""Told what is being done, and how much of it is, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An incident with what it would have said."""

    incident: Incident
    description: str


@dataclass(frozen=True, slots=True)
class TriedVariant:
    """What came of a variant.

    fired  : in the order in which they did.
    unseen : objectives of OpenSLO whose queries found no series.
    """

    fired: list[FiredAlert]
    unseen: list[ServiceSlo]


@dataclass(slots=True)
class Backtest:
    """Tries variants over the same rows; what variants have in common is done once.

    span : evaluated, at whole steps; rows before it are counted as far back as any alert looks.
    work : an empty folder, which grows to hold every block.
    """

    rows: FileRows
    tools: Tools
    span: Span
    pace: BacktestPace
    work: Path
    say: Say
    _done: dict[object, Path] = field(default_factory=dict)

    @property
    def step_s(self) -> int:
        return self.pace.step_s

    def run(self, variant: Variant) -> TriedVariant:
        """Everything of one variant; ServiceFailed where Prometheus refuses one of its rules."""
        steady, tuned = variant.split()
        trial = self._folder("trial")
        shutil.copytree(self._recorded(variant, steady), trial / "blocks", copy_function=_link)
        with over_blocks(self.tools, trial / "blocks", trial / "logs") as server:
            server.write(self._thresholds(variant))
            self._record(server, tuned, variant)
            incidents = self._fired(server, variant)
            told = self._described(server, incidents, trial)
            unseen = [slo for slo in variant.beside.objectives if not self._has_events(server, slo)]
        shutil.rmtree(trial)
        return TriedVariant([FiredAlert(*each) for each in zip(incidents, told, strict=True)], unseen)

    def _fired(self, server: BlockServer, variant: Variant) -> list[Incident]:
        incidents = list[Incident]()
        alerts, intervals = variant.alerts, variant.intervals
        for number, rule in enumerate(alerts):
            self.say("asking for alerts", number / len(alerts))
            incidents += fired(server, rule, self.span, self._step_of(rule, intervals))
        return sorted(incidents, key=lambda incident: (incident.start, incident.rule.alert))

    def _described(self, server: BlockServer, incidents: Sequence[Incident], trial: Path) -> list[str]:
        """In full the first of each name, the summary of the others."""
        self.say("filling in descriptions", 0.0)
        counts = Counter[str]()
        first = []
        for number, incident in enumerate(incidents):
            counts[incident.rule.alert] += 1
            if counts[incident.rule.alert] <= _MOST_DESCRIBED:
                first.append(number)
        told = descriptions(self.tools, server, [incidents[number] for number in first], trial)
        in_full = dict(zip(first, told, strict=True))
        return [in_full.get(number, each.rule.annotations["summary"]) for number, each in enumerate(incidents)]

    def _has_events(self, server: BlockServer, slo: ServiceSlo) -> bool:
        events = of_slo(names.slo_events(names.SLO_STEP), slo.service, slo.name)
        return bool(server.range(events, self.span.start, self.span.end, self.step_s))

    def _recorded(self, variant: Variant, steady: Sequence[RecordingRule]) -> Path:
        """Blocks with what was counted, and what was recorded without any threshold."""
        texts = tuple((rule.record, rule.expr) for rule in steady)
        key = (self._counting_key(variant), texts)
        if key not in self._done:
            folder = self._folder("recorded")
            shutil.copytree(self._counted(variant), folder / "served", copy_function=_link)
            with over_blocks(self.tools, folder / "served", folder / "logs") as server:
                self._record(server, steady, variant)
                server.snapshot().rename(folder / "blocks")
            shutil.rmtree(folder / "served")
            self._done[key] = folder / "blocks"
        return self._done[key]

    def _record(self, server: BlockServer, rules: Sequence[RecordingRule], variant: Variant) -> None:
        def show(share: float) -> None:
            self.say(f"evaluating {count_text(len(rules), 'recording rule')}", share)

        earliest, reaches_s, intervals = self._counted_span(variant).start, variant.reaches, variant.intervals
        past = []
        for rule in rules:
            step_s = self._step_of(rule, intervals)
            start = max(earliest, down(self.span.start - reaches_s[rule.expr], step_s))
            past.append(PastRule(rule, Span(start, self.span.end), step_s))
        record(server, past, show)

    def _step_of(self, rule: RecordingRule | AlertingRule, intervals: Mapping[str, float]) -> int:
        """That of the backtest, or its group's own where that is longer."""
        return math.ceil(max(self.step_s, intervals.get(rule.expr, 0.0)) / self.step_s) * self.step_s

    def _counted(self, variant: Variant) -> Path:
        key = self._counting_key(variant)
        if key not in self._done:
            out = self._folder("counted") / "blocks"
            wanted = Backfill(
                variant.monitor,
                variant.loaded.sha256,
                variant.reference,
                self._counted_span(variant),
                self.pace.scrape_s,
                tuple(variant.beside.target.items()),
                static_every_s=self.step_s,
                only=variant.families,
                block_s=block_length_s(self.pace.scrape_s),
            )
            backfill(
                wanted, self.rows, self.rows, self.tools.promtool, out,
                lambda share, _rows: self.say("counting", share),
            )  # fmt: skip
            self._done[key] = out
        return self._done[key]

    def _counting_key(self, variant: Variant) -> object:
        target = tuple(variant.beside.target.items())
        return variant.counting(), self._counted_span(variant), target, variant.families

    def _counted_span(self, variant: Variant) -> Span:
        """From a step before the first row that any alert of the span can see."""
        first = max(self.rows.span.start, self.span.start - variant.reach_s)
        return Span(min(down(first, self.step_s), self.span.start) - self.step_s, self.span.end)

    def _thresholds(self, variant: Variant) -> Iterator[SeriesValues]:
        span = self._counted_span(variant)
        times = np.arange(span.start, span.end + 1, self.step_s)
        for check, value in thresholds(variant.monitor).items():
            own = {"__name__": catalog.MONITOR_THRESHOLD.name, names.MONITOR: variant.monitor.name, names.CHECK: check}
            yield SeriesValues({**variant.beside.target, **own}, times, np.full(len(times), value))

    def _folder(self, kind: str) -> Path:
        folder = self.work / f"{kind}-{len(list(self.work.iterdir()))}"
        folder.mkdir()
        return folder


def _link(source: str, target: str) -> str:
    """Blocks never change, so one file may stand in several folders."""
    Path(target).hardlink_to(source)
    return target
