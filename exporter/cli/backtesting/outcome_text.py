"""What a backtest tells, for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.cli.amounts import count_text
from exporter.cli.backtesting.outcome import BacktestAlert, BacktestOutcome, BacktestTrial
from exporter.monitor.duration import duration_text

_MOST_SHOWN = 10
"""Alerts of one name."""


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


def _alert_lines(trial: BacktestTrial) -> Iterator[str]:
    if not trial.alerts:
        yield "no alert would have fired"
        return
    lasted = _hours(trial.firing_s)
    yield f"{count_text(len(trial.alerts), 'alert')} would have fired, at least one of them for {lasted} hours:"
    rows = [["", "severity", "alerts", "messages", "hours firing", "first"]]
    for name, count in trial.by_alert.items():
        one = next(alert for alert in trial.alerts if alert.alert == name)
        lasted, messages = _hours(trial.firing_s_by_alert[name]), trial.messages[name]
        rows.append([name, one.severity, f"{count:,}", f"{messages:,}", lasted, one.start])
    yield from _table(rows)
    if trial.quieter:
        yield f"to see what other thresholds give: --sweep {trial.quieter}"
    for name in trial.by_alert:
        yield from ("", f"{name}:")
        yield from _incident_lines([alert for alert in trial.alerts if alert.alert == name])
    yield ""


def _incident_lines(alerts: Sequence[BacktestAlert]) -> Iterator[str]:
    for alert in alerts[:_MOST_SHOWN]:
        labels = ", ".join(f"{name}={value}" for name, value in alert.labels.items())
        when = f"{alert.start} to {alert.end or 'the end'} ({_hours(alert.seconds)} h)"
        yield f"  {when}, peak {alert.peak:.4g}{': ' if labels else ''}{labels}"
        yield f"      {alert.description}"
    if len(alerts) > _MOST_SHOWN:
        yield f"  and {len(alerts) - _MOST_SHOWN:,} more; --json has them all"


def _sweep_lines(trials: Sequence[BacktestTrial]) -> Iterator[str]:
    kinds = sorted({name for trial in trials for name in trial.by_alert})
    rows = [["", "alerts", "messages", "hours firing", "first", *kinds]]
    for trial in trials:
        counts = [_count_and_hours(trial, kind) for kind in kinds]
        alerts, messages = f"{sum(trial.by_alert.values()):,}", f"{sum(trial.messages.values()):,}"
        rows.append([trial.setting, alerts, messages, _hours(trial.firing_s), trial.first or "-", *counts])
    yield from _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
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
