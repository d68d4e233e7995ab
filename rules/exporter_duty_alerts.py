"""Duties that an exporter fails at while it lives: loading monitors, polling sources, counting what it accepted."""

from __future__ import annotations

from exporter import catalog
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_alert import SelfAlertDraft, self_alert

_BACKLOG_S = 60
_HOLD = "5m"


def reload_failed(links: Links) -> AlertingRule:
    draft = SelfAlertDraft(
        alert=names.RELOAD_FAILED,
        expr=f"{catalog.CONFIG_LAST_RELOAD_SUCCESSFUL.name} == 0",
        hold=_HOLD,
        summary="{{ $labels.instance }} could not load its monitors",
        description=(
            "The last reload of the exporter {{ $labels.instance }} (job {{ $labels.job }}) failed. It goes on with "
            "the monitors that it had before; changes since then are not in effect."
        ),
    )
    return self_alert(draft, links)


def collector_failing(links: Links) -> AlertingRule:
    draft = SelfAlertDraft(
        alert=names.COLLECTOR_FAILING,
        expr=f"{catalog.COLLECTOR_SUCCESS.name} == 0",
        hold=_HOLD,
        summary="{{ $labels.instance }}: the collector {{ $labels.collector }} fails",
        description=(
            f"The collector {{{{ $labels.collector }}}} of {{{{ $labels.instance }}}} has failed for {_HOLD}. What "
            "comes only through it is not counted until it works again."
        ),
    )
    return self_alert(draft, links)


def ingest_lagging(links: Links) -> AlertingRule:
    """What waits would take more than a minute at the pace of the last five; a queue that stands still never ends."""
    by_queue = "sum by (job, instance, monitor)"
    pace = f"{by_queue} (rate({catalog.INGEST_RECORDS.name}[5m]))"
    draft = SelfAlertDraft(
        alert=names.INGEST_LAGGING,
        expr=f"{by_queue} ({catalog.INGEST_QUEUE.name}) > {_BACKLOG_S} * {pace}",
        hold=_HOLD,
        summary="{{ $labels.instance }}: {{ $value | humanize }} records of {{ $labels.monitor }} wait to be counted",
        description=(
            f"For {_HOLD}, {{{{ $labels.instance }}}} has held more records of {{{{ $labels.monitor }}}} than it "
            f"counts in {_BACKLOG_S} seconds. Its series are late, and senders will be told to wait."
        ),
    )
    return self_alert(draft, links)
