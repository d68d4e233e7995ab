"""Labels that are put together when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.window.label_columns import ChainedLabels, LabelColumn, LabelPairs


def test_a_chain_is_each_run_after_the_other() -> None:
    ages, regions = (LabelColumn((("feature", name),), "bin", ("a", "b")) for name in ("age", "region"))
    labels = ChainedLabels((ages, regions))
    assert list(labels) == [labels[index] for index in range(len(labels))] == [*ages, *regions]
    assert labels[2:] == [(("feature", "region"), ("bin", "a")), (("feature", "region"), ("bin", "b"))]


def test_walking_along_a_chain_searches_no_label_by_its_index() -> None:
    labels: LabelPairs = (("feature", "age"),)
    searched: list[int] = []

    class WatchedLabels(LabelColumn):
        def at(self, index: int) -> LabelPairs:
            searched.append(index)
            return labels

        def __iter__(self) -> Iterator[LabelPairs]:
            return iter([labels])

    column = WatchedLabels((), "bin", ("a",))
    assert list(ChainedLabels((column, column))) == [labels, labels]
    assert searched == []
