"""What is wrong with a query that a person wrote, as a PromQL parser sees it."""

from __future__ import annotations

import re

import promql_parser

_DURATIONS = re.compile(r"\$(?:__rate_interval|__interval|__range)\b|\$\{__(?:rate_interval|interval|range)\}")
"""Grafana's own variables; its others stand inside of string literals, where any text may."""


def promql_mistake(query: str) -> str | None:
    """In words; None where Prometheus would take the query once Grafana has filled in its durations."""
    try:
        promql_parser.parse(_DURATIONS.sub("5m", query))
    except ValueError as error:
        return str(error)
    return None
