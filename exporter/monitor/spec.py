"""A monitor as a person writes it: the pydantic models behind the YAML.

Only what the file alone can tell is checked here; `exporter.monitor.load` adds file names, line numbers and
suggestions, and what needs other files (two monitors of one name, a reference that is not there).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from exporter.monitor.duration import Duration, DurationField

API_VERSION = "infranaut.io/v1"

Task = Literal["binary", "multiclass", "regression"]
DriftMeasure = Literal["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"]
PerformanceMetric = Literal[
    "accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece", "mae", "rmse", "bias"
]
Severity = Literal["info", "warning", "critical"]

METRICS_BY_TASK: dict[Task, tuple[PerformanceMetric, ...]] = {
    "binary": ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"),
    "multiclass": ("accuracy", "precision", "recall", "f1"),
    "regression": ("mae", "rmse", "bias"),
}
"""What can be computed for each task (multiclass: macro averages)."""

_NAME = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
_RULE_NAME = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$")
_RESERVED_PREFIX = "__"


def _dns_name(text: str) -> str:
    if not _NAME.match(text):
        raise ValueError(f"{text!r} is not a name; use lower-case letters, digits and dashes, at most 63")
    return text


def _rule_name(text: str) -> str:
    if not _RULE_NAME.match(text) or text.startswith(_RESERVED_PREFIX):
        raise ValueError(f"{text!r} is not a rule name; use letters, digits and underscores, at most 63")
    return text


def _label_value(text: str) -> str:
    if not text or len(text) > 128 or not text.isprintable():
        raise ValueError(f"{text!r} cannot be a label value; use 1 to 128 printable characters")
    return text


Name = Annotated[str, AfterValidator(_dns_name)]
RuleName = Annotated[str, AfterValidator(_rule_name)]
LabelValue = Annotated[str, AfterValidator(_label_value)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Metadata(_Strict):
    name: Name
    labels: dict[LabelValue, LabelValue] = {}
    """Any labels; `team` and `tier` also stand on alerts."""
    description: str = ""


class Model(_Strict):
    name: LabelValue
    task: Task
    threshold: float = Field(0.5, ge=0, le=1)
    """Binary: a score at or above it predicts the positive class."""
    positive: LabelValue | None = None
    """Binary: the label that means the positive class, where labels are not 0/1 or true/false (`positive: UP`)."""
    classes: list[LabelValue] = []
    """Multiclass: the classes; from the reference where empty."""
    versions: list[LabelValue] = []
    """Versions whose series start at 0 when the exporter starts."""
    trained: str | None = None
    """When the model was trained, RFC 3339."""


class Events(_Strict):
    """Names of the fields in the payload."""

    id: str
    timestamp: str
    timestamp_unit: Literal["s", "ms", "us", "ns"] = "s"
    """Unit of timestamps that are numbers; text is read as RFC 3339."""
    prediction: str
    model_version: str | None = None
    latency_seconds: str | None = None
    error: str | None = None
    """A field that is null, or names why the model failed; such an event needs no prediction."""
    error_reasons: list[LabelValue] = []
    """The failures told apart; others count as __other__."""
    horizon: DurationField = Duration("24h")
    """Older events are rejected; an id seen within it is a duplicate."""
    future_tolerance: DurationField = Duration("5m")


class NumberFeature(_Strict):
    type: Literal["number"]
    field: str | None = None
    """Name in the payload; the feature's own where absent."""
    min: float | None = None
    max: float | None = None
    required: bool = False
    sql: str | None = None
    """Derived: a DuckDB expression over the other fields."""

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class CategoryFeature(_Strict):
    type: Literal["category"]
    field: str | None = None
    values: list[LabelValue] = []
    """The closed set; anything else is invalid. Empty: any value, and those not in the reference count as __other__."""
    required: bool = False
    sql: str | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _as_text(cls, values: object) -> object:
        """`values: [1, 2]` and `[yes, no]` mean the text that a payload's 1 or true becomes."""
        if not isinstance(values, list):
            return values
        return [canonical_category(value) for value in values]


Feature = Annotated[NumberFeature | CategoryFeature, Field(discriminator="type")]


def canonical_category(value: object) -> object:
    """A category's text: true and false in lower case, 3 and 3.0 both `3`; other types unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value


class Rule(_Strict):
    name: RuleName
    sql: str
    """A DuckDB condition over the fields of one event; a row breaks the rule where it is false (null passes)."""


class ReferenceSource(_Strict):
    path: str
    """The data (Parquet, CSV, NDJSON), or the built reference (.json); relative to the monitor's file."""
    bins: int = Field(10, ge=2, le=50)
    """Quantile bins of a number, before the two tail bins."""
    categories: int = Field(30, ge=1, le=200)
    """Categories with a bin of their own, the most frequent first."""

    @property
    def document(self) -> str:
        """Path of the built reference."""
        return self.path if self.path.endswith(".json") else str(Path(self.path).with_suffix(".reference.json"))


