"""Alerts about the exporter itself, which belong to no monitor."""

from __future__ import annotations

from rules import names
from rules.archive_behind_alert import archive_behind
from rules.dead_letters_growing_alert import dead_letters_growing
from rules.exporter_down_alert import exporter_down
from rules.exporter_duty_alerts import collector_failing, ingest_lagging, reload_failed
from rules.exporter_resources import exporter_resource_rules
from rules.exposed_series_alerts import bin_mismatch, series_absent, series_dropped
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.watchdog_alert import watchdog


def self_monitoring_groups(links: Links) -> list[RuleGroup]:
    """One group: they are few, and all of them cheap but for the bins."""
    rules: list[RecordingRule | AlertingRule] = [
        exporter_down(links),
        watchdog(links),
        series_absent(links),
        bin_mismatch(links),
        *series_dropped(links),
        dead_letters_growing(links),
        reload_failed(links),
        collector_failing(links),
        ingest_lagging(links),
        *archive_behind(links),
        *exporter_resource_rules(links),
    ]
    return [RuleGroup(names.group("", "exporter"), tuple(rules))]
