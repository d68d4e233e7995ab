"""The rules of a monitor's objectives, in one group that is evaluated every minute."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.monitor.slo import SloTerms
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import plain
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.monitor_alert import monitor_alerts
from rules.slo.budget import budget_rules, term_rules
from rules.slo.budget_alerts import budget_ending, budget_spent
from rules.slo.burn_alert import slo_burn
from rules.slo.indicator import indicator_rules
from rules.slo.owner import SloOwner
from rules.slo.windows import burn_rate_rules, count_rules

INTERVAL = "1m"
"""Often enough for windows of five minutes and more, and a quarter of the samples that most Prometheuses would keep."""

_LABELS = (names.JOB, names.MONITOR, names.SLO)


def slo_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group; none for a monitor without objectives."""
    slos = monitor.spec.slos
    if not slos:
        return []
    owner = SloOwner(
        name=monitor.name,
        title=plain(monitor.name),
        labels=_LABELS,
        tell=lambda draft: monitor_alerts(monitor, draft, links),
    )
    indicators = [rule for slo in slos for rule in indicator_rules(monitor, slo)]
    rules = objective_rules([(owner, slo) for slo in slos], indicators)
    return [RuleGroup(names.group(monitor.name, "slo"), tuple(rules), INTERVAL)]


def objective_rules(
    objectives: Sequence[tuple[SloOwner, SloTerms]], indicators: Sequence[RecordingRule]
) -> list[RecordingRule | AlertingRule]:
    """Everything that rests on the events and errors that `indicators` record; all owners are one in name."""
    owner, slos = objectives[0][0].name, [slo for _, slo in objectives]
    return [
        *indicators,
        *count_rules(owner, slos),
        *(rule for slo in slos for rule in term_rules(owner, slo)),
        *burn_rate_rules(owner, slos),
        *(rule for slo in slos for rule in budget_rules(owner, slo)),
        *(
            alert
            for told, slo in objectives
            for alert in (*slo_burn(told, slo), *budget_spent(told, slo), *budget_ending(told, slo))
        ),
    ]
