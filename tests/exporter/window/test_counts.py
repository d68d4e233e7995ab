"""Counts in slots: added up, seen whole, and settled when a writer dies."""

from __future__ import annotations

import os

import numpy as np

from exporter.window.counts import Counts
from exporter.window.layout import Layout
from exporter.window.memory import SharedMemory
from tests.support.batches import a_monitor

SLOTS = 3


def some_counts() -> Counts:
    layout = Layout(a_monitor(), None)
    return Counts(SharedMemory(Counts.arrays(layout, SLOTS)))


def test_slots_add_up_and_maxima_are_the_largest() -> None:
    counts = some_counts()
    for slot in range(SLOTS):
        writer = counts.writer(slot)
        with writer.batch():
            writer.model.integers[0, :] += slot + 1
            writer.model.floats[0, :] += 0.5
            writer.model.maxima[0, 0] = 10.0 - slot
    snapshot = counts.snapshot(children=1)
    assert (snapshot.model.integers == 6).all()
    assert (snapshot.model.floats == 1.5).all()
    assert snapshot.model.maxima[0, 0] == 10.0


def test_a_reader_sees_all_of_a_batch_or_nothing_of_it() -> None:
    counts = some_counts()
    pid = os.fork()
    if pid == 0:
        writer = counts.writer(0)
        for _ in range(3000):
            with writer.batch():
                for slot in range(writer.model.integers.shape[1]):
                    writer.model.integers[0, slot] += 1
        os._exit(0)
    torn = 0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        torn += len(np.unique(counts.snapshot(children=1).model.integers)) > 1
    assert torn == 0
    assert (counts.snapshot(children=1).model.integers == 3000).all()


def test_a_write_that_its_process_left_open_is_settled() -> None:
    counts = some_counts()
    writer = counts.writer(1)
    writer._sequence[0] = 7
    before = counts.version()
    counts.settle(1)
    assert counts.version() == before + 1
    counts.settle(1)
    assert counts.version() == before + 1
