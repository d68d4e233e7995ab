"""Rows for model versions and segments: agreed between processes, within limits."""

from __future__ import annotations

from exporter.window.children import Child, Children
from exporter.window.memory import SharedLock, SharedMemory

CAPACITY = 4


def two_processes(segment_limit: int | None = None) -> tuple[Children, Children]:
    memory, lock = SharedMemory(Children.arrays(CAPACITY)), SharedLock()
    return Children(memory, lock, segment_limit), Children(memory, lock, segment_limit)


def test_processes_agree_on_rows() -> None:
    first, second = two_processes()
    assert first.row_of(Child("v1")).row == 0
    assert second.row_of(Child("v2")).row == 1
    assert second.row_of(Child("v1")).row == first.row_of(Child("v1")).row == 0
    assert list(first.all()) == list(second.all()) == [Child("v1"), Child("v2")]


def test_versions_beyond_the_budget_count_under_other_and_say_so() -> None:
    first, second = two_processes()
    for number in range(CAPACITY):
        assert first.row_of(Child(f"v{number}")).dropped == ""
    for children in (first, second):
        beyond = children.row_of(Child("one too many"))
        assert (beyond.row, beyond.dropped) == (CAPACITY, "series_limit")
    assert first.all()[CAPACITY] == Child("__other__")
    assert second.row_of(Child("v2")).row == 2


def test_segments_beyond_their_limit_count_under_other_of_their_version() -> None:
    first, _ = two_processes(segment_limit=2)
    assert first.row_of(Child("v1", "region=a")).dropped == ""
    assert first.row_of(Child("v1", "region=b")).dropped == ""
    beyond = first.row_of(Child("v1", "region=c"))
    assert (first.all()[beyond.row], beyond.dropped) == (Child("v1", "__other__"), "segment_limit")


def test_names_of_any_script_survive() -> None:
    first, second = two_processes(segment_limit=1)
    name = "模型" * 64
    first.row_of(Child(name, "é=ß"))
    assert list(second.all()) == [Child(name, "é=ß")]
