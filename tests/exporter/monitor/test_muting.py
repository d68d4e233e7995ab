"""Times in which nobody is told: always is none of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from exporter.monitor.muting import Mute

WHOLE_DAY = "00:00-24:00"


@pytest.mark.parametrize(
    "keys",
    [
        {"times": WHOLE_DAY, "weekdays": "saturday..sunday"},
        {"times": WHOLE_DAY, "days_of_month": "24..26"},
        {"times": WHOLE_DAY, "months": "december"},
        {"times": "00:00-23:59"},
        {"weekdays": "monday..saturday"},
        {"days_of_month": [1, "3..-1"]},
        {"months": "february..december"},
        {"weekdays": "monday..sunday", "months": "may"},
    ],
)
def test_a_mute_that_leaves_some_time_is_taken(keys: dict[str, Any]) -> None:
    assert Mute.model_validate({"name": "quiet", **keys})


@pytest.mark.parametrize(
    "keys",
    [
        {"times": WHOLE_DAY},
        {"times": ["22:00-06:00", "06:00-22:00"]},
        {"weekdays": ["saturday..sunday", "monday..friday"]},
        {"days_of_month": "1..31"},
        {"months": ["january..june", "july..december"]},
        {"times": WHOLE_DAY, "weekdays": "monday..sunday", "days_of_month": "1..-1", "months": "january..december"},
    ],
)
def test_a_mute_that_leaves_none_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="mutes at every time, so that nobody is ever told; write fewer hours"):
        Mute.model_validate({"name": "quiet", **keys})
