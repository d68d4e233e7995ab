"""InfranautDataInvalid: more invalid predictions than allowed, and than chance explains."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_ranking import FOUND_FEATURE, found, found_value, largest, ranked, same
from rules.alert_text import VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, differs, equals, select, without

_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION)
_ONE_DIGIT = 'printf "%.1f"'


def data_invalid(monitor: Monitor, links: Links) -> list[AlertingRule]:
    """More invalid predictions than allowed, and more than chance makes of the allowed share."""
    quality = monitor.spec.quality
    window = quality.window
    ratio = select(names.records_invalid_ratio(window), monitor, equals(names.RULE, catalog.ANY_RULE))
    zscore = select(names.records_invalid_zscore(window), monitor)
    conditions = (
        against_threshold(f"sum {without(names.RULE)} ({ratio})", ">", monitor, "invalid_ratio"),
        against_threshold(zscore, ">", monitor, "drift_zscore"),
    )
    draft = AlertDraft(
        alert=names.DATA_INVALID,
        expr="\nand ".join(conditions),
        hold=hold(quality.hold, window),
        labels={names.WINDOW: window},
        summary=f"{monitor.name}: {{{{ $value | humanizePercentage }}}} of predictions rest on invalid data",
        description=(
            f"Over {window}, {{{{ $value | humanizePercentage }}}} of "
            f"{looked_up_count(names.predictions_increase(window), _OF_MODEL)} predictions of model "
            f"{plain(monitor.spec.model.name)} (version {VERSION}) broke at least one rule: "
            f"{looked_up(names.records_invalid_zscore(window), _OF_MODEL, _ONE_DIGIT)} standard deviations above the "
            f"{looked_up_threshold(monitor, 'invalid_ratio', 'humanizePercentage')} that are allowed. "
            f"Broken most often: {_most_broken(monitor, window)}."
        ),
    )
    return monitor_alerts(monitor, draft, links)


def _most_broken(monitor: Monitor, window: str) -> str:
    """Rules of features and of the monitor, each with how many predictions broke it."""
    alike = (names.JOB, names.MODEL_VERSION)
    named = differs(names.RULE, catalog.ANY_RULE)
    of_features = select(names.violations_increase(window), monitor, *same(*alike))
    of_rows = select(names.records_invalid_increase(window), monitor, *same(*alike), named)
    of_feature = f"{{{{ if $found.Labels.{names.FEATURE} }}}} of {FOUND_FEATURE}{{{{ end }}}}"
    entry = f"{found(names.RULE)}{of_feature} ({found_value('humanize')})"
    return ranked(largest(f"round({of_features} or {of_rows}) > 0"), alike * 2, entry)
