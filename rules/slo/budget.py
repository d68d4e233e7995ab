"""The terms of an objective as series, what is left of its error budget, and for how long."""

from __future__ import annotations

from dataclasses import replace

from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms
from rules import names
from rules.group import RecordingRule
from rules.promql import number
from rules.slo.series import of_slo
from rules.slo.windows import burn_rate, sums_of_steps


def term_rules(owner: str, slo: SloTerms) -> list[RecordingRule]:
    """Counts over the period, and the objective and the length of the period with the labels of those counts."""
    period, labels = Duration(slo.period), {names.SLO: slo.name}
    events = of_slo(names.slo_events(period), owner, slo.name)
    return [
        *(replace(rule, labels=labels) for rule in sums_of_steps(owner, [slo.name], period)),
        RecordingRule(names.slo_objective(), f"0 * {events} + {number(slo.objective)}", labels),
        RecordingRule(names.slo_period(), f"0 * {events} + {period.seconds:.0f}", labels),
    ]


def budget_rules(owner: str, slo: SloTerms) -> list[RecordingRule]:
    """The share of the budget that is left (below 0 when overspent), and seconds until it is 0.

    remaining  : 1 - (errors / events) / (1 - objective), over the period or over what there is of it.
    exhaustion : where the line through the last day of `remaining` meets 0; absent while that line does not fall.
    """
    labels = {names.SLO: slo.name}
    spent = burn_rate(owner, [slo.name], Duration(slo.period))
    history = f"{of_slo(names.slo_budget_remaining(), owner, slo.name)}[{names.SLO_TREND_WINDOW}]"
    line_now, slope = f"predict_linear({history}, 0)", f"deriv({history})"
    return [
        RecordingRule(names.slo_budget_remaining(), f"1 - {spent}", labels),
        RecordingRule(names.slo_exhaustion(), f"clamp_min({line_now}, 0) / -({slope} < 0)", labels),
    ]
