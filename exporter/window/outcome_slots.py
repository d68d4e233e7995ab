"""The slots that labels fill, by the task of the model."""

from __future__ import annotations

from dataclasses import dataclass

from exporter import catalog
from exporter.monitor.spec import Monitor
from exporter.reference.document import CategoryReference, Reference
from exporter.window.bucket_edges import label_delay_edges
from exporter.window.label_columns import ChainedLabels, LabelColumn
from exporter.window.sections import SIGNS, HistogramSection, Section, Store, Table

_BINARY_CLASSES = ("0", "1")
_SCORE_BINS_WITHOUT_REFERENCE = 20


@dataclass(frozen=True, slots=True)
class ScoreSlots:
    """Of a binary model: bins of its scores, and the first of four sums of losses.

    edges : between the bins, strictly increasing.
    """

    edges: tuple[float, ...]
    bins: Section
    sums: Section
    losses: int


@dataclass(frozen=True, slots=True)
class ErrorSlots:
    """Of a regression: the first of three sums of powers, and that of errors above zero, then of those below."""

    powers: int
    signed: int


@dataclass(frozen=True, slots=True)
class OutcomeSlots:
    """What other tasks fill is None; `outcomes` go by actual class, then by predicted class."""

    labels: int
    pending: int
    expired: int
    delay: HistogramSection
    classes: tuple[str, ...]
    outcomes: Section | None
    scores: ScoreSlots | None
    errors: ErrorSlots | None


def lay_outcomes(monitor: Monitor, reference: Reference | None, table: Table) -> OutcomeSlots:
    """Adds what labels fill to a row."""
    task = monitor.spec.model.task
    classes = _classes(monitor, reference)
    return OutcomeSlots(
        labels=table.add(catalog.LABELS).start,
        pending=table.add(catalog.LABELS_PENDING).start,
        expired=table.add(catalog.LABELS_EXPIRED).start,
        delay=table.add_histogram(catalog.LABEL_DELAY, label_delay_edges(monitor)),
        classes=classes,
        outcomes=_lay_confusion(classes, table) if task != "regression" else None,
        scores=_lay_scores(reference, table) if task == "binary" else None,
        errors=_lay_errors(table) if task == "regression" else None,
    )


def _classes(monitor: Monitor, reference: Reference | None) -> tuple[str, ...]:
    model = monitor.spec.model
    if model.task != "multiclass":
        return _BINARY_CLASSES
    known = model.classes
    if not known and reference and isinstance(reference.prediction, CategoryReference):
        known = reference.prediction.values
    return (*known, catalog.OTHER)


def _lay_confusion(classes: tuple[str, ...], table: Table) -> Section:
    return table.add(catalog.OUTCOMES, [(("actual", a), ("predicted", p)) for a in classes for p in classes])


def _lay_scores(reference: Reference | None, table: Table) -> ScoreSlots:
    edges = _score_edges(reference)
    names = tuple(f"s{index:02d}" for index in range(len(edges) + 1))
    labels = ChainedLabels(tuple(LabelColumn((("actual", each),), "bin", names) for each in _BINARY_CLASSES))
    bins = table.add(catalog.SCORE_BIN, labels)
    sums = table.add(catalog.SCORE_BIN_SCORE_SUM, labels, Store.FLOATS)
    losses = table.add(catalog.LOG_LOSS, store=Store.FLOATS).start
    for loss in (catalog.BRIER_SCORE, catalog.LOG_LOSS_SQUARES, catalog.BRIER_SCORE_SQUARES):
        table.add(loss, store=Store.FLOATS)
    return ScoreSlots(edges, bins, sums, losses)


def _score_edges(reference: Reference | None) -> tuple[float, ...]:
    if reference and reference.score_edges:
        return reference.score_edges
    return tuple(index / _SCORE_BINS_WITHOUT_REFERENCE for index in range(1, _SCORE_BINS_WITHOUT_REFERENCE))


def _lay_errors(table: Table) -> ErrorSlots:
    powers = table.add(catalog.ERROR_ABSOLUTE, store=Store.FLOATS).start
    for power in (catalog.ERROR_SQUARED, catalog.ERROR_SQUARED_SQUARES):
        table.add(power, store=Store.FLOATS)
    signed = table.add(catalog.ERROR_SIGNED, [(("sign", sign),) for sign in SIGNS], Store.FLOATS)
    return ErrorSlots(powers, signed.start)
