"""What an exporter should expose and does not: series of a monitor, bins of a reference, versions beyond the budget."""

from __future__ import annotations

from typing import Literal

from exporter import catalog
from rules import names
from rules.alert_text import FEATURE
from rules.group import AlertingRule
from rules.links import Links
from rules.promql import differs, equals
from rules.self_alert import SelfAlertDraft, self_alert

_BIN = (*names.REFERENCE_LABELS, names.BIN)


def series_absent(links: Links) -> AlertingRule:
    """An exporter that is up but exposes no monitor, or a loaded monitor whose counts are missing."""
    loaded, counted = catalog.MONITOR_INFO.name, catalog.INGEST_RECORDS.name
    draft = SelfAlertDraft(
        alert=names.SERIES_ABSENT,
        expr=(
            f"group by (job, instance) ({catalog.BUILD_INFO.name}) unless on (job, instance) {loaded}\n"
            f"or group by (job, instance, monitor) ({loaded}) unless on (job, instance, monitor) {counted}"
        ),
        hold="5m",
        severity="critical",
        summary="{{ $labels.instance }} is up, but series{{ with $labels.monitor }} of {{ . }}{{ end }} are missing",
        description=(
            "The exporter {{ $labels.instance }} (job {{ $labels.job }}) answers, but exposes "
            "{{ with $labels.monitor }}no counts of the monitor {{ . }}{{ else }}no monitor at all{{ end }}. "
            "What is not exposed is not watched."
        ),
    )
    return self_alert(draft, links)


def bin_mismatch(links: Links) -> AlertingRule:
    """A bin that is counted and not in the reference, or the other way round, drops out of drift in silence."""
    on_bin = f"on ({', '.join(_BIN)})"
    on_feature = f"on ({', '.join(names.REFERENCE_LABELS)})"
    ratios = catalog.REFERENCE_BIN_RATIO.name
    counted = f"group by ({', '.join(_BIN)}) ({catalog.FEATURE_BIN.name})"
    expected = f"group by ({', '.join(_BIN)}) ({ratios} and {on_feature} {catalog.FEATURE_BIN.name})"
    stray = f"({counted} and on (job, monitor, reference) {ratios}) unless {on_bin} {ratios}"
    lacking = f"{expected} unless {on_bin} {catalog.FEATURE_BIN.name}"
    draft = SelfAlertDraft(
        alert=names.BIN_MISMATCH,
        expr=f"count by ({', '.join(names.REFERENCE_LABELS)}) ({stray} or {lacking})",
        hold="10m",
        summary=f"{{{{ $labels.monitor }}}}: the bins of {FEATURE} are not those of its reference",
        description=(
            f"Bins of {FEATURE} (monitor {{{{ $labels.monitor }}}}, reference {{{{ $labels.reference }}}}) that are "
            "counted but not in the reference, or in the reference but not counted: {{ $value }}. They are left out of "
            "its drift, which is therefore wrong."
        ),
    )
    return self_alert(draft, links)


def series_dropped(links: Links) -> list[AlertingRule]:
    """Louder for the budget of series than for the limit of segments, which a monitor may mean."""
    over_budget = differs(names.REASON, "segment_limit")
    return [_dropped(over_budget, "warning", links), _dropped(equals(names.REASON, "segment_limit"), "info", links)]


def _dropped(reason: str, severity: Literal["info", "warning"], links: Links) -> AlertingRule:
    dropped = f"increase({catalog.SERIES_DROPPED.name}{{{reason}}}[1h])"
    draft = SelfAlertDraft(
        alert=names.SERIES_DROPPED,
        expr=f"sum by (job, monitor, reason) ({dropped}) > 0",
        hold="5m",
        severity=severity,
        summary="{{ $labels.monitor }}: records are counted under __other__ ({{ $labels.reason }})",
        description=(
            'In the last hour {{ $value | printf "%.0f" }} records of {{ $labels.monitor }} belonged to a model '
            "version or a segment that has no series of its own ({{ $labels.reason }}). They count under __other__ and "
            "cannot be told apart."
        ),
    )
    return self_alert(draft, links)
