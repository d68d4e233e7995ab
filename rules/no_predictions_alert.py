"""InfranautNoPredictions: a monitor that gets nothing, or is loaded nowhere."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import select

_BY_MONITOR = f"by ({', '.join(names.MONITOR_LABELS)})"


def no_predictions(monitor: Monitor, links: Links) -> list[AlertingRule]:
    """Loaded for at least the time allowed without a prediction in it, or not loaded by any exporter."""
    silence = monitor.spec.quality.no_predictions_for
    info = select(catalog.MONITOR_INFO.name, monitor)
    loaded = f"(max {_BY_MONITOR} ({info}) and max {_BY_MONITOR} ({info} offset {silence}))"
    counted = f"sum {_BY_MONITOR} (increase({select(catalog.PREDICTIONS.name, monitor)}[{silence}])) > 0"
    draft = AlertDraft(
        alert=names.NO_PREDICTIONS,
        expr=f"{loaded} unless ({counted})\nor absent({info})",
        hold=hold(monitor.spec.quality.hold, silence),
        summary=f"{monitor.name}: no predictions for {silence}",
        description=(
            f"{{{{ if $labels.job }}}}Model {plain(monitor.spec.model.name)} has sent no prediction for {silence}."
            f"{{{{ else }}}}No exporter that Prometheus scrapes has loaded the monitor {monitor.name}.{{{{ end }}}}"
        ),
    )
    return monitor_alerts(monitor, draft, links)
