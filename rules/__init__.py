"""Prometheus rules, generated from the monitors."""

from rules.rendering import render

__all__ = ["render"]