class Segments(_Strict):
    by: list[str] = Field(min_length=1, max_length=3)
    """Category features; one segment for each combination of their values."""
    limit: int = Field(20, ge=1, le=1000)


class Labels(_Strict):
    """Ground truth, joined to predictions by id."""

    join: str
    """Field of the label payload that holds the prediction's id."""
    value: str = "label"
    maximum_delay: DurationField = Duration("7d")


class Drift(_Strict):
    window: list[DurationField] = [Duration("1h")]
    measure: DriftMeasure = "psi"
    threshold: float = Field(0.1, gt=0)
    false_alarms_per_month: float = Field(1, gt=0)
    """Over all features of the monitor; sets the significance that an alert needs."""
    minimum_rows: int = Field(200, ge=1)
    design_effect: float = Field(1, ge=1)
    """How many correlated rows carry the information of one independent row (DEFF)."""
    measures: list[DriftMeasure] = ["psi", "kl", "js", "hellinger", "tv", "chi2"]
    """Measures to record; ks and wasserstein cost one rule a bin."""
    hold: DurationField | None = None
    """How long drift must last before it alerts (`for`); a tenth of the window where absent."""

    @field_validator("window", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _measure_is_recorded(self) -> Self:
        if self.measure not in self.measures:
            object.__setattr__(self, "measures", [*self.measures, self.measure])
        return self


class Objective(_Strict):
    metric: PerformanceMetric
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


class Performance(_Strict):
    window: DurationField = Duration("24h")
    objectives: list[Objective] = []
    minimum_labels: int = Field(100, ge=1)
    hold: DurationField | None = None


class Quality(_Strict):
    window: DurationField = Duration("1h")
    maximum_invalid_ratio: float = Field(0.01, gt=0, le=1)
    """Share of predictions that break a rule of any kind."""
    no_predictions_for: DurationField = Duration("15m")
    hold: DurationField | None = None


class LatencySlo(_Strict):
    name: Literal["latency"]
    objective: float = Field(gt=0, lt=1)
    period: DurationField = Duration("30d")
    latency_below_seconds: float = Field(gt=0)


class AvailabilitySlo(_Strict):
    name: Literal["availability"]
    objective: float = Field(gt=0, lt=1)
    period: DurationField = Duration("30d")


class FreshnessSlo(_Strict):
    name: Literal["freshness"]
    objective: float = Field(gt=0, lt=1)
    period: DurationField = Duration("30d")
    events_younger_than: DurationField = Duration("5m")


Slo = Annotated[LatencySlo | AvailabilitySlo | FreshnessSlo, Field(discriminator="name")]


class Route(_Strict):
    """Who is told; each value names a receiver (secrets come from files, never from a monitor)."""

    pagerduty: LabelValue | None = None
    slack: LabelValue | None = None
    webhook: str | None = None


class Alerts(_Strict):
    severity: Severity = "warning"
    route: Route = Route()


class Privacy(_Strict):
    pseudonymise: list[str] = []
    drop: list[str] = []


class Retention(_Strict):
    hot: DurationField = Duration("24h")
    warm: DurationField = Duration("30d")
    cold: DurationField = Duration("1y")


class FileSource(_Strict):
    file: str
    """A file to read while serving, relative to the monitor's file."""
    kind: Literal["predictions", "labels"] = "predictions"
    follow: bool = True
    """Wait for lines to be added (NDJSON and CSV)."""


class Limits(_Strict):
    series: int = Field(50_000, ge=100)
    """Series that the monitor may expose; model versions and segments beyond it count under __other__."""
    remembered_predictions: int = Field(262_144, ge=1024)
    """Predictions remembered by id, for duplicates and labels; the oldest are forgotten first."""


class Spec(_Strict):
    model: Model
    events: Events
    features: dict[LabelValue, Feature] = Field(min_length=1)
    rules: list[Rule] = []
    reference: ReferenceSource | None = None
    segments: Segments | None = None
    labels: Labels | None = None
    drift: Drift = Drift()
    performance: Performance = Performance()
    quality: Quality = Quality()
    slos: list[Slo] = []
    alerts: Alerts = Alerts()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    sources: list[FileSource] = []
    limits: Limits = Limits()


class Monitor(_Strict):
    """One monitor file."""

    apiVersion: Literal["infranaut.io/v1"]  # noqa: N815 - the name that Kubernetes users know
    kind: Literal["Monitor"]
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        return self.metadata.name
