"""What was counted within the last window."""

from __future__ import annotations

import numpy as np

from exporter.window.history import History


def totals(**by_version: int) -> dict[str, np.ndarray]:
    return {version: np.array([count], dtype=np.int64) for version, count in by_version.items()}


def test_before_a_window_has_passed_everything_since_the_start_counts() -> None:
    history = History(window_s=60)
    history.note(0, totals(v1=5))
    increase = history.increase(30, totals(v1=25, v2=3))
    assert {version: counts.tolist() for version, counts in increase.by_version.items()} == {"v1": [20], "v2": [3]}
    assert increase.span_s == 30


def test_what_is_older_than_the_window_no_longer_counts() -> None:
    history = History(window_s=60)
    for second in range(0, 301, 5):
        history.note(second, totals(v1=second))
    increase = history.increase(300, totals(v1=300))
    assert increase.by_version["v1"].tolist() == [60]
    assert increase.span_s == 60


def test_notes_are_few_however_often_they_are_offered() -> None:
    history = History(window_s=60)
    for tick in range(60_000):
        history.note(tick / 100, totals(v1=tick))
    assert len(history._notes) <= 26
