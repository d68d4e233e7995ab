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
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Metadata(_Strict):
    """Who this monitor is."""

    name: Name
    """The monitor's name, in addresses and in the label `monitor`; once in a folder."""
    labels: dict[LabelValue, LabelValue] = {}
    """Any labels; `team` and `tier` also stand on alerts."""
    description: str = ""
    """For people."""


class Model(_Strict):
    """The model that is watched."""

    name: LabelValue
    """The model's name; several monitors may watch one model."""
    task: Task
    """What it predicts: a score of two classes, one of several classes, or a number."""
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
    """The prediction's id: tells duplicates, and joins labels."""
    timestamp: str
    """When the prediction was made."""
    timestamp_unit: Literal["s", "ms", "us", "ns"] = "s"
    """Unit of timestamps that are numbers; text is read as RFC 3339."""
    prediction: str
    """Binary: the score in [0, 1]. Multiclass: the name of the class. Regression: the number."""
    model_version: str | None = None
    """The version of the model that predicted."""
    latency_seconds: str | None = None
    """How long the model took, in seconds."""
    error: str | None = None
    """A field that is null, or names why the model failed; such an event needs no prediction."""
    error_reasons: list[LabelValue] = []
    """The failures told apart; others count as __other__."""
    horizon: DurationField = Duration("24h")
    """Older events are rejected; an id seen within it is a duplicate."""
    future_tolerance: DurationField = Duration("5m")
    """Events further ahead of this machine's clock are rejected."""


class NumberFeature(_Strict):
    """A number."""

    type: Literal["number"]
    field: str | None = None
    """Name in the payload; the feature's own where absent."""
    min: float | None = None
    """Values below it are invalid."""
    max: float | None = None
    """Values above it are invalid."""
    required: bool = False
    """An event without it breaks the rule `required`."""
    sql: str | None = None
    """Derived: a DuckDB expression over the other fields."""

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class CategoryFeature(_Strict):
    """Text, or a number or a boolean read as text: `3`, `true`."""

    type: Literal["category"]
    field: str | None = None
    """Name in the payload; the feature's own where absent."""
    values: list[LabelValue] = []
    """The closed set; anything else is invalid. Empty: any value, and those not in the reference count as __other__."""
    required: bool = False
    """An event without it breaks the rule `required`."""
    sql: str | None = None
    """Derived: a DuckDB expression over the other fields."""

    @field_validator("values", mode="before", json_schema_input_type=list[str | float | bool])
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
    """A condition on each event."""

    name: RuleName
    """In the label `rule`."""
    sql: str
    """A DuckDB condition over the fields of one event; a row breaks the rule where it is false (null passes)."""


class ReferenceSource(_Strict):
    """What the data looked like when all was well; `infranaut reference build` reads it."""

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
    """Parts of the stream that are counted apart, in the label `segment`."""

    by: list[str] = Field(min_length=1, max_length=3)
    """Category features; one segment for each combination of their values."""
    limit: int = Field(20, ge=1, le=1000)
    """Segments told apart, first come first served; others count as __other__."""


class Labels(_Strict):
    """Ground truth, joined to predictions by id."""

    join: str
    """Field of the label payload that holds the prediction's id."""
    value: str = "label"
    """Field of the label payload that holds the ground truth."""
    maximum_delay: DurationField = Duration("7d")
    """Predictions without a label after it are given up, and so are labels without a prediction."""


class Drift(_Strict):
    """When a feature's distribution has moved away from the reference's."""

    window: list[DurationField] = [Duration("1h")]
    """One duration or several; each is recorded and alerted on."""
    measure: DriftMeasure = "psi"
    """The measure that alerts."""
    threshold: float = Field(0.1, gt=0)
    """Of that measure; drift alerts above it, if it is significant too and rests on enough rows."""
    false_alarms_per_month: float = Field(1, gt=0)
    """Over all features of the monitor; sets the significance that an alert needs."""
    minimum_rows: int = Field(200, ge=1)
    """Rows in the window below which drift does not alert."""
    design_effect: float = Field(1, ge=1)
    """How many correlated rows carry the information of one independent row (DEFF)."""
    measures: list[DriftMeasure] = ["psi", "kl", "js", "hellinger", "tv", "chi2"]
    """Measures to record; ks and wasserstein cost one rule a bin."""
    hold: DurationField | None = None
    """How long drift must last before it alerts (`for`); a tenth of the window where absent."""

    @field_validator("window", mode="before", json_schema_input_type=DurationField | list[DurationField])
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _measure_is_recorded(self) -> Self:
        if self.measure not in self.measures:
            object.__setattr__(self, "measures", [*self.measures, self.measure])
        return self


