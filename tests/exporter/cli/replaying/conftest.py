"""A server that takes what is replayed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ingest_double import IngestDouble, an_ingest_double


@pytest.fixture
def server() -> Iterator[IngestDouble]:
    with an_ingest_double() as double:
        yield double
