"""InfranautDeadLettersGrowing: more records set aside than in the day before, and than chance explains."""

from __future__ import annotations

from exporter import catalog
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_alert import SelfAlertDraft, self_alert

_ZSCORE = 4
_AT_LEAST = 20


def dead_letters_growing(links: Links) -> AlertingRule:
    """z = 2 (sqrt(x + 3/8) - sqrt(2 y + 3/8)) of the hour's count x and the usual one y: more than twice as many.

    Anscombe, Biometrika 35 (1948), as for invalid data. Without a day before it there is no usual count.
    """
    failures = catalog.INGEST_RECORDS_FAILED.name
    by_monitor = f"sum by ({', '.join(names.MONITOR_LABELS)})"
    hour = f"{by_monitor} (increase({failures}[1h]))"
    usual = f"{by_monitor} (increase({failures}[1d] offset 1h)) / 24"
    draft = SelfAlertDraft(
        alert=names.DEAD_LETTERS_GROWING,
        expr=(
            f"{hour} >= {_AT_LEAST}\n"
            f"and 2 * (sqrt({hour} + 0.375) - sqrt(2 * {usual} + 0.375)) > {_ZSCORE}\n"
            f"and {by_monitor} ({failures} offset 25h)"
        ),
        hold="10m",
        summary='{{ $labels.monitor }}: {{ $value | printf "%.0f" }} dead letters in an hour',
        description=(
            '{{ $value | printf "%.0f" }} records of {{ $labels.monitor }} were rejected in the last hour, far more '
            "than twice as many as in an hour of the day before. They are kept as dead letters and counted nowhere "
            "else."
        ),
    )
    return self_alert(draft, links)
