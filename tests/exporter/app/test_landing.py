"""What the exporter's landing says of the tiers that it needs."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from exporter.app.archive_board import ArchiveBoard, ArchiveTier
from exporter.app.landing import ExporterLanding
from exporter.archive.configuration import ArchiveConfiguration, HotSection
from exporter.settings import ServeSettings
from tests.support.clocks import MovedClock
from tests.support.polling import wait_until
from tests.support.redis import redis_server

AWAY, BACK = "the hot tier is away, the warm tier does its work", "the hot tier answers again"


def test_a_redis_that_is_away_and_comes_back_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    board, clock = ArchiveBoard(1), MovedClock()
    with redis_server(tmp_path / "redis") as redis:
        archive = ArchiveConfiguration(hot=HotSection(url=redis.url))
        settings = ServeSettings((), state=tmp_path / "state", archive=archive)
        redis.kill()
        landing = ExporterLanding([], 0, settings, board, clock)

        def is_told_up() -> bool:
            clock.move(10)
            landing.step()
            return board.is_up(ArchiveTier.HOT)

        assert [is_told_up() for _ in range(3)] == [False, False, False]
        redis.restart()
        wait_until(is_told_up, 10, "a hot tier that is back")
        assert is_told_up()
        landing.close()
    assert [message.partition(":")[0] for message in caplog.messages if "hot tier" in message] == [AWAY, BACK]
