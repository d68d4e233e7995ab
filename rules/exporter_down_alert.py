"""InfranautExporterDown: an exporter that cannot be scraped; and when none is left, one more, which inhibits others."""

from __future__ import annotations

from exporter import catalog
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_alert import SelfAlertDraft, self_alert

_HOLD = "1m"
_REMEMBERED = "1d"


def exporter_down(links: Links) -> AlertingRule:
    """The one for none left has no label `instance`."""
    build = catalog.BUILD_INFO.name
    draft = SelfAlertDraft(
        alert=names.EXPORTER_DOWN,
        expr=f"(up == 0 and on (job, instance) last_over_time({build}[{_REMEMBERED}]))\nor absent({build})",
        hold=_HOLD,
        severity="critical",
        summary=(
            "{{ with $labels.instance }}Infranaut's exporter {{ . }} cannot be scraped"
            "{{ else }}No exporter of Infranaut can be scraped{{ end }}"
        ),
        description=(
            "{{ with $labels.instance }}Prometheus has had no answer from {{ . }} (job {{ $labels.job }}) for at "
            f"least {_HOLD}. Predictions that only this exporter received are not counted."
            f"{{{{ else }}}}Prometheus has had no series of any exporter for at least {_HOLD}. No model is being "
            "watched, and all other alerts of Infranaut are silent until this one is resolved.{{ end }}"
        ),
    )
    return self_alert(draft, links)
