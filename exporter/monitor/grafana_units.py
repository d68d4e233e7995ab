"""The units that Grafana knows."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from exporter.monitor.suggestion import did_you_mean

_OWN_UNIT = re.compile(r"(?:prefix|suffix|time|si|count|currency|bool):.+")
"""With text of a person: `suffix:requests` puts it behind the number."""


@cache
def grafana_units() -> frozenset[str]:
    """Their ids."""
    text = files("exporter.monitor").joinpath("grafana_units.txt").read_text(encoding="utf-8")
    return frozenset(text.partition("\n")[2].split())


def known_unit(unit: str) -> str:
    """The unit; ValueError where Grafana would only print its name behind the number."""
    if unit in grafana_units() or _OWN_UNIT.fullmatch(unit):
        return unit
    hint = did_you_mean(unit, grafana_units())
    raise ValueError(
        f"{unit!r} is no unit that Grafana knows, expected one such as percentunit, s, bytes or eps, or text of your "
        f"own as suffix:{unit}{hint}"
    )
