"""Dashboards of one's own: a few panels of a monitor, in the order in which a person wants them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from exporter.monitor.grafana_units import known_unit
from exporter.monitor.strict import LabelValue, Name, StrictModel

PanelName = Literal[
    "predictions",
    "errors",
    "latency",
    "versions",
    "invalid",
    "missing",
    "rejected",
    "violations",
    "drift",
    "significance",
    "drift_table",
    "distribution",
    "performance",
    "outcomes",
    "segments",
    "labels",
    "label_delay",
    "budget",
]
"""The panels that can be asked for by name."""


class OwnPanel(StrictModel):
    """One panel: a known one by its name, or a query with a title."""

    show: PanelName | None = None
    """The name of a known panel; `drift` alone means `{show: drift}`."""
    query: str | None = None
    """PromQL, drawn over time. It may read `$cluster`, `$job`, `$monitor` and `$model_version`, `$segment` where the
    monitor has segments, `$feature` beside the panel `distribution`, and, as durations, `$__rate_interval`,
    `$__interval` and `$__range`."""
    title: LabelValue | None = None
    """Above the panel; a query needs one."""
    unit: Annotated[LabelValue, AfterValidator(known_unit)] = "short"
    """Grafana's id of the unit of a query: `percentunit`, `s`, `bytes`, `eps`, …; or text of your own as `suffix:loans`
    or `prefix:about `."""
    legend: str = ""
    """What names the series of a query, such as `{{model_version}}`."""
    description: str = ""
    """What a query tells, for people."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.show is None) == (self.query is None):
            raise ValueError("give either the name of a panel or a query")
        if self.query is not None and self.title is None:
            raise ValueError("a query needs a title")
        return self


class OwnDashboard(StrictModel):
    """A dashboard beside the generated ones."""

    name: Name
    """In its file name and its address; once in a monitor."""
    title: LabelValue | None = None
    """What people see; its name where absent."""
    panels: list[OwnPanel] = Field(min_length=1, max_length=50)
    """From left to right, one under the other: names of panels, or queries."""

    @field_validator("panels", mode="before", json_schema_input_type=list[PanelName | OwnPanel])
    @classmethod
    def _named(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [{"show": item} if isinstance(item, str) else item for item in value]
