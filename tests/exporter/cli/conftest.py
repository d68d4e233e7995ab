"""Places that the commands of the archive work on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archive_places import ArchivePlace, own_folder, servers
from tests.support.object_stores import StorePlace, moto_place


@pytest.fixture(scope="package")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    with moto_place(tmp_path_factory.mktemp("moto")) as place:
        yield place


@pytest.fixture(params=["folder", "servers"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArchivePlace]:
    """An empty archive, once all in its state folder and once in PostgreSQL and S3."""
    opened = own_folder(tmp_path) if request.param == "folder" else servers(tmp_path, request.getfixturevalue("s3"))
    with opened as found:
        yield found
