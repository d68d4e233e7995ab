"""The bins of a category."""

from __future__ import annotations

from exporter.reference.category_bins import category_reference


def test_the_most_frequent_come_first_and_ties_by_name() -> None:
    reference = category_reference({"b": 5, "c": 9, "a": 5}, 2, 1, [], limit=30)
    assert (reference.values, reference.counts) == (["c", "a", "b"], [9, 5, 5])
    assert reference.bin_names() == ("c:c", "c:a", "c:b", "c:__other__", "missing", "invalid")
    assert reference.bin_counts().tolist() == [9, 5, 5, 0, 2, 1]


def test_values_beyond_the_limit_count_as_other() -> None:
    counts = {f"v{index:02d}": 100 - index for index in range(40)}
    reference = category_reference(counts, 0, 0, [], limit=30)
    assert len(reference.values) == 30
    assert reference.other == sum(100 - index for index in range(30, 40))
    assert int(reference.bin_counts().sum()) == sum(counts.values())


def test_a_declared_value_has_a_bin_though_nobody_has_seen_it() -> None:
    reference = category_reference({"north": 3}, 0, 0, ["west", "north", "east"], limit=30)
    assert (reference.values, reference.counts) == (["north", "east", "west"], [3, 0, 0])


def test_values_that_make_no_label_count_as_other() -> None:
    odd = {"": 1, "x" * 129: 2, "line\nbreak": 4, "__other__": 8, "Köln": 16}
    reference = category_reference(odd, 0, 0, [], limit=30)
    assert (reference.values, reference.other) == (["Köln"], 15)


def test_the_order_of_arrival_changes_nothing() -> None:
    counts = {"a": 1, "b": 1, "c": 2}
    backwards = dict(reversed(list(counts.items())))
    assert category_reference(counts, 0, 0, [], 2) == category_reference(backwards, 0, 0, [], 2)
