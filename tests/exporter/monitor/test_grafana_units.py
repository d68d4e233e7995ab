"""Which units Grafana knows."""

from __future__ import annotations

import pytest

from exporter.monitor.grafana_units import grafana_units, known_unit


@pytest.mark.parametrize(
    "unit", ["short", "percentunit", "s", "µs", "suffix: loans", "prefix:~", "time:YYYY", "si:mF", "currency:CHF"]
)
def test_a_unit_of_grafana_or_one_with_text_of_a_person_is_known(unit: str) -> None:
    assert known_unit(unit) == unit


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        (
            "banana",
            "'banana' is no unit that Grafana knows, expected one such as percentunit, s, bytes or eps, or text",
        ),
        ("banana", "as suffix:banana$"),
        ("Percent", "did you mean 'percent'"),
        ("suffix:", "'suffix:' is no unit"),
        ("loans: 5", "'loans: 5' is no unit"),
    ],
)
def test_another_is_refused_with_what_was_expected(unit: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        known_unit(unit)


def test_the_list_holds_ids_and_nothing_of_its_first_line() -> None:
    assert len(grafana_units()) > 250
    assert not any("#" in unit or "Grafana" in unit for unit in grafana_units())
