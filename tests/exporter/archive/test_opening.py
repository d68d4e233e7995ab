"""From settings to open tiers: embedded where nothing is set, servers where an address is given."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from exporter.archive.cold.awaited import open_or_await
from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.store import ObjectStore, PutOutcome
from exporter.archive.configuration import ArchiveConfiguration, ColdSection, HotSection, WarmSection
from exporter.archive.entry import Kind
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.opening import open_archive
from exporter.archive.warm.embedded import EmbeddedWarm
from exporter.errors import InvalidSettings, RetryLater
from tests.support.archive_states import ArchiveState
from tests.support.archives import EVER, ids, predictions
from tests.support.clocks import MovedClock
from tests.support.postgres import database


def test_nothing_set_opens_everything_in_the_state_folder(tmp_path: Path) -> None:
    archive = open_archive(ArchiveConfiguration(), tmp_path, MovedClock())
    assert isinstance(archive.warm, EmbeddedWarm)
    assert isinstance(archive.hot, MemoryHotTier)
    assert archive.cold is not None
    assert (tmp_path / "warm").is_dir()
    archive.close()


def test_a_cold_tier_that_is_off_is_none(tmp_path: Path) -> None:
    configuration = ArchiveConfiguration(cold=ColdSection(enabled=False))
    archive = open_archive(configuration, tmp_path, MovedClock())
    assert archive.cold is None
    archive.close()


def test_an_address_opens_a_database(tmp_path: Path) -> None:
    with database() as url:
        state = ArchiveState(tmp_path, ArchiveConfiguration(warm=WarmSection(url=url)))
        state.land(predictions(["a"]))
        with state.open() as archive:
            assert ids(archive.warm.read(Kind.PREDICTIONS, "credit", EVER)) == ["a"]
    assert not (tmp_path / "warm").exists()


def test_read_only_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="the exporter makes it"):
        open_archive(ArchiveConfiguration(), tmp_path, MovedClock(), is_read_only=True)
    ArchiveState(tmp_path).land(predictions(["a"]))
    archive = open_archive(ArchiveConfiguration(), tmp_path, MovedClock(), is_read_only=True)
    assert archive.warm.hours()[0].rows == 1
    archive.close()


def test_a_database_and_a_cache_that_are_away_do_not_keep_the_archive_from_opening(tmp_path: Path) -> None:
    configuration = ArchiveConfiguration(
        warm=WarmSection(url="postgresql://infranaut@127.0.0.1:1/archive"), hot=HotSection(url="redis://127.0.0.1:1/0")
    )
    archive = open_archive(configuration, tmp_path, MovedClock())
    with pytest.raises(RetryLater):
        archive.warm.hours()
    archive.close()


@pytest.mark.parametrize(
    ("module", "configuration", "extra"),
    [
        ("psycopg", ArchiveConfiguration(warm=WarmSection(url="postgresql://h/d")), "infranaut[warm]"),
        ("redis", ArchiveConfiguration(hot=HotSection(url="redis://h/0")), "infranaut[hot]"),
    ],
)
def test_a_client_that_is_not_installed_is_told_with_what_to_install(
    module: str, configuration: ArchiveConfiguration, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.split(".")[0] == module or name.startswith(
            ("exporter.archive.warm.postgres", "exporter.archive.hot.redis")
        ):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidSettings) as raised:
        open_archive(configuration, tmp_path, MovedClock())
    assert extra in str(raised.value)


class _Waking:
    """Opens a store from the third time on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.calls = 0

    def __call__(self) -> ObjectStore:
        self.calls += 1
        if self.calls < 3:
            raise RetryLater("the store is away")
        return FolderStore(self._folder, MovedClock())


def test_a_store_that_is_away_is_looked_for_at_each_call(tmp_path: Path) -> None:
    waking = _Waking(tmp_path / "cold")
    store = open_or_await(waking)
    with pytest.raises(RetryLater, match="the store is away"):
        store.check()
    assert store.put_if_absent("a/b.parquet", b"rows") is PutOutcome.CREATED
    assert store.get("a/b.parquet") == b"rows"
    assert store.get_range("a/b.parquet", 1, 2) == b"ow"
    assert store.size("a/b.parquet") == 4
    assert [found.name for found in store.list()] == ["a/b.parquet"]
    store.check()
    store.hold("a/b.parquet", is_held=False)
    store.delete("a/b.parquet")
    assert store.get("a/b.parquet") is None
    assert waking.calls == 3


def test_a_store_that_refuses_is_not_waited_for() -> None:
    def refuse() -> ObjectStore:
        raise InvalidSettings("no such bucket")

    with pytest.raises(InvalidSettings, match="no such bucket"):
        open_or_await(refuse)
