"""How loud an alert is."""

from __future__ import annotations

from typing import Literal, get_args

Severity = Literal["info", "warning", "critical"]
"""In the label `severity`, from quiet to loud."""


def is_louder(severity: Severity, than: Severity) -> bool:
    order = get_args(Severity)
    return order.index(severity) > order.index(than)
