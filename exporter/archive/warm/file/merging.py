"""Which small pieces, written one landing after the other, are due to become one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


def tail_to_merge(sizes: Sequence[int], fanout: int, largest: int) -> int:
    """How many pieces at the end become one now, the last one having just been written; 0: none.

    A piece of n rows is of level floor(log_fanout n). The last one takes in the pieces of lower levels before it, and
    those of its own once they are `fanout`; what that makes does the same. So levels never rise towards the end, there
    are less than `fanout` pieces of each, and a row is written again at most twice a level. A piece of `largest` rows
    and more stays as it is.
    """
    levels = [_level(size, fanout) for size in sizes]
    tail = min(1, len(sizes))
    while (size := sum(sizes[len(sizes) - tail :])) < largest:
        level, before = _level(size, fanout), levels[: len(sizes) - tail]
        lower, same = _trailing(before, range(level)), _trailing(before, range(level, level + 1))
        if not lower and same + 1 < fanout:
            break
        tail += lower or same
    return tail if tail > 1 else 0


def _trailing(levels: Sequence[int], wanted: range) -> int:
    """How many at the end are among those that are wanted."""
    return sum(1 for _ in takewhile(wanted.__contains__, reversed(levels)))


def _level(size: int, fanout: int) -> int:
    level = 0
    while size >= fanout:
        size //= fanout
        level += 1
    return level
