"""Alerts of which a backtest can tell nothing, and why: a rule that finds no series is silent, whatever the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exporter.cli.backtesting.counted import COUNTED, OF_A_REFERENCE, OF_A_RUNNING_EXPORTER, OF_LABELS
from rules import names
from rules.dependencies import needed, selectors
from rules.group import AlertingRule, RecordingRule


def untested_alerts(
    alerts: Sequence[AlertingRule], recorded: Sequence[RecordingRule], *, has_labels: bool, has_reference: bool
) -> Mapping[str, str]:
    """Alert (of an objective with its name) → why it is untested."""
    found = {}
    for alert in alerts:
        objection = next(_objections(_read(alert, recorded), has_labels, has_reference), None)
        if objection:
            slo = alert.labels.get(names.SLO)
            found[f"{alert.alert} ({names.SLO}={slo})" if slo else alert.alert] = objection
    return found


def foreign(read: set[str]) -> str | None:
    """Why series of these names cannot be counted from predictions and labels; None where they can."""
    alien = sorted(name for name in read if name not in COUNTED)
    if not alien:
        return None
    whose = "which only a running exporter knows"
    if not OF_A_RUNNING_EXPORTER.issuperset(alien):
        whose = "which predictions and labels do not tell"
    return f"rests on {', '.join(alien)}, {whose}"


def _objections(read: set[str], has_labels: bool, has_reference: bool) -> Iterator[str]:
    reason = foreign(read)
    if reason is not None:
        yield reason
    if read & OF_LABELS and not has_labels:
        yield "rests on labels, and there are none: give them with --labels"
    if read & OF_A_REFERENCE and not has_reference:
        yield "compares with a reference, and none is built: infranaut reference build"


def _read(alert: AlertingRule, recorded: Sequence[RecordingRule]) -> set[str]:
    """What is not recorded and an alert rests on; one objective does not rest on the events of another."""
    slo = alert.labels.get(names.SLO)
    below = [rule for rule in needed(recorded, [alert.expr]) if rule.labels.get(names.SLO, slo) == slo]
    made = {rule.record for rule in recorded}
    return {each.name for query in (alert.expr, *(rule.expr for rule in below)) for each in selectors(query)} - made
