"""A backtest from beginning to end: rows counted, series recorded, alerts evaluated, for each variant of a monitor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import promql_parser

from exporter import catalog
from exporter.archive.warm.tier import Span
from exporter.cli.backfilling.blocks import LONGEST_BLOCK_S, block_length_s, create_blocks
from exporter.cli.backfilling.run import Backfill, backfill
from exporter.cli.backtesting.alerting import Incident, fired
from exporter.cli.backtesting.describing import DESCRIPTION, descriptions
from exporter.cli.backtesting.objectives import TriedObjectives
from exporter.cli.backtesting.pace import BacktestPace, down
from exporter.cli.backtesting.programs import BlockServer, Tools, over_blocks
from exporter.cli.backtesting.recording import record, sample_line
from exporter.cli.backtesting.rows import FileRows
from exporter.monitor.load import LoadedMonitor
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from exporter.reference.document import Reference
from exporter.window.shared import counting_digest
from rules import names
from rules.dependencies import levels, needed, selectors
from rules.group import AlertingRule, RecordingRule
from rules.links import Links
from rules.rendering import monitor_groups
from rules.slo.series import of_slo
from rules.slo.services import service_groups

_MOST_DESCRIBED = 200

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


@dataclass(frozen=True, slots=True)
class Variant:
    """A monitor that is to be tried, under a name, with its reference and OpenSLO objectives beside it."""

    name: str
    loaded: LoadedMonitor
    reference: Reference | None
    beside: TriedObjectives = field(default_factory=TriedObjectives)

    @property
    def monitor(self) -> Monitor:
        return self.loaded.monitor

    @property
    def alerts(self) -> list[AlertingRule]:
        return [rule for rule in self._rules() if isinstance(rule, AlertingRule)]

    @property
    def recorded(self) -> list[RecordingRule]:
        """What the alerts, and what they say, rest on."""
        rules = [rule for rule in self._rules() if isinstance(rule, RecordingRule)]
        said = " ".join(alert.annotations[DESCRIPTION] for alert in self.alerts)
        looked_up = [rule.record for rule in rules if rule.record in said]
        return needed(rules, [*(alert.expr for alert in self.alerts), *looked_up])

    @property
    def reach_s(self) -> float:
        """How far back an alert looks at most, through all that it rests on."""
        steps = [_longest_s(rule.expr for rule in level) for level in levels(self.recorded)]
        return sum(steps) + _longest_s(alert.expr for alert in self.alerts)

    def counting(self) -> str:
        """Equal for variants whose rows are counted alike."""
        return counting_digest(self.monitor, self.reference, slots=1)

    def split(self) -> tuple[list[RecordingRule], list[RecordingRule]]:
        """The recorded rules that rest on no threshold, which a sweep leaves as they are, and those that do."""
        rules, tuned = self.recorded, list[RecordingRule]()
        for level in levels(rules):
            tuned += [rule for rule in level if _reads_thresholds(rule) or needed(tuned, [rule.expr])]
        return [rule for rule in rules if rule not in tuned], [rule for rule in rules if rule in tuned]

    def _rules(self) -> list[RecordingRule | AlertingRule]:
        services = service_groups(self.beside.objectives, [self.monitor], Links())
        groups = [*monitor_groups(self.monitor, Links()), *(group for part in services.values() for group in part)]
        return [rule for group in groups for rule in group.rules]


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
        self._write_thresholds(variant, trial)
        self._record(tuned, trial, self._counted_span(variant))
        with over_blocks(self.tools, trial / "blocks", trial / "logs", self.step_s) as server:
            incidents = [
                incident for rule in variant.alerts for incident in fired(server, rule, self.span, self.step_s)
            ]
            incidents.sort(key=lambda incident: (incident.start, incident.rule.alert))
            told = descriptions(self.tools, server, incidents[:_MOST_DESCRIBED], trial)
            unseen = [slo for slo in variant.beside.objectives if not self._has_events(server, slo)]
        shutil.rmtree(trial)
        told += [incident.rule.annotations["summary"] for incident in incidents[_MOST_DESCRIBED:]]
        return TriedVariant([FiredAlert(*each) for each in zip(incidents, told, strict=True)], unseen)

    def _has_events(self, server: BlockServer, slo: ServiceSlo) -> bool:
        events = of_slo(names.slo_events(names.SLO_STEP), slo.service, slo.name)
        return bool(server.range(events, self.span.start, self.span.end, self.step_s))

    def _recorded(self, variant: Variant, steady: Sequence[RecordingRule]) -> Path:
        """Blocks with what was counted, and what was recorded without any threshold."""
        texts = tuple((rule.record, rule.expr) for rule in steady)
        key = (self._counting_key(variant), texts)
        if key not in self._done:
            folder = self._folder("recorded")
            shutil.copytree(self._counted(variant), folder / "blocks", copy_function=_link)
            self._record(steady, folder, self._counted_span(variant))
            self._done[key] = folder / "blocks"
        return self._done[key]

    def _record(self, rules: Sequence[RecordingRule], folder: Path, span: Span) -> None:
        def show(share: float) -> None:
            self.say(f"recording {len(rules)} series", share)

        record(self.tools, rules, folder / "blocks", folder, span, self.step_s, show)

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
                without=frozenset({catalog.MONITOR_THRESHOLD.name}),
                block_s=block_length_s(self.pace.scrape_s),
            )
            backfill(
                wanted, self.rows, self.rows, self.tools.promtool, out,
                lambda share, _rows: self.say("counting", share),
            )  # fmt: skip
            self._done[key] = out
        return self._done[key]

    def _counting_key(self, variant: Variant) -> object:
        return variant.counting(), self._counted_span(variant), tuple(variant.beside.target.items())

    def _counted_span(self, variant: Variant) -> Span:
        """From a step before the first row that any alert of the span can see."""
        first = max(self.rows.span.start, self.span.start - variant.reach_s)
        return Span(min(down(first, self.step_s), self.span.start) - self.step_s, self.span.end)

    def _write_thresholds(self, variant: Variant, folder: Path) -> None:
        span = self._counted_span(variant)
        text = folder / "thresholds.txt"
        name = catalog.MONITOR_THRESHOLD.name
        times = range(int(span.start), int(span.end) + 1, self.step_s)
        with text.open("w", encoding="utf-8") as file:
            for check, value in thresholds(variant.monitor).items():
                labels = {**variant.beside.target, names.MONITOR: variant.monitor.name, names.CHECK: check}
                file.writelines(sample_line(name, labels, value, time) for time in times)
            file.write("# EOF\n")
        create_blocks(self.tools.promtool, text, folder, LONGEST_BLOCK_S)

    def _folder(self, kind: str) -> Path:
        folder = self.work / f"{kind}-{len(list(self.work.iterdir()))}"
        folder.mkdir()
        return folder


def _reads_thresholds(rule: RecordingRule) -> bool:
    return any(selector.name == catalog.MONITOR_THRESHOLD.name for selector in selectors(rule.expr))


def _longest_s(queries: Iterable[str]) -> float:
    found = [0.0]

    def collect(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            offset = node.vector_selector.offset
            found.append(node.range.total_seconds() + (offset.total_seconds() if offset else 0.0))
        elif isinstance(node, promql_parser.VectorSelector) and node.offset:
            found.append(node.offset.total_seconds())
        elif isinstance(node, promql_parser.SubqueryExpr) and node.range:
            found.append(node.range.total_seconds())
        return True

    for query in queries:
        promql_parser.walk(promql_parser.parse(query), collect)
    return max(found)


def _link(source: str, target: str) -> str:
    """Blocks never change, so one file may stand in several folders."""
    Path(target).hardlink_to(source)
    return target
