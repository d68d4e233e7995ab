"""Rows for model versions and segments in a process's own memory: the same limits as in shared memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.monitor.spec import Monitor
from exporter.window.children import Child
from exporter.window.layout import Layout
from exporter.window.local_counts import LocalChildren, LocalCounts
from exporter.window.shared import SharedMonitor
from tests.support.batches import a_monitor


def a_segmented_monitor(series: int = 50_000, limit: int = 3, **spec: Any) -> Monitor:
    features = {"age": {"type": "number"}, "region": {"type": "category"}}
    document = a_monitor(features, model_version="version").model_dump(mode="json")
    document["spec"] |= {"segments": {"by": ["region"], "limit": limit}, "limits": {"series": series}} | spec
    return Monitor.model_validate(document)


CHILDREN = st.lists(
    st.builds(Child, st.sampled_from(["1", "2", "3", "4"]), st.sampled_from([f"region={name}" for name in "abcdef"])),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(children=CHILDREN, limit=st.integers(1, 4), series=st.sampled_from([150, 300, 50_000]))
def test_children_get_the_rows_that_shared_memory_gives_them(children: list[Child], limit: int, series: int) -> None:
    shared = SharedMonitor(a_segmented_monitor(series, limit), None, slots=1)
    local = LocalChildren(shared.layout)
    for child in children:
        mine, theirs = local.row_of(child), shared.children.row_of(child)
        assert (mine.row, bool(mine.dropped)) == (theirs.row, bool(theirs.dropped))
    assert list(local.all()) == list(shared.children.all())


def test_those_that_were_known_keep_their_names() -> None:
    layout = Layout(a_segmented_monitor(limit=2), None)
    known = [Child("1", "region=x"), Child("1", "region=y")]
    local = LocalChildren(layout, known)
    local.row_of(Child("1", "region=new"))
    assert local.row_of(known[1]).row == local.all().index(known[1])
    assert local.row_of(Child("1", "region=new")).dropped == "segment_limit"


def test_counts_stay_when_more_rows_are_asked_for() -> None:
    counts = LocalCounts(Layout(a_segmented_monitor(), None), 1)
    counts.writer.model.integers[0] = 7
    counts.writer.model.floats[0] = 0.5
    counts.fit(10)
    assert (counts.row(0).integers == 7).all()
    assert (counts.row(0).floats == 0.5).all()
    assert not np.any(counts.row(9).integers)
