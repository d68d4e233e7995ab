"""Builds the profiles of one window from batches of its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pyarrow as pa

from exporter.batch import PREDICTION, TIMESTAMP, Booleans, Floats, Integers
from exporter.catalog import PREDICTION_FEATURE
from exporter.window.assign import ChildAssigner
from exporter.window.binning import Groups, group_by_child
from exporter.window.children import Child
from exporter.window.family_counts import FamilyKey, FamilyTable
from exporter.window.layout import Layout
from exporter.window.local_counts import LocalChildren, LocalCounts
from exporter.window.profile import Profile
from exporter.window.recounted import Recounted, RowCounter
from exporter.window.running_profile import RunningProfile


class ProfileBuilder:
    """Compiled for a layout; takes any number of batches, in any order, and gives a profile for each child.

    known  : model versions and segments of earlier windows, which keep their names when there are too many.
    absent : families that cannot be told from these rows; features: those whose values are not what was sent.
    """

    def __init__(
        self,
        layout: Layout,
        known: Iterable[Child] = (),
        absent: Collection[FamilyKey] = (),
        hidden_features: Collection[str] = (),
    ) -> None:
        self._children = LocalChildren(layout, known)
        self._assigner = ChildAssigner(layout.monitor, self._children)
        self._counter = RowCounter(layout)
        self._counts = LocalCounts(layout, len(self._children))
        self._families = FamilyTable(layout)
        self._absent = absent
        slots = [*layout.features, layout.prediction]
        self._is_number = {each.name: each.values is not None for each in slots if each.name not in hidden_features}
        self._running: dict[int, RunningProfile] = {}

    def add(self, recounted: Recounted) -> None:
        """Adds rows of the window."""
        batch, labels = recounted.batch, recounted.labels
        if not len(batch):
            return
        children = self._assigner.assign(batch).children
        self._counts.fit(len(self._children))
        self._counter.count_predictions(recounted, children, self._counts.writer)
        self._counter.count_outcomes(batch, labels, children[labels.rows], self._counts.writer)
        for child, count in zip(*np.unique(children[labels.rows], return_counts=True), strict=True):
            self._of(int(child)).labelled += int(count)
        self._summarise(recounted, children)

    def profiles(self) -> Mapping[Child, Profile]:
        """Of every child that has rows; to be asked for once all of them have been added."""
        children = self._children.all()
        return {children[row]: self._profile(row, running) for row, running in self._running.items()}

    def _summarise(self, recounted: Recounted, children: Integers) -> None:
        order, groups = group_by_child(children)
        times, received = recounted.batch.number(TIMESTAMP), recounted.received
        if order is not None:
            times, received = times[order], received[order]
        for child, rows in groups:
            running = self._of(child)
            running.add_times(times[rows], received[rows])
        for name, is_number in self._is_number.items():
            column = PREDICTION if name == PREDICTION_FEATURE else name
            invalid = recounted.validated.invalid.get(column)
            if is_number:
                self._add_numbers(name, _valid(recounted.batch.number(column), invalid), order, groups)
            else:
                self._add_texts(name, recounted, column, invalid, children)

    def _add_numbers(self, name: str, values: Floats, order: Integers | None, groups: Groups) -> None:
        values = values if order is None else values[order]
        for child, rows in groups:
            own = values[rows]
            missing = np.isnan(own)
            self._of(child).add_numbers(name, own[~missing] if missing.any() else own)

    def _add_texts(
        self, name: str, recounted: Recounted, column: str, invalid: Booleans | None, children: Integers
    ) -> None:
        texts = recounted.batch.column(column)
        is_valid: Booleans = texts.is_valid().to_numpy(zero_copy_only=False)
        if invalid is not None:
            is_valid = is_valid & ~invalid
        for child in np.unique(children).tolist():
            self._of(child).add_texts(name, texts.filter(pa.array(is_valid & (children == child))))

    def _of(self, child: int) -> RunningProfile:
        return self._running.setdefault(child, RunningProfile())

    def _profile(self, row: int, running: RunningProfile) -> Profile:
        return running.profile(self._families.families(self._counts.row(row)) | dict.fromkeys(self._absent))


def _valid(values: Floats, invalid: Booleans | None) -> Floats:
    """The values, NaN where they are invalid."""
    return values if invalid is None else np.where(invalid, np.nan, values)
