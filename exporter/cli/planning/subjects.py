"""Whom an alert about the exporter may be about: no monitor, or one that its series name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter import catalog
from rules import names
from rules.dependencies import Selector, selectors
from rules.group import AlertingRule
from rules.label_sets import Evaluation, KnownSeries, indexed
from rules.label_vectors import LabelSet

NO_MONITOR = ""

_LABELS = {metric.name: metric.labels for metric in (*catalog.CATALOG, catalog.BUILD_INFO)}
_ANY = "any"


def subjects(rule: AlertingRule, monitors: Sequence[str]) -> list[str]:
    """`NO_MONITOR` and the monitors, as far as one of the rule's alerts can carry them in the label `monitor`.

    Every metric is taken to be there with the labels that the exporter gives it.
    """
    series = indexed(pair for selector in selectors(rule.expr) for pair in _series(selector, monitors))
    alerts = Evaluation(KnownSeries(series, interval_s=1.0), is_possible=True).yields(rule.expr)
    named = {dict(labels).get(names.MONITOR, NO_MONITOR) for labels in alerts.sets}
    return [name for name in (NO_MONITOR, *monitors) if name in named] or [NO_MONITOR]


def _series(selector: Selector, monitors: Sequence[str]) -> Iterator[tuple[str, LabelSet]]:
    labels = ("job", "instance", *_LABELS.get(selector.name, ()))
    values = {label: selector.value_of(label) or _ANY for label in labels}
    for monitor in monitors if names.MONITOR in labels else [NO_MONITOR]:
        yield selector.name, frozenset((values | ({names.MONITOR: monitor} if monitor else {})).items())
