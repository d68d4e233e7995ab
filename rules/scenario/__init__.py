"""Scenarios of every alert, made from the monitor: what promtool plays to prove when the alert fires and when not."""

from rules.scenario.rendering import render

__all__ = ["render"]
