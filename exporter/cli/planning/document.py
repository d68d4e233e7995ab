"""A plan as one JSON document."""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.cli.planning.outcome import Plan

_DIGITS = 12


def plan_json(plan: Plan) -> str:
    """Without an end of line; figures are without the digits by which sums of floating-point numbers are wrong."""
    return msgspec.json.format(msgspec.json.encode(_rounded(msgspec.to_builtins(plan))), indent=2).decode()


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
