"""Selectors of the series of objectives, all of which bear the same labels, so that they match one to one."""

from __future__ import annotations

from collections.abc import Sequence

from rules import names
from rules.promql import equals, matches


def of_slo(series: str, owner: str, slo: str) -> str:
    """A recorded series of one objective; `owner` is the monitor or service that it belongs to."""
    return f"{series}{{{equals(names.MONITOR, owner)},{equals(names.SLO, slo)}}}"


def of_slos(series: str, owner: str, slos: Sequence[str]) -> str:
    """A recorded series of several objectives, whose names hold nothing that means more in a regular expression."""
    if len(slos) == 1:
        return of_slo(series, owner, slos[0])
    return f"{series}{{{equals(names.MONITOR, owner)},{matches(names.SLO, '|'.join(slos))}}}"
