"""InfranautReferenceOld: a reference whose newest row is older than the monitor allows."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import looked_up_threshold, plain
from rules.group import RuleGroup
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, select

_HOLD = "1h"


def reference_age_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group; none where no age is set. A reference without timestamps has no age."""
    reference = monitor.spec.reference
    if reference is None or reference.maximum_age is None:
        return []
    created = select(catalog.REFERENCE_CREATED_TIMESTAMP.name, monitor)
    age = f"(time() - min by ({', '.join((*names.MONITOR_LABELS, names.REFERENCE))}) ({created}))"
    draft = AlertDraft(
        alert=names.REFERENCE_OLD,
        expr=against_threshold(age, ">", monitor, "reference_age_seconds"),
        hold=_HOLD,
        summary=f"{monitor.name}: the reference is {{{{ $value | humanizeDuration }}}} old",
        description=(
            f"The newest row of the reference of model {plain(monitor.spec.model.name)} is "
            "{{ $value | humanizeDuration }} old; at most "
            f"{looked_up_threshold(monitor, 'reference_age_seconds', 'humanizeDuration')} are allowed. Drift is "
            "measured against a world that may be gone."
        ),
    )
    return [RuleGroup(names.group(monitor.name, "reference"), tuple(monitor_alerts(monitor, draft, links)))]
