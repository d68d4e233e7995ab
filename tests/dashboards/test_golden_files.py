"""The text of every dashboard of the golden monitors, as it was read when it last changed."""

from __future__ import annotations

import dashboards
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import GOLDEN, golden_monitors


def test_the_files_are_the_golden_ones(golden: GoldenFiles) -> None:
    for name, text in dashboards.render(golden_monitors()).items():
        golden.check(GOLDEN / "dashboards" / name, text)


def test_there_is_no_golden_file_of_a_dashboard_that_is_gone() -> None:
    files = {path.name for path in (GOLDEN / "dashboards").iterdir()}
    assert files == set(dashboards.render(golden_monitors()))
