"""Where the numbers of each family stand in a row of counts, its sections put together, and what labels them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from exporter import catalog
from exporter.batch import Integers
from exporter.catalog import Metric
from exporter.window.children import Child
from exporter.window.label_columns import ChainedLabels, LabelPairs
from exporter.window.sections import Section, Store


@dataclass(frozen=True, slots=True)
class FamilySlots:
    """The slots of one family in a row of counts, and the labels of each."""

    metric: Metric
    store: Store
    slots: Integers
    tails: Sequence[LabelPairs]


def family_slots(sections: Iterable[Section]) -> list[FamilySlots]:
    """The families of some sections, in the order in which these begin."""
    by_name: dict[str, list[Section]] = {}
    for section in sections:
        by_name.setdefault(section.metric.name, []).append(section)
    return [
        FamilySlots(
            same[0].metric,
            same[0].store,
            np.concatenate([np.arange(section.start, section.stop) for section in same]),
            ChainedLabels(tuple(section.labels for section in same)),
        )
        for same in by_name.values()
    ]


def child_labels(child: Child) -> LabelPairs:
    """What tells a model version, and a segment where there are some, from the others of its monitor."""
    version = ("model_version", child.model_version)
    return (version,) if child.segment is None else (version, (catalog.SEGMENT, child.segment))
