"""Every contract test of a warm tier or a ledger runs over every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.archive.ledger import Ledger
from exporter.archive.warm.tier import WarmTier
from tests.support.warm_places import PLACES, WarmPlace


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WarmPlace]:
    """An empty place for a warm tier."""
    with PLACES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def tier(place: WarmPlace) -> WarmTier:
    return place.tier()


@pytest.fixture
def ledger(place: WarmPlace) -> Ledger:
    return place.ledger()
