"""What a rule file holds: groups of recording and alerting rules, evaluated in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """Records the value of `expr` as the series `record`, with `labels` added."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_document(self) -> dict[str, object]:
        document: dict[str, object] = {"record": self.record, "expr": self.expr}
        return document | ({"labels": dict(self.labels)} if self.labels else {})


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """Fires when `expr` has had a value for as long as `hold`; labels and annotations are Go templates.

    It goes on firing for `keep_firing_for` after `expr` had its last value.
    """

    alert: str
    expr: str
    hold: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    keep_firing_for: str | None = None

    def as_document(self) -> dict[str, object]:
        document: dict[str, object] = {"alert": self.alert, "expr": self.expr, "for": self.hold}
        if self.keep_firing_for:
            document["keep_firing_for"] = self.keep_firing_for
        return document | {"labels": dict(self.labels), "annotations": dict(self.annotations)}


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other at the same timestamp, so that each sees those before it.

    interval: between evaluations; Prometheus's own where absent.
    """

    name: str
    rules: tuple[RecordingRule | AlertingRule, ...]
    interval: str | None = None

    def as_document(self) -> dict[str, object]:
        interval = {"interval": self.interval} if self.interval else {}
        return {"name": self.name, **interval, "rules": [rule.as_document() for rule in self.rules]}
