from __future__ import annotations

import sys
from pathlib import Path

import pytest

from exporter.archive.configuration import HotSection
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.opening import open_hot_tier
from exporter.archive.hot.redis import RedisHotTier
from exporter.archive.hot.tier import HotMonitor, hot_monitor
from exporter.errors import InvalidSettings
from tests.support.clocks import MovedClock
from tests.support.model_monitors import a_model_monitor
from tests.support.redis import redis_server


def test_without_an_address_it_is_in_memory() -> None:
    assert isinstance(open_hot_tier(HotSection(), MovedClock()), MemoryHotTier)


def test_with_an_address_it_is_that_server(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        tier = open_hot_tier(HotSection(url=server.url), MovedClock())
        assert isinstance(tier, RedisHotTier)
        assert tier.is_up
        tier.close()


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "exporter.archive.hot.redis", raising=False)
    with pytest.raises(InvalidSettings, match=r"pip install 'infranaut\[hot\]'"):
        open_hot_tier(HotSection(url="redis://127.0.0.1:6379/0"), MovedClock())


def test_a_monitor_tells_what_the_tier_must_know_of_it() -> None:
    digits = a_model_monitor("multiclass", "digits", retention={"hot": "36h"})
    assert hot_monitor(digits) == HotMonitor("digits", predicts_text=True, retention_s=36 * 3600)
    assert not hot_monitor(a_model_monitor("binary")).predicts_text
