"""What a backtest tells, as one document and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from exporter.archive.warm.tier import Span
from exporter.cli.amounts import count_text
from exporter.cli.archive_access import utc
from exporter.cli.backtesting.objectives import objective_name, reads_of
from exporter.cli.backtesting.rows import FileRows
from exporter.cli.backtesting.run import FiredAlert, TriedVariant, Variant
from exporter.cli.backtesting.untested import untested_alerts
from exporter.monitor.duration import duration_text
from exporter.monitor.service_objectives import ServiceSlo
from rules import names

_MOST_SHOWN = 100


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
    """

    setting: str
    alerts: list[BacktestAlert]
    by_alert: dict[str, int]
    firing_s: float
    firing_s_by_alert: dict[str, float]
    first: str | None


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
        untested |= variant.beside.untested
        untested |= {objective_name(slo): _unseen(slo) for slo in came.unseen}
    objectives = dict.fromkeys(objective_name(slo) for variant, _ in tried for slo in variant.beside.objectives)
    return BacktestOutcome(
        monitor,
        utc(span.start),
        utc(span.end),
        step_s,
        rows.predictions_by_time.num_rows,
        rows.labelled.num_rows,
        rows.rejected,
        [_trial(monitor, variant, came.fired, span) for variant, came in tried],
        [name.removeprefix("objective ") for name in objectives if name not in untested],
        untested,
    )


def _unseen(slo: ServiceSlo) -> str:
    return f"found no series in this data for {', '.join(map(str, reads_of(slo)))}"


def outcome_text(outcome: BacktestOutcome) -> str:
    """For a person."""
    counted = f"{count_text(outcome.predictions, 'prediction')}, {count_text(outcome.outcomes, 'label')}"
    pace = f"evaluated every {duration_text(outcome.step_seconds)}"
    lines = [f"{outcome.monitor}, {outcome.start} to {outcome.end}: {counted}, {pace}"]
    if outcome.rejected:
        lines.append(f"{count_text(outcome.rejected, 'record')} could not be read")
    if len(outcome.trials) == 1 and not outcome.trials[0].setting:
        lines += ["", *_alert_lines(outcome.trials[0])]
    else:
        lines += ["", *_sweep_lines(outcome.trials)]
    lines += [f"not tested: {alert} {reason}" for alert, reason in outcome.untested.items()]
    return "\n".join(lines)


def _trial(monitor: str, variant: Variant, fired: Sequence[FiredAlert], span: Span) -> BacktestTrial:
    alerts = [_alert(monitor, each, span) for each in fired]
    counts = Counter(each.alert for each in alerts)
    lasted = {
        name: _covered_s([each for each in fired if each.incident.rule.alert == name], span) for name in sorted(counts)
    }
    first = min((each.incident.start for each in fired), default=None)
    return BacktestTrial(
        variant.name, alerts, dict(counts), _covered_s(fired, span), lasted, None if first is None else utc(first)
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


def _covered_s(fired: Sequence[FiredAlert], span: Span) -> float:
    """Seconds in which at least one alert fired."""
    total, until = 0.0, span.start
    for each in sorted(fired, key=lambda alert: alert.incident.start):
        end = span.end if each.incident.end is None else each.incident.end
        total += max(0.0, end - max(each.incident.start, until))
        until = max(until, end)
    return total


def _alert_lines(trial: BacktestTrial) -> Iterator[str]:
    if not trial.alerts:
        yield "no alert would have fired"
        return
    yield f"{count_text(len(trial.alerts), 'alert')} would have fired:"
    for alert in trial.alerts[:_MOST_SHOWN]:
        labels = ", ".join(f"{name}={value}" for name, value in alert.labels.items())
        when = f"{alert.start} to {alert.end or 'the end'}"
        yield f"{when}  {alert.alert} ({alert.severity}), peak {alert.peak:.4g}: {labels}"
        yield f"    {alert.description}"
    if len(trial.alerts) > _MOST_SHOWN:
        yield f"and {len(trial.alerts) - _MOST_SHOWN:,} more; --json has them all"


def _sweep_lines(trials: Sequence[BacktestTrial]) -> Iterator[str]:
    kinds = sorted({name for trial in trials for name in trial.by_alert})
    rows = [["", "alerts", "hours firing", "first", *kinds]]
    for trial in trials:
        counts = [_count_and_hours(trial, kind) for kind in kinds]
        rows.append([trial.setting, str(len(trial.alerts)), _hours(trial.firing_s), trial.first or "-", *counts])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others])


def _count_and_hours(trial: BacktestTrial, alert: str) -> str:
    count = trial.by_alert.get(alert, 0)
    return f"{count} in {_hours(trial.firing_s_by_alert[alert])} h" if count else "0"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f}"
