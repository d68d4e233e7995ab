"""Where each series of a monitor stands in its arrays of counts.

One model version (and segment) is one row of arrays; what belongs to the monitor as a whole stands in a row of its own.
The renderer and the counters both go by the sections of a row, so a slot's meaning stands here only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter import catalog
from exporter.batch import Reason
from exporter.monitor.spec import CategoryFeature, Feature, Monitor
from exporter.monitor.thresholds import thresholds
from exporter.reference.document import FeatureReference, NumberReference, Reference, quantile_bin_names
from exporter.validate import ValueRule
from exporter.window.bucket_edges import lag_edges, latency_edges
from exporter.window.fixed_bins import fixed_bins
from exporter.window.label_columns import ChainedLabels, LabelColumn, LabelPairs
from exporter.window.outcome_slots import lay_outcomes
from exporter.window.sections import SIGNS, Section, Store, Table

SOURCES = ("http", "file")
SERIES_DROPPED_REASONS = ("series_limit", "segment_limit")

_MOST_CHILDREN = 10_000
_SERIES_ABOUT_ITSELF = 4
"""monitor_info, reference_info, series, series_limit"""


@dataclass(frozen=True, slots=True)
class FeatureSlots:
    """The slots of one feature (or of the prediction); the sums are None for a category.

    edges : between the bins of a number, strictly increasing.
    """

    name: str
    reference: FeatureReference | None
    bins: Section
    values: int | None
    sums: int | None
    squares: int | None
    violations: Mapping[ValueRule, int]
    edges: tuple[float, ...] = ()


class Layout:
    """The arrays of one monitor with its reference."""

    def __init__(self, monitor: Monitor, reference: Reference | None) -> None:
        self.monitor = monitor
        self.reference = reference
        fixed = fixed_bins(monitor) if reference is None else None
        self._fixed_edges: Mapping[str, tuple[float, ...]] = fixed.edges if fixed else {}
        self.reference_label = reference.label if reference else fixed.label if fixed else catalog.NO_REFERENCE
        self.overall = Table()
        self.model = Table()
        self._lay_overall()
        self._lay_model()

    @property
    def model_capacity(self) -> int:
        """How many model versions and segments fit the monitor's budget of series, one more for the rest included."""
        budget = (self.monitor.spec.limits.series - self.overall.series - self.static_series) // self.model.series
        return max(1, min(budget - 1, _MOST_CHILDREN))

    @property
    def static_series(self) -> int:
        """An upper bound of the series that the monitor's file and its reference alone make."""
        spec, reference = self.monitor.spec, self.reference
        references = [reference.prediction, *reference.features.values()] if reference else []
        bins = sum(len(feature.bin_names()) * 3 + 2 for feature in references)
        about_the_monitor = len(spec.features) + len(thresholds(self.monitor)) + len(spec.model.versions)
        return bins + about_the_monitor + _SERIES_ABOUT_ITSELF

    def _lay_overall(self) -> None:
        table = self.overall
        self.ingested = table.add(catalog.INGEST_RECORDS, [(("source", source),) for source in SOURCES])
        reasons = tuple(reason.value for reason in Reason)
        by_source = tuple(LabelColumn((("source", source),), "reason", reasons) for source in SOURCES)
        self.failed = table.add(catalog.INGEST_RECORDS_FAILED, ChainedLabels(by_source))
        self.dropped = table.add(catalog.SERIES_DROPPED, [(("reason", reason),) for reason in SERIES_DROPPED_REASONS])
        self.queue = table.add(catalog.INGEST_QUEUE)
        self.lag = table.add_histogram(catalog.INGEST_LAG, lag_edges(self.monitor))
        self.unmatched = None
        if self.monitor.spec.labels:
            unknown: LabelPairs = (("model_version", catalog.UNVERSIONED),)
            if self.monitor.spec.segments:
                unknown += ((catalog.SEGMENT, catalog.OTHER),)
            self.unmatched = table.add(catalog.LABELS_UNMATCHED, [unknown])

    def _lay_model(self) -> None:
        spec, table = self.monitor.spec, self.model
        self.predictions = table.add(catalog.PREDICTIONS)
        self.error_reasons = (*spec.events.error_reasons, catalog.OTHER)
        self.errors = table.add(catalog.PREDICTION_ERRORS, [(("reason", reason),) for reason in self.error_reasons])
        self.latency = None
        if spec.events.latency_seconds:
            self.latency = table.add_histogram(catalog.PREDICTION_LATENCY, latency_edges(self.monitor))
        self.last_prediction = table.add(catalog.LAST_PREDICTION_TIMESTAMP, store=Store.MAXIMA)
        self.duplicates = table.add(catalog.DUPLICATE_RECORDS)
        self.features = tuple(self._lay_feature(name, feature) for name, feature in spec.features.items())
        self.prediction = self._lay_prediction()
        self.broken_rules = (*(rule.name for rule in spec.rules), catalog.ANY_RULE)
        self.invalid = table.add(catalog.RECORDS_INVALID, [(("rule", rule),) for rule in self.broken_rules])
        self.outcomes = lay_outcomes(self.monitor, self.reference, table) if spec.labels else None

    def _lay_feature(self, name: str, feature: Feature) -> FeatureSlots:
        built = self.reference.features[name] if self.reference else None
        rules = _rules_of(feature)
        labels = LabelColumn((("feature", name),), "rule", tuple(rule.value for rule in rules))
        violations = self.model.add(catalog.FEATURE_VIOLATIONS, labels)
        is_number = feature.type == "number"
        values = tuple(feature.values) if isinstance(feature, CategoryFeature) else ()
        names = _bin_names(built, is_number, values, self._edges(name, built))
        at = {rule: violations.start + index for index, rule in enumerate(rules)}
        return self._lay_bins(name, built, is_number, names, at)

    def _lay_prediction(self) -> FeatureSlots:
        built = self.reference.prediction if self.reference else None
        is_number = self.monitor.spec.model.task != "multiclass"
        classes = tuple(self.monitor.spec.model.classes)
        names = _bin_names(built, is_number, classes, self._edges(catalog.PREDICTION_FEATURE, built))
        return self._lay_bins(catalog.PREDICTION_FEATURE, built, is_number, names, {})

    def _edges(self, name: str, built: FeatureReference | None) -> tuple[float, ...]:
        """Those of the reference, else those that do not depend on data; none for a category or a single bin."""
        return tuple(built.edges) if isinstance(built, NumberReference) else self._fixed_edges.get(name, ())

    def _lay_bins(
        self,
        name: str,
        built: FeatureReference | None,
        is_number: bool,
        names: Sequence[str],
        rules: Mapping[ValueRule, int],
    ) -> FeatureSlots:
        own: LabelPairs = (("reference", self.reference_label), ("feature", name))
        bins = self.model.add(catalog.FEATURE_BIN, LabelColumn(own, "bin", tuple(names)))
        if not is_number:
            return FeatureSlots(name, built, bins, None, None, None, rules)
        values = self.model.add(catalog.FEATURE_VALUES, [own])
        signed = LabelColumn(own, "sign", SIGNS)
        sums = self.model.add(catalog.FEATURE_VALUE_SUM, signed, Store.FLOATS)
        squares = self.model.add(catalog.FEATURE_VALUE_SQUARES, [own], Store.FLOATS)
        edges = self._edges(name, built)
        return FeatureSlots(name, built, bins, values.start, sums.start, squares.start, rules, edges)


def _rules_of(feature: Feature) -> tuple[ValueRule, ...]:
    """The rules that a feature can break, so that each has a series at 0 from the start."""
    rules = [ValueRule.DERIVE] if feature.sql else [ValueRule.TYPE]
    if isinstance(feature, CategoryFeature):
        rules += [ValueRule.CATEGORY] if feature.values else []
    else:
        rules += [ValueRule.FINITE]
        rules += [ValueRule.RANGE] if feature.min is not None or feature.max is not None else []
    rules += [ValueRule.REQUIRED] if feature.required else []
    return tuple(rules)


def _bin_names(
    built: FeatureReference | None, is_number: bool, values: Sequence[str], edges: Sequence[float]
) -> tuple[str, ...]:
    """The bins of the reference; without one, those between the edges, or the declared values."""
    if built is not None:
        return built.bin_names()
    if is_number:
        return (*quantile_bin_names(len(edges) + 1), catalog.MISSING_BIN, catalog.INVALID_BIN)
    named = (catalog.CATEGORY_PREFIX + value for value in values)
    return (*named, catalog.OTHER_BIN, catalog.MISSING_BIN, catalog.INVALID_BIN)
