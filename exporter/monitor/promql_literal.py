"""Text inside a PromQL query."""

from __future__ import annotations

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def literal(text: str) -> str:
    """A PromQL string literal."""
    return f'"{text.translate(_ESCAPES)}"'
