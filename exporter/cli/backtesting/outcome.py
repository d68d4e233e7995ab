"""What a backtest tells, as one document."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.objectives import objective_name, reads_of
from exporter.cli.backtesting.rows import FileRows
from exporter.cli.backtesting.run import FiredAlert, TriedVariant
from exporter.cli.backtesting.scarce import scarce_alerts
from exporter.cli.backtesting.untested import untested_alerts
from exporter.cli.backtesting.variant import Variant
from exporter.cli.times import utc
from exporter.monitor.service_objectives import ServiceSlo
from rules import names


class BacktestAlert(msgspec.Struct, frozen=True):
    """One alert that would have fired; `end` is None where it still fired when the data ended."""

    alert: str
    severity: str
    start: str
    end: str | None
    seconds: float
    labels: dict[str, str]
    value: float
    peak: float
    description: str


class BacktestTrial(msgspec.Struct, frozen=True):
    """One variant of the monitor.

    setting : what is set otherwise, such as `drift.threshold=0.2`; empty without `--sweep`.
    firing_s: how long at least one alert fired; `firing_s_by_alert`: at least one of that name.
    first   : when the first alert fired; None where none did.
    messages: how often somebody would have been told; Alertmanager puts what fires at one time under one name together.
    quieter : a sweep of thresholds that the drift of fewer features passes; None where none drifted.
    """

    setting: str
    alerts: list[BacktestAlert]
    by_alert: dict[str, int]
    firing_s: float
    firing_s_by_alert: dict[str, float]
    first: str | None
    messages: dict[str, int]
    quieter: str | None = None


class BacktestOutcome(msgspec.Struct, frozen=True):
    """What `--json` prints.

    step_seconds : from one evaluation to the next.
    objectives   : of OpenSLO, that were tried beside the monitor, as `service/objective`.
    untested     : alerts, and objectives of OpenSLO, of which a backtest can tell nothing, and why.
    """

    monitor: str
    start: str
    end: str
    step_seconds: int
    predictions: int
    outcomes: int
    rejected: int
    trials: list[BacktestTrial]
    objectives: list[str]
    untested: dict[str, str]


def outcome_of(
    monitor: str, rows: FileRows, span: Span, step_s: int, tried: Sequence[tuple[Variant, TriedVariant]]
) -> BacktestOutcome:
    """From what each variant fired."""
    untested: dict[str, str] = {}
    for variant, came in tried:
        untested |= untested_alerts(
            variant.alerts,
            variant.recorded,
            has_labels=rows.labelled.num_rows > 0,
            has_reference=variant.reference is not None,
        )
        untested |= scarce_alerts(variant.monitor, variant.alerts, rows, span)
        untested |= variant.beside.untested
        untested |= {objective_name(slo): _unseen(slo) for slo in came.unseen}
    objectives = dict.fromkeys(objective_name(slo) for variant, _ in tried for slo in variant.beside.objectives)
    return BacktestOutcome(
        monitor,
        utc(span.start),
        utc(span.end),
        step_s,
        sum(batch.num_rows for batch in rows.predictions(span)),
        sum(batch.num_rows for batch in rows.outcomes(span, math.inf)),
        rows.rejected,
        [_trial(monitor, variant, came.fired, span) for variant, came in tried],
        [name.removeprefix("objective ") for name in objectives if name not in untested],
        untested,
    )


def _unseen(slo: ServiceSlo) -> str:
    return f"found no series in this data for {', '.join(map(str, reads_of(slo)))}"


def _trial(monitor: str, variant: Variant, fired: Sequence[FiredAlert], span: Span) -> BacktestTrial:
    alerts = [_alert(monitor, each, span) for each in fired]
    counts = Counter(each.alert for each in alerts)
    by_name = {
        name: _firing([each for each in fired if each.incident.rule.alert == name], span) for name in sorted(counts)
    }
    first = min((each.incident.start for each in fired), default=None)
    return BacktestTrial(
        variant.name,
        alerts,
        dict(counts),
        _length_s(_firing(fired, span)),
        {name: _length_s(stretches) for name, stretches in by_name.items()},
        None if first is None else utc(first),
        {name: len(stretches) for name, stretches in by_name.items()},
        _quieter([each for each in fired if each.incident.rule.alert == names.FEATURE_DRIFT]),
    )


def _alert(monitor: str, fired: FiredAlert, span: Span) -> BacktestAlert:
    incident = fired.incident
    labels = {**incident.labels, **_window(fired)}
    own = {names.JOB, *([names.MONITOR] if labels.get(names.MONITOR) == monitor else [])}
    return BacktestAlert(
        incident.rule.alert,
        incident.rule.labels.get(names.SEVERITY, ""),
        utc(incident.start),
        None if incident.end is None else utc(incident.end),
        (span.end if incident.end is None else incident.end) - incident.start,
        {name: value for name, value in labels.items() if name not in own},
        incident.value,
        incident.peak,
        fired.description,
    )


def _window(fired: FiredAlert) -> dict[str, str]:
    """The rule's own labels that tell one alert of a name from another."""
    told = (names.SEVERITY, names.TEAM, names.TIER, names.KIND)
    return {name: value for name, value in fired.incident.rule.labels.items() if name not in told}


def _firing(fired: Sequence[FiredAlert], span: Span) -> list[Span]:
    """Stretches of time in which at least one alert fired."""
    found: list[Span] = []
    for each in sorted(fired, key=lambda alert: alert.incident.start):
        start, end = each.incident.start, span.end if each.incident.end is None else each.incident.end
        if found and start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Span(start, end))
    return found


def _length_s(stretches: Sequence[Span]) -> float:
    return sum(each.end - each.start for each in stretches)


def _quieter(drifts: Sequence[FiredAlert]) -> str | None:
    """Thresholds at the peaks that a quarter, a half and all of the alerts stay below."""
    if not drifts:
        return None
    peaks = np.quantile([each.incident.peak for each in drifts], (0.25, 0.5, 1), method="higher")
    values = dict.fromkeys(f"{math.ceil(peak * 100) / 100:g}" for peak in peaks)
    return f"drift.threshold={','.join(values)}"
