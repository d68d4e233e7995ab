"""InfranautSloBudgetSpent and InfranautSloBudgetEnding: nothing of the error budget is left, or soon will be."""

from __future__ import annotations

import math

from exporter.monitor.duration import Duration
from exporter.monitor.slo import ENDING_HOLD, SloTerms
from rules import names
from rules.alert_text import looked_up, looked_up_complement
from rules.group import AlertingRule
from rules.monitor_alert import AlertDraft
from rules.promql import number
from rules.slo.owner import SloOwner
from rules.slo.series import of_slo

BUDGET_HISTORY = "6h"
"""Of the budget, before its trend is believed."""
_SMALLEST_BUDGET = 5
"""Errors that the budget must allow before it can be spent, so that the first error of a new monitor does not."""


def budget_spent(owner: SloOwner, slo: SloTerms) -> list[AlertingRule]:
    remaining = of_slo(names.slo_budget_remaining(), owner.name, slo.name)
    draft = AlertDraft(
        alert=names.SLO_BUDGET_SPENT,
        expr=f"{remaining} <= 0\nand {_enough_events(owner, slo)}",
        hold="15m",
        labels={names.SLO: slo.name},
        summary=f"{owner.title}: the error budget of {slo.name} is spent",
        description=(
            f"Over {slo.period}, {_share_of_errors(owner, slo)} of the events were errors; the objective of "
            f"{number(slo.objective)} allows {number(round(slo.budget * 100, 9))}%. "
            f"{looked_up_complement(names.slo_budget_remaining(), owner.labels)} of the error budget is spent."
        ),
    )
    return owner.tell(draft)


def budget_ending(owner: SloOwner, slo: SloTerms) -> list[AlertingRule]:
    """The trend of the last day spends what is left within the time given."""
    remaining = of_slo(names.slo_budget_remaining(), owner.name, slo.name)
    left = looked_up(names.slo_budget_remaining(), owner.labels, "humanizePercentage")
    conditions = (
        f"{of_slo(names.slo_exhaustion(), owner.name, slo.name)} <= {Duration(slo.ending).seconds:.0f}",
        f"{remaining} > 0",
        f"{remaining} offset {BUDGET_HISTORY}",
        _enough_events(owner, slo),
    )
    draft = AlertDraft(
        alert=names.SLO_BUDGET_ENDING,
        expr="\nand ".join(conditions),
        hold=str(ENDING_HOLD),
        labels={names.SLO: slo.name},
        summary=f"{owner.title}: the error budget of {slo.name} ends within {{{{ $value | humanizeDuration }}}}",
        description=(
            f"{left} of the error budget of the objective {number(slo.objective)} over {slo.period} remains; "
            f"as the last day went, it will be spent in {{{{ $value | humanizeDuration }}}}."
        ),
    )
    return owner.tell(draft)


def _enough_events(owner: SloOwner, slo: SloTerms) -> str:
    return f"{of_slo(names.slo_events(slo.period), owner.name, slo.name)} >= {events_of_a_budget(slo)}"


def events_of_a_budget(slo: SloTerms) -> int:
    """Events in the period without which there is no budget to speak of."""
    return max(slo.minimum_events, math.ceil(round(_SMALLEST_BUDGET / slo.budget, 6)))


def _share_of_errors(owner: SloOwner, slo: SloTerms) -> str:
    matchers = ",".join(f"{label}=%q" for label in owner.labels)
    values = " ".join(f"$labels.{label}" for label in owner.labels)
    share = f"{names.slo_errors(slo.period)}{{{matchers}}} / {names.slo_events(slo.period)}{{{matchers}}}"
    return (
        f"{{{{ with printf `{share}` {values} {values} | query }}}}"
        f"{{{{ . | first | value | humanizePercentage }}}}{{{{ else }}}}too many{{{{ end }}}}"
    )
