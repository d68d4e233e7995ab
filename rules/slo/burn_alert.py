"""InfranautSloBurn: errors spend the budget too fast, over a long window and still now."""

from __future__ import annotations

from exporter.monitor.burn_rate import BurnRate
from exporter.monitor.slo import SloTerms
from rules import names
from rules.alert_text import looked_up_complement
from rules.group import AlertingRule
from rules.monitor_alert import AlertDraft
from rules.promql import number
from rules.slo.owner import SloOwner
from rules.slo.series import of_slo

SIGNIFICANCE = 3
"""Standard deviations above the errors that are owed."""

_HOLDS = {"critical": "1m", "warning": "15m", "info": "15m"}
"""Short, since the windows themselves keep it from flapping."""


def slo_burn(owner: SloOwner, slo: SloTerms) -> list[AlertingRule]:
    """One for each pair of windows that can fire."""
    return [alert for rate in slo.alerting_burn_rates for alert in owner.tell(_draft(owner, slo, rate))]


def _draft(owner: SloOwner, slo: SloTerms, rate: BurnRate) -> AlertDraft:
    spent = looked_up_complement(names.slo_budget_remaining(), owner.labels)
    return AlertDraft(
        alert=names.SLO_BURN,
        expr=_condition(owner.name, slo, rate),
        hold=_HOLDS[rate.severity],
        severity=rate.severity,
        labels={names.SLO: slo.name, names.WINDOW: str(rate.long)},
        summary=f'{owner.title}: {slo.name} burns its error budget {{{{ $value | printf "%.3g" }}}} times too fast',
        description=(
            f'Over {rate.long} and {rate.short}, errors came {{{{ $value | printf "%.3g" }}}} times faster than '
            f"the objective of {number(slo.objective)} over {slo.period} allows; it alerts above {rate.factor:g}. "
            f"{spent} of the error budget is spent; {_lasts_until(owner, rate)}."
        ),
    )


def _condition(owner: str, slo: SloTerms, rate: BurnRate) -> str:
    return "\nand ".join(
        (
            f"{of_slo(names.slo_burn_rate(rate.long), owner, slo.name)} > {number(rate.factor)}",
            f"{of_slo(names.slo_burn_rate(rate.short), owner, slo.name)} > {number(rate.factor)}",
            f"{of_slo(names.slo_events(rate.long), owner, slo.name)} >= {slo.minimum_events}",
            f"{of_slo(names.slo_zscore(rate.long), owner, slo.name)} > {SIGNIFICANCE}",
        )
    )


def _lasts_until(owner: SloOwner, rate: BurnRate) -> str:
    """The time at which what remains is spent at this pace: now + remaining · period / burn rate."""
    matchers = ",".join(f"{label}=%q" for label in owner.labels)
    remaining = f"{names.slo_budget_remaining()}{{{matchers}}}"
    pace = f"{names.slo_burn_rate(rate.long)}{{{matchers}}}"
    length = f"{names.slo_period()}{{{matchers}}}"
    values = " ".join([f"$labels.{label}" for label in owner.labels] * 3)
    return (
        f"{{{{ with printf `round(time() + ({remaining} > 0) * {length} / {pace})` {values} | query }}}}"
        f"at this pace the rest lasts until {{{{ . | first | value | humanizeTimestamp }}}}"
        f"{{{{ else }}}}nothing of it is left{{{{ end }}}}"
    )
