"""Mistakes that a write-ahead log or its lander can have, each put into the code under test by replacing a little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.simulation.landing_bugs import LANDING_BUGS
from tests.simulation.recovery_bugs import RECOVERY_BUGS
from tests.simulation.tier_bugs import TIER_BUGS
from tests.simulation.writing_bugs import WRITING_BUGS

Plant = Callable[[pytest.MonkeyPatch], None]

BUGS: Mapping[str, Plant] = {
    plant.__name__: plant for plant in (*WRITING_BUGS, *RECOVERY_BUGS, *LANDING_BUGS, *TIER_BUGS)
}
"""Every planted bug by its name."""


@contextmanager
def planted(bug: str) -> Iterator[None]:
    """The code with one of the bugs in it."""
    with pytest.MonkeyPatch.context() as patch:
        BUGS[bug](patch)
        yield
