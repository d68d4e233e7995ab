"""One fleet for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fleet import Fleet, a_fleet


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two exporters behind a Prometheus, everything counted; they end with the last test of this folder."""
    with a_fleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running
