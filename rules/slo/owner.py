"""Whose objective it is: the words and labels that its alerts take from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.group import AlertingRule
from rules.monitor_alert import AlertDraft


@dataclass(frozen=True, slots=True)
class SloOwner:
    """A monitor, or the service of an OpenSLO document.

    name   : in the label `monitor`.
    title  : in the texts of alerts, a Go template.
    labels : those that every series of the objective bears, by which texts look up others.
    tell   : makes alerts of a draft, with the owner's own labels and severities.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    tell: Callable[[AlertDraft], list[AlertingRule]]
