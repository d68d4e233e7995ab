"""Checks a monitor's SQL before anything runs."""

from __future__ import annotations

from exporter.derive.connection import open_connection
from exporter.derive.expressions import KeyMistake, read_expressions
from exporter.monitor.spec import Monitor


def check_expressions(monitor: Monitor) -> list[KeyMistake]:
    """Every mistake in the derived features and the rules: its key in the file, and what is wrong, in words."""
    connection = open_connection()
    try:
        _, mistakes = read_expressions(connection, monitor)
    finally:
        connection.close()
    return mistakes
