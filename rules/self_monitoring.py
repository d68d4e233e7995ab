"""Alerts about the exporter itself, which belong to no monitor."""

from __future__ import annotations

from exporter import catalog
from rules import names
from rules.group import AlertingRule, RuleGroup
from rules.links import Links

_HOLD = "1m"
_REMEMBERED = "1d"


def self_monitoring_groups(links: Links) -> list[RuleGroup]:
    """For each exporter that is gone; and when none is left, one more without `instance`, which inhibits all others."""
    build = catalog.BUILD_INFO.name
    rule = AlertingRule(
        alert=names.EXPORTER_DOWN,
        expr=f"(up == 0 and on (job, instance) last_over_time({build}[{_REMEMBERED}]))\nor absent({build})",
        hold=_HOLD,
        labels={names.SEVERITY: "critical", names.KIND: "self"},
        annotations={
            "summary": (
                "{{ with $labels.instance }}Infranaut's exporter {{ . }} cannot be scraped"
                "{{ else }}No exporter of Infranaut can be scraped{{ end }}"
            ),
            "description": (
                "{{ with $labels.instance }}Prometheus has had no answer from {{ . }} (job {{ $labels.job }}) for at "
                f"least {_HOLD}. Predictions that only this exporter received are not counted."
                f"{{{{ else }}}}Prometheus has had no series of any exporter for at least {_HOLD}. No model is being "
                "watched, and all other alerts of Infranaut are silent until this one is resolved.{{ end }}"
            ),
            **links.annotations(names.EXPORTER_DOWN),
        },
    )
    return [RuleGroup(names.group("", "exporter"), (rule,))]
