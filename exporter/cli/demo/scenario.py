"""What a demonstration is made of, whichever data it runs on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from exporter.cli.demo.fault import FaultPlan
from exporter.cli.demo.model import TrainedModel
from exporter.cli.demo.rows import LabelledRows, RowSource


@dataclass(frozen=True, slots=True)
class Scenario:
    """A trained model, the rows of its reference, the rows to stream, and what can go wrong.

    name          : of the monitor.
    story         : what is being shown, in a sentence.
    baseline      : accuracy or RMSE on the reference.
    plans         : faults, the most telling first.
    is_drift_free : whether the stream comes from the reference's population, so that any early alert is a false one.
    distinct_rows : rows that the stream repeats; None when it draws at random.
    notes         : what a person should know about their data.
    """

    name: str
    story: str
    model: TrainedModel
    reference: LabelledRows
    baseline: float
    source: RowSource
    plans: Sequence[FaultPlan]
    is_drift_free: bool
    distinct_rows: int | None = None
    notes: Sequence[str] = ()

    def choose_plan(self, restless: Collection[str]) -> FaultPlan:
        """The most telling fault; where its feature alerts already, with the most telling one of a quiet feature."""
        first = self.plans[0]
        quiet = [plan for plan in self.plans if not set(plan.features) & set(restless)]
        if not quiet or quiet[0] is first:
            return first
        return FaultPlan(first.cause, (*first.faults, *quiet[0].faults), quiet[0].features)
