"""Scenarios of every alert, made from the monitor or the OpenSLO document: what promtool plays to prove when the alert
fires and when not.
"""

from rules.scenario.rendering import render, untested

__all__ = ["render", "untested"]
