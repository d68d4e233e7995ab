"""Small pieces become few large ones, and no row is written often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.archive.warm.file.merging import tail_to_merge

FANOUT, LEVELS = 4, 5
LARGEST = FANOUT**LEVELS


@pytest.mark.parametrize(
    ("sizes", "tail"),
    [
        ([], 0),
        ([1, 1, 1], 0),
        ([1, 1, 1, 1], 4),
        ([4, 1, 1, 1, 1], 4),
        ([4, 4, 4, 4], 4),
        ([4, 1, 1, 4], 3),
        ([4, 4, 4, 1, 1, 1, 1], 7),
        ([16, 4, 4, 1, 1, 5], 3),
        ([16, 1, 1, 20], 3),
        ([64, 4, 4, 4, 5], 4),
        ([1024, 1024, 1024, 1024], 0),
        ([1, 1, 1, 1024], 0),
    ],
)
def test_small_pieces_at_the_end_become_one(sizes: Sequence[int], tail: int) -> None:
    assert tail_to_merge(sizes, FANOUT, LARGEST) == tail


@given(st.lists(st.sampled_from([1, 1, 1, 2, 3, 7, 20, 300, 2000]), max_size=400))
def test_few_pieces_remain_and_no_row_is_written_often(landings: Sequence[int]) -> None:
    pieces: list[Counter[int]] = []
    written: Counter[int] = Counter()
    for number, size in enumerate(landings):
        pieces.append(Counter({number: size}))
        written[number] += 1
        if tail := tail_to_merge([piece.total() for piece in pieces], FANOUT, LARGEST):
            merged: Counter[int] = sum(pieces[-tail:], Counter())
            pieces[-tail:] = [merged]
            written.update(merged.keys())
    large = sum(piece.total() >= LARGEST for piece in pieces)
    assert len(pieces) - large <= (large + 1) * (FANOUT - 1) * LEVELS
    assert max(written.values(), default=0) <= 1 + 2 * LEVELS
