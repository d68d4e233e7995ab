"""Matchers of labels, in Alertmanager's own notation."""

from __future__ import annotations

import re
from collections.abc import Sequence


def equals(label: str, value: str) -> str:
    return f"{label}={_quoted(value)}"


def differs(label: str, value: str) -> str:
    return f"{label}!={_quoted(value)}"


def matches(label: str, pattern: str) -> str:
    return f"{label}=~{_quoted(pattern)}"


def any_of(label: str, values: Sequence[str]) -> str:
    """That the label has one of the values, as they stand."""
    return equals(label, values[0]) if len(values) == 1 else matches(label, "|".join(map(re.escape, values)))


def none_of(label: str, values: Sequence[str]) -> str:
    """That the label has none of the values, as they stand."""
    return differs(label, values[0]) if len(values) == 1 else f"{label}!~{_quoted('|'.join(map(re.escape, values)))}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
