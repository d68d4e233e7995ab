"""Two exporters over one archive on servers: whatever befalls those, what was acknowledged is there, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.chaos.faults import spoilt_s3
from tests.chaos.verdict import judge, judge_tiers
from tests.chaos.world import ArchiveServers, ArchiveWorld, WorldPlan, a_world, some_servers
from tests.support.fault_proxy import HttpFault
from tests.support.judged_senders import BODIES, hurried_senders, judged_senders
from tests.support.polling import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServers]:
    """They run; every test leaves them so."""
    with some_servers(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, servers: ArchiveServers) -> Iterator[ArchiveWorld]:
    """Two exporters that run; every test leaves them so."""
    with a_world(tmp_path_factory.mktemp("world"), servers=servers) as world:
        world.start()
        yield world


def test_an_exporter_that_is_killed_is_stood_in_for_by_the_other(world: ArchiveWorld) -> None:
    """Each is sent again what the other may have kept already."""
    with judged_senders(world) as senders:
        for exporter in world.exporters:
            senders.wait_for_more(BODIES)
            exporter.kill()
            senders.wait_for_more(BODIES)
            exporter.start()
            exporter.wait_ready()


def test_a_killed_database_is_waited_for(world: ArchiveWorld, servers: ArchiveServers) -> None:
    with judged_senders(world) as senders:
        senders.wait_for_more(BODIES)
        with database_away(servers):
            senders.wait_for_more(BODIES)
        senders.wait_for_more(BODIES)


def test_a_database_that_hangs_keeps_no_sender_waiting(world: ArchiveWorld, servers: ArchiveServers) -> None:
    with judged_senders(world) as senders:
        senders.wait_for_more(BODIES)
        servers.postgres.freeze()
        senders.wait_for_more(2 * BODIES)
        world.exporters[0].kill_child("archivist")
        senders.wait_for_more(BODIES)
        servers.postgres.resume()


def test_a_cache_that_dies_or_hangs_is_done_without(world: ArchiveWorld, servers: ArchiveServers) -> None:
    with judged_senders(world) as senders:
        senders.wait_for_more(BODIES)
        servers.redis.freeze()
        senders.wait_for_more(BODIES)
        servers.redis.thaw()
        servers.redis.kill()
        senders.wait_for_more(BODIES)
        wait_until(lambda: tier_up(world, "hot") == 0, 20, "a gauge that says so")
        servers.redis.restart()
        wait_until(lambda: tier_up(world, "hot") == 1, 60, "a gauge that says so")


def test_what_is_moved_while_the_object_store_fails_is_there_once(tmp_path: Path, servers: ArchiveServers) -> None:
    """Only the command knows the store, so that nobody else has moved anything before."""
    plan = WorldPlan(exporters=1, archive={"cold": {"enabled": False}})
    with a_world(tmp_path, plan, servers) as world:
        world.start()
        with hurried_senders(world) as senders:
            senders.wait_for_more(2 * BODIES)
        judgement = judge(world, senders)
        turn_cold_on(world, servers)
        for fault in (HttpFault.BROKEN, HttpFault.LOST_ANSWER, HttpFault.SLOW):
            servers.s3.seen.clear()
            with spoilt_s3(servers.s3, fault, ["PUT"]), world.start_command("tiers", "move") as mover:
                wait_until(lambda: "PUT" in servers.s3.seen, 60, f"an attempt to copy ({fault})")
                if fault is HttpFault.SLOW:
                    mover.kill()
                mover.communicate()
        judge_tiers(judgement, world, senders)
        assert judgement.broken == []


def test_a_database_that_is_away_at_the_start_is_waited_for(tmp_path: Path, servers: ArchiveServers) -> None:
    plan = WorldPlan(exporters=1)
    with a_world(tmp_path, plan, servers) as world:
        with database_away(servers):
            world.start()
            with hurried_senders(world) as senders:
                senders.wait_for_more(BODIES)
        assert judge(world, senders).broken == []


def test_a_database_that_is_away_for_long_fills_the_spool_and_no_more(tmp_path: Path, servers: ArchiveServers) -> None:
    plan = WorldPlan(exporters=1, archive={"spool": {"limit": "512KiB", "file": "64KiB"}})
    with a_world(tmp_path, plan, servers) as world:
        world.start()
        with judged_senders(world) as senders:
            senders.wait_for_more(BODIES)
            with database_away(servers):
                wait_until(lambda: senders.statuses[503] > 20, 60, "senders told to wait")
                size_bytes = sum(path.stat().st_size for path in (world.exporters[0].state / "spool").rglob("*.*"))
                assert size_bytes <= 512 * 1024
            senders.wait_for_more(BODIES)


def test_what_is_acknowledged_by_the_sink_needs_no_spool(tmp_path: Path, servers: ArchiveServers) -> None:
    plan = WorldPlan(exporters=2, archive={"ack": "sink"})
    with a_world(tmp_path, plan, servers) as world:
        world.start()
        with judged_senders(world) as senders:
            senders.wait_for_more(BODIES)
            with database_away(servers):
                wait_until(lambda: senders.statuses[503] > 0, 60, "senders told to wait")
            senders.wait_for_more(BODIES)
            for exporter in world.exporters:
                exporter.kill()
            world.start()
            senders.wait_for_more(BODIES)
        assert not [path for path in world.folder.glob("exporter-*/state/spool/*") if any(path.iterdir())]


@contextmanager
def database_away(servers: ArchiveServers) -> Iterator[None]:
    """PostgreSQL is killed, and started again in the end."""
    servers.postgres.kill()
    try:
        yield
    finally:
        servers.postgres.start()


def turn_cold_on(world: ArchiveWorld, servers: ArchiveServers) -> None:
    """For commands; exporters that run have read their settings."""
    assert world.config is not None
    settings = yaml.safe_load(world.config.read_text())
    settings["archive"]["cold"] = servers.sections()["cold"]
    world.config.write_text(yaml.safe_dump(settings))


def tier_up(world: ArchiveWorld, tier: str) -> float:
    """The lowest that an exporter tells."""
    return min(exporter.running.metrics().value("infranaut_tier_up", tier=tier) for exporter in world.exporters)
