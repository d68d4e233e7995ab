"""Where a value turns from good to bad, as Grafana's coloured steps."""

from __future__ import annotations

Steps = tuple[tuple[str, float], ...]
"""(colour, from this value on); the first step also holds for everything below it. Colours adapt to the theme."""

NEUTRAL: Steps = (("text", 0.0),)
GOOD: Steps = (("green", 0.0),)
NONE_IS_GOOD: Steps = (*GOOD, ("red", 1.0))
"""Of a number of things that should not be."""


def bad_above(limit: float, warn: float | None = None) -> Steps:
    """Green, orange from `warn` (half the limit where absent), red from the limit."""
    return (("green", 0.0), ("orange", limit / 2 if warn is None else warn), ("red", limit))


def bad_below(limit: float) -> Steps:
    """Red below the limit, green from it on."""
    return (("red", 0.0), ("green", limit))
