"""Alertmanager's configuration, generated from the monitors: who is told what, and how it reads."""

from alertmanager.rendering import render

__all__ = ["render"]
