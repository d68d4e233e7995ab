"""The caretaker needs no cache."""

from __future__ import annotations

from pathlib import Path

from exporter.app.archive_board import ArchiveBoard, ArchiveTier
from exporter.app.caretaking import Caretaker
from exporter.archive.configuration import ArchiveConfiguration, HotSection
from exporter.clock import SystemClock
from exporter.settings import ServeSettings
from tests.support.polling import wait_until
from tests.support.redis import PASSWORD, redis_server


def test_a_redis_that_refuses_does_not_keep_the_tiers_from_being_looked_after(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", password=PASSWORD) as redis:
        archive = ArchiveConfiguration(hot=HotSection(url=redis.url.replace(PASSWORD, "wrong")))
        board = ArchiveBoard(1)
        caretaker = Caretaker([], ServeSettings((), state=tmp_path / "state", archive=archive), board, SystemClock())
        caretaker.start()
        wait_until(lambda: board.is_up(ArchiveTier.COLD), 10, "the caretaker at work")
        caretaker.stop()
