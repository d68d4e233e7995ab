"""A warm tier in a database of PostgreSQL that nothing else uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.archive.warm.postgres import PostgresWarm
from tests.support.postgres import database
from tests.support.postgres_tiers import opened


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty database."""
    with database() as address:
        yield address


@pytest.fixture
def tier(url: str) -> Iterator[PostgresWarm]:
    """A tier at `url` that holds nothing."""
    warm = opened(url)
    warm.migrate()
    yield warm
    warm.close()
