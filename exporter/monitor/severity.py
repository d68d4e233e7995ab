"""How loud an alert is."""

from __future__ import annotations

from typing import Literal

Severity = Literal["info", "warning", "critical"]
"""In the label `severity`, from quiet to loud."""
