"""What an ingest process reads windows from, whatever the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.app.window_reading import latest_windows
from exporter.archive.configuration import ArchiveConfiguration, HotSection
from exporter.errors import InvalidSettings
from exporter.settings import ServeSettings
from tests.support.archive_states import ArchiveState
from tests.support.archives import MONITOR
from tests.support.clocks import MovedClock
from tests.support.redis import PASSWORD, redis_server
from tests.support.windows import a_profile_of, a_stored_window, starts


def settings(folder: Path, archive: ArchiveConfiguration | None = None) -> ServeSettings:
    return ServeSettings((), state=folder, archive=archive or ArchiveConfiguration())


def test_nothing_is_read_where_nothing_is_archived(tmp_path: Path) -> None:
    with latest_windows(settings(tmp_path, ArchiveConfiguration(ack="none")), MovedClock()) as reader:
        assert reader is None


def test_a_redis_that_refuses_keeps_nobody_from_reading(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ArchiveState(tmp_path).open() as archive:
        assert archive.ledger.put_profiles([a_stored_window(0, a_profile_of([20.0]))], replaces=0)
    with redis_server(tmp_path / "redis", password=PASSWORD) as redis:
        hot = HotSection(url=redis.url.replace(PASSWORD, "wrong"))
        with latest_windows(settings(tmp_path, ArchiveConfiguration(hot=hot)), MovedClock()) as reader:
            assert reader is not None
            assert starts(reader) == [0]
    assert "the latest windows are in the warm tier alone" in caplog.text
    assert "wrong" not in caplog.text.replace("WRONGPASS", "")


def test_a_warm_tier_that_was_never_made_is_told(tmp_path: Path) -> None:
    with latest_windows(settings(tmp_path), MovedClock()) as reader:
        assert reader is not None
        with pytest.raises(InvalidSettings, match="when it first starts, in the folder that its --state names"):
            reader.read(MONITOR, 1)
