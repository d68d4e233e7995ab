"""Grafana dashboards, generated from the monitors and from the names that the rules record under."""

from dashboards.rendering import render

__all__ = ["render"]
