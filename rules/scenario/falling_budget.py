"""An error budget of which half is left, and that falls towards its end while every event is an error."""

from __future__ import annotations

_USED_BEFORE = 0.5
_USED = 0.85
"""In the end: near enough to nothing that the trend of a few hours ends within hours, and still not spent."""


def events_before(bad: float, budget: float) -> float:
    """Events H before `bad` errors with nothing between them, so that (H · 0.5 b + bad) / (H + bad) is 0.85 b."""
    return bad * (1 - _USED * budget) / (budget * (_USED - _USED_BEFORE))
