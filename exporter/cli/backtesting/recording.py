"""Recorded series over the past: rules are evaluated level by level, each on the blocks of those before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from exporter.archive.warm.tier import Span
from exporter.cli.backfilling.blocks import block_length_s, create_blocks
from exporter.cli.backtesting.programs import BlockServer, QueriedRange, Tools, over_blocks
from exporter.errors import ServiceFailed
from exporter.monitor.promql_literal import literal
from rules.dependencies import levels
from rules.group import RecordingRule


def record(
    tools: Tools,
    rules: Sequence[RecordingRule],
    blocks: Path,
    work: Path,
    span: Span,
    step_s: int,
    show: Callable[[float], None],
) -> None:
    """Adds the recorded series to the blocks, a sample at every whole step.

    Prometheus looks for new blocks at its start, so rules that read each other take a round of their own. promtool can
    evaluate rules by itself (`create-blocks-from rules`), but at an offset from whole steps that hangs on the name of a
    file, where a window does not hold whole minutes of rows.
    """
    rounds = levels(rules)
    for number, level in enumerate(rounds):
        out = work / f"round{number}"
        (out / "blocks").mkdir(parents=True)
        with over_blocks(tools, blocks, work / "logs", step_s) as server:
            for part in parts(span, step_s):
                text = out / "series.txt"
                with text.open("w", encoding="utf-8") as file:
                    file.writelines(_lines(server, level, part, step_s))
                    file.write("# EOF\n")
                if text.stat().st_size > len("# EOF\n"):
                    create_blocks(tools.promtool, text, out, block_length_s(step_s))
        for block in sorted((out / "blocks").iterdir()):
            block.rename(blocks / block.name)
        show((number + 1) / len(rounds))


def parts(span: Span, step_s: int) -> Iterator[Span]:
    """Stretches, both ends inclusive, of which each lies in one block."""
    start, length_s = span.start, block_length_s(step_s)
    while start <= span.end:
        end = min((start // length_s + 1) * length_s - step_s, span.end)
        yield Span(start, end)
        start = end + step_s


def sample_line(name: str, labels: Mapping[str, str], value: float, time: float) -> str:
    """One line of OpenMetrics text."""
    shown = ",".join(f"{label}={literal(text)}" for label, text in labels.items() if label != "__name__")
    number = "NaN" if math.isnan(value) else repr(value).replace("inf", "Inf")
    return f"{name}{{{shown}}} {number} {time:.0f}\n"


def _lines(server: BlockServer, rules: Sequence[RecordingRule], part: Span, step_s: int) -> Iterator[str]:
    for rule in rules:
        with rule_at_fault(rule.record):
            answer = server.range(rule.expr, part.start, part.end, step_s)
        for series in answer:
            yield from _series_lines(rule, series)


@contextmanager
def rule_at_fault(name: str) -> Iterator[None]:
    """A refused query is told with the rule that it belongs to."""
    try:
        yield
    except ServiceFailed as error:
        raise ServiceFailed(f"rule {name}: {error}") from error


def _series_lines(rule: RecordingRule, series: QueriedRange) -> Iterator[str]:
    labels = {**series.labels, **rule.labels}
    return (sample_line(rule.record, labels, value, time) for time, value in series.values)
