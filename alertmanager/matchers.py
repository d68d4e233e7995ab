"""Matchers of labels, in Alertmanager's own notation."""

from __future__ import annotations


def equals(label: str, value: str) -> str:
    return f"{label}={_quoted(value)}"


def differs(label: str, value: str) -> str:
    return f"{label}!={_quoted(value)}"


def matches(label: str, pattern: str) -> str:
    return f"{label}=~{_quoted(pattern)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
