"""A monitor as a person writes it: the pydantic models behind the YAML.

Only what the file alone can tell is checked here; `exporter.monitor.load` adds file names, line numbers and
suggestions, and what needs other files (two monitors of one name, a reference that is not there).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from exporter.monitor.alerting import Alerts, AlertTuning, Escalation, RoutedAlerts
from exporter.monitor.dashboards import OwnDashboard, OwnPanel, PanelName
from exporter.monitor.drift import Drift, DriftBetweenVersions, DriftMeasure, ModelDrift
from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.features import CategoryFeature, Feature, NumberFeature, Rule, canonical_category
from exporter.monitor.muting import Mute
from exporter.monitor.performance import METRICS_BY_TASK, Objective, Performance, PerformanceMetric, Task
from exporter.monitor.quality import Quality
from exporter.monitor.resources import Resources
from exporter.monitor.routing import Route
from exporter.monitor.severity import Severity
from exporter.monitor.slo import (
    AvailabilitySlo,
    FreshnessSlo,
    LabelDelaySlo,
    LatencySlo,
    QualitySlo,
    Slo,
    SloTerms,
    ValiditySlo,
)
from exporter.monitor.strict import LabelValue, Name, StrictModel
from exporter.monitor.traffic import Traffic, TrafficAnomaly

__all__ = [
    "API_VERSION",
    "METRICS_BY_TASK",
    "AlertTuning",
    "Alerts",
    "AvailabilitySlo",
    "CategoryFeature",
    "Drift",
    "DriftBetweenVersions",
    "DriftMeasure",
    "Escalation",
    "Events",
    "Feature",
    "FileSource",
    "FreshnessSlo",
    "LabelDelaySlo",
    "Labels",
    "LatencySlo",
    "Limits",
    "Metadata",
    "Model",
    "ModelDrift",
    "Monitor",
    "Mute",
    "NumberFeature",
    "Objective",
    "OwnDashboard",
    "OwnPanel",
    "PanelName",
    "Performance",
    "PerformanceMetric",
    "Privacy",
    "Quality",
    "QualitySlo",
    "ReferenceSource",
    "Resources",
    "Retention",
    "Route",
    "RoutedAlerts",
    "Rule",
    "Segments",
    "Severity",
    "Slo",
    "SloTerms",
    "Spec",
    "Task",
    "Traffic",
    "TrafficAnomaly",
    "ValiditySlo",
    "canonical_category",
]

API_VERSION = "infranaut.io/v1"


class Metadata(StrictModel):
    """Who this monitor is."""

    name: Name
    """The monitor's name, in addresses and in the label `monitor`; once in a folder."""
    labels: dict[LabelValue, LabelValue] = {}
    """Any labels; `team` and `tier` also stand on alerts."""
    description: str = ""
    """For people."""


class Model(StrictModel):
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


class Events(StrictModel):
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


class ReferenceSource(StrictModel):
    """What the data looked like when all was well; `infranaut reference build` reads it."""

    path: str
    """The data (Parquet, CSV, NDJSON), or the built reference (.json); relative to the monitor's file."""
    maximum_age: DurationField | None = None
    """Alerts when the newest row of the reference is older; needs timestamps in it."""
    bins: int = Field(10, ge=2, le=50)
    """Quantile bins of a number, before the two tail bins."""
    categories: int = Field(30, ge=1, le=200)
    """Categories with a bin of their own, the most frequent first."""

    @property
    def document(self) -> str:
        """Path of the built reference."""
        return self.path if self.path.endswith(".json") else str(Path(self.path).with_suffix(".reference.json"))


class Segments(StrictModel):
    """Parts of the stream that are counted apart, in the label `segment`."""

    by: list[str] = Field(min_length=1, max_length=3)
    """Category features; one segment for each combination of their values."""
    limit: int = Field(20, ge=1, le=1000)
    """Segments told apart, first come first served; others count as __other__."""


class Labels(StrictModel):
    """Ground truth, joined to predictions by id."""

    join: str
    """Field of the label payload that holds the prediction's id."""
    value: str = "label"
    """Field of the label payload that holds the ground truth."""
    maximum_delay: DurationField = Duration("7d")
    """Predictions without a label after it are given up, and so are labels without a prediction."""
    minimum_coverage: float | None = Field(None, gt=0, le=1)
    """Share of the predictions settled in the window of performance that should get a label; alerts below it."""


class Privacy(StrictModel):
    """Fields of the payload that are never written to disk as they came. The dead letters leave all of them out."""

    pseudonymise: list[str] = []
    """Fields that the archive keeps as a keyed hash (HMAC-SHA-256); a number is left out, since it could be guessed."""
    drop: list[str] = []
    """Fields not kept at all."""


class Retention(StrictModel):
    """How long raw data is kept in each tier of the archive, counted from the time of the prediction."""

    hot: DurationField = Duration("24h")
    """Recent predictions by id: memory, or Redis."""
    warm: DurationField = Duration("30d")
    """Rows in a database: a file in the state folder, or PostgreSQL."""
    cold: DurationField = Duration("1y")
    """Rows as Parquet files: a folder, or object storage; at most 100y."""


class FileSource(StrictModel):
    """A file that the exporter reads by itself."""

    file: str
    """A file to read while serving, relative to the monitor's file."""
    kind: Literal["predictions", "labels"] = "predictions"
    """What its rows are."""
    follow: bool = True
    """Wait for lines to be added (NDJSON and CSV)."""


class Limits(StrictModel):
    """What the monitor may cost."""

    series: int = Field(50_000, ge=100)
    """Series that the monitor may expose; model versions and segments beyond it count under __other__."""
    remembered_predictions: int = Field(262_144, ge=1024)
    """Predictions remembered by id, for duplicates and labels; the oldest are forgotten first."""
    records_per_second: float | None = Field(None, gt=0)
    """Posted predictions and labels together; beyond it senders are told to wait (429). A second's worth may come at
    once. Replicas with one Redis as their hot tier share it, others have it each."""


class Spec(StrictModel):
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
    traffic: Traffic = Traffic()
    resources: Resources | None = None
    slos: list[Slo] = []
    """Service level objectives, at most one of each name."""
    alerts: Alerts = Alerts()
    dashboards: list[OwnDashboard] = []
    """Dashboards beside the generated ones, for this monitor's own questions."""
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    sources: list[FileSource] = []
    """What the exporter reads by itself, beside what is posted to it."""
    limits: Limits = Limits()


class Monitor(StrictModel):
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
