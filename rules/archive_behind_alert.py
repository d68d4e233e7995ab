"""InfranautArchiveBehind: rows that do not get from the spool into the archive, by the reason."""

from __future__ import annotations

from collections.abc import Iterable

from exporter import catalog
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_alert import SelfAlertDraft, self_alert

_LONGEST_LAG_S = 600
_FULLEST_SPOOL = 0.8


def archive_behind(links: Links) -> list[AlertingRule]:
    """Label `reason`: `spool_lag`, `spool_full`, `tier_down` or `quarantined`."""
    return [self_alert(draft, links) for draft in _drafts()]


def _drafts() -> Iterable[SelfAlertDraft]:
    yield _draft(
        "spool_lag",
        f"{catalog.SPOOL_LAG.name} > {_LONGEST_LAG_S}",
        "{{ $labels.instance }}: the oldest row has waited {{ $value | humanizeDuration }} for the archive",
        "Rows are safe in the spool, but queries, late labels and profiles do not see them.",
    )
    yield _draft(
        "spool_full",
        f"{catalog.SPOOL_SIZE.name} / ({catalog.SPOOL_LIMIT.name} > 0) > {_FULLEST_SPOOL}",
        "{{ $labels.instance }}: the spool is {{ $value | humanizePercentage }} full",
        "When it is full, senders are told to wait (503).",
    )
    yield _draft(
        "tier_down",
        f"{catalog.TIER_UP.name} == 0",
        "{{ $labels.instance }}: the {{ $labels.tier }} tier of the archive does not answer",
        "Rows wait in the spool, or in the tier before, until it does.",
    )
    yield _draft(
        "quarantined",
        f"increase({catalog.ARCHIVE_QUARANTINED.name}[1h]) > 0",
        "{{ $labels.instance }}: entries could not be landed and were set aside",
        "They stand in the folder of quarantined entries under the exporter's state, and in no tier.",
        hold="0s",
    )


def _draft(reason: str, expr: str, summary: str, description: str, hold: str = "5m") -> SelfAlertDraft:
    return SelfAlertDraft(names.ARCHIVE_BEHIND, expr, hold, summary, description, labels={names.REASON: reason})