class Objective(_Strict):
    """A metric and its bound; give either minimum or maximum."""

    metric: PerformanceMetric
    """Binary: accuracy, precision, recall, f1, auc, log_loss, brier, ece. Multiclass: the first four (macro averages).
    Regression: mae, rmse, bias."""
    minimum: float | None = None
    """Alerts below it."""
    maximum: float | None = None
    """Alerts above it."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


class Performance(_Strict):
    """How good the predictions were, once their labels are there."""

    window: DurationField = Duration("24h")
    """The window that metrics are computed over."""
    objectives: list[Objective] = []
    """What is alerted on."""
    minimum_labels: int = Field(100, ge=1)
    """Labels in the window below which performance does not alert."""
    hold: DurationField | None = None
    """How long it must last before it alerts (`for`); a tenth of the window where absent."""


class Quality(_Strict):
    """Whether the data is sound."""

    window: DurationField = Duration("1h")
    """The window that rates are computed over."""
    maximum_invalid_ratio: float = Field(0.01, gt=0, le=1)
    """Share of predictions that break a rule of any kind."""
    no_predictions_for: DurationField = Duration("15m")
    """Silence that alerts."""
    hold: DurationField | None = None
    """How long invalid data must last before it alerts (`for`); a tenth of the window where absent."""


class LatencySlo(_Strict):
    """Predictions that are fast enough."""

    name: Literal["latency"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    latency_below_seconds: float = Field(gt=0)
    """A prediction is good below it."""


class AvailabilitySlo(_Strict):
    """Predictions that did not fail."""

    name: Literal["availability"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""


class FreshnessSlo(_Strict):
    """Predictions that arrive soon after they were made."""

    name: Literal["freshness"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    events_younger_than: DurationField = Duration("5m")
    """An event is good when it arrives within it."""


Slo = Annotated[LatencySlo | AvailabilitySlo | FreshnessSlo, Field(discriminator="name")]


class Route(_Strict):
    """Who is told; each value names a receiver (secrets come from files, never from a monitor)."""

    pagerduty: LabelValue | None = None
    """A PagerDuty service."""
    slack: LabelValue | None = None
    """A Slack channel."""
    webhook: str | None = None
    """An address that takes Alertmanager's webhook."""


class Alerts(_Strict):
    """How loud, and to whom."""

    severity: Severity = "warning"
    """In the label `severity` of this monitor's alerts."""
    route: Route = Route()
    """Who is told."""


class Privacy(_Strict):
    """What must not be kept as it came."""

    pseudonymise: list[str] = []
    """Fields kept as a keyed hash."""
    drop: list[str] = []
    """Fields not kept at all."""


class Retention(_Strict):
    """How long raw data is kept in each tier."""

    hot: DurationField = Duration("24h")
    """Redis."""
    warm: DurationField = Duration("30d")
    """PostgreSQL."""
    cold: DurationField = Duration("1y")
    """Object storage."""


class FileSource(_Strict):
    """A file that the exporter reads by itself."""

    file: str
    """A file to read while serving, relative to the monitor's file."""
    kind: Literal["predictions", "labels"] = "predictions"
    """What its rows are."""
    follow: bool = True
    """Wait for lines to be added (NDJSON and CSV)."""


class Limits(_Strict):
    """What the monitor may cost."""

    series: int = Field(50_000, ge=100)
    """Series that the monitor may expose; model versions and segments beyond it count under __other__."""
    remembered_predictions: int = Field(262_144, ge=1024)
    """Predictions remembered by id, for duplicates and labels; the oldest are forgotten first."""


class Spec(_Strict):
    """What is watched, and when it alerts."""

    model: Model
    events: Events
    features: dict[LabelValue, Feature] = Field(min_length=1)
    """The model's inputs by name, and what is derived from them."""
    rules: list[Rule] = []
    """Conditions that every event should meet."""
    reference: ReferenceSource | None = None
    segments: Segments | None = None
    labels: Labels | None = None
    drift: Drift = Drift()
    performance: Performance = Performance()
    quality: Quality = Quality()
    slos: list[Slo] = []
    """Service level objectives, at most one of each name."""
    alerts: Alerts = Alerts()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    sources: list[FileSource] = []
    """What the exporter reads by itself, beside what is posted to it."""
    limits: Limits = Limits()


class Monitor(_Strict):
    """One monitor file."""

    apiVersion: Literal["infranaut.io/v1"]  # noqa: N815 - the name that Kubernetes users know
    """The version of this format."""
    kind: Literal["Monitor"]
    """What this document is."""
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        return self.metadata.name
